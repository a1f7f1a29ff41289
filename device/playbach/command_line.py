"""What all three command lines share: a mistake is one line on standard error, status 2."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from playbach.errors import PlaybachError

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


def forget_stdout() -> None:
    """From now on nobody reads what we print: throw it away, so that no flush can fail."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
