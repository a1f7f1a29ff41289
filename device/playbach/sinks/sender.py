"""A thread that does nothing but send each message at its time.

It sleeps until absolute deadlines, so what one sleep misses the next does not inherit.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from playbach.midi_messages import NOTE_ON, TimedMessage
from playbach.silence import Sounding
from playbach.sinks.base import OnFailure
from playbach.sinks.realtime import Timing, claim_priority
from playbach.status import Lateness, LatenessMeter
from playbach.stream import Seconds

_FINAL_WAIT = 0.002
"""Seconds before a deadline at which waiting on the condition ends and a plain sleep begins: a
condition wakes late by the time it takes to get its lock back, a sleep does not."""

_STALE = Seconds(0.5)
"""A note later than this is left out: the whole program stood still, and a burst would follow."""

Write = Callable[[bytes], object]


class DeadlineSender:
    """Sends messages on time from a thread of its own.

    Every write happens under one lock, so writes never overlap and silencing is never overtaken.
    """

    def __init__(self, write: Write, on_failure: OnFailure) -> None:
        """Time 0 is now; ``write`` takes one complete message and does not block."""
        self._write = write
        self._on_failure = on_failure
        self._origin = time.monotonic()
        self._ready = threading.Condition()
        self._queue: list[tuple[Seconds, int, bytes]] = []
        # Messages of one time leave in the order in which they came.
        self._order = itertools.count()
        self._sounding = Sounding()
        self._meter = LatenessMeter()
        self._ended = False
        self._timing = Timing("")
        self._claimed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-midi", daemon=True)
        self._thread.start()
        self._claimed.wait()

    @property
    def timing(self) -> Timing:
        """How the thread is kept on time."""
        return self._timing

    def now(self) -> Seconds:
        """Seconds since this sender was made."""
        return Seconds(time.monotonic() - self._origin)

    @property
    def lateness(self) -> Lateness:
        """How late messages left."""
        with self._ready:
            return self._meter.read()

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Queue messages."""
        with self._ready:
            first = self._queue[0] if self._queue else None
            for message in messages:
                heapq.heappush(self._queue, (message.time, next(self._order), message.data))
            if self._queue and self._queue[0] is not first:
                self._ready.notify()

    def cancel(self, after: Seconds = Seconds(0.0)) -> list[TimedMessage]:
        """Take back what is due at ``after`` or later and has not been sent, in order of time."""
        with self._ready:
            taken = sorted(entry for entry in self._queue if entry[0] >= after)
            self._queue = [entry for entry in self._queue if entry[0] < after]
            heapq.heapify(self._queue)
        return [TimedMessage(due, data) for due, _, data in taken]

    def send_now(self, messages: Iterable[bytes]) -> None:
        """Write messages at once, before anything queued."""
        with self._ready:
            for data in messages:
                self._write(data)
                self._sounding.hear(data)

    def silence(self) -> None:
        """Drop the queue and end what sounds, before returning."""
        with self._ready:
            self._queue.clear()
            messages = self._sounding.silencing()
            self._sounding.forget()
            # All are tried: a note-off that fails must not keep the next from leaving.
            with contextlib.ExitStack() as tries:
                for data in reversed(messages):
                    tries.callback(self._write, data)

    def end(self) -> None:
        """Stop the thread, without sending anything more."""
        with self._ready:
            self._ended = True
            self._queue.clear()
            self._ready.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        self._timing = claim_priority()
        self._claimed.set()
        try:
            while (deadline := self._next_deadline()) is not None:
                if (early := deadline - self.now()) > 0:
                    time.sleep(early)
                self._send_due()
        except Exception as error:  # noqa: BLE001 told to the player, which raises it to its caller
            self._on_failure(error)

    def _next_deadline(self) -> Seconds | None:
        """Wait until shortly before the next message is due; ``None`` when ended."""
        with self._ready:
            while not self._ended:
                if not self._queue:
                    self._ready.wait()
                    continue
                deadline = self._queue[0][0]
                early = deadline - self.now()
                if early <= _FINAL_WAIT:
                    return deadline
                self._ready.wait(early - _FINAL_WAIT / 2)
            return None

    def _send_due(self) -> None:
        with self._ready:
            while self._queue and not self._ended and self._queue[0][0] <= (now := self.now()):
                due, _, data = heapq.heappop(self._queue)
                if now - due > _STALE and data[0] & 0xF0 == NOTE_ON:
                    continue
                self._write(data)
                self._sounding.hear(data)
                self._meter.record(now - due)
