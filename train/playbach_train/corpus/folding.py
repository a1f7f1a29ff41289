"""What is written out and need not be: rests before an upbeat, and repeats.

Programs write an upbeat as a full bar that begins with rests, and exporters to MIDI write each
section twice. Neither is wrong to hear; but a network learns from the second to copy literally, and
figures measured on it mean little. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from playbach.music.grid import changes, without_overlaps
from playbach.music.meter import TICKS_PER_WHOLE
from playbach.music.note import Note, Piece, Ticks

UPBEATS, REPEATS = "upbeats", "repeats"
Folds = frozenset[str]
"""What is to be folded: any of these."""

FEWEST_BARS = 4
"""Of a section that is repeated; a shorter one is a figure."""
MOST_BARS = 512
"""Of a section, which is more than any dance has, and soon compared."""
FEWEST_ALONE = 8
"""Of the only section that is; phrases of four bars are repeated in many a movement as it is."""
ALIKE = 0.95
"""Share of the notes of two passes that must be the same, endings aside."""


@dataclass(frozen=True, slots=True)
class Rests:
    """Rests before the first note.

    Attributes:
        length: ticks that may be cut: whole bars, and those before an upbeat.
        upbeat: ticks of the upbeat after them; 0 if the first note begins a bar.
    """

    length: int = 0
    upbeat: int = 0


@dataclass(frozen=True, slots=True)
class Repeat:
    """A section that is written twice.

    Attributes:
        start: tick at which its first pass begins.
        length: ticks of a pass.
        bars: of a pass.
    """

    start: int
    length: int
    bars: int


def leading_rests(piece: Piece) -> Rests:
    """The rests that a piece begins with, if they are no part of its first bar.

    Rests that fill at least half of the bar stand before an upbeat; shorter ones, as before the
    first note of many a prelude, belong to a whole bar.
    """
    bar = piece.meters[0][1].bar_ticks
    first = piece.notes[0].onset
    if piece.pickup or (len(piece.meters) > 1 and piece.meters[1][0] <= first):
        return Rests()
    rest = first % bar
    if 2 * rest >= bar:
        return Rests(first, bar - rest)
    return Rests(first - rest)


def written_out(piece: Piece) -> tuple[Repeat, ...]:
    """The sections that a piece has twice, one after the other.

    Sections begin at the first note and where another ends. Of their second pass the last bar may
    differ from that of the first.
    """
    found: list[Repeat] = []
    start = int(piece.notes[0].onset)
    onsets = _Onsets(piece.notes)
    while repeat := _repeat(piece, onsets, start):
        found.append(repeat)
        start = repeat.start + 2 * repeat.length
    if len(found) == 1 and found[0].bars < FEWEST_ALONE:
        return ()
    return tuple(found)


class _Onsets:
    """The notes of a piece, to be compared from any tick on."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._sorted = [(note.onset, note.pitch) for note in notes]
        self._all = frozenset(self._sorted)

    def _between(self, start: int, end: int) -> Sequence[tuple[int, int]]:
        low, high = (bisect_left(self._sorted, (tick, 0)) for tick in (start, end))
        return self._sorted[low:high]

    def are_alike(self, start: int, length: int, compared: int) -> bool:
        """Whether ``compared`` ticks from ``start`` are those ``length`` ticks later."""
        first = self._between(start, start + compared)
        second = self._between(start + length, start + length + compared)
        allowed = (1 - ALIKE) * max(len(first), len(second))
        others = max(0, len(second) - len(first))
        for onset, pitch in first:
            others += (onset + length, pitch) not in self._all
            if others > allowed:
                return False
        return bool(first)


def _repeat(piece: Piece, onsets: _Onsets, start: int) -> Repeat | None:
    """The longest section from ``start`` on that is there twice."""
    starts = [tick for tick, _ in piece.meters]
    bar = piece.meters[bisect_right(starts, start) - 1][1].bar_ticks
    change = next((tick for tick in starts if tick > start), piece.end)
    # The last pass may be shorter, by as much as the upbeat or its last rests.
    most = min(MOST_BARS, (change - start + bar - 1) // bar // 2)
    for bars in range(most, FEWEST_BARS - 1, -1):
        length = bars * bar
        if onsets.are_alike(start, length, length - bar):
            return Repeat(start, length, bars)
    return None


def fold(
    piece: Piece, rests: Rests, repeats: Sequence[Repeat], folds: Folds
) -> tuple[Piece, list[str], list[str]]:
    """The piece as wanted, what was changed in it, and what was found and left.

    Of a section that is written twice the second pass is kept, whose ending leads on.
    """
    changed: list[str] = []
    found: list[str] = []
    cuts = [(one.start, one.length) for one in repeats]
    written = " + ".join(str(one.bars) for one in repeats)
    if repeats and REPEATS in folds:
        changed.append(f"repeats folded: {written} bars were written out twice")
        for start, length in reversed(cuts):
            piece = _without(piece, start, length)
    elif repeats:
        found.append(f"repeats: {written} bars are written out twice")
    if rests.length:
        what = f"rests before an upbeat of {Fraction(rests.upbeat, TICKS_PER_WHOLE)}"
        what = what if rests.upbeat else "rests before the first bar"
        if UPBEATS in folds:
            changed.append(f"{what} cut")
            piece = replace(_without(piece, 0, rests.length), pickup=Ticks(rests.upbeat))
        else:
            found.append(f"upbeat: {what}")
    return piece, changed, found


def _without(piece: Piece, start: int, length: int) -> Piece:
    """The piece with ``length`` ticks from ``start`` on cut out."""

    def moved(tick: int) -> Ticks:
        return Ticks(tick - length if tick >= start + length else min(tick, start))

    notes, _ = without_overlaps(
        replace(note, onset=moved(note.onset))
        for note in piece.notes
        if not start <= note.onset < start + length
    )
    keys = changes(((moved(tick), key) for tick, key in piece.keys), from_start=True)
    meters = changes(((moved(tick), meter) for tick, meter in piece.meters), from_start=True)
    return replace(piece, notes=notes, keys=keys, meters=meters)
