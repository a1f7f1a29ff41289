"""In which clef each bar stands: few ledger lines, and few changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEDGER = 7
"""Semitones above or below the staff that are read without trouble: two ledger lines."""

CHANGE = 24
"""Semitones beyond that, summed over notes, which a reader puts up with to be spared a change."""


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef.

    Attributes:
        sign: its letter.
        line: the line of the staff it stands on, from below.
        lowest: MIDI note number of the lowest line.
        highest: MIDI note number of the highest line.
    """

    sign: str
    line: int
    lowest: int
    highest: int

    def trouble(self, pitch: int) -> int:
        """Semitones from what is easily read in this clef to ``pitch``."""
        return max(0, self.lowest - LEDGER - pitch, pitch - self.highest - LEDGER)


CLEFS = (Clef("F", 4, 43, 57), Clef("C", 4, 50, 64), Clef("G", 2, 64, 77))
"""Those of cello music: bass, tenor and treble; of two equally good ones the first is taken."""


def clefs_of(bars: Sequence[Sequence[int]]) -> list[Clef]:
    """The clef of each bar, by least cost over the whole movement (Viterbi 1967).

    Args:
        bars: the pitches of each bar, MIDI note numbers.
    """
    # For each clef that the last bar may have: the cost so far, and the clefs up to there.
    paths: dict[Clef, tuple[int, list[Clef]]] = {clef: (0, []) for clef in CLEFS}
    for pitches in bars:
        paths = {clef: _best(paths, clef, pitches) for clef in CLEFS}
    return min(paths.values(), key=lambda path: path[0])[1]


def _best(
    paths: dict[Clef, tuple[int, list[Clef]]], clef: Clef, pitches: Sequence[int]
) -> tuple[int, list[Clef]]:
    before = min(paths, key=lambda last: paths[last][0] + _change(paths[last][1], clef))
    cost, clefs = paths[before]
    here = sum(clef.trouble(pitch) for pitch in pitches)
    return cost + _change(clefs, clef) + here, [*clefs, clef]


def _change(clefs: Sequence[Clef], clef: Clef) -> int:
    return CHANGE if clefs and clefs[-1] != clef else 0
