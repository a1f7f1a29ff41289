"""The copying pointers on the board; the network they belong to is described in training.

Each pointer spreads its attention over the notes remembered, by query and key, by how far the
notes before agree, and by how far back in bars and beats they lie; and so says what it would copy:
the interval that followed, the steps of the scale, or the pitch. Strength times logarithm of that
is added to the logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from playbach.music.features import (
    EVIDENCE_FLOOR,
    LEAST_SIMILARITY,
    LONGEST_MATCH,
    POINTER_KINDS,
    SAME_PITCH,
    STEP_MATCH,
    place_table,
)
from playbach.music.meter import Meter
from playbach.music.note import MAX_PITCH
from playbach.music.scale import step_table, widest_step

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_PITCHES = MAX_PITCH + 1
_STEP_LENGTHS = LONGEST_MATCH + 1
MOST_LOOKED_AT, LEAST_LOOKED_AT = 4, 0.08
"""Notes that are told of, and the share below which one is not worth telling."""
_LOG_FLOOR = math.log(EVIDENCE_FLOOR)


@cache
def place_rows(meter: Meter) -> Ints:
    """For each lag in ticks, the first row of the pointers' table for a note so long ago.

    The last is for all that are longer.
    """
    return np.frombuffer(place_table(meter), np.uint8) * np.int64(STEP_MATCH * _STEP_LENGTHS)


@dataclass(frozen=True)
class PointerShape:
    """Sizes of the pointers.

    Attributes:
        each: pointers of each kind: by interval, by step of the scale, by pitch.
        width: of each pointer's queries and keys.
        memory: notes they look back over.
        widest: the widest interval with a symbol.
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


@dataclass(frozen=True, slots=True)
class Looked:
    """Where the pointers looked for one note.

    Attributes:
        weights: attention to each remembered note ``(pointers, notes)``, not normalised.
        trusted: by how much each pointer's counts ``(pointers,)``, divided by its total.
        first: number of the first remembered note in the piece.
    """

    weights: Floats
    trusted: Floats
    first: int


