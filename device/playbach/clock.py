"""Musical time and sounding time: exact conversion between ticks and nominal nanoseconds.

Every onset is computed from the start of its own tempo, never from the onset before it and never
from "now", so no error adds up: a million notes end where arithmetic says. Within one tempo the
conversion is a fraction; where the tempo changes the start is rounded, once, to a nanosecond.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NewType

from playbach.errors import InputError
from playbach.music.meter import Meter
from playbach.music.note import Ticks
from playbach.stream import Seconds

Nanoseconds = NewType("Nanoseconds", int)
"""Nominal time since the sink's origin, in whole nanoseconds."""

NS_PER_SECOND = 1_000_000_000
KEPT_SEGMENTS = 1000
"""Tempi that a map remembers: with a tempo for each beat, those of a movement."""
_NS_PER_MINUTE = 60 * NS_PER_SECOND


def to_seconds(time: Nanoseconds) -> Seconds:
    """Nanoseconds as the seconds that sinks take; off by less than 0.1 ns for the first 12 days."""
    return Seconds(time / NS_PER_SECOND)


def to_nanoseconds(time: float) -> Nanoseconds:
    """Seconds, which must be finite, rounded to a nanosecond."""
    return Nanoseconds(round(time * NS_PER_SECOND))


def ns_per_tick(tempo: float, meter: Meter) -> Fraction:
    """Length of a tick in nanoseconds, exactly.

    Args:
        tempo: felt beats per minute, more than 0.
        meter: says how many ticks a felt beat has.

    Raises:
        InputError: the tempo is not a number above 0.
    """
    if not (math.isfinite(tempo) and tempo > 0):
        raise InputError(f"tempo {tempo}: it must be a number of beats per minute above 0")
    return Fraction(_NS_PER_MINUTE) / (Fraction(tempo) * meter.beat_ticks)


def beats_per_minute(pace: Fraction, meter: Meter) -> float:
    """The tempo of which ``pace`` is the length of a tick, as of ``ns_per_tick``."""
    return float(_NS_PER_MINUTE / (pace * meter.beat_ticks))


def _rounded(numerator: int, denominator: int) -> int:
    """The quotient, whole, as ``round`` has it: halves to the even neighbour."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one tempo."""

    tick: Ticks  # where it begins, in ticks of the movement
    start: Nanoseconds  # when it begins
    pace: Fraction  # nanoseconds per tick


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Piecewise linear map from the ticks of one movement to nominal time."""

    # in order of ``tick``; at least one; the first reaches back without end
    segments: tuple[Segment, ...]

    @classmethod
    def steady(cls, start: Nanoseconds, pace: Fraction) -> TempoMap:
        """One tempo throughout, tick 0 falling on ``start``."""
        return cls((Segment(Ticks(0), start, pace),))

    def time_at(self, tick: int | Fraction) -> Nanoseconds:
        """Nominal time of ``tick``, rounded to a nanosecond."""
        segments = self.segments
        segment = segments[-1]
        if tick < segment.tick:
            index = bisect_right(segments, tick, key=lambda segment: segment.tick)
            segment = segments[max(index - 1, 0)]
        # What a Fraction would compute, in a third of the time.
        pace, per = segment.pace.as_integer_ratio()
        if isinstance(tick, int):
            return Nanoseconds(segment.start + _rounded((tick - segment.tick) * pace, per))
        ticks, parts = tick.as_integer_ratio()
        elapsed = (ticks - segment.tick * parts) * pace
        return Nanoseconds(segment.start + _rounded(elapsed, parts * per))

    def tick_at(self, time: Nanoseconds) -> Ticks:
        """The last tick that is not later than ``time``."""
        index = bisect_right(self.segments, time, key=lambda segment: segment.start)
        segment = self.segments[max(index - 1, 0)]
        # time_at rounds, so a tick may fall up to half a nanosecond before its exact place.
        elapsed = time - segment.start + Fraction(1, 2)
        guess = segment.tick + math.floor(elapsed / segment.pace)
        return Ticks(guess if self.time_at(guess) <= time else guess - 1)

    def pace_at(self, tick: int) -> Fraction:
        """Nanoseconds that the tick takes which begins at ``tick``."""
        index = bisect_right(self.segments, tick, key=lambda segment: segment.tick)
        return self.segments[max(index - 1, 0)].pace

    def with_pace(self, tick: Ticks, pace: Fraction) -> TempoMap:
        """The same map up to ``tick`` and another tempo from there on.

        Of what lies further back than ``KEPT_SEGMENTS`` is kept that it was.
        """
        kept = self.segments
        while kept and kept[-1].tick >= tick:
            kept = kept[:-1]
        start = self.time_at(tick)
        return TempoMap((*kept[-KEPT_SEGMENTS:], Segment(tick, start, pace)))

    def delayed(self, by: Nanoseconds) -> TempoMap:
        """The same music, later by ``by``."""
        later = (replace(s, start=Nanoseconds(s.start + by)) for s in self.segments)
        return replace(self, segments=tuple(later))
