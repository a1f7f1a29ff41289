"""Which notes are taken under one bow: a small model that sees the movement's own slurs so far.

What says most about whether a note is slurred to the one before is whether the same figure was,
earlier in the movement. So the model is a logistic regression on the note and on counts: of notes
in the same figure so far, by ``FIGURES`` of ever more detail, how many were slurred. The table is
fitted by ``playbach-train performance slurs``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import mul
from types import MappingProxyType
from typing import Annotated, NamedTuple, TypeAlias

from playbach.errors import InputError
from playbach.music.meter import Meter
from playbach.music.note import MAX_PITCH, Note
from playbach.performer.tempo import normal, uniform
from playbach.schema import Limits, scalar

Chord: TypeAlias = Sequence[Note]
"""Notes that begin together, the lowest first; at least one."""

CUES = (
    "on the bar line", "length before", "short before", "longer before", "shorter before",
    "a step", "a third", "the same way on", "a chord", "after a chord",
)  # fmt: skip
"""What a note itself says: 1 or 0; but of the length of the one before the octaves over a beat."""
HISTORY = ("under a bow", "third or later under it")
"""What the notes just before say."""
FIGURES = ("rhythm", "step", "beat", "two beats")
"""What makes two notes of a movement alike: the durations around them; direction and size of the
steps, too; all of their beat; the beat before it, too."""
FEATURES = (
    *CUES,
    *HISTORY,
    "share",  # log odds of a slur in the movement so far
    *FIGURES,  # log odds of one in the figure so far, beyond those of the movement
)
"""The names of all features, in order."""
_SEEN = 0.5
"""Notes of the movement's usual share that are added to what was counted of a figure."""
_OPENING = 8.0
"""Notes with which a movement is entered before its first: what share is slurred is known soon."""
_SIZES = _STEP, _THIRD, _ = 2, 4, 7
"""Semitones: the widest second, third and fifth."""
_LONGEST = 12
"""Notes under one bow at most; engravings have hardly more."""
_EDGE = 0.02
"""Least share of slurs that is drawn for a movement, and of what is not slurred."""


def _weights(given: object, where: str) -> Mapping[str, float]:
    """A number for each of ``FEATURES``."""
    if not isinstance(given, Mapping) or set(given) != set(FEATURES):
        raise InputError(f"{where}: it must have a number for each of: {'; '.join(FEATURES)}")
    limits = Limits(low=-100, high=100)
    return MappingProxyType(
        {name: scalar(float, limits, given[name], f"{where}.{name}") for name in FEATURES}
    )


@dataclass(frozen=True, slots=True)
class SlurModel:
    """How likely a note is slurred to the one before.

    Attributes:
        constant: log odds, added for every note.
        weights: log odds for each unit of a feature, by its name in ``FEATURES``.
        share: log odds of the usual share of a movement's notes that are slurred to the one before.
        spread: standard deviation of it from movement to movement.
        made_from: where it comes from: data, licences, command.
    """

    constant: Annotated[float, Limits(low=-100, high=100)]
    weights: Annotated[Mapping[str, float], Limits(read=_weights)]
    share: Annotated[float, Limits(low=-10, high=10)]
    spread: Annotated[float, Limits(low=0, high=10)]
    made_from: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Place(NamedTuple):
    """A chord that may be slurred to the one before.

    Attributes:
        cues: ``CUES``.
        keys: of each of ``FIGURES``; equal in one movement where the figure is.
        figure: where in its beat it is, and a number for the beat; one of the keys.
    """

    cues: tuple[float, ...]
    keys: tuple[object, ...]
    figure: tuple[int, int]


