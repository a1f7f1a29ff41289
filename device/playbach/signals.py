"""The meaning of each signal, for ``play`` and for the service: one table.

By default most signals end or stop a process at once, and notes that sound would hang.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from enum import Enum
from types import FrameType
from typing import NamedTuple


class Asked(Enum):
    """What a signal asks for."""

    STOP = "stop"
    """End the music, in silence."""
    RELOAD = "reload"
    """Read the configuration again."""
    SUSPEND = "suspend"
    """End all notes, and stop until SIGCONT."""
    NOTHING = "nothing"
    """Play on."""
    FAULT = "fault"
    """Not handled: the state of the process cannot be trusted any more."""


class SignalRow(NamedTuple):
    """A signal whose default action ends or stops a process."""

    name: str  # such as ``SIGTERM``; no system has them all
    at_terminal: Asked  # what it asks of ``playbach play``
    of_service: Asked  # what it asks of ``playbach daemon``


def _both(name: str, asked: Asked) -> SignalRow:
    return SignalRow(name, asked, asked)


TABLE = (
    # A service has no terminal that could hang up or be given back, so SIGHUP means to it what it
    # means to other services.
    SignalRow("SIGHUP", Asked.STOP, Asked.RELOAD),
    SignalRow("SIGTSTP", Asked.SUSPEND, Asked.NOTHING),
    _both("SIGINT", Asked.STOP),
    _both("SIGTERM", Asked.STOP),
    _both("SIGQUIT", Asked.STOP),
    _both("SIGBREAK", Asked.STOP),  # Ctrl-Break, on Windows
    _both("SIGPWR", Asked.STOP),
    _both("SIGXCPU", Asked.STOP),  # the kernel kills at the hard limit
    # In the background a terminal refuses to be read instead (EIO), which ``Keys`` understands.
    _both("SIGTTIN", Asked.NOTHING),
    _both("SIGTTOU", Asked.NOTHING),
    # A write that would go too far, or to nobody, is an error of that write.
    _both("SIGXFSZ", Asked.NOTHING),
    _both("SIGPIPE", Asked.NOTHING),
    # Nothing here asks for these, so they are somebody's mistake.
    _both("SIGUSR1", Asked.NOTHING),
    _both("SIGUSR2", Asked.NOTHING),
    _both("SIGALRM", Asked.NOTHING),
    _both("SIGVTALRM", Asked.NOTHING),
    _both("SIGPROF", Asked.NOTHING),
    _both("SIGIO", Asked.NOTHING),
    _both("SIGSTKFLT", Asked.NOTHING),
    _both("SIGRTMIN", Asked.NOTHING),  # all real-time signals
    # SIGABRT is how a watchdog ends a service that hangs; ``faulthandler`` says where it hung.
    _both("SIGABRT", Asked.FAULT),
    _both("SIGBUS", Asked.FAULT),
    _both("SIGEMT", Asked.FAULT),
    _both("SIGFPE", Asked.FAULT),
    _both("SIGILL", Asked.FAULT),
    _both("SIGSEGV", Asked.FAULT),
    _both("SIGSYS", Asked.FAULT),
    _both("SIGTRAP", Asked.FAULT),
    # No process is asked.
    _both("SIGKILL", Asked.FAULT),
    _both("SIGSTOP", Asked.FAULT),
)
_HANDLED = frozenset((Asked.STOP, Asked.RELOAD, Asked.SUSPEND))


def numbers(row: SignalRow) -> tuple[int, ...]:
    """The signals of a row on this system: none, one, or all real-time signals."""
    number = getattr(signal, row.name, None)
    if number is None:
        return ()
    if row.name == "SIGRTMIN":
        return tuple(range(number, signal.SIGRTMAX + 1))
    return (int(number),)


def listen_at_terminal(arrived: Callable[[Asked], object]) -> None:
    """Install the handlers of a program at a terminal. Main thread only.

    A hang-up that was ignored from the start, as ``nohup`` has it, goes on being ignored.

    Args:
        arrived: called in the main thread, inside the handler, with ``STOP`` or ``SUSPEND``.
    """
    hang_up = getattr(signal, "SIGHUP", None)
    kept = {hang_up} if hang_up and signal.getsignal(hang_up) is signal.SIG_IGN else set()
    _listen(((number, row.at_terminal) for row in TABLE for number in numbers(row)
             if number not in kept), arrived)  # fmt: skip


def listen_as_service(arrived: Callable[[Asked], object]) -> None:
    """Install the handlers of a service: ``arrived`` is called with ``STOP`` or ``RELOAD``."""
    _listen(((number, row.of_service) for row in TABLE for number in numbers(row)), arrived)


def listen_to_none() -> None:
    """Ignore all signals that would end or stop this process, where that is possible.

    For one that its owner ends in another way: a terminal, and a service manager, send to all
    processes of a group or a service what is meant for one; a watchdog sends SIGABRT.
    """
    refused = (row for row in TABLE if row.of_service is not Asked.FAULT or row.name == "SIGABRT")
    _listen(((number, Asked.NOTHING) for row in refused for number in numbers(row)), id)


def _listen(meanings: Iterator[tuple[int, Asked]], arrived: Callable[[Asked], object]) -> None:
    for number, asked in meanings:
        if asked in _HANDLED:
            signal.signal(number, _handler(asked, arrived))
        elif asked is Asked.NOTHING:
            # Ignored by the kernel, and not by a handler, which would interrupt the libraries.
            signal.signal(number, signal.SIG_IGN)


def _handler(
    asked: Asked, arrived: Callable[[Asked], object]
) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        arrived(asked)

    return handle
