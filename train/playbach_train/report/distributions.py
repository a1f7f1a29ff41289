"""What is counted in a movement: one row of ``DISTRIBUTIONS`` each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from playbach.music.key import PITCH_CLASSES
from playbach.music.note import BarLines, Piece

BARS_TOGETHER = 8
"""Movements whose numbers of bars lie in one such span are counted as equally long."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Something that every movement has a distribution of."""

    name: str  # the word used in JSON and file names
    title: str  # what is counted, with its unit
    # what it is in a movement of at least one note, once for each time it occurs
    values: Callable[[Piece], Sequence[int]]


def intervals(piece: Piece) -> list[int]:
    """Semitones from each note to the next; notes of a chord are taken upwards."""
    return [after.pitch - before.pitch for before, after in pairwise(piece.notes)]


def final_degree(piece: Piece) -> int:
    """Semitones of the last chord's bass above the tonic: 0 to 11."""
    last = piece.notes[-1].onset
    return _degree(piece, min(note.pitch for note in piece.notes if note.onset == last))


def opens_on_tonic(piece: Piece) -> bool:
    """Whether the first note, or the bass with which the first full bar begins, is the tonic."""
    line = piece.pickup or piece.notes[0].onset
    at_line = [note.pitch for note in piece.notes if note.onset <= line < note.end]
    return 0 in (
        _degree(piece, piece.notes[0].pitch),
        _degree(piece, min(at_line, default=piece.notes[0].pitch)),
    )


def bars(piece: Piece) -> int:
    """Bars in which something sounds, without a pickup."""
    return BarLines(piece.meters, piece.pickup).place(piece.end - 1).bar


def _degree(piece: Piece, pitch: int) -> int:
    return (pitch - piece.keys[0][1].tonic) % PITCH_CLASSES


def _pitch_classes(piece: Piece) -> list[int]:
    return [_degree(piece, note.pitch) for note in piece.notes]


def _durations(piece: Piece) -> list[int]:
    return [note.duration for note in piece.notes]


def _places(piece: Piece) -> list[int]:
    lines = BarLines(piece.meters, piece.pickup)
    return [lines.place(note.onset).tick for note in piece.notes]


def _notes_per_bar(piece: Piece) -> list[int]:
    lines = BarLines(piece.meters, piece.pickup)
    counts = Counter(lines.place(note.onset).bar for note in piece.notes)
    return [counts[bar] for bar in range(1, bars(piece) + 1)]


DISTRIBUTIONS = (
    Distribution("pitch_class", "Pitch class, semitones above the tonic", _pitch_classes),
    Distribution("interval", "Interval from the note before, semitones", intervals),
    Distribution("duration", "Duration, ticks of 1/24 quarter note", _durations),
    Distribution("onset_place", "Onset after the bar line, ticks of 1/24 quarter note", _places),
    Distribution("notes_per_bar", "Notes that begin in a bar", _notes_per_bar),
    Distribution(
        "bars",
        f"Bars in a movement, by {BARS_TOGETHER} (0 for fewer than {BARS_TOGETHER})",
        lambda piece: [bars(piece) // BARS_TOGETHER * BARS_TOGETHER],
    ),
    Distribution(
        "final_bass",
        "Bass of the last chord, semitones above the tonic",
        lambda piece: [final_degree(piece)],
    ),
)
