"""Single lines out of scores of several voices: a staff as it is, its highest or its lowest line.

The network predicts each note from the one before it, so that it learns most from music for one
instrument. A staff of a keyboard's or an orchestra's score is such music where one voice is on it;
where there are more, its highest or its lowest line is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from playbach.errors import InputError
from playbach.music.form import form_in_title
from playbach.music.note import Note, Ticks
from playbach_train.corpus.folder import Outcome
from playbach_train.corpus.midi_files import read_midi
from playbach_train.corpus.records import ScoreMovement, Skipped


@dataclass(frozen=True, slots=True)
class Line:
    """Where one line of a score is found.

    Attributes:
        name: of the line, unique in its corpus; a form in it is the form of the piece.
        movement: whose MIDI file holds it.
        track: of the file, counted from 0: a staff.
        voice: which of ``VOICES`` it is of that staff.
    """

    name: str
    movement: str
    track: int
    voice: str


def whole(notes: Iterable[Note]) -> tuple[Note, ...]:
    """All notes."""
    return tuple(notes)


def highest(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The highest line: what is struck below a sounding note of it is left out.

    Of notes struck together the highest is taken; a note ends where a higher one is struck.
    """
    return _outermost(notes, up=1)


def lowest(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The lowest line, as ``highest`` upside down."""
    return _outermost(notes, up=-1)


def _outermost(notes: Iterable[Note], up: int) -> tuple[Note, ...]:
    line: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.onset, -up * note.pitch)):
        if line and note.onset < line[-1].end:
            before = line[-1]
            if up * note.pitch <= up * before.pitch:
                continue
            line[-1] = replace(before, duration=Ticks(note.onset - before.onset))
        line.append(note)
    return tuple(line)


VOICES: Mapping[str, Callable[[Iterable[Note]], tuple[Note, ...]]] = {
    "whole": whole,
    "highest": highest,
    "lowest": lowest,
}
"""What may be taken of a staff."""


def read_line(line: Line, path: Path, source: str) -> Outcome:
    """The line in the MIDI file of its movement, ``path``; ``source`` is the corpus."""
    try:
        score = read_midi(path)
        staff = read_midi(path, track=line.track)
    except InputError as error:
        return Skipped(line.name, f"{line.name}: {error}")
    # Key and pickup are better told from all staves than from one, which may enter late.
    piece = replace(
        score.piece,
        notes=VOICES[line.voice](staff.piece.notes),
        form=form_in_title(line.name),
        title=line.name,
    )
    found = (line.name, piece, source, path, staff.off_grid, staff.merged, staff.remarks)
    return ScoreMovement(*found, is_altered=True)
