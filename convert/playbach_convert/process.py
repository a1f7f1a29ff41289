"""Running a program as a child: no shell, a time limit, and a limit on what it may say."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import PlaybachError

MOST_SAID = 1 << 20
_BLOCK = 1 << 16


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
    """
    name, deadline = Path(command[0]).name, time.monotonic() + seconds
    try:
        # In a session of its own, so that what it starts can be ended with it.
        program = subprocess.Popen(  # noqa: S603 a list of words, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramError(f"{command[0]}: cannot be started: {error.strerror}") from error
    try:
        said = _said(program, name, deadline)
        status = program.wait(max(deadline - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired as error:
        raise ProgramError(f"{name} took over {seconds:g} s and was ended") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        if program.stdout is not None:
            program.stdout.close()
    return Ended(status, said.decode("utf-8", "replace"))


def _said(program: subprocess.Popen[bytes], name: str, deadline: float) -> bytes:
    """All it says until it closes its output.

    Raises:
        TimeoutExpired: the deadline passes first.
        ProgramError: it says too much.
    """
    said = bytearray()
    with selectors.DefaultSelector() as selector:
        if program.stdout is None:
            return b""
        selector.register(program.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise subprocess.TimeoutExpired(name, 0)
            block = os.read(program.stdout.fileno(), _BLOCK)
            if not block:
                return bytes(said)
            said += block
            if len(said) > MOST_SAID:
                raise ProgramError(f"{name} said more than {MOST_SAID} bytes and was ended")
