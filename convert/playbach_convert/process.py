"""Running a program as a child: no shell, a time limit, and a limit on what it may say."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import OutputError, PlaybachError

MOST_SAID = 1 << 20
_LOOK_SECONDS = 0.2
"""How often it is seen how much a program has said."""


class ProgramError(PlaybachError):
    """A program could not be started, took too long, or said too much."""


@dataclass(frozen=True)
class Ended:
    """A program that ended by itself.

    Attributes:
        status: its exit status, minus the number of the signal that ended it.
        said: both its outputs together.
    """

    status: int
    said: str


def run_program(command: Sequence[str], folder: Path, seconds: float) -> Ended:
    """Run ``command`` in ``folder``, it and whatever it starts for at most ``seconds``.

    Raises:
        ProgramError: it cannot be started, takes longer, or says more than ``MOST_SAID`` bytes.
        OSError: there is no room for what it says.
    """
    name, deadline = Path(command[0]).name, time.monotonic() + seconds
    # A file: what it starts may keep a pipe open, and not every system can wait for one.
    with tempfile.TemporaryFile() as said:
        try:
            # In a session of its own, so that what it starts can be ended with it.
            program = subprocess.Popen(  # noqa: S603 a list of words, no shell
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramError(f"{command[0]}: cannot be started: {error.strerror}") from error
        try:
            status = None
            while status is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ProgramError(f"{name} took over {seconds:g} s and was ended")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    status = program.wait(min(left, _LOOK_SECONDS))
                if os.fstat(said.fileno()).st_size > MOST_SAID:
                    raise ProgramError(f"{name} said more than {MOST_SAID} bytes and was ended")
        finally:
            _kill(program)
        said.seek(0)
        return Ended(status, said.read().decode("utf-8", "replace"))


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder for what passes between us and a program.

    Raises:
        OutputError: there is no room for it, or for what is written into it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    except OSError as error:
        raise OutputError(
            f"{tempfile.gettempdir()}: temporary files cannot be written: {error.strerror}; make "
            "room, or set TMPDIR to another folder"
        ) from error


def _kill(program: subprocess.Popen[bytes]) -> None:
    """End a program and, where there are sessions, what is left of all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
    else:
        program.kill()
    program.wait()
