"""A thread that does nothing but send each message at its time.

It sleeps until absolute deadlines, so what one sleep misses the next does not inherit.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, TimedMessage
from playbach.sinks.base import OnFailure
from playbach.sinks.realtime import Timing, claim_priority
from playbach.timing import Lateness, LatenessMeter, Seconds

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
        self._lock = threading.Lock()
        # Waiting on it ends on time, as a sleep does; a condition has to get its lock back first.
        self._sooner: queue.SimpleQueue[None] = queue.SimpleQueue()
        """Has something in it when there is news before the next message is due."""
        self._queue: list[tuple[Seconds, int, bytes]] = []
        # Messages of one time leave in the order in which they came.
        self._order = itertools.count()
        self._sounding = ActiveNotes()
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
        return self._meter.read(self._lock)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Queue messages."""
        with self._lock:
            first = self._queue[0] if self._queue else None
            for message in messages:
                heapq.heappush(self._queue, (message.time, next(self._order), message.data))
            if self._queue and self._queue[0] is not first:
                self._sooner.put(None)

    def take_back(self, after: Seconds = Seconds(0.0)) -> list[TimedMessage]:
        """Take back what is due at ``after`` or later and has not been sent, in order of time."""
        with self._lock:
            taken = sorted(entry for entry in self._queue if entry[0] >= after)
            self._queue = [entry for entry in self._queue if entry[0] < after]
            heapq.heapify(self._queue)
        return [TimedMessage(due, data) for due, _, data in taken]

    def send_now(self, messages: Iterable[bytes]) -> None:
        """Write messages at once, before anything queued."""
        with self._lock:
            for data in messages:
                self._write(data)
                self._sounding.hear(data)

    def silence(self) -> None:
        """Drop the queue and end what sounds, before returning."""
        with self._lock:
            self._queue.clear()
            messages = self._sounding.release()
            self._sounding.forget()
            # All are tried: a note-off that fails must not keep the next from leaving.
            with contextlib.ExitStack() as tries:
                for data in reversed(messages):
                    tries.callback(self._write, data)

    def end(self) -> None:
        """Stop the thread, without sending anything more."""
        with self._lock:
            self._ended = True
            self._queue.clear()
        self._sooner.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        self._timing = claim_priority()
        self._claimed.set()
        try:
            while not self._ended:
                with contextlib.suppress(queue.Empty):
                    self._sooner.get(timeout=self._send_due())
        except Exception as error:  # noqa: BLE001 told to the player, which raises it to its caller
            self._on_failure(error)

    def _send_due(self) -> float | None:
        """Send what is due; returns the seconds until the next message, ``None`` for none."""
        with self._lock:
            while self._queue and not self._ended:
                due, _, data = self._queue[0]
                if due > (now := self.now()):
                    return due - now
                heapq.heappop(self._queue)
                if now - due > _STALE and data[0] & 0xF0 == NOTE_ON:
                    continue
                self._write(data)
                self._sounding.hear(data)
                self._meter.record(now - due)
        return None
