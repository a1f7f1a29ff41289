"""Excerpts are levelled: key, register, tempo, beginning and end tell nothing."""

from __future__ import annotations

from dataclasses import replace
from statistics import median_low

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.music.strategies import pieces
from tests.fixtures.make_tiny_bundle import tiny_piece

from playbach.midi.files import Placed
from playbach.music.form import Form, parse_form
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks
from playbach.performer.performer import Manner, Performer
from playbach_train.listening.excerpt import (
    FEWEST_NOTES,
    LEAST_FILLED,
    VELOCITY,
    Excerpt,
    Sounding,
    cut,
    played,
)

MENUET = parse_form("menuet")


def excerpt(piece: Piece, seconds: float, seed: int = 0) -> Excerpt:
    found = cut(piece, seconds, np.random.default_rng(seed))
    assert found is not None
    return found


def whole(piece: Piece) -> Placed:
    return Placed(piece, piece.form.tempo, piece.end)


def even(form: Form, count: int = 40, ticks: int = 12, pitch: int = 60) -> Piece:
    """Notes of one length on one pitch, in the form's meter without a pickup."""
    notes = tuple(Note(Ticks(at * ticks), Pitch(pitch), Ticks(ticks)) for at in range(count))
    return Piece(notes, meters=((Ticks(0), Meter(3, 4)),), form=form)


@settings(max_examples=40)
@given(pieces(max_size=40), st.floats(5, 20), st.integers(0, 5))
def test_any_excerpt_is_within_its_length_and_ends_with_a_note(
    piece: Piece, seconds: float, seed: int
) -> None:
    found = cut(piece, seconds, np.random.default_rng(seed))
    if found is None:
        return
    assert len(found.notes) >= FEWEST_NOTES
    assert found.notes[0].at == 0
    assert LEAST_FILLED * seconds * 1000 - 200 <= found.length <= seconds * 1000 + 200
    assert max(note.at + note.lasts for note in found.notes) <= found.length + 1
    assert list(found.notes) == sorted(found.notes, key=lambda note: (note.at, note.pitch))
    assert 44 <= median_low([note.pitch for note in found.notes]) < 56


def test_a_note_keeps_its_place_in_time_at_the_tempo_of_the_form() -> None:
    # 120 quarters a minute, eighths: four notes a second.
    found = excerpt(even(MENUET, count=20), 5.0)
    assert found.notes[:3] == (
        Sounding(0, 250, 50), Sounding(250, 250, 50), Sounding(500, 250, 50),
    )  # fmt: skip
    assert (found.length, len(found.notes), found.tick) == (5000, 20, 0)


@pytest.mark.parametrize(("tonic", "moved"), [(2, -12), (0, -10), (11, -9), (3, -13)])
def test_the_tonic_becomes_d_in_the_middle_of_the_cello(tonic: int, moved: int) -> None:
    piece = replace(even(MENUET, pitch=60), keys=((Ticks(0), Key(tonic, Mode.MINOR)),))
    found = excerpt(piece, 5.0)
    assert found.moved == moved
    assert {note.pitch for note in found.notes} == {60 + moved}
    assert (tonic + moved - 2) % 12 == 0


@settings(max_examples=20)
@given(st.integers(-20, 30), st.integers(0, 9))
def test_the_key_and_register_of_the_original_cannot_be_heard(semitones: int, seed: int) -> None:
    piece = tiny_piece(MENUET, Key(0, Mode.MAJOR), bars=24)
    assert excerpt(piece, 8.0, seed).notes == excerpt(piece.transposed(semitones), 8.0, seed).notes


@settings(max_examples=20)
@given(st.integers(0, 50))
def test_an_excerpt_begins_with_a_bar(seed: int) -> None:
    piece = tiny_piece(parse_form("gigue"), Key(7, Mode.MAJOR), bars=30)
    found = excerpt(piece, 6.0, seed)
    assert BarLines(piece.meters, piece.pickup).place(found.tick).tick == 0


def test_excerpts_begin_in_different_places() -> None:
    piece = tiny_piece(MENUET, Key(0, Mode.MAJOR), bars=24)
    assert len({excerpt(piece, 6.0, seed).tick for seed in range(30)}) > 5


def test_notes_that_never_meet_a_bar_line_are_taken_all_the_same() -> None:
    notes = even(MENUET, count=100).notes[1:]
    assert excerpt(replace(even(MENUET), notes=notes, pickup=Ticks(6)), 5.0).tick % 12 == 0


def test_a_long_last_note_is_cut_where_the_excerpt_ends() -> None:
    notes = (*even(MENUET, count=8).notes, Note(Ticks(96), Pitch(60), Ticks(1000)))
    found = excerpt(replace(even(MENUET), notes=notes), 10.0)
    assert found.length == 10_000
    assert found.notes[-1] == Sounding(2000, 8000, 50)


@pytest.mark.parametrize(
    "piece",
    [
        even(MENUET, count=19),  # a note too short
        Piece(()),
        even(MENUET, count=7, ticks=100),  # long enough, but too few notes
    ],
)
def test_what_is_too_short_or_too_empty_gives_none(piece: Piece) -> None:
    assert cut(piece, 5.0, np.random.default_rng(0)) is None


def test_what_would_leave_the_keyboard_gives_none() -> None:
    low, high = even(MENUET, pitch=0).notes, even(MENUET, pitch=127).notes
    mixed = tuple(low[at] if at % 4 else high[at] for at in range(40))
    assert cut(replace(even(MENUET), notes=mixed), 5.0, np.random.default_rng(0)) is None


@settings(max_examples=10)
@given(st.integers(0, 50))
def test_played_evenly_an_excerpt_is_as_it_is_written(seed: int) -> None:
    piece = tiny_piece(parse_form("gigue"), Key(7, Mode.MAJOR), bars=30)
    written = excerpt(piece, 6.0, seed)
    found = played(whole(piece), written, Performer(Manner(expression=0.0)))
    assert [(one.pitch, one.velocity) for one in found.notes] == [
        (one.pitch, VELOCITY) for one in written.notes
    ]
    for one, other in zip(found.notes, written.notes, strict=True):
        assert (one.at, one.lasts) == pytest.approx((other.at, other.lasts), abs=1)


@settings(max_examples=10)
@given(st.integers(0, 50))
def test_a_player_plays_the_same_music_in_another_time_and_weight(seed: int) -> None:
    piece = tiny_piece(parse_form("sarabande"), Key(7, Mode.MAJOR), bars=30)
    written = excerpt(piece, 10.0, seed)
    found = played(whole(piece), written, Performer(seed=seed))
    velocities = [one.velocity for one in found.notes]
    assert min(one.at for one in found.notes) == 0
    assert median_low(velocities) == VELOCITY
    assert len(set(velocities)) > 3
    assert max(one.at + one.lasts for one in found.notes) <= found.length + 1
    assert found.length != written.length
    assert {one.pitch for one in written.notes} <= {one.pitch for one in found.notes}
