"""MIDI clock and what goes with it: start, stop, continue, song position. Pure.

A tick of the music is a clock of MIDI: both are 24 to the quarter note. Clocks run on between
movements and during a rest, as the MIDI 1.0 Detailed Specification recommends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from playbach.clock import Nanoseconds
from playbach.midi.messages import (
    CLOCK,
    CLOCKS_PER_SONG_POSITION,
    CONTINUE,
    MAX_SONG_POSITION,
    START,
    STOP,
    song_position,
    system_message,
)
from playbach.playback.sent_notes import Outgoing

_END = Nanoseconds(1 << 62)


@dataclass(frozen=True, slots=True)
class Beat:
    """From ``origin`` on, a clock every ``pace`` nanoseconds."""

    origin: Nanoseconds
    pace: Fraction

    def times(self, first: int, last: int) -> Iterator[Nanoseconds]:
        """Clocks from ``first`` to ``last``, both included, in nanoseconds."""
        # One earlier than computed, because times are rounded.
        index = max(int((first - self.origin) / self.pace) - 1, 0)
        while (time := Nanoseconds(self.origin + round(index * self.pace))) <= last:
            if time >= first:
                yield time
            index += 1


@dataclass(frozen=True, slots=True)
class _Event:
    """A message at ``time``, which goes when what was ``made`` then is taken back."""

    made: Nanoseconds
    time: Nanoseconds
    message: bytes


class MidiClock:
    """What a machine that follows our clock is sent."""

    def __init__(self) -> None:
        self._beats: deque[Beat] = deque()
        self._events: list[_Event] = []
        self._taken = Nanoseconds(-1)

    def start(self, time: Nanoseconds, pace: Fraction) -> None:
        """A movement begins."""
        self._beat(time, pace)
        self._say(time, time, song_position(0), system_message(START))

    def repace(self, time: Nanoseconds, pace: Fraction) -> None:
        """Another tempo; ``time`` is that of a clock."""
        self._beat(time, pace)

    def stop(self, time: Nanoseconds) -> None:
        """The music rests."""
        self._say(time, time, system_message(STOP))

    def resume(self, time: Nanoseconds, pace: Fraction, tick: int) -> None:
        """The music goes on at ``tick`` of its movement.

        Positions are sixteenths, so a follower joins at the next of them.
        """
        self._beat(time, pace)
        position = -(-tick // CLOCKS_PER_SONG_POSITION)
        if position <= MAX_SONG_POSITION:
            wait = round((position * CLOCKS_PER_SONG_POSITION - tick) * pace)
            joined = Nanoseconds(time + wait)
            self._say(time, joined, song_position(position), system_message(CONTINUE))

    def take(self, until: Nanoseconds) -> list[Outgoing]:
        """Messages due at ``until`` or before and not taken yet, in order."""
        first, self._taken = self._taken + 1, max(self._taken, until)
        events = [e for e in self._events if first <= e.time <= until]
        clocks = (
            time
            for beat, last in self._spans()
            if beat.origin <= until
            for time in beat.times(max(first, beat.origin), min(until, last))
        )
        clock = system_message(CLOCK)
        timed = [(e.time, 0, e.message) for e in events] + [(t, 1, clock) for t in clocks]
        timed.sort(key=lambda entry: entry[:2])
        return [Outgoing(time, message) for time, _, message in timed]

    def skip(self, until: Nanoseconds) -> None:
        """Nobody is to hear what is due at ``until`` or before."""
        self._taken = max(self._taken, until)

    def rewind(self, since: Nanoseconds) -> None:
        """What is due at ``since`` or later was taken back, and what was made from then on."""
        while self._beats and self._beats[-1].origin >= since:
            self._beats.pop()
        self._events = [event for event in self._events if event.made < since]
        self._taken = min(self._taken, Nanoseconds(since - 1))

    def settle(self, now: Nanoseconds) -> None:
        """Forget what has passed."""
        while len(self._beats) > 1 and self._beats[1].origin < now:
            self._beats.popleft()
        if self._events and self._events[0].time < now:
            self._events = [event for event in self._events if event.time >= now]

    def _beat(self, time: Nanoseconds, pace: Fraction) -> None:
        while self._beats and self._beats[-1].origin >= time:
            self._beats.pop()
        self._beats.append(Beat(time, pace))

    def _say(self, made: Nanoseconds, time: Nanoseconds, *messages: bytes) -> None:
        self._events += [_Event(made, time, message) for message in messages]

    def _spans(self) -> Iterator[tuple[Beat, Nanoseconds]]:
        """Each beat with the last nanosecond of its own."""
        for beat, following in pairwise(self._beats):
            yield beat, Nanoseconds(following.origin - 1)
        if self._beats:
            yield self._beats[-1], _END
