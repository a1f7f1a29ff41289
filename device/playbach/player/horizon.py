"""The short queue between composing and playing, bounded in music and in number."""

from __future__ import annotations

import threading
import time
from collections import deque

from playbach.stream import Seconds, StreamItem

MAX_ITEMS = 256


class Composed:
    """Items composed and not yet played, each with its distance from the one before.

    One thread puts, one takes.
    """

    def __init__(self, ahead: Seconds, max_items: int = MAX_ITEMS) -> None:
        """Holds at most ``ahead`` seconds of music (or one item) and ``max_items`` items."""
        self._limit = ahead
        self._max_items = max_items
        self._items: deque[tuple[StreamItem, Seconds]] = deque()
        self._place = 0.0
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False

    @property
    def ahead(self) -> Seconds:
        """Seconds of music held, from the first item to the last."""
        with self._changed:
            return self._ahead()

    @property
    def is_over(self) -> bool:
        """Whether nothing is held and nothing more will come."""
        with self._changed:
            return self._closed or (self._ended and not self._items)

    def put(self, item: StreamItem, span: Seconds) -> bool:
        """Add an item ``span`` seconds after the one before, waiting for room; False if closed."""
        with self._changed:
            while not self._closed and self._is_full():
                self._changed.wait()
            if not self._closed:
                self._place += span
                self._items.append((item, Seconds(self._place)))
                self._changed.notify_all()
            return not self._closed

    def take(self, timeout: float) -> StreamItem | None:
        """The next item, waiting up to ``timeout`` seconds for it; ``None`` if there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended or self._closed, timeout)
            if self._closed or not self._items:
                return None
            item, _ = self._items.popleft()
            self._changed.notify_all()
            return item

    def refill(self, timeout: float) -> bool:
        """Wait until as much is held as may be or nothing more will come; False if time is up."""
        until = time.monotonic() + timeout
        with self._changed:
            while not (self._closed or self._ended or self._is_full()):
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def end(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be taken: wakes whoever waits."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def _ahead(self) -> Seconds:
        return Seconds(self._items[-1][1] - self._items[0][1] if self._items else 0.0)

    def _is_full(self) -> bool:
        if len(self._items) >= self._max_items:
            return True
        return bool(self._items) and self._ahead() >= self._limit
