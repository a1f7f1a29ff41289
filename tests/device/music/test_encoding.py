"""Pieces become events and come back; parts of events become symbols and come back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.device.music.strategies import DURATIONS, keys, pieces

from playbach.errors import InputError
from playbach.music.encoding import (
    DEFAULT_ENCODING,
    END,
    ESCAPE,
    REFERENCE_LOWEST,
    Encoding,
    Event,
    Heading,
    decode,
    encode,
    reference_pitch,
)
from playbach.music.form import FORMS, OTHER
from playbach.music.key import C_MAJOR, Key, Mode
from playbach.music.meter import COMMON_TIME, parse_meter
from playbach.music.note import MAX_PITCH, Note, Piece, Pitch, Ticks

tables = st.lists(st.integers(1, 5000), min_size=1, max_size=40, unique=True).map(sorted)
encodings = st.one_of(
    st.just(DEFAULT_ENCODING),
    st.builds(
        Encoding,
        shifts=tables.map(lambda ticks: (0, *ticks)),
        durations=tables.map(tuple),
        widest=st.integers(1, 127),
        forms=st.just(("other", "gigue")),
        meters=st.just(("4/4",)),
    ),
)


def heading(key: Key = C_MAJOR) -> Heading:
    return Heading(((Ticks(0), key),), ((Ticks(0), COMMON_TIME),), OTHER, Ticks(0))


@given(pieces(min_size=0))
def test_any_piece_survives_the_round_trip(piece: Piece) -> None:
    assert decode(*encode(piece)) == piece


@given(pieces(max_size=12), keys)
def test_the_same_events_in_another_key_are_the_same_music_transposed(
    piece: Piece, key: Key
) -> None:
    asked, events = encode(piece)
    up = reference_pitch(key) - reference_pitch(asked.key)
    assume(all(0 <= note.pitch + up <= MAX_PITCH for note in piece.notes))
    moved = decode(replace(asked, keys=((Ticks(0), key), *asked.keys[1:])), events)
    assert moved.notes == piece.transposed(up).notes
    assert (key.tonic - asked.key.tonic - up) % 12 == 0


@given(keys)
def test_the_reference_is_a_tonic_within_an_octave_from_low_g(key: Key) -> None:
    assert REFERENCE_LOWEST <= reference_pitch(key) < REFERENCE_LOWEST + 12
    assert reference_pitch(key) % 12 == key.tonic


def test_a_chord_is_notes_of_shift_zero() -> None:
    notes = tuple(Note(Ticks(0), Pitch(pitch), Ticks(24)) for pitch in (48, 52, 55))
    assert encode(Piece(notes))[1] == (
        Event(Ticks(0), 0, Ticks(24)),
        Event(Ticks(0), 4, Ticks(24)),
        Event(Ticks(0), 3, Ticks(24)),
    )


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Event(Ticks(0), 100, Ticks(1)), "pitch 148 is outside 0 to 127"),
        (Event(Ticks(0), -49, Ticks(1)), "pitch -1 is outside 0 to 127"),
        (Event(Ticks(0), 0, Ticks(0)), "duration 0 is too small"),
        (Event(Ticks(-1), 0, Ticks(5)), "onset -1 or duration 5 is too small"),
    ],
)
def test_events_that_are_no_music_are_refused(event: Event, message: str) -> None:
    with pytest.raises(InputError, match=message):
        decode(heading(), (event,))


def test_a_pitch_that_sounds_already_is_refused() -> None:
    long, again = Event(Ticks(0), 0, Ticks(24)), Event(Ticks(12), 0, Ticks(12))
    with pytest.raises(InputError, match="pitch 48 sounds already"):
        decode(heading(), (long, again))


@given(encodings)
def test_every_symbol_stands_for_one_value_and_back(encoding: Encoding) -> None:
    for symbol in range(END + 1, encoding.shift_symbols):
        assert encoding.shift_symbol(encoding.shift_of(symbol)) == symbol
    for symbol in range(ESCAPE + 1, encoding.pitch_symbols):
        assert encoding.pitch_symbol(encoding.interval_of(symbol)) == symbol
    for symbol in range(ESCAPE + 1, encoding.duration_symbols):
        assert encoding.duration_symbol(encoding.duration_of(symbol)) == symbol


@given(encodings, st.integers(0, 6000), st.integers(-130, 130))
def test_a_value_has_a_symbol_of_its_own_or_is_an_escape(
    encoding: Encoding, ticks: int, interval: int
) -> None:
    shift = encoding.shift_symbol(ticks)
    assert shift != END
    assert 0 <= shift < encoding.shift_symbols
    assert (shift == ESCAPE) == (ticks not in encoding.shifts)
    duration = encoding.duration_symbol(ticks)
    assert 0 <= duration < encoding.duration_symbols
    assert (duration == ESCAPE) == (ticks not in encoding.durations)
    pitch = encoding.pitch_symbol(interval)
    assert 0 <= pitch < encoding.pitch_symbols
    assert (pitch == ESCAPE) == (abs(interval) > encoding.widest)


def test_escape_and_end_are_no_values() -> None:
    assert ESCAPE != END
    values = [DEFAULT_ENCODING.shift_symbol(ticks) for ticks in DEFAULT_ENCODING.shifts]
    assert min(values) == END + 1
    assert sorted(values) == list(range(END + 1, DEFAULT_ENCODING.shift_symbols))


def test_the_usual_values_have_symbols() -> None:
    usual = [ticks for ticks in DURATIONS if ticks < 100]
    assert ESCAPE not in [DEFAULT_ENCODING.duration_symbol(ticks) for ticks in usual]
    assert ESCAPE not in [DEFAULT_ENCODING.shift_symbol(ticks) for ticks in (0, *usual)]


def test_every_form_and_its_meters_are_in_the_tables() -> None:
    for form in FORMS:
        assert DEFAULT_ENCODING.forms[DEFAULT_ENCODING.form_row[form.name]] == form.name
        for meter in form.meters:
            row = DEFAULT_ENCODING.meter_row[str(meter)]
            assert row > 0
            assert parse_meter(DEFAULT_ENCODING.meters[row - 1]) == meter


def test_modes_do_not_change_the_reference() -> None:
    assert reference_pitch(Key(2, Mode.MINOR)) == reference_pitch(Key(2, Mode.MAJOR)) == 50
