"""A queue of the ALSA sequencer in the kernel, and exact books about what is in it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from playbach.midi.messages import TimedMessage
from playbach.sinks.alsa_client import Announcements, alsa_library, open_client
from playbach.sinks.base import CLIENT_NAME
from playbach.sinks.queue_mirror import QueueMirror, ends_of
from playbach.timing import Seconds

_POOL = 1000
"""Events the kernel is asked to hold for us: several times what a second of music needs."""
_RESERVE = 200
"""Events of the pool that stay free for what is sent at once: more than ending all notes takes."""
_BATCH = 100
"""Messages handed over at a time: fewer than the library's own buffer holds."""
LEAD = Seconds(0.01)
"""What is due within this time is left to the kernel: it may be leaving just now."""
_LOOKS = 6250
"""Times a second that the kernel looks for what is due: the most it allows, 1,000 if not asked."""
EARLY = Seconds(0.5 / _LOOKS)
"""An event leaves at the first look after its time. Queued for half the time between two looks
earlier, it is half of that early or late at most."""
_EMPTY = 0.2
"""Seconds to wait at most for the last events to leave."""
_NANO = 1_000_000_000


def split_time(time: float) -> tuple[int, int]:
    """Whole seconds and nanoseconds of a time that is not negative; earlier counts as 0."""
    return divmod(max(0, round(time * _NANO)), _NANO)


class KernelQueue:
    """One client of the sequencer, one port, one queue. Safe between threads."""

    def __init__(self) -> None:
        """Open it.

        Raises:
            PortError: there is no sequencer, it may not be used, or libasound is missing.
        """
        self._library = alsa_library()
        self.client = open_client()
        self.lock = threading.RLock()
        """Held while the client is used: the library is not made for two threads at once."""
        self.port = self.client.create_port("out", self._library.READ_PORT)
        self.announcements = Announcements(self.client)
        self.client.set_client_pool_output(_POOL)
        pool = self.client.get_client_pool().output_pool
        self._mirror = QueueMirror(max(pool - _RESERVE, 1))
        self._queue = self.client.create_queue(CLIENT_NAME)
        self._look_often()

    def start(self) -> None:
        """Time 0 is now."""
        with self.lock:
            self._queue.start()
            self.client.drain_output()

    def now(self) -> Seconds:
        """Seconds since ``start``."""
        with self.lock:
            return Seconds(float(self._queue.get_status().real_time))

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Queue messages; what the kernel has no room for waits here until ``feed``."""
        with self.lock:
            self._mirror.add(messages)
            self.feed()

    def feed(self) -> None:
        """Hand over what waits, as far as there is room. Cheap when nothing waits."""
        with self.lock:
            if not self._mirror.waiting:
                return
            batch = self._mirror.hand_over(self.now() - LEAD)
            for first in range(0, len(batch), _BATCH):
                self._hand_over(batch[first : first + _BATCH])

    def take_back(self, after: Seconds = Seconds(0.0)) -> list[TimedMessage]:
        """Remove what is due at ``after`` or later, but not what may be leaving just now."""
        library = self._library
        with self.lock:
            cut = max(after, self.now() + LEAD)
            at = self._kernel_time(cut)
            self.client.remove_events(library.RemoveCondition.OUTPUT, queue=self._queue, time=at)
            taken = self._mirror.take_back(cut)
            # If this process was held up since, the kernel may have sent some of it.
            late = self.now() + EARLY
            self.send_now(ends_of(message for message in taken if message.time <= late))
            return taken

    def send_now(self, messages: Iterable[bytes]) -> None:
        """Send messages past the queue."""
        with self.lock:
            passed = list(messages)
            self._mirror.heard(passed)
            self._pass_on(passed)

    def silence(self) -> None:
        """Remove everything and end all that sounds."""
        with self.lock:
            self.take_back()
            self._await_empty()
            self._pass_on(self._mirror.release(self.now()))

    def close(self) -> None:
        """The kernel frees port, connection and queue with their client."""
        with self.lock:
            self.client.close()

    def _look_often(self) -> None:
        timer = self._queue.get_timer()
        timer.resolution = _LOOKS
        # A kernel that refuses keeps its own pace, which is worth less than the music.
        with contextlib.suppress(self._library.ALSAError):
            self._queue.set_timer(timer)

    def _kernel_time(self, time: float) -> Any:
        return self._library.RealTime(*split_time(time - EARLY))

    def _await_empty(self) -> None:
        """Until what was too near to be removed has left."""
        until = time.monotonic() + _EMPTY
        while self._queue.get_status().events and time.monotonic() < until:
            time.sleep(LEAD / 4)

    def _pass_on(self, messages: Iterable[bytes]) -> None:
        for data in messages:
            self._output(data)
        self.client.drain_output()

    def _hand_over(self, messages: Iterable[TimedMessage]) -> None:
        for message in messages:
            at = self._kernel_time(message.time)
            self._output(message.data, queue=self._queue, time=at)
        self.client.drain_output()

    def _output(self, data: bytes, queue: Any = None, time: Any = None) -> None:
        event = self._library.MidiBytesEvent(data, time=time, relative=False)
        self.client.event_output(event, queue=queue, port=self.port)
