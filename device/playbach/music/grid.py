"""What a file of any format says, on our grid: notes with ties joined, none struck twice. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from playbach.errors import InputError
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import Note, Pitch, Ticks

MAX_NOTES = 50_000
MAX_QUARTERS = 100_000
MAX_TITLE = 120
# Scores write triplets as rounded decimals (0.3333); this much of a tick is no displacement.
_TOLERANCE = Fraction(1, 100)

T = TypeVar("T")
Changes = tuple[tuple[Ticks, T], ...]


@dataclass(frozen=True, slots=True, order=True)
class WrittenNote:
    """A notehead.

    Attributes:
        onset: quarter notes since the start of the piece.
        pitch: sounding MIDI note number.
        length: quarter notes.
        continues: whether a tie leads into it.
        goes_on: whether a tie leads out of it.
    """

    onset: Fraction
    pitch: int
    length: Fraction
    continues: bool = False
    goes_on: bool = False

    @property
    def end(self) -> Fraction:
        """Quarter notes from the start of the piece to the end of the note."""
        return self.onset + self.length


def check_amount(notes: int, quarters: float | Fraction) -> None:
    """Refuse a file with more music than is read from one.

    Args:
        notes: how many there are.
        quarters: quarter notes from the start to the end of the last.

    Raises:
        InputError: there are too many, or they last too long; the message does not name the file.
    """
    if notes > MAX_NOTES:
        raise InputError(
            f"{notes:,} notes: at most {MAX_NOTES:,} are read from one file; split it into "
            "movements"
        )
    if quarters > MAX_QUARTERS:
        raise InputError(
            f"the notes last longer than {MAX_QUARTERS:,} quarter notes; split it into movements"
        )


def ticks(quarters: Fraction) -> int:
    """The nearest tick."""
    return round(quarters * TICKS_PER_QUARTER)


def is_off_grid(quarters: Fraction) -> bool:
    """Whether a time is not a whole number of ticks."""
    return abs(quarters * TICKS_PER_QUARTER - ticks(quarters)) > _TOLERANCE


def join_ties(written: Iterable[WrittenNote]) -> list[WrittenNote]:
    """One note for each run of tied noteheads of one pitch; sorted.

    A tie leads into a note from one of its pitch that ends there and has a tie leading out of it;
    where there is none, it is ignored.
    """
    joined: list[WrittenNote] = []
    open_ties: dict[tuple[int, Fraction], list[int]] = {}
    for note in sorted(written):
        waiting = open_ties.get((note.pitch, note.onset)) if note.continues else None
        if waiting:
            index = waiting.pop()
            joined[index] = replace(joined[index], length=note.end - joined[index].onset)
        else:
            index = len(joined)
            joined.append(note)
        if note.goes_on:
            open_ties.setdefault((note.pitch, note.end), []).append(index)
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


def without_overlaps(notes: Iterable[Note]) -> tuple[tuple[Note, ...], int]:
    """The notes in order, none struck while its pitch sounds, and how many that changed.

    Of two notes of one pitch with one onset the longer stays; a note that lasts into the next of
    its pitch ends there.
    """
    kept: list[Note] = []
    last_of_pitch: dict[int, int] = {}
    changed = 0
    for note in sorted(notes, key=lambda n: (n.onset, n.pitch, -n.duration)):
        index = last_of_pitch.get(note.pitch)
        if index is not None and kept[index].end > note.onset:
            changed += 1
            before = kept[index]
            if before.onset == note.onset:
                continue
            kept[index] = replace(before, duration=Ticks(note.onset - before.onset))
        last_of_pitch[note.pitch] = len(kept)
        kept.append(note)
    return tuple(kept), changed


def changes(values: Iterable[tuple[int, T]], *, from_start: bool) -> Changes[T]:
    """One value a tick, the last given, and only where it is another than before.

    Args:
        values: with their ticks, ascending.
        from_start: whether the first is taken to hold from tick 0 on.
    """
    found: list[tuple[Ticks, T]] = []
    for tick, value in dict(values).items():
        if not found or found[-1][1] != value:
            found.append((Ticks(tick if found or not from_start else 0), value))
    return tuple(found)


def one_line(words: str) -> str:
    """``words`` as printable text of one line, at most ``MAX_TITLE`` characters."""
    printable = "".join(char if char.isprintable() else " " for char in words)
    return " ".join(printable.split())[:MAX_TITLE].rstrip()
