"""Signals, reloads and the death of threads, as events that the main thread takes one by one."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass

from playbach.config import Loaded
from playbach.signals import Asked, listen_as_service


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


class Inbox:
    """What the main thread is to see to, in the order in which it came."""

    def __init__(self) -> None:
        # Its ``put`` may interrupt itself, which a signal handler does (unlike ``queue.Queue``'s).
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def listen(self) -> None:
        """From now on signals and dying threads come here. Main thread only."""
        threading.excepthook = self._died
        listen_as_service(self._events.put)

    def put(self, event: Event) -> None:
        """Add an event, from any thread."""
        self._events.put(event)

    def take(self, timeout: float) -> Event | None:
        """The next event, ``None`` if there is none for ``timeout`` seconds."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def _died(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        self._events.put(Death(name, args.exc_value or args.exc_type()))
