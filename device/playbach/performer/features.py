"""What a player sees in each beat of a movement: the numbers from which its tempo is predicted.

Everything said of a beat depends on what comes before it and on the ``LOOK_AHEAD_BARS`` bars after
it, never on more: music that is performed while it is still being composed is performed as it would
be if all of it were known.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise, repeat
from operator import add, sub, truediv
from typing import NamedTuple

from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import Meter
from playbach.music.note import MAX_PITCH, Note, Ticks

LOOK_AHEAD_BARS = 2
"""Bars after a beat in which the notes, the next double bar and the end count."""
SHIFTS = (-1, 0, 1, 2)
"""Beats whose own features count for a beat, without a gap: one before, itself, two after."""
_LONGEST_LEAP = 16
_LARGEST_CHORD = 4
_FIFTH_DOWN = 5
"""Semitones, modulo the octave, by which a bass moves from dominant to tonic."""
_BROAD = 3
"""Notes of a chord that no bow strikes at once."""
_FLOOR = 0.01
"""Probability added to each pitch class."""


@dataclass(frozen=True, slots=True)
class Passage:
    """As much of a movement as is written.

    Attributes:
        notes: from the beginning of the movement, in order.
        meter: throughout.
        pickup: ticks before the first bar line, 0 to less than a bar.
        double_bars: ticks at which an inner section ends and the next begins, in order.
        end: the tick at which the last bar ends; ``None`` while it is not known.
    """

    notes: Sequence[Note]
    meter: Meter
    pickup: Ticks = Ticks(0)
    double_bars: Sequence[Ticks] = ()
    end: Ticks | None = None


class Beat(NamedTuple):
    """A beat; the first is shorter where the movement begins within one.

    Attributes:
        start: tick.
        length: ticks, at least 1.
        is_down: whether a bar begins with it.
    """

    start: Ticks
    length: int
    is_down: bool

    @property
    def end(self) -> int:
        """The tick at which the next one begins."""
        return self.start + self.length


LOCAL = (
    "longest",  # longest note that begins: octaves (factors of 2) above the median of the beats
    "onsets",  # different onsets: octaves above the mean of the beats
    "chord",  # notes struck together beyond the first, at most 3
    "broad",  # whether three or more are
    "height",  # mean of the highest line: half octaves above the mean so far
    "leap",  # largest step of the highest line, in units of 8 semitones, at most 2
    "direction",  # where the highest line goes from first to last, in units of 8 semitones
    "tied",  # whether nothing begins with the beat
    "fifth",  # whether the bass moves a fifth down or a fourth up
    "down",  # whether a bar begins
    "step",  # mean step of the highest line, in units of 6 semitones, at most 2
    "common",  # mean log share that the movement so far gives to the beat's pitch classes
    "change",  # share of the beat's pitch classes that the beat before had not
    "variety",  # entropy of its pitch classes, nats
)
"""What a beat itself says."""
PLACES = (
    "end-near", "end-far", "section-end-near", "section-end-far",
    "section-begun-near", "section-begun-far", "begun-near", "begun-far",
)  # fmt: skip
"""Where it is in the movement and its section: 1 at the end or beginning, falling with distance."""
_MEANS = ("bar-ahead", "bar-behind", "five-bars")
FEATURES = (
    *PLACES,
    *(f"{name}{shift:+d}" if shift else name for shift in SHIFTS for name in LOCAL),
    *(f"{name}:{mean}" for name in LOCAL for mean in _MEANS),
)
"""The names of all features of a beat, in order."""
_NONE = (0.0,) * len(LOCAL)


def written_until(passage: Passage) -> int:
    """The tick before which all that is to come is known."""
    if passage.end is not None:
        return passage.end
    return passage.notes[-1].onset if passage.notes else 0


def beats_of(passage: Passage) -> list[Beat]:
    """The beats that begin before the end, or before the last onset while that is not known."""
    meter, until = passage.meter, written_until(passage)
    first = passage.pickup % meter.beat_ticks
    starts = [0, *range(first, until, meter.beat_ticks)] if first else None
    starts = starts or list(range(0, until, meter.beat_ticks))
    return [
        Beat(
            Ticks(start),
            first if first and not start else meter.beat_ticks,
            (start - passage.pickup) % meter.bar_ticks == 0,
        )
        for start in starts
    ]


def features_of(passage: Passage, beats: Sequence[Beat]) -> list[tuple[float, ...]]:
    """A row of ``FEATURES`` for each of the passage's beats.

    While the end is not known, the rows of beats in the last ``LOOK_AHEAD_BARS`` bars are guesses.
    """
    reader = BeatReader(passage.meter, passage.pickup, passage.double_bars)
    for note in passage.notes:
        reader.add(note)
    reader.close(passage.end, len(beats))
    return [reader.features(index) for index in range(len(beats))]


@dataclass(slots=True)
class _Begun:
    """The notes that begin in the beat that is being read; for the meaning see ``LOCAL``."""

    longest: int = 0
    onset: int = -1
    onsets: int = 0
    together: int = 0
    chord: int = 0
    is_tied: bool = True
    lowest: int = MAX_PITCH
    highest: list[int] = field(default_factory=list)


class BeatReader:
    """The beats of a movement, read note by note.

    A beat is read when a note after it, or the end, is known: all that is usual in the movement is
    what was so until then. Its features are final when as many are read as ``seen_from`` says.
    """

    def __init__(self, meter: Meter, pickup: int, double_bars: Sequence[int] = ()) -> None:
        """Before the first note; arguments as of ``Passage``."""
        self._pickup = pickup
        self._bar, self._ticks = meter.bar_ticks, meter.beat_ticks
        self._first = pickup % self._ticks
        in_bar = max(1, self._bar // self._ticks)
        self._windows = (0, in_bar - 1), (in_bar, 0), (2 * in_bar, 2 * in_bar)
        self._borders = [0, *double_bars]
        self._end: int | None = None
        self._local: list[tuple[float, ...]] = []
        self._sums = [_NONE]
        self._begun = _Begun()
        self._longest: list[int] = []
        self._onsets = self._tops = self._top = 0.0
        self._line: list[int] = []  # the last note of the highest line
        self._bass: int | None = None
        self._sounding: dict[int, list[float]] = {}
        self._before: list[float] | None = None
        self._profile = [0.0] * PITCH_CLASSES

    def beat_at(self, tick: int) -> int:
        """Number of the beat that holds ``tick``, from 0."""
        if not self._first:
            return tick // self._ticks
        return 0 if tick < self._first else 1 + (tick - self._first) // self._ticks

    def start_of(self, index: int) -> int:
        """The tick at which the beat of that number begins."""
        if not self._first:
            return index * self._ticks
        return max(self._first + (index - 1) * self._ticks, 0)

    def beat(self, index: int) -> Beat:
        """The beat of that number."""
        start = self.start_of(index)
        is_down = (start - self._pickup) % self._bar == 0
        return Beat(Ticks(start), self._first or self._ticks if not index else self._ticks, is_down)

    @property
    def read(self) -> int:
        """How many beats are read."""
        return len(self._local)

    def seen_from(self, index: int) -> int:
        """How many beats must be read for all to be known that counts for that one."""
        return index + self._windows[-1][1] + 1

    def add(self, note: Note) -> int:
        """The note that comes next; returns the number of the beat in which it begins."""
        start, duration, pitch_class = note.onset, note.duration, note.pitch % PITCH_CLASSES
        index = number = self.beat_at(start)
        while len(self._local) < number:
            self._complete()
        self._take(note)
        left = self.start_of(number + 1) - start
        self._sounds(number, pitch_class, min(duration, left))
        while left < duration:
            number += 1
            self._sounds(number, pitch_class, min(duration - left, self._ticks))
            left += self._ticks
        return index

    def close(self, end: int | None, count: int | None = None) -> None:
        """Nothing follows.

        Args:
            end: as of ``Passage``.
            count: beats there are; ``None`` for those that begin before the end.
        """
        self._end = end
        if count is None:
            count = self.beat_at(end - 1) + 1 if end else 0
        while len(self._local) < count:
            self._complete()

    def features(self, index: int) -> tuple[float, ...]:
        """The row of ``FEATURES`` of a beat that is read."""
        local, sums, count = self._local, self._sums, len(self._local)
        means = []
        for before, after in self._windows:
            first, last = max(index - before, 0), min(index + after + 1, count)
            width = last - first
            total = map(sub, sums[last], sums[first])
            means.append(map(truediv, total, repeat(width)))
        first, last = index + SHIFTS[0], index + SHIFTS[-1] + 1
        around = local[max(first, 0) : last]
        around = [_NONE] * -min(first, 0) + around + [_NONE] * (last - count)
        return (
            *self._place(self.beat(index)),
            *chain.from_iterable(around),
            *chain.from_iterable(zip(*means, strict=True)),
        )

    def _sounds(self, number: int, pitch_class: int, ticks: int) -> None:
        classes = self._sounding.get(number)
        if classes is None:
            classes = self._sounding[number] = [0.0] * PITCH_CLASSES
        classes[pitch_class] += ticks

    def _take(self, note: Note) -> None:
        begun, pitch = self._begun, note.pitch
        begun.longest = max(begun.longest, note.duration)
        begun.lowest = min(begun.lowest, pitch)
        if note.onset == begun.onset:
            begun.together += 1
            begun.highest[-1] = pitch
        else:
            if not begun.onsets:
                begun.is_tied = note.onset != self.start_of(len(self._local))
            begun.onset, begun.together = note.onset, 1
            begun.onsets += 1
            begun.highest.append(pitch)
        begun.chord = max(begun.chord, begun.together)

    def _complete(self) -> None:
        """The beat that is being read is over."""
        index, begun = len(self._local), self._begun
        highest = begun.highest
        if begun.longest:
            insort(self._longest, begun.longest)
            self._top = sum(highest) / len(highest)
        self._onsets += begun.onsets
        self._tops += self._top
        longest = self._longest
        beat = self.beat(index)
        usual = longest[len(longest) // 2] if longest else beat.length
        lowest = begun.lowest if highest else None
        moves = [b - a for a, b in pairwise([*self._line, *highest])]
        steps = [abs(move) for move in moves]
        row = (
            math.log2(begun.longest / usual) if begun.longest else 1.0,
            math.log2(max(begun.onsets, 0.5) / max(self._onsets / (index + 1), 0.5)),
            max(min(begun.chord, _LARGEST_CHORD) - 1, 0),
            float(begun.chord >= _BROAD),
            (self._top - self._tops / (index + 1)) / 6,
            min(max(steps, default=0), _LONGEST_LEAP) / 8,
            sum(moves) / 8,
            float(begun.is_tied),
            float(
                lowest is not None
                and self._bass is not None
                and (lowest - self._bass) % 12 == _FIFTH_DOWN
            ),
            float(beat.is_down),
            min(sum(steps) / len(steps), 12.0) / 6 if steps else 0.0,
            *self._harmony(index),
        )
        self._local.append(row)
        self._sums.append(tuple(map(add, self._sums[-1], row)))
        self._line = highest[-1:] or self._line
        self._bass = self._bass if lowest is None else lowest
        self._begun = _Begun()

    def _harmony(self, index: int) -> tuple[float, float, float]:
        classes = self._sounding.pop(index, None) or [0.0] * PITCH_CLASSES
        before = classes if self._before is None else self._before
        self._before = classes
        self._profile = profile = list(map(add, self._profile, classes))
        total, earlier, whole = sum(classes) or 1.0, sum(before) or 1.0, sum(profile) or 1.0
        common = change = variety = 0.0
        for ticks, ticks_before, usual in zip(classes, before, profile, strict=True):
            if ticks:
                share = ticks / total
                change += abs(share - ticks_before / earlier)
                common += share * math.log(usual / whole + _FLOOR)
                variety -= share * math.log(share)
            elif ticks_before:
                change += ticks_before / earlier
        return common, change / 2, variety

    def _place(self, beat: Beat) -> tuple[float, ...]:
        bar, borders = self._bar, self._borders
        end = math.inf if self._end is None else self._end
        to_end = (end - beat.end) / bar
        border = bisect_left(borders, beat.end)
        to_border = ((borders[border] if border < len(borders) else end) - beat.end) / bar
        since = (beat.start - borders[bisect_right(borders, beat.start) - 1]) / bar
        return (
            *_nearness(to_end), *_nearness(min(to_end, to_border)),
            math.exp(-since / 0.5), math.exp(-since / 2),
            math.exp(-beat.start / bar / 0.5), math.exp(-beat.start / bar / 4),
        )  # fmt: skip


_SCALES = tuple((scale, math.exp(-LOOK_AHEAD_BARS / scale)) for scale in (0.5, 1.75))


def _nearness(bars: float) -> tuple[float, float]:
    """1 at no distance, falling by e in half a bar and in 1.75 bars, 0 where nobody looks ahead."""
    if bars >= LOOK_AHEAD_BARS:
        return 0.0, 0.0
    bars = max(bars, 0.0)
    near, far = ((math.exp(-bars / scale) - least) / (1 - least) for scale, least in _SCALES)
    return near, far
