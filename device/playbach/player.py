"""Plays a stream of music on a sink: one thread composes ahead, one hands over on time.

The composing thread may be late by seconds; the player thread then lets the music rest on purpose
and goes on from a fresh origin, so that nothing is played late or in a burst.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.horizon import Composed
from playbach.marks import Mark, Marks
from playbach.music.note import Note
from playbach.performance import Performance, Spans, Voice
from playbach.sinks.base import Sink
from playbach.status import Status
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

AHEAD = Seconds(2.0)
_START_LEAD = to_nanoseconds(0.1)
_LATEST = to_nanoseconds(0.005)
"""A note handed over later than this before its time may sound late, so it is not."""
_REFILL = 5.0
_NAP = 0.1
_JOIN = 0.3
_NEVER = Nanoseconds(1 << 62)
_BETWEEN = "between movements"
_COMPOSING = "waiting for the composer"


class Player:
    """Plays a stream until it ends, its limit is reached, or it is stopped.

    Use it as a context manager, or call ``start``, ``wait`` and in ``finally`` ``stop``. Not to be
    called from inside a signal handler: let the handler raise, and ``wait`` pass that on.
    """

    def __init__(
        self,
        stream: Iterator[StreamItem],
        sink: Sink,
        *,
        voice: Voice | None = None,
        limit: Seconds | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            stream: pulled from a thread of the player's own, and from nowhere else.
            sink: closed by this player when it stops.
            voice: channel, instrument and loudness.
            limit: seconds of the sink's time after which it ends by itself.
        """
        self._stream = stream
        self._sink = sink
        self._performance = Performance(voice or Voice())
        self._limit = _NEVER if limit is None else to_nanoseconds(limit)
        in_sink = sink.horizon if self._keeps_time else 0.0
        self._composed = Composed(Seconds(max(AHEAD - in_sink, 0.0)))
        self._next: StreamItem | None = None
        self._marks = Marks()
        self._lock = threading.Lock()
        self._waiting = False
        self._rests = 0
        self._rested = Nanoseconds(0)
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._stopped = False
        self._threads: list[threading.Thread] = []
        self.error: BaseException | None = None
        """What ended a thread of the player or of the sink, if anything did."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the sink and begin.

        Raises:
            PortError: the sink cannot be opened; nothing was started.
            OutputError: as above, for a file.
        """
        try:
            self._sink.open()
            # A daemon thread can still be silenced when the interpreter exits.
            atexit.register(self.stop)
            self._sink.start(self._fail)
        except BaseException:
            self._sink.close()
            raise
        for name, job in (("compose", self._compose), ("play", self._play)):
            thread = threading.Thread(
                target=self._guarded, args=(job,), name=f"playbach-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Leave silence and close the sink. Takes less than a second; may be called again."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        atexit.unregister(self.stop)
        self._stopping.set()
        self._composed.close()
        for thread in self._threads:
            # The composing thread may be inside a long computation; it ends when it comes back.
            thread.join(_JOIN)
        try:
            self._sink.cancel()
            self._sink.silence()
        finally:
            self._sink.close()

    def wait(
        self,
        timeout: Seconds | None = None,
        watch: Callable[[Status], None] | None = None,
        interval: Seconds = Seconds(0.25),
    ) -> bool:
        """Wait until the music is over.

        Args:
            timeout: seconds after which to return all the same; ``None`` for as long as it takes.
            watch: called every ``interval`` seconds, in this thread, with the status.
            interval: seconds.

        Returns:
            Whether the music is over.

        Raises:
            BaseException: whatever ended a thread of the player or the sink.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self._done.wait(_left(until, interval)):
            if until is not None and time.monotonic() >= until:
                break
            if watch is not None:
                watch(self.status())
        if self.error is not None:
            raise self.error
        return self._done.is_set()

    def status(self) -> Status:
        """What is heard now."""
        now = to_nanoseconds(self._sink.now())
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
                lateness=self._sink.lateness,
                running=bool(self._threads) and not self._done.is_set(),
            )

    @property
    def _keeps_time(self) -> bool:
        return self._sink.horizon != float("inf")

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 raised again in the caller's thread, by wait
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.error = self.error or error
        self._stopping.set()
        self._composed.close()

    def _compose(self) -> None:
        spans = Spans()
        for item in self._stream:
            if not self._composed.put(item, spans.to(item)):
                return
        self._composed.end()

    def _play(self) -> None:
        try:
            self._perform()
            self._play_out()
        except BaseException as error:  # noqa: BLE001 raised again by wait; silence comes first
            self._fail(error)
        try:
            self._sink.cancel()
            self._sink.silence()
        finally:
            self._done.set()

    def _perform(self) -> None:
        while not self._stopping.is_set():
            if self._next is None:
                self._await_next()
            if self._next is None:
                if self._composed.is_over:
                    return
            elif self._performance.due(self._next) >= self._limit:
                return
            self._hand_over()

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
        self._sink.send(self._performance.take(min(due, reach)))
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
            self._marks.at(to_nanoseconds(self._sink.now()))
            self._marks.add(self._mark(item, due))

    def _keep_from_being_late(self, item: StreamItem) -> None:
        now = to_nanoseconds(self._sink.now())
        due = self._performance.due(item)
        if due >= now + _LATEST:
            return
        self._refill()
        resumed = to_nanoseconds(self._sink.now()) + _START_LEAD
        by = Nanoseconds(resumed - due)
        self._performance.delay(by)
        if self._marks.last.notes:
            with self._lock:
                self._rests += 1
                self._rested = Nanoseconds(self._rested + by)

    def _refill(self) -> None:
        """Rest until there is music to go on with; meanwhile what sounds ends in time."""
        self._waiting = True
        until = time.monotonic() + _REFILL
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

    def _reach(self) -> Nanoseconds:
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
        if self._stopping.is_set():
            return
        self._performance.cut(self._limit)
        self._sink.send(self._performance.take(_NEVER))
        if self._keeps_time:
            ending = self._performance.last if self._limit == _NEVER else self._limit
            left = to_seconds(Nanoseconds(ending - to_nanoseconds(self._sink.now())))
            self._stopping.wait(max(0.0, left) + _NAP / 2)


def _left(until: float | None, interval: Seconds) -> float:
    if until is None:
        return interval
    return max(0.0, min(interval, until - time.monotonic()))
