"""A movement taken apart as the critic's features need it: bars, line, steps, harmony, likeness."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import BarLines, Piece
from playbach.music.scale import steps_between
from playbach_train.report.distributions import bars
from playbach_train.report.harmony import (
    Chord,
    chords,
    local_keys,
    profiles,
)

FEWEST_ALIKE = 3
"""Bars of fewer notes are like many others by chance."""
MOST_BARS = 512
"""Bars of a movement that are compared with each other; no movement of Bach's has as many."""
MOST_MOVED = 14
"""Steps of the scale by which a bar may be moved and still be recognised."""


class ScoreReading:
    """What several features need of a movement, each worked out once.

    Attributes:
        piece: the movement, of at least one note.
        onsets: tick of each note ``(n,)``.
        pitches: of each note ``(n,)``.
        durations: ticks of each note ``(n,)``.
        bars: number of each note's bar ``(n,)``, from 0; -1 in a pickup.
        ticks: of each note after its bar line ``(n,)``.
    """

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        lines = BarLines(piece.meters, piece.pickup)
        places = [lines.place(note.onset) for note in piece.notes]
        self.onsets = np.array([note.onset for note in piece.notes], np.int64)
        self.pitches = np.array([note.pitch for note in piece.notes], np.int64)
        self.durations = np.array([note.duration for note in piece.notes], np.int64)
        self.bars = np.array([place.bar for place in places], np.int64) - 1
        self.ticks = np.array([place.tick for place in places], np.int64)
        self.key: Key = piece.keys[0][1]
        self._meter = piece.meters[0][1]

    @cached_property
    def count(self) -> int:
        """Whole bars, up to the last in which something sounds; at least 1."""
        return max(bars(self.piece), 1)

    @cached_property
    def bar_starts(self) -> list[int]:
        """Tick of each bar line, and of the end of the last bar ``(count + 1,)``."""
        starts = [int(self.piece.pickup)]
        changes = [int(tick) for tick, _ in self.piece.meters]
        for _ in range(self.count):
            at = bisect_right(changes, starts[-1])
            full = starts[-1] + self.piece.meters[at - 1][1].bar_ticks
            # A change of meter begins a bar, even where the one before it is not full.
            starts.append(min([full, *changes[at : at + 1]]))
        return starts

    @cached_property
    def in_bar(self) -> list[NDArray[np.int64]]:
        """Indices of the notes of each bar."""
        edges = np.searchsorted(self.bars, np.arange(self.count + 1))
        return [np.arange(one, other) for one, other in pairwise(edges.tolist())]

    @cached_property
    def line(self) -> NDArray[np.int64]:
        """Indices of the highest of the notes that begin together, in order."""
        last = np.append(np.diff(self.onsets) > 0, [True])
        return np.flatnonzero(last)

    @cached_property
    def moves(self) -> NDArray[np.int64]:
        """Semitones from each note of the line to the next."""
        return np.diff(self.pitches[self.line])

    @cached_property
    def gaps(self) -> NDArray[np.int64]:
        """Ticks from each note of the line to the next, at least 1."""
        return np.diff(self.onsets[self.line])

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """Each note's height in steps of the home scale."""
        minor = PITCH_CLASSES * (self.key.mode is Mode.MINOR)
        return np.array(
            [steps_between(minor, int(pitch) - self.key.tonic) for pitch in self.pitches], np.int64
        )

    @cached_property
    def alike(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """How alike every two bars are, and by how many steps the second is moved.

        Two notes are the same if they begin at the same place of the bar and all notes that are
        the same are moved by as many steps; the share is of the fuller bar. Both are square, with
        a row for each of the first ``MOST_BARS``.
        """
        return _alike(self)

    @cached_property
    def slots(self) -> list[int]:
        """Ticks at which beats begin, and the end: quarters, or dotted quarters in 6/8 and such."""
        beat = self._meter.beat_ticks if self._meter.is_compound else TICKS_PER_QUARTER
        edges: list[int] = []
        for start, end in pairwise(self.bar_starts):
            edges += range(start, end, beat)
        return [*edges, self.bar_starts[-1]]

    @cached_property
    def chords(self) -> list[Chord]:
        """The harmony, chord by chord."""
        sounding = profiles(self.piece.notes, self.slots)
        bass = [-1] * len(sounding)
        edges = np.asarray(self.slots)
        for note in self.piece.notes:
            first = max(int(np.searchsorted(edges, note.onset, side="right")) - 1, 0)
            if first < len(bass) and (bass[first] < 0 or note.pitch < bass[first]):
                bass[first] = note.pitch
        return chords(sounding, bass)

    def bar_of(self, chord: Chord) -> int:
        """The bar in which a chord begins."""
        return bisect_right(self.bar_starts, self.slots[chord.beat]) - 1

    @cached_property
    def roots(self) -> list[tuple[Chord, Chord]]:
        """Successive chords on different roots."""
        return [pair for pair in pairwise(self.chords) if pair[0].root != pair[1].root]

    @cached_property
    def keys(self) -> list[Key]:
        """The key of each bar."""
        return local_keys(profiles(self.piece.notes, self.bar_starts))

    @cached_property
    def stops(self) -> list[NDArray[np.int64]]:
        """Pitches, upwards, wherever two or more notes begin together."""
        edges = [0, *(np.flatnonzero(np.diff(self.onsets)) + 1).tolist(), len(self.onsets)]
        return [self.pitches[one:other] for one, other in pairwise(edges) if other - one > 1]

    @cached_property
    def pulse(self) -> NDArray[np.float64]:
        """The gap between onsets that fills most of each bar: log2 of ticks, NaN if empty."""
        found = np.full(self.count, np.nan)
        edges = np.searchsorted(self.bars[self.line][:-1], np.arange(self.count + 1)).tolist()
        for bar, (one, other) in enumerate(pairwise(edges)):
            if other > one:
                values, counts = np.unique(self.gaps[one:other], return_counts=True)
                found[bar] = math.log2(values[(counts * values).argmax()])
        return found

    @cached_property
    def rhythms(self) -> list[tuple[int, ...]]:
        """Where in the bar notes begin, bar by bar."""
        return [tuple(sorted(set(self.ticks[notes].tolist()))) for notes in self.in_bar]


def _alike(score: ScoreReading) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """As ``ScoreReading.alike``: for each move, the notes of every two bars that then are the same.

    A note is a place in the bar and a height; only those that occur anywhere are columns.
    """
    low, count = int(score.steps.min()), min(score.count, MOST_BARS)
    width = int(score.steps.max()) - low + 1
    inside = (score.bars >= 0) & (score.bars < count)
    codes = (score.ticks * width + score.steps - low)[inside]
    known, column = np.unique(codes, return_inverse=True)
    there = np.zeros((count, len(known)), np.float32)
    there[score.bars[inside], column] = 1
    best, moved = np.full((count, count), -1.0), np.zeros((count, count), np.int64)
    reach = min(MOST_MOVED, width - 1)
    for steps in sorted(range(-reach, reach + 1), key=abs):
        fits = (known % width + steps >= 0) & (known % width + steps < width)
        to = np.minimum(np.searchsorted(known, known + steps), len(known) - 1)
        source = np.flatnonzero(fits & (known[to] == known + steps))
        shared = there[:, source] @ there[:, to[source]].T
        better = shared > best
        best[better], moved[better] = shared[better], steps
    sizes = there.sum(axis=1)
    fuller = np.maximum(sizes[:, None], sizes[None, :])
    return np.where(fuller >= FEWEST_ALIKE, best / np.maximum(fuller, 1), 0), moved
