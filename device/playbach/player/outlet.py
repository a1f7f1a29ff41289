"""The sink that plays now, on a time that goes on when another sink takes its place."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.midi_messages import TimedMessage
from playbach.sinks.base import Sink
from playbach.stream import Seconds

_MARGIN = 0.01
"""What is due within so many seconds is not taken back: it may be leaving already."""
_JUST_AFTER = Nanoseconds(1000)
"""A moment after all that was sent."""


class Outlet:
    """A sink and the distance of its time from ours.

    ``now`` and ``sink`` may be used by any thread, everything else by the player's.
    """

    def __init__(self, sink: Sink) -> None:
        self._state = (sink, 0.0)
        self._latest = Nanoseconds(0)
        self._looking = threading.Lock()

    @property
    def sink(self) -> Sink:
        """The one that plays now."""
        return self._state[0]

    @property
    def keeps_time(self) -> bool:
        """Whether messages are sent a little ahead of their time, and not all at once."""
        return math.isfinite(self.sink.horizon)

    def now(self) -> Nanoseconds:
        """The present moment; never earlier than it was.

        A sink's clock may be set back a little, as that of a server which was held up; but what has
        passed is forgotten, and cannot be taken back.
        """
        with self._looking:
            sink, offset = self._state
            self._latest = max(self._latest, to_nanoseconds(sink.now() + offset))
            return self._latest

    def reach(self) -> Nanoseconds:
        """How far the sink should be sent messages now; meaningless if it keeps no time."""
        return Nanoseconds(self.now() + to_nanoseconds(self.sink.horizon))

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Queue messages, in order of time; none are a sign that we live."""
        sink, offset = self._state
        if offset:
            messages = [replace(m, time=Seconds(m.time - offset)) for m in messages]
        sink.send(messages)

    def take_back(self) -> Nanoseconds:
        """Take back what has not left; returns the moment from which on nothing will."""
        sink, offset = self._state
        since = self.now() + to_nanoseconds(_MARGIN)
        taken = sink.cancel(Seconds(to_seconds(Nanoseconds(since)) - offset))
        if self.now() >= since:
            # We were held up for longer than the margin, and more has left than was meant to.
            first = min((to_nanoseconds(m.time + offset) for m in taken), default=0)
            since = max(since, first) if taken else self.reach() + _JUST_AFTER
        return Nanoseconds(since)

    def hush(self, channels: Iterable[int]) -> None:
        """End at once whatever sounds on these channels."""
        self.sink.hush(channels)

    def swap(self, sink: Sink) -> Sink:
        """Go on with another sink, which was opened and started; returns the one before."""
        before, now = self.sink, self.now()
        self._state = (sink, to_seconds(now) - sink.now())
        return before
