"""What the pointers may copy, as bins in which copies are counted.

A pointer of each kind copies another thing: the interval to the note before, the steps of the scale
in it, or the pitch. Each pointer has a bin for each such thing, and all pointers' bins lie in one
row, pointer after pointer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.music.features import POINTER_KINDS
from playbach.music.note import MAX_PITCH
from playbach.music.scale import step_table, widest_step

Ints = NDArray[np.int64]

_PITCHES = MAX_PITCH + 1
MOST_KEPT_BYTES = 2 << 20
"""For what ``PointerBins`` looks up again and again, however many pointers a network has."""


@dataclass(frozen=True)
class PointerShape:
    """Sizes of the pointers.

    Attributes:
        each: pointers of each kind: by interval, by step of the scale, by pitch.
        width: of each pointer's queries and keys.
        memory: notes they look back over.
        widest: the widest interval with a symbol, in semitones.
    """

    each: int
    width: int
    memory: int
    widest: int

    @property
    def pointers(self) -> int:
        """Pointers of all kinds."""
        return POINTER_KINDS * self.each

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Bins for what a pointer of each kind may copy.

        For intervals and steps the last is for whatever is too wide. Before and after the pitches
        are ``widest`` that always stay empty, so that every interval from every pitch has a bin.
        """
        wide = self.widest
        return 2 * wide + 2, 2 * widest_step(wide) + 2, _PITCHES + 2 * wide


class PointerBins:
    """The bins of all pointers.

    Attributes:
        count: how many there are.
    """

    def __init__(self, shape: PointerShape) -> None:
        """Number the bins of pointers of these sizes."""
        self._widest, self._most = shape.widest, widest_step(shape.widest)
        sizes = np.repeat(shape.sizes, shape.each)
        ends = np.cumsum(sizes)
        kinds = [kind for kind in range(POINTER_KINDS) for _ in range(shape.each)]
        self._first_bins = list(zip(kinds, (ends - sizes).tolist(), strict=True))
        self.count = int(ends[-1])
        self._steps = np.array(step_table(shape.widest)) + self._most
        # A piece needs a few dozen of them.
        each = shape.pointers * (2 * shape.widest + 1) * np.dtype(np.int64).itemsize
        self._most_kept = max(MOST_KEPT_BYTES // each, 1)
        self._kept: dict[tuple[int, int], Ints] = {}

    def of_note(self, interval: int, steps: int, pitch: int) -> list[int]:
        """The bin in which each pointer counts a note ``(pointers,)``.

        Args:
            interval: semitones from the note before.
            steps: the same in steps of the scale.
            pitch: MIDI note number.
        """
        wide, most = self._widest, self._most
        bins = (
            interval + wide if -wide <= interval <= wide else 2 * wide + 1,
            steps + most if -most <= steps <= most else 2 * most + 1,
            pitch + wide,
        )
        return [first + bins[kind] for kind, first in self._first_bins]

    def of_intervals(self, degree: int, last_pitch: int) -> Ints:
        """The bin in which each pointer counts each interval with a symbol.

        Args:
            degree: of the last pitch, as in ``Tracker``, 0 to 23.
            last_pitch: what the intervals are counted from, MIDI note number.

        Returns:
            ``(pointers, 2 * widest + 1)``, from ``widest`` semitones down to as many up.
        """
        found = self._kept.get((degree, last_pitch))
        return self._find(degree, last_pitch) if found is None else found

    def _find(self, degree: int, last_pitch: int) -> Ints:
        intervals = np.arange(2 * self._widest + 1)
        by_kind = (intervals, self._steps[degree], intervals + last_pitch)
        found: Ints = np.array([first + by_kind[kind] for kind, first in self._first_bins])
        if len(self._kept) == self._most_kept:
            self._kept.clear()
        self._kept[degree, last_pitch] = found
        return found
