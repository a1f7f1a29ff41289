"""A sink on simulated time, which runs as fast as notes are composed."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence

from playbach.midi.active_notes import all_notes_off
from playbach.midi.messages import TimedMessage
from playbach.sinks.base import Change, OnChange, OnFailure
from playbach.stream import Seconds
from playbach.timing import Lateness


class VirtualSink:
    """Time passes only in ``pause``, which delivers what is due, exactly on time."""

    name = "virtual"
    description = "a sink on a time of its own"
    timing = "exact"

    def __init__(
        self, hear: Callable[[float, bytes], object], horizon: Seconds = Seconds(0.25)
    ) -> None:
        """``hear`` is told when each message leaves, in seconds, and the message."""
        self._hear = hear
        self.horizon = horizon
        self.connected = True
        self.closed = False
        self.lateness: Lateness | None = None
        self.is_shared = False
        self._now = 0.0
        self._queue: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()
        self._on_change: OnChange | None = None

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        until = self._now + seconds
        while self._queue and self._queue[0][0] <= until:
            due, _, data = heapq.heappop(self._queue)
            self._now = max(self._now, due)
            self._leave(data)
        self._now = until

    def lose(self) -> None:
        """The synth is switched off."""
        self.connected = False
        if self._on_change:
            self._on_change(Change.LOST)

    def find(self) -> None:
        """The synth is there again."""
        if self._on_change:
            self._on_change(Change.FOUND)

    def open(self, *, absent_ok: bool = False) -> None: ...

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        del on_failure
        self._on_change = on_change

    def now(self) -> Seconds:
        return Seconds(self._now)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        for message in messages:
            heapq.heappush(self._queue, (message.time, next(self._order), message.data))

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        taken = sorted(entry for entry in self._queue if entry[0] >= after)
        self._queue = [entry for entry in self._queue if entry[0] < after]
        heapq.heapify(self._queue)
        return [TimedMessage(Seconds(due), data) for due, _, data in taken]

    def all_notes_off(self, channels: Iterable[int]) -> None:
        for data in all_notes_off(channels):
            self._leave(data)

    def reconnect(self) -> bool:
        self._queue.clear()
        self.connected = True
        return True

    def silence(self) -> None:
        self._queue.clear()
        self.all_notes_off(range(16))

    def close(self) -> None:
        self.closed = True

    def _leave(self, data: bytes) -> None:
        if self.connected:
            self._hear(self._now, data)
