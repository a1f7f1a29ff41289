"""How a movement is played: what a performer adds to the written notes, in exact numbers.

Notes keep their ticks. The tempo curve stretches the beats; what a note has of its own (a chord
that is rolled, a note cut short, a slur) is said relative to the time that its tick falls on.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from playbach.music.note import Note, Pitch, Ticks

MOST_EXPRESSION = 1.5
"""1 is as players do, 0 none of it; the same of what varies loudness, and of articulation."""
SLOWEST, FASTEST = 2.0, 0.7
"""Bounds of the stretch of a beat: half the tempo, and a good third more."""
_PRECISION = 1 << 12
"""Denominator of a stretch: an error of a hundredth of a percent, and short fractions."""
FULL = 127
"""The expression controller (11) where nothing swells."""
_SWELL_STEPS = 16
_SWELL_TOP = 0.6
"""Part of a long note after which it is loudest; at its end it is half as soft as at its beginning.
"""


@dataclass(frozen=True, slots=True)
class Trill:
    """A note played in turn with the one above, which is first; the note itself is last.

    Attributes:
        upper: semitones to the note above.
        strokes: how many notes are struck in all, an even number.
    """

    upper: int
    strokes: int


class PerformedNote(NamedTuple):
    """A note as it is played.

    Attributes:
        note: as written.
        offset: nanoseconds from the time of its onset to when it begins; below 0 for earlier.
        share: of the written duration, for which it sounds; more than 0, at most 1.
        overlap: nanoseconds for which it sounds on beyond that, into a note slurred to it.
        louder: is added to the velocity; below 0 for softer.
        is_slurred: whether it is under one bow with the note before.
        swell: how far below its full value the expression controller begins, 0 to 127; it is back
            there when the note ends.
        trill: ``None`` for a plain note. Where one cannot be played, the plain note will do.
    """

    note: Note
    offset: int = 0
    share: Fraction = Fraction(1)
    overlap: int = 0
    louder: int = 0
    is_slurred: bool = False
    swell: int = 0
    trill: Trill | None = None

    def begins(self, at: Callable[[int | Fraction], int]) -> int:
        """When it begins.

        Args:
            at: from ticks of the movement to nanoseconds, as all times here.
        """
        return at(self.note.onset) + self.offset

    def ends(self, at: Callable[[int | Fraction], int]) -> int:
        """When it ends; ``at`` is as of ``begins``."""
        onset, duration, share = self.note.onset, self.note.duration, self.share
        if share == 1:
            end = at(onset + duration)
            end += min(self.overlap, end - at(onset)) if self.overlap else 0
        else:
            parts = onset * share.denominator + duration * share.numerator
            end = at(Fraction(parts, share.denominator)) + self.overlap
        return max(end, at(onset) + self.offset + 1)

    def sounds(self, at: Callable[[int | Fraction], int]) -> Iterator[tuple[Pitch, int, int]]:
        """Each pitch that is struck, when it begins and when it ends; ``at`` is as of ``begins``.

        A plain note is one; of a trill each ends where the next begins.
        """
        begins, ends = self.begins(at), self.ends(at)
        pitch, trill = self.note.pitch, self.trill
        if trill is None or ends - begins < trill.strokes:
            yield pitch, begins, ends
            return
        lasting = ends - begins
        times = [begins + lasting * stroke // trill.strokes for stroke in range(trill.strokes + 1)]
        for stroke, (first, last) in enumerate(pairwise(times)):
            yield (pitch if stroke % 2 else Pitch(pitch + trill.upper)), first, last


def swelling(depth: int, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Times and values of the expression controller for a note that swells.

    Args:
        depth: as of ``PerformedNote.swell``, above 0.
        begin: when the note begins; the first value is for then, before it is struck.
        end: when it ends; the last is for then, after that: ``FULL``.
    """
    before = FULL
    for step in range(_SWELL_STEPS):
        part = step / _SWELL_STEPS
        if part < _SWELL_TOP:
            softer = 1 - part / _SWELL_TOP
        else:
            softer = (part - _SWELL_TOP) / (1 - _SWELL_TOP) / 2
        value = FULL - round(depth * softer)
        if value != before:
            yield begin + (end - begin) * step // _SWELL_STEPS, value
        before = value
    yield end, FULL


class Lean(NamedTuple):
    """What a player does to the tempo of a beat.

    Attributes:
        tick: where the beat begins.
        log: natural logarithm of its duration over the usual one, at expression 1.
    """

    tick: Ticks
    log: float

    def stretch(self, expression: float) -> Fraction:
        """How many times as long as usual its ticks are: exact, within the bounds; 1 at 0."""
        stretch = min(max(math.exp(expression * self.log), FASTEST), SLOWEST)
        return _fraction(round(stretch * _PRECISION))


@functools.lru_cache(maxsize=4096)
def _fraction(count: int) -> Fraction:
    """A stretch; within the bounds there are some five thousand, of which few are far from 1."""
    return Fraction(count, _PRECISION)


@dataclass(frozen=True, slots=True)
class Pace:
    """A stretch of one tempo.

    Attributes:
        tick: where it begins.
        stretch: how many times as long as usual its ticks are; exact, more than 0.
    """

    tick: Ticks
    stretch: Fraction


@dataclass(frozen=True, slots=True)
class Performance:
    """How a movement is played, at whatever tempo.

    Attributes:
        notes: in the order of the written ones, one for each.
        paces: in order of ``tick``, the first at tick 0 unless there is none: then all is even.
    """

    notes: tuple[PerformedNote, ...]
    paces: tuple[Pace, ...] = ()

    def even_ticks(self, tick: int | Fraction) -> Fraction:
        """How many ticks of even playing pass until ``tick``."""
        if not self.paces:
            return Fraction(tick)
        total = Fraction(0)
        for pace, following in zip(self.paces, (*self.paces[1:], None), strict=True):
            end = tick if following is None else min(following.tick, tick)
            if end <= pace.tick:
                break
            total += (end - pace.tick) * pace.stretch
        return total

    def stretch_at(self, tick: int) -> Fraction:
        """How many times as long as usual the tick that begins at ``tick`` is."""
        index = bisect_right(self.paces, tick, key=lambda pace: pace.tick)
        return self.paces[max(index - 1, 0)].stretch if self.paces else Fraction(1)
