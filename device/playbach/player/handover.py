"""Hands what is composed to the sink before it is due, and rests on purpose when it cannot."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.music.note import Note
from playbach.player.horizon import Composed
from playbach.player.marks import Mark, Marks
from playbach.player.performance import Performance, Voice
from playbach.sinks.base import Sink
from playbach.status import Status
from playbach.stream import Movement, MovementEnd, StreamItem

_LEAD = to_nanoseconds(0.1)
"""From the decision to play to the first note, at the start and after a rest."""
_LATEST = to_nanoseconds(0.005)
"""A note handed over later than this before its time might sound late, so it is not."""
_REFILL = 5.0
"""Seconds a rest lasts at most once there is a note again."""
_FIRST_FILL = 0.5
"""As above, before the very first note."""
_NAP = 0.1
_NEVER = Nanoseconds(1 << 62)
_BETWEEN = "between movements"
_COMPOSING = "waiting for the composer"


class Handover:
    """The player thread's work. ``status`` may be called from any thread, ``run`` from one."""

    def __init__(
        self,
        composed: Composed,
        sink: Sink,
        voice: Voice,
        limit: float | None,
        stopping: threading.Event,
    ) -> None:
        """``limit``: seconds of the sink's time after which the music ends, ``None`` for never."""
        self._composed = composed
        self._sink = sink
        self._performance = Performance(voice)
        self._limit = _NEVER if limit is None else to_nanoseconds(limit)
        self._stopping = stopping
        self._keeps_time = math.isfinite(sink.horizon)
        self._next: StreamItem | None = None
        self._lock = threading.Lock()
        self._marks = Marks()
        self._waiting = False
        self._rests = 0
        self._rested = Nanoseconds(0)

    def run(self) -> None:
        """Play until the stream is over, the limit is reached, or the event is set."""
        while not self._stopping.is_set():
            if self._next is None:
                self._await_next()
            if self._next is None:
                if self._composed.is_over:
                    break
            elif self._performance.due(self._next) >= self._limit:
                break
            self._hand_over()
        if not self._stopping.is_set():
            self._play_out()

    def status(self) -> Status:
        """What is heard now."""
        now = self._now()
        with self._lock:
            mark = self._marks.at(now)
            starved = self._waiting and now > self._performance.last
            return Status(
                time=to_seconds(now),
                movement=mark.movement,
                bar=mark.bar,
                notes=mark.notes,
                resting=mark.resting or (_COMPOSING if starved else ""),
                rests=self._rests,
                rested=to_seconds(self._rested),
                composed_ahead=self._composed.ahead,
            )

    def _await_next(self) -> None:
        self._next = self._composed.take(0)
        if self._next is None:
            self._waiting = True
            self._next = self._composed.take(self._until(self._performance.next_off))
            self._waiting = False

    def _hand_over(self) -> None:
        """Send what is within reach; sleep if that does not include the next item."""
        item, reach = self._next, self._reach()
        due = reach if item is None else self._performance.due(item)
        if item is not None and due <= reach:
            self._place(item)
            self._next = None
        # What ends after the limit is cut short by it, and so not sent before.
        self._sink.send(self._performance.take(min(due, reach, self._limit)))
        if self._next is not None:
            off = self._performance.next_off
            self._stopping.wait(self._until(due if off is None else min(due, off)))

    def _place(self, item: StreamItem) -> None:
        if self._keeps_time and not isinstance(item, MovementEnd):
            self._keep_from_being_late(item)
        due = self._performance.due(item)
        self._performance.add(item)
        with self._lock:
            # Looking forgets what is past, so the marks stay few with nobody asking.
            self._marks.at(self._now())
            self._marks.add(self._mark(item, due))

    def _keep_from_being_late(self, item: StreamItem) -> None:
        if self._performance.due(item) >= self._now() + _LATEST:
            return
        self._refill()
        by = Nanoseconds(self._now() + _LEAD - self._performance.due(item))
        self._performance.delay(by)
        if self._marks.last.notes:
            with self._lock:
                self._rests += 1
                self._rested = Nanoseconds(self._rested + by)

    def _refill(self) -> None:
        """Rest until there is music to go on with; meanwhile what sounds ends in time."""
        self._waiting = True
        until = time.monotonic() + (_REFILL if self._marks.last.notes else _FIRST_FILL)
        while not self._composed.refill(_NAP) and time.monotonic() < until:
            self._sink.send(self._performance.take(self._reach()))
        self._waiting = False

    def _mark(self, item: StreamItem, due: Nanoseconds) -> Mark:
        last = self._marks.last
        if isinstance(item, Movement):
            return Mark(due, item, 0, last.notes, "")
        if isinstance(item, Note):
            bar = self._performance.bar(item)
            return replace(last, time=due, bar=bar, notes=last.notes + 1, resting="")
        return replace(last, time=due, resting=_BETWEEN)

    def _now(self) -> Nanoseconds:
        return to_nanoseconds(self._sink.now())

    def _reach(self) -> Nanoseconds:
        """How far the sink should be sent messages now."""
        if not self._keeps_time:
            return _NEVER
        return to_nanoseconds(self._sink.now() + self._sink.horizon)

    def _until(self, due: Nanoseconds | None) -> float:
        """Seconds until ``due`` is within reach, at most a nap."""
        if due is None:
            return _NAP
        return max(0.0, min(_NAP, to_seconds(Nanoseconds(due - self._reach()))))

    def _play_out(self) -> None:
        """Let the last notes end."""
        self._performance.cut(self._limit)
        self._sink.send(self._performance.take(_NEVER))
        if self._keeps_time:
            ending = self._performance.last if self._limit == _NEVER else self._limit
            left = to_seconds(Nanoseconds(ending - self._now()))
            # A little longer, so that the last message leaves before the queue is dropped.
            self._stopping.wait(max(0.0, left) + _NAP / 2)
