"""The copying pointers: which earlier notes resemble now, and what followed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.music.features import LONGEST_MATCH

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


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


class Pointers:
    """Remembers the notes of a piece and points back into them.

    Buffers hold twice the memory; when they are full the remembered half moves to the front.
    """

    def __init__(self, shape: PointerShape, match_bias: Floats, gate_bias: Floats) -> None:
        """``match_bias`` is ``(MATCH_ROWS, pointers)``, ``gate_bias`` one wider."""
        room = 2 * shape.memory
        self._shape = shape
        self._match_bias = np.ascontiguousarray(match_bias.T)
        self.gate_bias = gate_bias
        self._keys = np.zeros((shape.pointers, room, shape.width), np.float32)
        self._intervals = np.zeros(room, np.int64)
        self._pitches = np.zeros(room, np.int64)
        self._matches = np.zeros(room, np.int64)
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
        # Where note j followed the same interval as the note to come does, the match is one longer
        # than that of the note before j.
        matches = self._matches
        same = self._intervals[:at] == interval
        matches[1 : at + 1] = (matches[:at] + 1) * same
        matches[0] = 0
        self._count = at + 1

    def copy(
        self, query: Floats, gates: Floats, last_pitch: int, *, rising: bool
    ) -> tuple[Floats, np.float32]:
        """What the pointers add to the distribution over intervals.

        Args:
            query: ``(1, pointers * width)``.
            gates: ``(1, 1 + pointers)`` logits: the generator's, then each pointer's.
            last_pitch: of the note before.
            rising: whether the note joins a chord, and so must lie above the last.

        Returns:
            probabilities by interval symbol that sum to 1 - w, and the generator's weight w.
        """
        shape, start, stop = self._shape, max(self._count - self._shape.memory, 0), self._count
        symbols = 2 * shape.widest + 2
        if not stop:
            return np.zeros(symbols, np.float32), np.float32(1)
        rows = self._rows(start, stop)
        copies = self._copies(start, stop, last_pitch)
        scores = self._keys[:, start:stop] @ query.reshape(shape.pointers, shape.width, 1)
        weights = scores[..., 0] * self._scale + self._match_bias.take(rows, axis=1)
        lowest = shape.widest + 2 if rising else 1
        usable = (copies >= lowest) & (copies < symbols)
        if not usable.all():
            blocked = np.repeat(~usable, self._per_kind(), axis=0)
            weights[blocked] = -np.inf
        best = weights.max(axis=1)
        open_pointers = best > -np.inf
        weights -= np.where(open_pointers, best, 0)[:, None]
        np.exp(weights, out=weights)
        opened = gates[0] + self.gate_bias[rows.max()]
        opened[1:][~open_pointers] = -np.inf
        opened = np.exp(opened - opened.max())
        opened /= opened.sum()
        totals = weights.sum(axis=1)
        shares = np.divide(opened[1:], totals, out=np.zeros_like(totals), where=totals > 0)
        return self._spread(weights, shares, copies, symbols), opened[0]

    def _rows(self, start: int, stop: int) -> Ints:
        """Rows of the match table for each remembered note."""
        rows = np.minimum(self._matches[start:stop], LONGEST_MATCH)
        before = max(start, 1)
        same = self._pitches[before - 1 : stop - 1] == self._pitches[stop - 1]
        rows[before - start :] += (LONGEST_MATCH + 1) * same
        return rows

    def _copies(self, start: int, stop: int, last_pitch: int) -> Ints:
        """Interval symbols that copying each note would give: by interval, by pitch: ``(2, n)``."""
        copies = np.empty((2, stop - start), np.int64)
        np.add(self._intervals[start:stop], self._shape.widest + 1, out=copies[0])
        np.add(self._pitches[start:stop], self._shape.widest + 1 - last_pitch, out=copies[1])
        return copies

    def _per_kind(self) -> list[int]:
        shape = self._shape
        return [shape.interval_pointers, shape.pointers - shape.interval_pointers]

    def _spread(self, weights: Floats, shares: Floats, copies: Ints, symbols: int) -> Floats:
        """Sum the weight that falls on each symbol."""
        kinds = self._shape.interval_pointers
        by_kind: Any = np.empty(copies.shape, np.float32)
        np.matmul(shares[:kinds], weights[:kinds], out=by_kind[0])
        np.matmul(shares[kinds:], weights[kinds:], out=by_kind[1])
        # Copies outside the table have weight 0; any row will do for them.
        rows = copies.clip(0, symbols - 1).ravel()
        return np.bincount(rows, by_kind.ravel(), symbols).astype(np.float32)

    def _make_room(self) -> None:
        memory = self._shape.memory
        for kept in (self._intervals, self._pitches, self._matches):
            kept[:memory] = kept[-memory:]
        self._keys[:, :memory] = self._keys[:, -memory:].copy()
        self._count = memory
