"""From noteheads in quarter lengths to notes on the grid, with ties joined. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import Note, Pitch, Ticks

# Scores write triplets as rounded decimals (0.3333); this much of a tick is no displacement.
_TOLERANCE = Fraction(1, 100)


@dataclass(frozen=True, slots=True, order=True)
class WrittenNote:
    """A notehead.

    Attributes:
        onset: quarter notes since the start of the piece.
        pitch: sounding MIDI note number.
        length: quarter notes.
        continues: whether a tie leads into it.
    """

    onset: Fraction
    pitch: int
    length: Fraction
    continues: bool = False

    @property
    def end(self) -> Fraction:
        """Quarter notes from the start of the piece to the end of the note."""
        return self.onset + self.length


def ticks(quarters: Fraction) -> int:
    """The nearest tick."""
    return round(quarters * TICKS_PER_QUARTER)


def is_off_grid(quarters: Fraction) -> bool:
    """Whether a time is not a whole number of ticks."""
    return abs(quarters * TICKS_PER_QUARTER - ticks(quarters)) > _TOLERANCE


def join_ties(written: Iterable[WrittenNote]) -> list[WrittenNote]:
    """One note for each run of tied noteheads of one pitch; sorted.

    A tie that leads into a note no equal pitch ends at is ignored.
    """
    joined: list[WrittenNote] = []
    last: dict[int, int] = {}
    for note in sorted(written):
        index = last.get(note.pitch)
        if note.continues and index is not None and joined[index].end == note.onset:
            before = joined[index]
            joined[index] = WrittenNote(
                before.onset, note.pitch, before.length + note.length, before.continues
            )
            continue
        last[note.pitch] = len(joined)
        joined.append(note)
    return joined


def to_grid(written: Iterable[WrittenNote]) -> tuple[list[Note], int]:
    """Notes on the grid, sorted, each at least a tick long; and how many had to move."""
    notes: list[Note] = []
    moved = 0
    for note in written:
        onset, end = ticks(note.onset), ticks(note.end)
        moved += is_off_grid(note.onset) or is_off_grid(note.end)
        notes.append(Note(Ticks(onset), Pitch(note.pitch), Ticks(max(1, end - onset))))
    return sorted(notes), moved
