"""Signals to a program that plays at a terminal."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Any of these ends the music; SIGHUP does not exist on Windows."""


class StopSignal(BaseException):
    """A signal asked for the end. Not an ``Exception``: nothing on the way may swallow it."""


class Signals:
    """Turns the signals that end the music into an exception in the main thread, once."""

    def __init__(self, on_suspend: Callable[[], object]) -> None:
        """``on_suspend`` is called inside the handler when the program is to be suspended."""
        self._on_suspend = on_suspend
        self.ignored = False
        """Whether a signal does nothing any more."""

    def listen(self) -> None:
        """Begin."""
        for name in STOP_SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._arrived)
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, self._suspended)

    def _arrived(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if not self.ignored:
            self.ignored = True
            raise StopSignal(signum)

    def _suspended(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self._on_suspend()
