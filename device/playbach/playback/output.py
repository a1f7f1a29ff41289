"""Where the music goes: the sink that plays now, and whoever follows what it plays."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.midi.messages import TimedMessage
from playbach.music.note import Note
from playbach.playback.schedule import Entry
from playbach.playback.sent_notes import Outgoing, SentNote
from playbach.sinks.base import Sink
from playbach.stream import Movement, Seconds

MARGIN = to_nanoseconds(0.01)
"""What is due within so many nanoseconds is not taken back: it may be leaving already."""


class SinkClock:
    """The sink that plays now, and a time that goes on when another sink takes its place.

    ``now`` and ``sink`` may be used by any thread, everything else by the playback thread.
    """

    def __init__(self, sink: Sink) -> None:
        # Whoever adds the second to the sink's time has the session's.
        self._state = (sink, 0)
        self._latest = Nanoseconds(0)
        self._sent: list[int] = []
        """When what was sent and is still to come is due."""
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
            self._latest = max(self._latest, Nanoseconds(to_nanoseconds(sink.now()) + offset))
            return self._latest

    def reach(self) -> Nanoseconds:
        """How far the sink should be sent messages now; meaningless if it keeps no time."""
        return Nanoseconds(self.now() + to_nanoseconds(self.sink.horizon))

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Queue messages, in order of time; none are a sign that we live."""
        sink, offset = self._state
        if self.keeps_time:
            now = self.now()
            self._sent = [time for time in self._sent if time >= now]
            self._sent += [message.time for message in messages]
        sink.send([TimedMessage(_seconds(m.time - offset), m.data) for m in messages])

    def take_back(self, margin: Nanoseconds = MARGIN) -> Nanoseconds:
        """Take back what has not left and is not due within ``margin``.

        What the sink gives back is what counts. By its own clock, which we know only roughly, or in
        periods of a server, more may have left than was meant to.

        Returns:
            The moment from which on nothing will leave.
        """
        sink, offset = self._state
        since = self.now() + margin
        taken = sink.cancel(_seconds(since - offset))
        times = [to_nanoseconds(message.time) + offset for message in taken]
        left = Counter(time for time in self._sent if time >= since) - Counter(times)
        # What is due before that may be asked for by a smaller margin.
        self._sent = [*(time for time in self._sent if time < since), *left.elements()]
        if left:
            since = max(left) + 1
            # Of one moment, some may have left and the rest not.
            sink.send([m for m, time in zip(taken, times, strict=True) if time < since])
        elif self.now() >= since:
            # We were held up for longer than the margin.
            since = min(times, default=self.now() + MARGIN)
        return Nanoseconds(since)

    def release(self, channels: Iterable[int]) -> None:
        """End at once whatever sounds on these channels."""
        self.sink.all_notes_off(channels)

    def swap(self, sink: Sink) -> Sink:
        """Go on with another sink, which was opened and started; returns the one before."""
        before, now = self.sink, self.now()
        self._state = (sink, now - to_nanoseconds(sink.now()))
        return before


class Listener(Protocol):
    """Whoever follows the music. Called from the playback thread, so it must not wait."""

    def announced(self, sent: SentNote, note: Note, bar: int, movement: Movement) -> None:
        """``note`` was sent ahead, as ``sent``; it begins in ``bar``, from 1 (0 in a pickup)."""

    def withdrawn(self, since: Nanoseconds) -> None:
        """Notes announced for ``since`` or later do not come, unless announced again."""

    def passed(self, entries: Sequence[Entry], notes: Iterable[SentNote]) -> None:
        """These items have happened, and these notes have ended."""


class NullListener:
    """Follows nothing."""

    def announced(self, sent: SentNote, note: Note, bar: int, movement: Movement) -> None: ...

    def withdrawn(self, since: Nanoseconds) -> None: ...

    def passed(self, entries: Sequence[Entry], notes: Iterable[SentNote]) -> None: ...


def _seconds(time: int) -> Seconds:
    return to_seconds(Nanoseconds(time))
