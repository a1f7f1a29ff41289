"""Signals, reloads and the death of threads, as events that the main thread takes one by one."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import FrameType

from playbach.config import Loaded


class Asked(Enum):
    """What a signal asks for."""

    STOP = "stop"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Death:
    """A thread ended by an exception.

    Attributes:
        thread: its name.
        error: what ended it.
    """

    thread: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The configuration was read again.

    Attributes:
        loaded: what holds from now on; ``None`` if it stays as it was.
    """

    loaded: Loaded | None


Event = Asked | Death | Reloaded
_Handler = Callable[[int, FrameType | None], None]

MEANINGS = {"SIGTERM": Asked.STOP, "SIGINT": Asked.STOP, "SIGHUP": Asked.RELOAD}
"""There is no terminal that could hang up, so SIGHUP has the meaning it has for services."""


class Inbox:
    """What the main thread is to see to, in the order in which it came."""

    def __init__(self) -> None:
        # Its ``put`` may interrupt itself, which a signal handler does (unlike ``queue.Queue``'s).
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def listen(self) -> None:
        """From now on signals and dying threads come here. Main thread only."""
        threading.excepthook = self._died
        for name, asked in MEANINGS.items():
            signal.signal(getattr(signal, name), self._handler(asked))

    def put(self, event: Event) -> None:
        """Add an event, from any thread."""
        self._events.put(event)

    def take(self, timeout: float) -> Event | None:
        """The next event, ``None`` if there is none for ``timeout`` seconds."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def _handler(self, asked: Asked) -> _Handler:
        return lambda _number, _frame: self._events.put(asked)

    def _died(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        self._events.put(Death(name, args.exc_value or args.exc_type()))
