"""Runs a program without a shell, within limits of time and output."""

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

MOST_OUTPUT = 1 << 20
"""Bytes."""
_LOOK_SECONDS = 0.2
"""Interval at which the size of the output is checked."""


class ProgramError(PlaybachError):
    """A program could not be started, took too long, or wrote too much output."""


@dataclass(frozen=True)
class FinishedProgram:
    """The exit of a program."""

    status: int  # exit status; the negative number of the signal that ended it, if one did
    output: str  # standard output and standard error, interleaved


def run_program(command: Sequence[str], folder: Path, seconds: float) -> FinishedProgram:
    """Run ``command`` in ``folder``; after ``seconds`` it and its children are killed.

    Raises:
        ProgramError: it cannot be started, takes longer, or writes more than ``MOST_OUTPUT`` bytes.
        OSError: there is no room for its output.
    """
    name, deadline = Path(command[0]).name, time.monotonic() + seconds
    # Not a pipe: a child of the program may keep it open, and not every system can wait for one.
    with tempfile.TemporaryFile() as output:
        try:
            # In a session of its own, so that what it starts can be ended with it.
            program = subprocess.Popen(  # noqa: S603 a list of words, no shell
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
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
                if os.fstat(output.fileno()).st_size > MOST_OUTPUT:
                    raise ProgramError(f"{name} wrote more than {MOST_OUTPUT} bytes and was ended")
        finally:
            _kill(program)
        output.seek(0)
        return FinishedProgram(status, output.read().decode("utf-8", "replace"))


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
