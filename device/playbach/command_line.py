"""What all three command lines share: a mistake is one line on standard error, status 2."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from playbach.errors import PlaybachError

if TYPE_CHECKING:
    from playbach.schema import Setting

MISTAKE = 2
"""Exit status for what a user did wrong."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of SIGINT."""
READER_GONE = 1


class OneLineParser(argparse.ArgumentParser):
    """Reports a mistake in one line, exit status 2."""

    def __init__(self, **settings: Any) -> None:
        """As ``ArgumentParser``, but the name of an option is written out.

        What is typed ends up in records and units, and must mean the same when options are added.
        """
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is."""
        self.exit(MISTAKE, f"{one_line(f'{self.prog}: {message}; see {self.prog} --help')}\n")


def add_option(group: argparse._ActionsContainer, setting: Setting) -> None:
    """Add the option of a setting; ``options_given`` finds what was given, as a text."""
    # A percent sign would be read as a place for a value.
    about = setting.help.replace("%", "%%")
    if setting.kind is bool:
        # What is usually so has an option that says no.
        action = argparse.BooleanOptionalAction if setting.default else "store_true"
        group.add_argument(setting.option, action=action, default=None, help=about)
        return
    allowed = setting.range.replace("%", "%%")
    default = "" if setting.default is None else f" (default: {setting.default})"
    metavar = {int: "N", float: "X"}.get(setting.kind, "TEXT")
    group.add_argument(setting.option, metavar=metavar, help=f"{about}; {allowed}{default}")


def options_given(args: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """What was given on the command line, by name of setting; nothing of what was not."""
    given = {name: getattr(args, name, None) for name in names}
    return {name: value for name, value in given.items() if value is not None}


def one_line(message: str) -> str:
    """``message`` as it may stand on a terminal, whatever names of files are in it."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in message
    )


def guarded(prog: str, run: Callable[[], int], *, interrupted: str = "stopped") -> int:
    """The exit status of ``run``; what a user did wrong is said in one line.

    Args:
        prog: the command, for the message.
        run: does the work.
        interrupted: what to say after Ctrl-C.
    """
    # A file's name may hold bytes that are no text, and a title letters the terminal has not.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except PlaybachError as error:
        sys.stderr.writelines(one_line(f"{prog}: {line}") + "\n" for line in error.lines)
        return MISTAKE
    except KeyboardInterrupt:
        sys.stderr.write(f"{prog}: {interrupted}\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as in `playbach ports | head -1`.
        forget_stdout()
        return READER_GONE
    return status


def say(line: str) -> None:
    """Write a line on standard output."""
    write(f"{line}\n")


def write(text: str) -> None:
    """Write a text on standard output, at once."""
    # At a terminal that is gone (SIGHUP) there is nobody to tell, and the music goes on.
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        forget_stdout()


def forget_stdout() -> None:
    """From now on nobody reads what we print: throw it away, so that no flush can fail."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
