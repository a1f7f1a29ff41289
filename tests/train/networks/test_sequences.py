"""Movements as rows of symbols, and the numbers of those symbols."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import keys, pieces
from tests.train.report.pieces import piece

from playbach.errors import InputError
from playbach.music.key import Key, Mode, parse_key
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.music.symbols import BORDER, HOLD, OTHER, REST, is_hold, pitches_of
from playbach_train.networks.sequences import (
    SIXTEENTH,
    SymbolRow,
    alphabet_of,
    onset_row,
    sixteenth_row,
    to_home,
    tonics,
)

C_E, C_G, D_F = (60, 64), (60, 67), (62, 65)


def row(*symbols: tuple[int, ...], ticks: tuple[int, ...] = ()) -> SymbolRow:
    return SymbolRow(symbols, ticks or (12,) * len(symbols))


@st.composite
def tunes(draw: st.DrawFn) -> Piece:
    """One note after the other on the grid, with rests between some, in any key."""
    tick, notes = 0, []
    for _ in range(draw(st.integers(1, 20))):
        tick += SIXTEENTH * draw(st.integers(0, 3))
        length = SIXTEENTH * draw(st.integers(1, 8))
        notes.append(Note(Ticks(tick), Pitch(draw(st.integers(12, 110))), Ticks(length)))
        tick += length
    return Piece(tuple(notes), keys=((Ticks(0), draw(keys)),))


def notes_of(grid: SymbolRow) -> list[tuple[int, int, int]]:
    """What a board plays of a tune on the grid: onset, pitch, duration."""
    played: list[tuple[int, int, int]] = []
    for number, symbol in enumerate(grid.symbols):
        if is_hold(symbol):
            onset, pitch, length = played[-1]
            played[-1] = (onset, pitch, length + SIXTEENTH)
        played += [(number * SIXTEENTH, pitch, SIXTEENTH) for pitch in pitches_of(symbol)]
    return played


@given(tunes())
def test_a_tune_survives_the_way_to_the_grid_and_back(tune: Piece) -> None:
    grid = sixteenth_row(tune)
    assert grid is not None
    up = to_home(tune.keys[0][1])
    assert notes_of(grid) == [(n.onset, n.pitch + up, n.duration) for n in tune.notes]


@given(pieces())
def test_a_row_of_onsets_holds_every_pitch_at_its_time(any_piece: Piece) -> None:
    found = onset_row(any_piece)
    assert all(ticks > 0 for ticks in found.ticks)
    first = any_piece.notes[0].onset if any_piece.notes else 0
    onsets = [first, *(first + ticks for ticks in accumulate(found.ticks))]
    said = [(o, p) for o, s in zip(onsets, found.symbols, strict=False) for p in s]
    assert said == [(note.onset, note.pitch) for note in any_piece.notes]
    assert not any_piece.notes or onsets[-1] == any_piece.end


@given(pieces())
def test_a_piece_is_read_on_the_grid_only_if_nothing_is_lost(any_piece: Piece) -> None:
    found = sixteenth_row(any_piece)
    times = [time for note in any_piece.notes for time in (note.onset, note.end)]
    if any(time % SIXTEENTH for time in times):
        assert found is None
    elif found is not None:
        begun = [i * SIXTEENTH for i, s in enumerate(found.symbols) for _ in pitches_of(s)]
        assert begun == [note.onset for note in any_piece.notes]


def test_the_grid_says_what_begins_what_sounds_on_and_silence() -> None:
    found = sixteenth_row(piece((0, 60, 12), (12, 64, 24), (18, 67, 6), (42, 72, 6)))
    assert found is not None
    assert found.symbols == ((60,), HOLD, (64,), (67,), HOLD, HOLD, REST, (72,))
    assert set(found.ticks) == {6}


def test_triplets_do_not_fit_the_grid() -> None:
    assert sixteenth_row(piece((0, 60, 8), (8, 62, 8), (16, 64, 8))) is None


def test_what_would_leave_the_range_on_its_way_to_c_does_not_fit() -> None:
    assert sixteenth_row(piece((0, 127, 24), key=parse_key("B major"))) is None


@given(keys)
def test_the_nearer_way_home_leads_to_c_major_or_a_minor(key: Key) -> None:
    up = to_home(key)
    assert -5 <= up <= 6
    assert (key.tonic + up) % 12 == {Mode.MAJOR: 0, Mode.MINOR: 9}[key.mode]


@pytest.mark.parametrize(("key", "found"), [("G major", (7, 4)), ("D minor", (5, 2))])
def test_the_tonics_of_a_key_are_its_own_and_its_relatives(
    key: str, found: tuple[int, int]
) -> None:
    assert tonics(parse_key(key)) == found


def test_a_chord_heard_once_has_no_number_but_a_single_pitch_has() -> None:
    alphabet = alphabet_of([row(C_E, (60,), C_E, C_G, D_F, D_F)], (), timed=False)
    assert set(alphabet.vocabulary) == {BORDER, OTHER, (60,), C_E, D_F}
    other = alphabet.vocabulary.number[OTHER]
    assert alphabet.numbers(row(C_G, C_E))[:, 0].tolist() == [
        other,
        alphabet.vocabulary.number[C_E],
    ]


def test_an_alphabet_does_not_depend_on_the_order_of_the_music() -> None:
    rows = [row((60,), C_E, ticks=(12, 6)), row(C_E, (59,), ticks=(6, 12))]
    assert alphabet_of(rows, (), timed=True) == alphabet_of(rows[::-1], (), timed=True)
    assert alphabet_of(rows, (), timed=False).ticks == (6,)


def test_without_times_every_symbol_lasts_what_most_of_them_do() -> None:
    alphabet = alphabet_of([row((60,), (62,), (64,), ticks=(12, 24, 12))], (), timed=False)
    assert alphabet.ticks == (12,)
    assert alphabet.parts == {"symbols": 5}


def test_music_that_begins_no_note_has_no_alphabet() -> None:
    with pytest.raises(InputError, match="no symbol begins a note"):
        alphabet_of([row(C_E)], (), timed=False)


def test_a_chord_without_a_number_is_charged_its_size_and_its_keys() -> None:
    alphabet = alphabet_of([row((60,), C_E, C_E)], (), timed=False)
    bits = alphabet.extra_bits(row((60,), C_E, C_G, (61,)))[:, 0]
    assert bits.tolist() == pytest.approx(
        [0, 0, math.log2(6) + 2 * math.log2(88), math.log2(6) + math.log2(88)]
    )


def test_a_time_never_heard_is_read_as_the_nearest_and_charged() -> None:
    alphabet = alphabet_of([row((60,), (62,), ticks=(6, 24))], (), timed=True)
    unseen = row((60,), (62,), ticks=(20, 6))
    assert alphabet.numbers(unseen)[:, 1].tolist() == [1, 0]
    assert alphabet.extra_bits(unseen)[:, 1].tolist() == pytest.approx(
        [math.log2(3) + math.log2(384), 0]
    )


@given(st.lists(st.sampled_from([(60,), C_E, C_G, D_F]), min_size=1, max_size=12))
def test_numbers_lead_back_to_every_symbol_that_has_one(symbols: list[tuple[int, ...]]) -> None:
    music = row((60,), *symbols)
    alphabet = alphabet_of([music], (), timed=False)
    known = tuple(alphabet.vocabulary)
    back = [known[number] for number in alphabet.numbers(music)[:, 0]]
    charged = alphabet.extra_bits(music)[:, 0] > 0
    for symbol, found, extra in zip(music.symbols, back, charged, strict=True):
        assert found == (OTHER if extra else symbol)
        assert extra == (symbol not in known)


def test_numbers_are_of_the_same_order_as_the_table_the_board_reads() -> None:
    alphabet = alphabet_of([row((60,), (48,), C_E, C_E)], (HOLD, REST), timed=False)
    assert tuple(alphabet.vocabulary)[:4] == (BORDER, OTHER, HOLD, REST)
    pitches = [symbol for symbol in alphabet.vocabulary if pitches_of(symbol)]
    assert all(low < high for low, high in pairwise(map(len, pitches)) if low != high)
    assert np.array_equal(alphabet.vocabulary.table()[4:6, 0], [48, 60])