class History:
    """The slurs of a movement so far.

    Attributes:
        under: slurs that lead on to the last chord, one after another.
    """

    def __init__(self, share: float) -> None:
        """``share`` is what is expected before anything is known, above 0 and below 1."""
        self._slurred, self._all = share * _OPENING, _OPENING
        self.under = 0
        # By figure and whether the note before is under a bow: notes that were not slurred, and
        # that were.
        Counts: TypeAlias = tuple[dict[object, list[int]], ...]
        self._after: tuple[Counts, Counts] = (
            tuple({} for _ in FIGURES),
            tuple({} for _ in FIGURES),
        )
        self._found: list[list[int]] = []

    def features(self, place: Place) -> list[float]:
        """``FEATURES`` of the next chord, after all that was added."""
        share = self._slurred / self._all
        odds = share / (1 - share)
        under = self.under
        part, rest = _SEEN * share, _SEEN * (1 - share)
        tables = self._after[under > 0]
        row, found = [*place.cues, under > 0, under > 1, math.log(odds)], []
        for counts, key in zip(tables, place.keys, strict=True):
            count = counts.get(key)
            if count is None:
                count = counts[key] = [0, 0]
            row.append(math.log((count[1] + part) / (count[0] + rest) / odds))
            found.append(count)
        self._found = found
        return row

    def add(self, *, is_slurred: bool) -> None:
        """The next chord; one whose features were not asked for counts for no figure."""
        if self._found:
            for count in self._found:
                count[is_slurred] += 1
            self._slurred += is_slurred
            self._all += 1
            self._found = []
        self.under = self.under + 1 if is_slurred else 0


class SlurReader:
    """Draws the slurs of a movement, read chord by chord.

    How much is slurred in the movement is drawn by the seed; what is drawn for a note belongs to
    its figure, so that a figure is bowed alike wherever it comes.
    """

    def __init__(
        self, meter: Meter, pickup: int, borders: Sequence[int], model: SlurModel, seed: int
    ) -> None:
        """Before the first chord.

        Args:
            meter: throughout.
            pickup: ticks before the first bar line.
            borders: ticks at which an inner section ends, in order.
            model: see there.
            seed: of what is drawn.
        """
        self._places = PlaceReader(meter, pickup, borders)
        self._constant, self._weights = model.constant, tuple(model.weights.values())
        odds = model.share + model.spread * normal(seed, "slurs")
        self._history = History(min(max(1 / (1 + math.exp(-odds)), _EDGE), 1 - _EDGE))
        self._seed = seed
        self._drawn: dict[tuple[int, int], float] = {}
        """By figure, the log odds from which on it is slurred."""

    def add(self, chord: Chord) -> list[bool]:
        """As ``PlaceReader.add``: whether each is under one bow with the one before."""
        return [self._draw(place) for place in self._places.add(chord)]

    def close(self) -> list[bool]:
        """As ``add``, of those left: no chord follows."""
        return [self._draw(place) for place in self._places.close()]

    def _draw(self, place: Place | None) -> bool:
        history, is_slurred = self._history, False
        if place is not None:
            odds = self._constant + sum(map(mul, self._weights, history.features(place)))
            within, alike = figure = place.figure
            drawn = self._drawn.get(figure)
            if drawn is None:
                chance = uniform(self._seed, "slur", within, alike)
                drawn = self._drawn[figure] = math.log(max(chance, 1e-300) / (1 - chance))
            is_slurred = drawn < odds and history.under + 1 < _LONGEST
        history.add(is_slurred=is_slurred)
        return is_slurred


