"""The copying pointers on the board: the layer of ``playbach_train.pointers``, note by note.

Each pointer spreads its attention over the notes remembered: a softmax of scores
``query @ key / sqrt(width)`` (Vaswani et al. 2017, arXiv 1706.03762), with learned biases for how
far the notes before agree and for how far back in bars and beats a note lies. The attention that
falls on notes with the same interval, steps of the scale, or pitch is the probability ``copied`` of
copying that. Added to the logits is the sum over pointers of
``strength * log(1 + copied / EVIDENCE_FLOOR)``. Here ``strength = log(1 + exp(trust))``, and
``trust`` is the gate that the pitch head gives, a learned bias for the best match, and a learned
gain times the logarithm of all attention. Training names the papers this comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
from playbach.predictor.base import Restore

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_NO_PITCH = -1
_STEP_LENGTHS = LONGEST_MATCH + 1
# A row for each pair of how far intervals and steps agree. Intervals, and one row further
# ``SAME_PITCH``, are counted in rows of steps from the start, which spares a product at each note.
_ONE_MORE = np.array([[_STEP_LENGTHS], [1]])
_LONGEST = LONGEST_MATCH * _ONE_MORE
_SAME = np.array(SAME_PITCH * _STEP_LENGTHS)
MOST_LOOKED_AT, LEAST_LOOKED_AT = 4, 0.08
"""Notes that are told of, and the share below which one is not worth telling."""
# Constants are arrays, because numpy takes longer to turn a Python number into one than to compute.
_FLOOR, _ZERO, _ONE, _LEAST_SIMILARITY = (
    np.array(number, np.float32) for number in (EVIDENCE_FLOOR, 0, 1, LEAST_SIMILARITY)
)


# Of 128 KB each; making one takes less time than composing one. Two, for a piece that goes to and
# fro between meters.
@lru_cache(maxsize=2)
def place_rows(meter: Meter) -> NDArray[np.int16]:
    """For each lag in ticks, the first row of the pointers' table for a note so long ago.

    The last, of ``LONGEST_LAG``, is for all that are longer.
    """
    return np.frombuffer(place_table(meter), np.uint8) * np.int16(STEP_MATCH * _STEP_LENGTHS)


class Pointers:
    """Attention over the notes of a piece, and what it copies from them.

    Buffers run from the latest note back to the earliest, so that how far a note's context agrees
    with now stays in its place while notes are added before it. They hold twice the memory and are
    filled from the end; when they are full, others take their place and begin with the remembered
    half. What lies in them is never changed, but for what is gone back on: so a place can be
    remembered by how much of which buffers was filled.
    """

    _keys: Floats
    _moves: Ints
    _pitches: Ints
    _onsets: Ints
    _bins: Ints

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
        self._memory, self._room = shape.memory, 2 * shape.memory
        self._keys_shape = (shape.pointers, shape.width)
        self._query_shape = (shape.pointers, shape.width, 1)
        # All rows of a note in one, so that each note is looked up once.
        every = place_bias[:, None] + _pairs(match_bias)
        self._match_bias = np.ascontiguousarray(every.reshape(-1, shape.pointers).T)
        self._gate_bias = _pairs(gate_bias)
        self._gain = similarity_gain[0]
        self._scale = np.array(1 / shape.width**0.5, np.float32)
        self._matches = np.zeros((2, shape.memory), np.int64)
        self._all_bins = PointerBins(shape)
        self.clear()

    def clear(self) -> None:
        """A new piece begins."""
        self._new_buffers()
        self._first = self._room
        self._known = 0
        self._matches[:] = 0
        self._pitches[-1] = _NO_PITCH
        self._looked: tuple[Floats, Floats, int] | None = None

    def snapshot(self) -> Restore:
        """Remember this place in the piece."""
        keys, moves, pitches = self._keys, self._moves, self._pitches
        onsets, bins = self._onsets, self._bins
        first, known = self._first, self._known
        matches = self._matches[:, : min(known, self._memory)].copy()

        def restore() -> None:
            self._keys, self._moves, self._pitches = keys, moves, pitches
            self._onsets, self._bins = onsets, bins
            self._first, self._known, self._looked = first, known, None
            self._matches[:] = 0
            self._matches[:, : matches.shape[1]] = matches

        return restore

    def _new_buffers(self) -> None:
        pointers, width = self._keys_shape
        room = self._room
        self._keys = np.zeros((pointers, room, width), np.float32)
        self._moves = np.zeros((2, room), np.int64)  # intervals, steps
        # One more, for what stands before the first note.
        self._pitches = np.zeros(room + 1, np.int64)
        self._onsets = np.zeros(room, np.int64)
        # Where each pointer's copy of each note is counted.
        self._bins = np.zeros((pointers, room), np.int64)

    def add(self, key: Floats, interval: int, steps: int, pitch: int, onset: int) -> None:
        """Remember a note.

        Args:
            key: under which it was predicted ``(1, pointers * width)``.
            interval: semitones from the note before.
            steps: the same in steps of the scale.
            pitch: MIDI note number.
            onset: in ticks.
        """
        if not self._first:
            self._make_room()
        before = self._first
        self._first = at = before - 1
        np.multiply(key.reshape(self._keys_shape), self._scale, out=self._keys[:, at])
        self._pitches[at] = pitch
        self._onsets[at] = onset
        moves = self._moves
        moves[0, at] = interval
        moves[1, at] = steps
        self._bins[:, at] = self._all_bins.of_note(interval, steps, pitch)
        # Where an earlier note moved as this one does, the match is one longer than before.
        count = min(self._known, self._memory)
        matches = self._matches[:, :count]
        matches += _ONE_MORE
        np.minimum(matches, _LONGEST, out=matches)
        matches *= moves[:, before : before + count] == moves[:, at:before]
        self._known += 1

    def evidence(
        self,
        query: Floats,
        gates: Floats,
        *,
        last_pitch: int,
        degree: int,
        onset: int,
        places: NDArray[np.int16],
    ) -> Floats | None:
        """What copying says for each interval with a symbol: ``(2 * widest + 1,)``.

        Args:
            query: ``(1, pointers * width)``.
            gates: how much each pointer is to be trusted ``(1, pointers)``.
            last_pitch: of the note before, MIDI note number.
            degree: of that pitch, as in ``Tracker``, 0 to 23.
            onset: of the note asked for, in ticks.
            places: ``place_rows`` of its meter.

        Returns:
            logits to be added, ``None`` when there is nothing to copy yet.
        """
        start, count = self._first, min(self._known, self._memory)
        if not count:
            return None
        stop = start + count
        row, best_match = self._rows(start, stop)
        row += places.take(onset - self._onsets[start:stop], mode="clip")
        scores = self._keys[:, start:stop] @ query.reshape(self._query_shape)
        weights: Floats = scores[..., 0]
        weights += self._match_bias.take(row, axis=1)
        best = np.maximum.reduce(weights, axis=1, keepdims=True)
        weights -= best
        np.exp(weights, out=weights)
        # Not as a product, which is twice as fast: with AVX-512, that of OpenBLAS 0.3.31 over five
        # columns computes with whatever lies on the stack, and numpy may warn of it.
        totals: Floats = np.add.reduce(weights, axis=1)
        similarity = np.maximum(best[:, 0] + np.log(totals), _LEAST_SIMILARITY)
        trust = gates[0] + self._gain * similarity
        trust += self._gate_bias[best_match]
        strength = np.logaddexp(_ZERO, trust)
        self._looked = weights, strength / totals, self._known - 1
        bins = self._all_bins
        counted = np.bincount(self._bins[:, start:stop].ravel(), weights.ravel(), bins.count)
        copied = counted.take(bins.of_intervals(degree, last_pitch)).astype(np.float32)
        # Weights are not divided by their totals; this does that for a tenth of the numbers.
        copied /= (totals * _FLOOR)[:, None]
        copied += _ONE
        np.log(copied, out=copied)
        found: Floats = strength.dot(copied)
        return found

    def looked_at(self) -> list[tuple[int, float]]:
        """The notes that ``evidence`` drew on most the last time, the most important first.

        Returns:
            their numbers in the piece, from 0, and their shares: of each pointer's attention, and
            of the pointers by how strongly they are trusted.
        """
        if self._looked is None:
            return []
        weights, trusted, latest = self._looked
        shares: Floats = trusted @ weights
        shares /= max(float(shares.sum()), 1e-30)
        likeliest = shares.argsort()[: -MOST_LOOKED_AT - 1 : -1].tolist()
        return [
            (latest - index, float(shares[index]))
            for index in likeliest
            if shares[index] >= LEAST_LOOKED_AT
        ]

    def _rows(self, start: int, stop: int) -> tuple[Ints, int]:
        """For each remembered note the row of its match; and the row of the best of each kind."""
        intervals, steps = self._matches[:, : stop - start]
        pitches = self._pitches
        same = pitches[start + 1 : stop + 1] == pitches[start : start + 1]
        row: Ints = same * _SAME
        row += intervals
        # Twice as fast as np.maximum.reduce on arrays of this size.
        best = row[row.argmax()] + steps[steps.argmax()]
        row += steps
        return row, best

    def _make_room(self) -> None:
        memory = self._memory
        keys, pitches = self._keys, self._pitches
        full = self._onsets, self._moves, self._bins
        self._new_buffers()
        for new, old in zip((self._onsets, self._moves, self._bins), full, strict=True):
            new[..., -memory:] = old[..., :memory]
        self._pitches[-memory - 1 :] = pitches[: memory + 1]
        self._keys[:, -memory:] = keys[:, :memory]
        self._first = self._room - memory


def _pairs(table: Floats) -> Floats:
    """Sums of two rows of ``(MATCH_ROWS, pointers)``: a match by intervals and one by steps."""
    pairs: Floats = table[:STEP_MATCH, None] + table[None, STEP_MATCH:]
    return pairs.reshape(-1, table.shape[1])


_PITCHES = MAX_PITCH + 1
MOST_KEPT_BYTES = 1 << 20
"""For what ``PointerBins`` looks up again and again, however many pointers a network has."""


@dataclass(frozen=True)
class PointerShape:
    """Sizes of the pointers."""

    each: int  # pointers of each kind: by interval, by step of the scale, by pitch
    width: int  # of each pointer's queries and keys
    memory: int  # notes they look back over
    widest: int  # the widest interval with a symbol, in semitones

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
    """What the pointers may copy, as bins in which copies are counted.

    A pointer of each kind copies another thing: the interval to the note before, the steps of the
    scale in it, or the pitch. Each pointer has a bin for each such thing, and all pointers' bins
    lie in one row, pointer after pointer.

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