class Pointers:
    """Remembers the notes of a piece and points back into them.

    Buffers hold twice the memory; when they are full the remembered half moves to the front.
    """

    def __init__(
        self,
        shape: PointerShape,
        match_bias: Floats,
        place_bias: Floats,
        gate_bias: Floats,
        similarity_gain: Floats,
    ) -> None:
        """The learned tables.

        Args:
            shape: sizes.
            match_bias: added to attention ``(MATCH_ROWS, pointers)``.
            place_bias: the same, by where in bars and beats ``(PLACES, pointers)``.
            gate_bias: added to trust, by the best match ``(MATCH_ROWS, pointers)``.
            similarity_gain: of trust with the logarithm of all attention ``(1, pointers)``.
        """
        room = 2 * shape.memory
        self._shape = shape
        # All rows of a note in one, so that each note is looked up once.
        both = match_bias[:STEP_MATCH, None] + match_bias[None, STEP_MATCH:]
        every = place_bias[:, None, None] + both
        self._match_bias = np.ascontiguousarray(every.reshape(-1, shape.pointers).T)
        self._gate_bias = gate_bias
        self._gain = similarity_gain[0]
        self._keys = np.zeros((shape.pointers, room, shape.width), np.float32)
        self._moves = np.zeros((2, room), np.int64)  # intervals, steps
        self._matches = np.zeros((2, room), np.int64)
        self._pitches = np.zeros(room, np.int64)
        self._onsets = np.zeros(room, np.int64)
        # Where each pointer's copy of each note is counted: pointer after pointer, a bin for each
        # thing that it may copy.
        self._bins = np.zeros((shape.pointers, room), np.int64)
        sizes = np.repeat(shape.sizes, shape.each)
        self._ends = np.cumsum(sizes)
        kinds = [kind for kind in range(POINTER_KINDS) for _ in range(shape.each)]
        self._first_bins = list(zip(kinds, (self._ends - sizes).tolist(), strict=True))
        self._most = widest_step(shape.widest)
        self._steps = np.array(step_table(shape.widest)) + widest_step(shape.widest)
        self._copied = np.zeros((shape.pointers, 2 * shape.widest + 1), np.float32)
        self._scale = np.float32(1 / shape.width**0.5)
        self._count = 0
        self._forgotten = 0
        self._looked: Looked | None = None

    def clear(self) -> None:
        """A new piece begins."""
        self._count = 0
        self._forgotten = 0
        self._looked = None

    def add(self, key: Floats, interval: int, steps: int, pitch: int, onset: int) -> None:
        """Remember a note: the key it was predicted under, what it was, and when."""
        shape = self._shape
        if self._count == self._keys.shape[1]:
            self._make_room()
        at = self._count
        self._keys[:, at] = key.reshape(shape.pointers, shape.width)
        self._pitches[at] = pitch
        self._onsets[at] = onset
        self._moves[:, at] = interval, steps
        wide, most = shape.widest, self._most
        bins = (
            interval + wide if abs(interval) <= wide else 2 * wide + 1,
            steps + most if abs(steps) <= most else 2 * most + 1,
            pitch + wide,
        )
        self._bins[:, at] = [first + bins[kind] for kind, first in self._first_bins]
        # Where note j moved as this one does, the match is one longer than that before j.
        matches = self._matches
        matches[:, 1 : at + 1] = (matches[:, :at] + 1) * (
            self._moves[:, :at] == self._moves[:, at : at + 1]
        )
        matches[:, 0] = 0
        self._count = at + 1

    def evidence(
        self,
        query: Floats,
        gates: Floats,
        *,
        last_pitch: int,
        degree: int,
        onset: int,
        places: Ints,
    ) -> Floats | None:
        """What copying says for each interval with a symbol: ``(2 * widest + 1,)``.

        Args:
            query: ``(1, pointers * width)``.
            gates: how much each pointer is to be trusted ``(1, pointers)``.
            last_pitch: of the note before.
            degree: of that pitch, as in ``Tracker``, 0 to 23.
            onset: of the note asked for.
            places: ``place_rows`` of its meter.

        Returns:
            logits to be added, ``None`` when there is nothing to copy yet.
        """
        shape, start, stop = self._shape, max(self._count - self._shape.memory, 0), self._count
        if not stop:
            self._looked = None
            return None
        rows, steps = self._rows(start, stop)
        scores = self._keys[:, start:stop] @ query.reshape(shape.pointers, shape.width, 1)
        weights: Floats = scores[..., 0] * self._scale
        row = rows * _STEP_LENGTHS
        row += steps
        row += places.take(onset - self._onsets[start:stop], mode="clip")
        weights += self._match_bias.take(row, axis=1)
        best = np.maximum.reduce(weights, axis=1)
        weights -= best[:, None]
        np.exp(weights, out=weights)
        totals = np.add.reduce(weights, axis=1)
        logs = np.log(totals)
        trust = gates[0] + self._gain * np.maximum(best + logs, LEAST_SIMILARITY)
        trust += self._gate_bias[np.maximum.reduce(rows)]
        trust += self._gate_bias[STEP_MATCH + np.maximum.reduce(steps)]
        strength = np.logaddexp(0, trust)
        self._looked = Looked(weights, strength / totals, self._forgotten + start)
        # Not yet divided by their totals: the logarithm below does that for a tenth of the numbers.
        copied = self._count_copies(weights, start, stop, last_pitch, degree)
        copied += totals[:, None] * np.float32(EVIDENCE_FLOOR)
        np.log(copied, out=copied)
        found: Floats = strength @ copied - strength @ (logs + _LOG_FLOOR)
        return found

    def looked_at(self) -> list[tuple[int, float]]:
        """The notes that ``evidence`` drew on most the last time, the most important first.

        Returns:
            their numbers in the piece, from 0, and their shares: of each pointer's attention, and
            of the pointers by how strongly they are trusted.
        """
        if self._looked is None:
            return []
        shares: Floats = self._looked.trusted @ self._looked.weights
        shares /= max(float(shares.sum()), 1e-30)
        likeliest = shares.argsort()[: -MOST_LOOKED_AT - 1 : -1].tolist()
        return [
            (self._looked.first + index, float(shares[index]))
            for index in likeliest
            if shares[index] >= LEAST_LOOKED_AT
        ]

    def _rows(self, start: int, stop: int) -> tuple[Ints, Ints]:
        """For each remembered note, the rows of its match by intervals and by steps."""
        rows, steps = np.minimum(self._matches[:, start:stop], LONGEST_MATCH)
        before = max(start, 1)
        same = self._pitches[before - 1 : stop - 1] == self._pitches[stop - 1]
        rows[before - start :] += SAME_PITCH * same
        return rows, steps

    def _count_copies(
        self, weights: Floats, start: int, stop: int, last_pitch: int, degree: int
    ) -> Floats:
        """Weight with which each pointer copies each interval ``(pointers, intervals)``."""
        each, ends, copied = self._shape.each, self._ends, self._copied
        counted = np.bincount(self._bins[:, start:stop].ravel(), weights.ravel(), ends[-1])
        by_interval, by_step = ends[each - 1], ends[2 * each - 1]
        copied[:each] = counted[:by_interval].reshape(each, -1)[:, :-1]
        steps = counted[by_interval:by_step].reshape(each, -1)
        copied[each : 2 * each] = steps.take(self._steps[degree], axis=1)
        pitches = counted[by_step:].reshape(each, -1)
        copied[2 * each :] = pitches[:, last_pitch : last_pitch + copied.shape[1]]
        return copied

    def _make_room(self) -> None:
        memory = self._shape.memory
        self._pitches[:memory] = self._pitches[-memory:]
        self._onsets[:memory] = self._onsets[-memory:]
        for kept in (self._moves, self._matches, self._bins, self._keys):
            kept[:, :memory] = kept[:, -memory:].copy()
        self._count = memory
        self._forgotten += memory
