"""Where the first bar line is heard, told from the notes alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from tests.device.music.strategies import forms, meters, note_lists

from playbach.music.form import OTHER, Form, parse_form
from playbach.music.meter import Meter, parse_meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.music.pickup import infer_pickup
from playbach_train.corpus.midi_files import read_midi


def line(*notes: tuple[int, int], start: int = 0) -> list[Note]:
    """A line of ``(pitch, duration)``; pitch 0 is a rest."""
    written = []
    for pitch, duration in notes:
        if pitch:
            written.append(Note(Ticks(start), Pitch(pitch), Ticks(duration)))
        start += duration
    return written


def infer(notes: list[Note], meter: str, form: str) -> int:
    return infer_pickup(notes, parse_meter(meter), parse_form(form))


# Two bars of 3/4 with the long note and the bass on the first beat.
BARS = [(43, 36), (62, 12), (67, 12), (66, 12)] * 8
LAST_BAR = [(43, 72)]


def test_a_menuet_begins_on_the_bar_line() -> None:
    assert infer(line(*BARS, *LAST_BAR), "3/4", "menuet") == 0


def test_an_eighth_before_a_courante_is_its_upbeat() -> None:
    assert infer(line((62, 12), *BARS, (43, 60)), "3/4", "courante") == 12


def test_an_upbeat_is_heard_in_a_form_that_usually_has_none() -> None:
    assert infer(line((62, 12), *BARS, (43, 60)), "3/4", "menuet") == 12


def test_a_piece_that_begins_with_a_rest_begins_with_a_bar() -> None:
    assert infer(line((0, 12), (62, 12), *BARS), "3/4", "courante") == 0


def test_half_a_bar_before_a_gavotte_is_its_upbeat() -> None:
    bar = [(43, 48), (67, 24), (66, 24)]
    assert infer(line((62, 24), (64, 24), *bar * 7, (43, 48)), "2/2", "gavotte") == 48


def test_a_single_note_is_on_the_bar_line() -> None:
    assert infer(line((60, 24)), "4/4", "allemande") == 0


@given(note_lists(), meters, forms)
def test_a_pickup_is_always_shorter_than_a_bar(
    notes: tuple[Note, ...], meter: Meter, form: Form
) -> None:
    pickup = infer_pickup(notes, meter, form)
    assert 0 <= pickup < meter.bar_ticks
    assert pickup == 0 or pickup in {note.onset for note in notes}


SCORES = Path(__file__).parents[4] / "shared" / "data"
# In ticks, 24 to the quarter, as printed; all other movements begin on a bar line, or with a rest.
PICKUPS = {
    "bwv996-5-bourree": 24,
    "bwv997-4-gigue": 12,
    "bwv997-5-double": 18,
    "bwv1004-1-allemanda": 6,
    "bwv1004-2-corrente": 6,
    "bwv1004-4-giga": 12,
    "bwv1004-5-ciaccona": 48,
    "bwv1006-2-loure": 36,
    "bwv1006-3-gavotte-en-rondeau": 48,
    "bwv1006-6-bourree": 24,
    "bwv1006-7-gigue": 12,
    "bwv1007-2-allemande": 6,
    "bwv1007-3-courante": 12,
    "bwv1008-2-allemande": 6,
    "bwv1008-3-courante": 6,
    "bwv1008-7-gigue": 12,
    "bwv1009-2-allemande": 18,
    "bwv1009-5-bourree-1-2": 24,
    "bwv1009-6-gigue": 12,
    "bwv1010-3-courante": 12,
    "bwv1010-5-bourree-1": 24,
    "bwv1010-6-bourree-2": 24,
    "bwv1010-7-gigue": 12,
    "bwv1011-2-allemande": 6,
    "bwv1011-3-courante": 12,
    "bwv1011-6-gavotte-2": 48,
    "bwv1011-7-gigue": 12,
    "bwv1012-2-allemande": 6,
    "bwv1012-3-courante": 12,
    "bwv1012-5-gavotte-1": 48,
    "bwv1012-6-gavotte-2": 48,
    "bwv1012-7-gigue": 12,
    "bwv1013-2-corrente": 12,
    "bwv1013-4-bourree-angloise": 12,
}


@pytest.mark.skipif(not SCORES.is_dir(), reason=f"no scores in {SCORES}")
def test_the_pickups_of_the_solo_works_are_found() -> None:
    paths = sorted(SCORES.glob("*/*.mid"))
    found = {path.stem: read_midi(path).piece.pickup for path in paths}
    assert found == {path.stem: PICKUPS.get(path.stem, 0) for path in paths}


@pytest.mark.skipif(not SCORES.is_dir(), reason=f"no scores in {SCORES}")
def test_most_pickups_are_found_without_knowing_the_form() -> None:
    pieces = {path.stem: read_midi(path).piece for path in sorted(SCORES.glob("*/*.mid"))}
    right = [
        name
        for name, piece in pieces.items()
        if infer_pickup(piece.notes, piece.meters[0][1], OTHER) == PICKUPS.get(name, 0)
    ]
    assert len(right) >= 0.8 * len(pieces)
