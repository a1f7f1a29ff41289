"""Listeners that hear of notes ahead of time: bounded, and never waited for."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

from playbach.session.status import Event

MOST_WAITING = 1_000
"""Events kept for a listener that does not take them; beyond that the oldest are lost."""


class Subscription:
    """What one listener has not taken yet. May be used from any thread."""

    def __init__(self, wake: Callable[[], object] | None = None) -> None:
        """``wake`` is called after each event, from the player's thread; it must not wait."""
        self._events: deque[Event] = deque(maxlen=MOST_WAITING)
        self._changed = threading.Condition()
        self._wake = wake
        self._lost = 0

    def take(self, timeout: float = 0.0) -> list[Event]:
        """All events since the last time, waiting up to ``timeout`` seconds for the first."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._events), timeout)
            events = list(self._events)
            self._events.clear()
            return events

    @property
    def lost(self) -> int:
        """Events this listener was too slow for, since the beginning."""
        return self._lost

    def put(self, event: Event) -> None:
        """Add an event. For the session."""
        with self._changed:
            self._lost += len(self._events) == MOST_WAITING
            self._events.append(event)
            self._changed.notify_all()
        if self._wake:
            self._wake()


class Listeners:
    """All subscriptions. May be used from any thread."""

    def __init__(self) -> None:
        self._all: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    @property
    def any(self) -> bool:
        """Whether somebody listens."""
        return bool(self._all)

    @contextlib.contextmanager
    def subscribed(self, wake: Callable[[], object] | None = None) -> Iterator[Subscription]:
        """A subscription for as long as the context lasts."""
        subscription = Subscription(wake)
        with self._lock:
            self._all += (subscription,)
        try:
            yield subscription
        finally:
            with self._lock:
                self._all = tuple(one for one in self._all if one is not subscription)

    def publish(self, event: Event) -> None:
        """Tell everybody."""
        for subscription in self._all:
            subscription.put(event)
