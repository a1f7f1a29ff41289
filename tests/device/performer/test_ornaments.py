"""Trills stand at cadences, begin above, end on their note, and are heard in what is saved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.read_back import read_back

from playbach.midi.files import Placed
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.music.performed import PerformedNote, Trill
from playbach.performer.features import Passage
from playbach.performer.model import included
from playbach.performer.performer import Manner, Performer
from playbach.save.midi import midi_file, performed
from playbach.save.musicxml import musicxml

# C major in 3/4: a scale, then B dotted, C short, C on the beat; a scale, then B to the last C.
SCALE = (60, 62, 64, 65, 67, 69)
NOTES = [
    *((12 * i, pitch, 12) for i, pitch in enumerate(SCALE)),
    (72, 71, 36), (108, 72, 12), (120, 72, 24),
    *((144 + 12 * i, pitch, 12) for i, pitch in enumerate(SCALE[:4])),
    (192, 71, 24), (216, 72, 72),
]  # fmt: skip
PIECE = Piece(
    tuple(Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in NOTES),
    meters=((Ticks(0), Meter(3, 4)),),
)
PASSAGE = Passage(PIECE.notes, Meter(3, 4), end=PIECE.end)


def trilled(passage: Passage, tempo: float = 60.0) -> dict[int, Trill]:
    # A model that slurs nothing.
    slurs = replace(included().slurs, constant=-100.0)
    performer = Performer(Manner(), 2, replace(included(), slurs=slurs))
    notes = performer.perform(passage, tempo).notes
    return {one.note.onset: one.trill for one in notes if one.trill}


def test_an_anticipation_and_the_end_have_a_trill_on_the_leading_note() -> None:
    assert trilled(PASSAGE) == {72: Trill(1, 18), 192: Trill(1, 12)}
    later = replace(PASSAGE, end=Ticks(PIECE.end + 144))
    assert trilled(later) == {72: Trill(1, 18)}
    assert trilled(PASSAGE, 300.0) == {}, "there is no time"


def test_the_note_above_is_in_key_and_free() -> None:
    down = [note for note in PIECE.notes if note.onset < 108]
    down[-1] = replace(down[-1], pitch=Pitch(62))
    down += [Note(Ticks(108), Pitch(60), Ticks(12)), Note(Ticks(120), Pitch(60), Ticks(24))]
    assert trilled(Passage(down, Meter(3, 4), end=Ticks(216))) == {72: Trill(2, 18)}
    held = Note(Ticks(60), Pitch(64), Ticks(84))
    assert trilled(Passage(sorted([*down, held]), Meter(3, 4), end=Ticks(216))) == {}


def test_a_trill_begins_above_ends_on_its_note_and_fills_its_time() -> None:
    note = Note(Ticks(0), Pitch(71), Ticks(24))
    one = PerformedNote(note, trill=Trill(1, 4))
    sounds = list(one.sounds(lambda tick: 1000 + round(1000 * tick / 24)))
    assert sounds == [(72, 1000, 1250), (71, 1250, 1500), (72, 1500, 1750), (71, 1750, 2000)]
    assert list(one.sounds(lambda tick: round(3 * tick / 24))) == [(71, 0, 3)]


@pytest.mark.parametrize("expression", [0.0, 1.0])
def test_what_is_saved_trills_and_reads_back_without(expression: float) -> None:
    (placed,) = performed([Placed(PIECE, 60.0, PIECE.end)], Manner(expression), 2)
    content = midi_file([placed])
    file = read_back(content)
    struck = [message.note for _, message in file.timed if message.type == "note_on"]
    extra = (18 - 1 + 12 - 1) * (expression > 0)
    assert len(struck) == len(PIECE.notes) + extra
    assert file.notes == read_back(midi_file([replace(placed, performance=None)])).notes
    assert musicxml([placed]).count(b"<trill-mark") == 2 * (expression > 0)
