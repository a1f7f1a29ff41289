"""Limits on files that come from strangers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from playbach.errors import InputError

MAX_SCORE_BYTES = 16 * 1024 * 1024
BASE_SECONDS = 20.0
SECONDS_PER_BYTE = 1 / 50_000

T = TypeVar("T")


class _OutOfTimeError(BaseException):
    """Not an ``Exception``, so that no parser can catch it on its way."""


def check_size(path: Path, most: int = MAX_SCORE_BYTES) -> int:
    """The size of ``path``, an ordinary file of at most ``most`` bytes.

    Raises:
        InputError: it is not; the message does not name it.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    if not path.is_file():
        raise InputError("not an ordinary file")
    if size > most:
        raise InputError(f"{size:,} bytes; at most {most:,} are read")
    return size


def seconds_for(size: int) -> float:
    """Processor time for a score of ``size`` bytes, unpacked: several times what is usual."""
    return BASE_SECONDS + size * SECONDS_PER_BYTE


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of ``work``, given up after ``seconds`` of this process's processor time.

    One number in a score can ask for a bar a year long, and a parser will try to fill it. A busy
    machine makes nothing late. The limit needs a timer signal: there is none on Windows, nor
    outside the main thread.

    Raises:
        InputError: it took longer; the message does not name the file.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        return work()
    before = signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return work()
    except _OutOfTimeError as error:
        raise InputError(
            f"given up after {seconds:.0f} seconds of processor time; is a number in it wrong?"
        ) from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _out_of_time(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _OutOfTimeError
