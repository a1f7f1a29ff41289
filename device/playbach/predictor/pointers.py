"""The copying pointers on the board; the network they belong to is described in training.

Each pointer spreads its attention over the notes remembered, by query and key and by how many of
the preceding intervals agree, and so says what it would copy: the interval that followed, or the
pitch. How surely it says so is its strength. Strength times logarithm is added to the logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.music.features import EVIDENCE_FLOOR, LEAST_SIMILARITY, LONGEST_MATCH
from playbach.music.note import MAX_PITCH

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_PITCHES = MAX_PITCH + 1
_LOG_FLOOR = math.log(EVIDENCE_FLOOR)


@dataclass(frozen=True)
class PointerShape:
    """Sizes of the pointers.

    Attributes:
        pointers: how many there are.
        interval_pointers: the first so many copy intervals, the others pitches.
        width: of each pointer's queries and keys.
        memory: notes they look back over.
        widest: the widest interval with a symbol.
    """

    pointers: int
    interval_pointers: int
    width: int
    memory: int
    widest: int

    @property
    def intervals(self) -> int:
        """Intervals with a symbol."""
        return 2 * self.widest + 1


class Pointers:
    """Remembers the notes of a piece and points back into them.

    Buffers hold twice the memory; when they are full the remembered half moves to the front.
    """

    def __init__(
        self, shape: PointerShape, match_bias: Floats, gate_bias: Floats, similarity_gain: Floats
    ) -> None:
        """The learned tables.

        Args:
            shape: sizes.
            match_bias: added to attention ``(MATCH_ROWS, pointers)``.
            gate_bias: added to strength, by the best match ``(MATCH_ROWS, pointers)``.
            similarity_gain: of strength with the logarithm of all attention ``(1, pointers)``.
        """
        room = 2 * shape.memory
        self._shape = shape
        self._match_bias = np.ascontiguousarray(match_bias.T)
        self._gate_bias = gate_bias
        self._gain = similarity_gain[0]
        self._keys = np.zeros((shape.pointers, room, shape.width), np.float32)
        self._intervals = np.zeros(room, np.int64)
        self._pitches = np.zeros(room, np.int64)
        self._matches = np.zeros(room, np.int64)
        # Where each pointer's copy of each note is counted: first a bin for every interval and one
        # for those without a symbol, pointer after pointer, then a bin for every pitch likewise.
        self._bins = np.zeros((shape.pointers, room), np.int64)
        pitch_pointers = shape.pointers - shape.interval_pointers
        self._interval_bins = shape.interval_pointers * (shape.intervals + 1)
        self._all_bins = self._interval_bins + pitch_pointers * _PITCHES
        self._first_bins = np.concatenate(
            [
                np.arange(shape.interval_pointers) * (shape.intervals + 1),
                self._interval_bins + np.arange(pitch_pointers) * _PITCHES,
            ]
        )
        self._scale = np.float32(1 / shape.width**0.5)
        self._count = 0

    def clear(self) -> None:
        """A new piece begins."""
        self._count = 0

    def add(self, key: Floats, interval: int, pitch: int) -> None:
        """Remember a note: the key it was predicted under, and what it was."""
        shape = self._shape
        if self._count == self._keys.shape[1]:
            self._make_room()
        at = self._count
        self._keys[:, at] = key.reshape(shape.pointers, shape.width)
        self._intervals[at] = interval
        self._pitches[at] = pitch
        has_symbol = -shape.widest <= interval <= shape.widest
        interval_bin = interval + shape.widest if has_symbol else shape.intervals
        first = shape.interval_pointers
        self._bins[:first, at] = self._first_bins[:first] + interval_bin
        self._bins[first:, at] = self._first_bins[first:] + pitch
        # Where note j followed the same interval as the note to come does, the match is one longer
        # than that of the note before j.
        matches = self._matches
        matches[1 : at + 1] = (matches[:at] + 1) * (self._intervals[:at] == interval)
        matches[0] = 0
        self._count = at + 1

    def evidence(self, query: Floats, gates: Floats, last_pitch: int) -> Floats | None:
        """What copying says for each interval with a symbol: ``(2 * widest + 1,)``.

        Args:
            query: ``(1, pointers * width)``.
            gates: how much each pointer is to be trusted ``(1, pointers)``.
            last_pitch: of the note before.

        Returns:
            logits to be added, ``None`` when there is nothing to copy yet.
        """
        shape, start, stop = self._shape, max(self._count - self._shape.memory, 0), self._count
        if not stop:
            return None
        rows = self._rows(start, stop)
        scores = self._keys[:, start:stop] @ query.reshape(shape.pointers, shape.width, 1)
        weights: Floats = scores[..., 0] * self._scale
        weights += self._match_bias.take(rows, axis=1)
        best = weights.max(axis=1)
        weights -= best[:, None]
        np.exp(weights, out=weights)
        totals = weights.sum(axis=1)
        similarity = np.maximum(best + np.log(totals), LEAST_SIMILARITY)
        trust = gates[0] + self._gate_bias[rows.max()] + self._gain * similarity
        strength = np.logaddexp(0, trust)
        weights /= totals[:, None]
        copied = self._copied(weights, start, stop, last_pitch)
        copied += EVIDENCE_FLOOR
        np.log(copied, out=copied)
        found: Floats = strength @ copied - strength.sum() * _LOG_FLOOR
        return found

    def _rows(self, start: int, stop: int) -> Ints:
        """Rows of the match table for each remembered note."""
        rows = np.minimum(self._matches[start:stop], LONGEST_MATCH)
        before = max(start, 1)
        same = self._pitches[before - 1 : stop - 1] == self._pitches[stop - 1]
        rows[before - start :] += (LONGEST_MATCH + 1) * same
        return rows

    def _copied(self, weights: Floats, start: int, stop: int, last_pitch: int) -> Floats:
        """Probability with which each pointer copies each interval ``(pointers, intervals)``."""
        shape, split = self._shape, self._interval_bins
        bins = np.bincount(
            self._bins[:, start:stop].ravel(), weights.ravel(), self._all_bins
        ).astype(np.float32)
        by_interval = bins[:split].reshape(-1, shape.intervals + 1)[:, :-1]
        by_pitch = np.zeros((shape.pointers - len(by_interval), shape.intervals), np.float32)
        lowest = last_pitch - shape.widest
        inside = slice(max(lowest, 0), min(last_pitch + shape.widest, MAX_PITCH) + 1)
        to = slice(inside.start - lowest, inside.stop - lowest)
        by_pitch[:, to] = bins[split:].reshape(-1, _PITCHES)[:, inside]
        return np.concatenate([by_interval, by_pitch])

    def _make_room(self) -> None:
        memory = self._shape.memory
        for kept in (self._intervals, self._pitches, self._matches):
            kept[:memory] = kept[-memory:]
        self._bins[:, :memory] = self._bins[:, -memory:].copy()
        self._keys[:, :memory] = self._keys[:, -memory:].copy()
        self._count = memory