class PlaceReader:
    """What is seen of each chord of a movement, read chord by chord; of a beat when it is whole.

    ``None`` stands for a chord to which no slur may lead: over a rest, to a pitch that is struck
    again, over the border of a section.
    """

    def __init__(self, meter: Meter, pickup: int, borders: Sequence[int]) -> None:
        """Before the first chord; arguments as of ``SlurReader``."""
        self._beat, self._bar = meter.beat_ticks, meter.bar_ticks
        self._in_bar = max(1, self._bar // self._beat)
        self._pickup, self._sections = pickup, frozenset(borders)
        self._number = 0
        self._pending: list[Chord] = []
        """The chords of the beat that is not whole yet."""
        self._before: Chord = ()
        self._last = 0
        self._alike: int | None = None
        """Of the beat that was read last its number, and that of its shape."""
        self._known: dict[object, int] = {}
        """Numbers for shapes, which take less time to look up: where in the beat notes begin, and
        the class of the step to each."""

    def add(self, chord: Chord) -> list[Place | None]:
        """The chord that comes next; those of the beat before it, if it is the first of its own."""
        number = (chord[0].onset - self._pickup) // self._beat
        found = self._read(chord) if self._pending and number != self._number else []
        self._number = number
        self._pending.append(chord)
        return found

    def close(self) -> list[Place | None]:
        """Those of the last beat: no chord follows."""
        return self._read(self._pending[-1]) if self._pending else []

    def _read(self, following: Chord) -> list[Place | None]:
        chords, beat = self._pending, self._beat
        around = [self._before or chords[0], *chords, following]
        lines = [chord[-1].pitch for chord in around]
        onsets = [chord[0].onset - self._pickup for chord in around]
        steps = [after - before for before, after in pairwise(lines)]
        gaps = [after - before for before, after in pairwise(onsets)]
        # Nothing follows the last of all: then what counts is how long it is.
        gaps[-1] = gaps[-1] or chords[-1][0].duration
        start = self._number * beat
        inside = [onset - start for onset in onsets[1:-1]]
        alike, both = self._figure(inside, steps)
        found: list[Place | None] = []
        for index, chord in enumerate(chords):
            before = self._before if not index else chords[index - 1]
            if not _may(before, chord, self._sections):
                found.append(None)
                continue
            gap, lasts, step, after = gaps[index], gaps[index + 1], steps[index], steps[index + 1]
            size = step if step > 0 else -step
            within = inside[index]
            figure = within, alike
            rhythm = within, gap, lasts
            found.append(
                Place(
                    (
                        not onsets[index + 1] % self._bar, math.log2(gap / beat), 4 * gap <= beat,
                        gap > lasts, gap < lasts, size <= _STEP, _STEP < size <= _THIRD,
                        step * after > 0, len(chord) > 1, len(before) > 1,
                    ),
                    (
                        rhythm, (rhythm, step > 0, size <= _STEP, (after > 0) - (after < 0)),
                        figure, (within, both),
                    ),
                    figure,
                )
            )  # fmt: skip
        self._before, self._pending = chords[-1], []
        return found

    def _figure(self, inside: Sequence[int], steps: Sequence[int]) -> tuple[int, int]:
        """Numbers for the beat, and for it with the one before."""
        number, known = self._number, self._known
        shape = tuple(inside), tuple([_CLASSES[step] for step in steps[:-1]])
        alike = known.setdefault(shape, len(known))
        before = self._alike if number == self._last + 1 else None
        both = known.setdefault((number % self._in_bar, before, alike), len(known))
        self._last, self._alike = number, alike
        return alike, both


def _class(step: int) -> int:
    """The direction and size of a step: none, up to a second, a third, a fifth, or further."""
    return bisect_left(_SIZES, step) if step > 0 else -bisect_left(_SIZES, -step)


_CLASSES = tuple(map(_class, (*range(MAX_PITCH + 1), *range(-MAX_PITCH, 0))))
"""By step; those downwards count from the end, as indices below 0 do."""


def _may(before: Chord, chord: Chord, sections: frozenset[int]) -> bool:
    onset = chord[0].onset
    if len(before) == len(chord) == 1:
        one, note = before[0], chord[0]
        lasts = one.onset + one.duration >= onset
        return lasts and one.pitch != note.pitch and onset not in sections
    return (
        max((note.end for note in before), default=-1) >= onset
        and onset not in sections
        and {note.pitch for note in before}.isdisjoint(note.pitch for note in chord)
    )
