"""Sinks that count frames: messages wait for theirs, and leave when a period is written.

A queue belongs to one run of a server or sound card; a link finds another after its end; a sink is
what the player sees of both.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, TimedMessage
from playbach.sinks.port import PortSink
from playbach.timing import Lateness, LatenessMeter, Seconds

_STALE = 0.5
"""Seconds: a note later than this is left out, or a burst would follow when a server goes on."""
_LEAVING = 1.0
"""Seconds in which the last messages have left what runs."""
_CLOSING = 8.0
"""The same, of a server that waits for a client that was killed."""
_AT_ONCE = Seconds(-math.inf)
"""The time of what leaves in the next period, before anything that is due."""

Write = Callable[[int, bytes], bool]
"""Takes a message at an offset in the period, in frames; whether there was room for it."""


HORIZON = Seconds(0.25)
"""How far ahead of their time messages are queued."""


class FrameQueue(ABC):
    """Times are seconds since ``origin`` on the clock of the frames. Safe between threads."""

    def __init__(self, rate: int) -> None:
        """``rate``: frames per second. ``set_time`` must follow."""
        self._rate = rate
        self._origin = 0
        self._lock = threading.Lock()
        self._queue: list[tuple[int, int, TimedMessage]] = []
        # Messages of one frame leave in the order in which they came.
        self._order = itertools.count()
        self._sounding = ActiveNotes()
        self._meter = LatenessMeter()
        self._empty = threading.Event()
        self.alive = True
        """Whether frames still pass."""

    @property
    @abstractmethod
    def timing(self) -> str:
        """How messages are kept on time."""

    @abstractmethod
    def frame(self) -> int:
        """The present frame."""

    @abstractmethod
    def release(self) -> None:
        """Let go of what makes the frames pass."""

    @property
    @abstractmethod
    def period(self) -> float:
        """Seconds after which all that was taken has surely left."""

    def set_time(self, now: float) -> None:
        """The present moment is ``now``; nothing is queued yet."""
        self._origin = self.frame() - round(now * self._rate)

    def now(self) -> float:
        """Seconds since the origin."""
        return float((self.frame() - self._origin) / self._rate)

    @property
    def lateness(self) -> Lateness:
        """How late messages were written."""
        return self._meter.read(self._lock)

    def send(self, messages: Iterable[TimedMessage]) -> None:
        """Queue messages."""
        with self._lock:
            self._empty.clear()
            for message in messages:
                frame = self._origin + round(message.time * self._rate)
                heapq.heappush(self._queue, (frame, next(self._order), message))

    def send_now(self, messages: Iterable[bytes]) -> None:
        """Write messages in the next period, before anything queued."""
        with self._lock:
            self._empty.clear()
            for data in messages:
                message = TimedMessage(_AT_ONCE, data)
                heapq.heappush(self._queue, (self._origin - 1, next(self._order), message))

    def take_back(self, after: float = 0.0) -> list[TimedMessage]:
        """What is due at ``after`` or later and was not written, in order of time."""
        # By its time and not by its frame: whoever takes back goes by times, too.
        with self._lock:
            taken = sorted(entry for entry in self._queue if entry[2].time >= after)
            self._keep(entry for entry in self._queue if entry[2].time < after)
        return [message for _, _, message in taken]

    def silence(self) -> None:
        """Drop the queue, end what sounds, and wait until that has left."""
        with self._lock:
            self._drop_timed()
            ends = self._sounding.release()
            self._sounding.forget()
        self.send_now(ends)
        self._drain(_LEAVING)

    def close(self) -> None:
        """Let go, once what was to be written at once has left."""
        with self._lock:
            self._drop_timed()
        self._drain(_CLOSING)
        self.release()

    def leave(self, start: int, frames: int, write: Write) -> None:
        """Write what is due before the end of a period of ``frames`` that begins at ``start``."""
        # Of most periods, hundreds a second, nothing is due: that is seen without the lock, since
        # nobody else takes out of a list that was once in this place.
        waiting = self._queue
        if waiting[0][0] >= start + frames if waiting else self._empty.is_set():
            return
        with self._lock:
            while self._queue and self._queue[0][0] < start + frames:
                frame, _, message = self._queue[0]
                data = message.data
                late = (start - frame) / self._rate if self._origin <= frame < start else 0.0
                is_stale = late > _STALE and data[0] & 0xF0 == NOTE_ON
                if not is_stale:
                    if not write(max(0, frame - start), data):
                        # There is no more room for now; the rest leaves with the next period.
                        return
                    self._sounding.hear(data)
                heapq.heappop(self._queue)
                if not is_stale and frame >= self._origin:
                    self._meter.record(late)
            if not self._queue:
                self._empty.set()

    def _drop_timed(self) -> None:
        # What leaves in the next period anyway ends notes, too.
        self._keep(entry for entry in self._queue if entry[2].time == _AT_ONCE)

    def _keep(self, entries: Iterable[tuple[int, int, TimedMessage]]) -> None:
        kept = list(entries)
        heapq.heapify(kept)
        self._queue = kept

    def _drain(self, patience: float) -> None:
        """Wait until nothing is left to be written at once, or ``patience`` seconds are over."""
        until = time.monotonic() + patience
        while self.alive and not self._empty.wait(0.05) and time.monotonic() < until:
            pass
        if self.alive:
            # The period in which they were written is to come to its end.
            time.sleep(self.period)


Queue = TypeVar("Queue", bound=FrameQueue)


class FrameLink(ABC, Generic[Queue]):
    """What a queue belongs to, a ``Destination`` that may go and come back."""

    def __init__(self) -> None:
        self._time = (time.monotonic(), 0.0)
        self.queue: Queue | None = None
        """While there is a server or a card."""

    @property
    @abstractmethod
    def description(self) -> str: ...

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def present(self) -> bool: ...

    @abstractmethod
    def detach(self) -> None: ...

    @abstractmethod
    def connect(self) -> None: ...

    def start(self) -> None:
        """Time 0 is now."""
        self._time = (time.monotonic(), 0.0)
        if self.queue:
            self.queue.set_time(0.0)

    def now(self) -> float:
        """Seconds since ``start``; goes on while there is no queue."""
        if self.queue and self.queue.alive:
            return self.queue.now()
        then, at = self._time
        return at + time.monotonic() - then

    def note_time(self) -> None:
        """Remember the queue's time now and then: its clock and the machine's drift apart."""
        if self.queue:
            self._time = (time.monotonic(), self.queue.now())

    def close(self) -> None:
        """Let go of the queue, if there is one."""
        queue, self.queue = self.queue, None
        if queue:
            queue.close()


class FrameSink(PortSink):
    """A sink over such a link; see ``playbach.sinks.base.Sink`` for its methods."""

    horizon = HORIZON

    def __init__(self, link: FrameLink[Any]) -> None:
        super().__init__(link, link)
        self._frames = link

    @property
    def queue(self) -> FrameQueue | None:
        return self._frames.queue

    @property
    def timing(self) -> str:
        return self.queue.timing if self.queue else ""

    @property
    def lateness(self) -> Lateness | None:  # type: ignore[override] # read only
        return self.queue.lateness if self.queue else None

    def now(self) -> Seconds:
        return Seconds(self._frames.now())

    def _begin(self) -> None:
        self._frames.start()
