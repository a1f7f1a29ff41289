"""A client of JACK, its port, and the messages that wait for their frames."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Iterable
from typing import Any

from playbach.midi_messages import NOTE_ON, TimedMessage
from playbach.silence import Sounding
from playbach.sinks.jack_server import let_go
from playbach.status import Lateness, LatenessMeter
from playbach.stream import Seconds

_STALE = 0.5
"""Seconds: a note later than this is left out, or a burst would follow when a server goes on."""
_LEAVING = 1.0
"""Seconds in which the last messages have left a server that runs."""
_CLOSING = 8.0
"""The same, of one that waits for a client that was killed."""
_AT_ONCE = Seconds(-math.inf)
"""The time of what is written in the next period, before anything that is due."""
_FRAMES = 1 << 32
"""JACK counts frames in 32 bits, which is a day at 48 kHz."""


class JackQueue:
    """A client of a server, its port, and the messages that wait for their frames.

    Times are seconds since ``origin`` on the server's clock, which goes on counting the machine's
    when the server is gone. Safe between threads.
    """

    def __init__(self, library: Any, client: Any, now: float) -> None:
        """``library``: JACK-Client; ``now``: the present, on the time that messages refer to."""
        self.client = client
        self.alive = True
        self._full = library.JackError
        self._rate = client.samplerate
        self._lock = threading.Lock()
        self._queue: list[tuple[int, int, TimedMessage]] = []
        # Messages of one frame leave in the order in which they came.
        self._order = itertools.count()
        self._sounding = Sounding()
        self._meter = LatenessMeter()
        self._empty = threading.Event()
        self._connections = threading.Event()
        self._cycle = int(client.frame_time)
        """Frame at which the present period began, counted on beyond 32 bits."""
        self.came: set[str] = set()
        """Names of ports that were made since the owner last took them out."""
        self.port = client.midi_outports.register("out")
        client.set_process_callback(self._process)
        client.set_shutdown_callback(self._shut_down)
        client.set_port_connect_callback(lambda *_: self._connections.set())
        client.set_port_registration_callback(self._registered)
        self._origin = self._frame() - round(now * self._rate)
        client.activate()

    @property
    def timing(self) -> str:
        """How messages are kept on time."""
        return f"frames of JACK, {self._rate:,} a second in periods of {self.client.blocksize}"

    def set_time(self, now: float) -> None:
        """The present moment is ``now``; nothing is queued yet."""
        self._origin = self._frame() - round(now * self._rate)

    def has_news(self) -> bool:
        """Whether ports or connections have changed since this was last asked."""
        changed = self._connections.is_set()
        self._connections.clear()
        return changed

    def now(self) -> float:
        """Seconds since the origin."""
        return float((self._frame() - self._origin) / self._rate)

    def lateness(self) -> Lateness:
        """How late messages were written."""
        with self._lock:
            return self._meter.read()

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

    def take_back(self, after: float) -> list[TimedMessage]:
        """What is due at ``after`` or later and was not written, in order of time."""
        # By its time and not by its frame: whoever takes back goes by times, too.
        with self._lock:
            taken = sorted(entry for entry in self._queue if entry[2].time >= after)
            self._queue = [entry for entry in self._queue if entry[2].time < after]
            heapq.heapify(self._queue)
        return [message for _, _, message in taken]

    def silence(self) -> None:
        """Drop the queue, end what sounds, and wait until that has left."""
        with self._lock:
            self._drop_timed()
            ends = self._sounding.silencing()
            self._sounding.forget()
        self.send_now(ends)
        self._drain(_LEAVING)

    def close(self) -> None:
        """Leave the server, once it has taken what was to be written at once."""
        with self._lock:
            self._drop_timed()
        self._drain(_CLOSING)
        let_go(self.client.close)

    def _drop_timed(self) -> None:
        # What leaves in the next period anyway ends notes, too.
        self._queue = [entry for entry in self._queue if entry[2].time == _AT_ONCE]
        heapq.heapify(self._queue)

    def _drain(self, patience: float) -> None:
        """Wait until nothing is left to be written at once, or ``patience`` seconds are over."""
        until = time.monotonic() + patience
        while self.alive and not self._empty.wait(0.05) and time.monotonic() < until:
            pass
        if self.alive:
            # The period in which they were written is to come to its end.
            time.sleep(2 * self.client.blocksize / self._rate)

    def _frame(self) -> int:
        """The present frame, counted on beyond 32 bits.

        A server that is held up does not run ahead of the periods that it had.
        """
        cycle = self._cycle
        since = int(self.client.frame_time - cycle) % _FRAMES
        since = since if since < _FRAMES // 2 else since - _FRAMES
        return cycle + min(since, 2 * int(self.client.blocksize))

    def _process(self, frames: int) -> None:
        """Called by JACK for each period, in a thread of its own."""
        start = self._cycle + (self.client.last_frame_time - self._cycle) % _FRAMES
        self._cycle = start
        self.port.clear_buffer()
        with self._lock:
            while self._queue and self._queue[0][0] < start + frames:
                frame, _, message = self._queue[0]
                data = message.data
                late = (start - frame) / self._rate if self._origin <= frame < start else 0.0
                is_stale = late > _STALE and data[0] & 0xF0 == NOTE_ON
                if not is_stale and not self._write(max(0, frame - start), data):
                    # The port is full for now; the rest leaves with the next period.
                    return
                heapq.heappop(self._queue)
                if not is_stale and frame >= self._origin:
                    self._meter.record(late)
            if not self._queue:
                self._empty.set()

    def _write(self, offset: int, data: bytes) -> bool:
        try:
            self.port.write_midi_event(offset, data)
        except self._full:
            return False
        self._sounding.hear(data)
        return True

    def _registered(self, port: Any, register: bool) -> None:
        """Called from a thread of libjack's."""
        if register:
            self.came.add(port.name)
        self._connections.set()

    def _shut_down(self, status: object, reason: str) -> None:
        """Called from a thread of libjack's."""
        del status, reason
        self.alive = False
        self._connections.set()
