"""The short queue between composing and playing, bounded in music and in number."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from playbach.stream import Seconds, StreamItem

MAX_ITEMS = 256
"""Items held at most, however short their notes."""


class Composed:
    """Items composed and not yet played, each with its distance from the one before.

    One thread puts, one takes. Once full it is filled again when it is half empty, so that the two
    threads take turns about once a second and not at each note. Whoever takes may refuse what is
    composed so far: the *round* then changes, and what is put for an earlier round is dropped.
    """

    def __init__(self, ahead: Seconds, max_items: int = MAX_ITEMS) -> None:
        """Holds at most ``ahead`` seconds of music (or one item) and ``max_items`` items."""
        self._limit = ahead
        self._max_items = max_items
        self._items: deque[tuple[StreamItem, Seconds]] = deque()
        self._place = 0.0
        self._changed = threading.Condition()
        self._round = 0
        self._ended = False
        self._closed = False
        self._nudged = False
        self._filling = True

    @property
    def round(self) -> int:
        """Number of the present round, from 0."""
        with self._changed:
            return self._round

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

    def put(self, item: StreamItem, span: Seconds, round_: int = 0) -> bool:
        """Add an item of a round, waiting for room.

        Args:
            item: the next of the stream.
            span: seconds after the one before.
            round_: for which it was composed; an item of an earlier round is dropped.

        Returns:
            False if nothing more is wanted at all.
        """
        with self._changed:
            while not self._closed and round_ == self._round and not self._filling:
                self._changed.wait()
            if not self._closed and round_ == self._round:
                self._place += span
                self._items.append((item, Seconds(self._place)))
                self._filling = not self._is_full()
                self._changed.notify_all()
            return not self._closed

    def take(self, timeout: float) -> StreamItem | None:
        """The next item, waiting up to ``timeout`` seconds for it; ``None`` if there is none."""
        with self._changed:
            self._wait(lambda: bool(self._items) or self._ended, timeout)
            if self._closed or not self._items:
                return None
            item, _ = self._items.popleft()
            if not self._filling and self._is_half_empty():
                self._filling = True
                self._changed.notify_all()
            return item

    def refill(self, timeout: float) -> bool:
        """Wait until as much is held as may be or nothing more will come; False if time is up."""
        with self._changed:
            self._filling = not self._is_full()
            self._changed.notify_all()
            return self._wait(lambda: self._ended or self._is_full(), timeout)

    def restart(self) -> list[StreamItem]:
        """Begin another round; returns what was held."""
        with self._changed:
            self._round += 1
            held = [item for item, _ in self._items]
            self._items.clear()
            self._ended = False
            self._filling = True
            self._changed.notify_all()
            return held

    def await_round(self, after: int) -> bool:
        """Wait for a round later than ``after``; False if there is none to come."""
        with self._changed:
            while not self._closed and self._round == after:
                self._changed.wait()
            return not self._closed

    def nudge(self) -> None:
        """Whoever waits for an item looks up once: there is something else to do."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def end(self, round_: int = 0) -> None:
        """Nothing more will be put for that round."""
        with self._changed:
            self._ended = round_ == self._round
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be taken: wakes whoever waits."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def _wait(self, reached: Callable[[], bool], timeout: float) -> bool:
        """Whether ``reached`` or closed within ``timeout``; a nudge ends the wait."""
        until = time.monotonic() + timeout
        while not (self._closed or reached()):
            left = until - time.monotonic()
            if left <= 0 or self._nudged:
                self._nudged = False
                return False
            self._changed.wait(left)
        return True

    def _ahead(self) -> Seconds:
        return Seconds(self._items[-1][1] - self._items[0][1] if self._items else 0.0)

    def _is_full(self) -> bool:
        if len(self._items) >= self._max_items:
            return True
        return bool(self._items) and self._ahead() >= self._limit

    def _is_half_empty(self) -> bool:
        return len(self._items) <= self._max_items // 2 and self._ahead() <= self._limit / 2
