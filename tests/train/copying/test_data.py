"""What training reads is what the board is told note by note, cut into segments without loss."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.music.strategies import pieces
from tests.fixtures.make_tiny_bundle import tiny_piece

from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING, END, encode
from playbach.music.features import (
    LONGEST_LAG,
    LONGEST_MATCH,
    REGISTERS,
    SAME_PITCH,
    feature_tables,
    place_table,
    row_count,
    row_offsets,
)
from playbach.music.form import FORMS
from playbach.music.key import Key, Mode
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks
from playbach.music.tracker import Tracker
from playbach_train.copying.data import (
    BLOCKED,
    MAX_NOTES,
    MovementArrays,
    Reading,
    batches,
    match_rows,
    movement_arrays,
    share_out,
    transposed,
)

TABLES = feature_tables(DEFAULT_ENCODING)


def arrays(form: int, bars: int = 6) -> MovementArrays:
    piece = tiny_piece(FORMS[form], Key(form, Mode.MINOR), bars, form)
    return movement_arrays(FORMS[form].name, piece, DEFAULT_ENCODING)


@given(pieces())
def test_the_arrays_of_a_piece_are_the_trackers_rows(piece: Piece) -> None:
    movement = movement_arrays("x", piece, DEFAULT_ENCODING)
    heading, events = encode(piece)
    tracker = Tracker(DEFAULT_ENCODING, heading)
    assert movement.steps == len(events) + 1
    for step, (event, note) in enumerate(zip(events, piece.notes, strict=True)):
        assert movement.by_step["note_rows"][step].tolist() == tracker.note_rows()
        assert movement.by_step["pitch_rows"][step].tolist() == tracker.pitch_rows(event.shift)
        rows = tracker.duration_rows(event.shift, note.pitch)
        assert movement.by_step["duration_rows"][step].tolist() == rows
        assert movement.by_step["last_pitch"][step] == tracker.pitch
        assert movement.by_step["degree"][step] == tracker.degree
        assert movement.copied["copy_pitches"][step] == note.pitch
        assert movement.by_step["rising"][step] == (step > 0 and event.shift == 0)
        assert movement.by_step["symbols"][step].tolist() == [
            DEFAULT_ENCODING.shift_symbol(event.shift),
            DEFAULT_ENCODING.pitch_symbol(event.interval),
            DEFAULT_ENCODING.duration_symbol(event.duration),
        ]
        tracker.advance(event.shift, note.pitch, event.duration)
    assert movement.by_step["note_rows"][-1].tolist() == tracker.note_rows()


@given(pieces(min_size=0))
def test_a_movement_ends_by_asking_for_the_end_and_nothing_else(piece: Piece) -> None:
    movement = movement_arrays("x", piece, DEFAULT_ENCODING)
    assert movement.by_step["symbols"][-1, 0] == END
    assert END not in movement.by_step["symbols"][:-1, 0]
    assert movement.by_step["weights"][:-1].all()
    assert movement.by_step["weights"][-1].tolist() == [1, 0, 0]


@given(pieces())
def test_every_row_of_every_array_is_in_its_table(piece: Piece) -> None:
    movement = movement_arrays("x", piece, DEFAULT_ENCODING)
    for rows, table in (
        (movement.by_step["note_rows"], TABLES.note),
        (movement.by_step["pitch_rows"], TABLES.pitch),
        (movement.by_step["duration_rows"], TABLES.duration),
    ):
        assert (rows >= row_offsets(table)).all()
        ends = [*row_offsets(table)[1:], row_count(table)]
        assert (rows < ends).all()


@given(st.lists(st.integers(-2, 2), max_size=30), st.booleans())
def test_matches_are_the_longest_common_past(moves: list[int], with_pitches: bool) -> None:
    pitches = np.cumsum([60, *moves])[1:].astype(np.int32)
    found = match_rows(np.array([*moves, 0], np.int32), pitches if with_pitches else None)
    for t in range(len(moves) + 1):
        for j in range(len(moves) + 1):
            if j >= t:
                assert found[t, j] == BLOCKED
                continue
            length = 0
            while length < min(j, LONGEST_MATCH) and moves[j - 1 - length] == moves[t - 1 - length]:
                length += 1
            same = with_pitches and j > 0 and pitches[j - 1] == pitches[t - 1]
            assert found[t, j] == length + SAME_PITCH * same


@given(pieces(max_size=12))
def test_places_are_counted_in_the_meter_of_the_note_asked_for(piece: Piece) -> None:
    found = movement_arrays("x", piece, DEFAULT_ENCODING).matches["place_match"]
    lines = BarLines(piece.meters, piece.pickup)
    for t, note in enumerate(piece.notes):
        table = place_table(lines.place(note.onset).meter)
        for j, earlier in enumerate(piece.notes[:t]):
            assert found[t, j] == table[min(note.onset - earlier.onset, LONGEST_LAG)]
        assert (found[t, t:] == BLOCKED).all()
    assert (found[-1, :-1] == 0).all()


def test_a_movement_too_long_to_compare_with_itself_is_refused() -> None:
    notes = tuple(Note(Ticks(6 * n), Pitch(60), Ticks(6)) for n in range(MAX_NOTES + 1))
    with pytest.raises(InputError, match=r"endless: 12,001 notes in one movement, at most 12,000"):
        movement_arrays("endless", Piece(notes), DEFAULT_ENCODING)


def test_transposing_moves_the_register_alone() -> None:
    movement = arrays(2)
    column = [feature.name for feature in TABLES.note].index("register")
    first = row_offsets(TABLES.note)[column]
    for semitones in (-6, 0, 5, 500, -500):
        rows = transposed(movement, semitones, DEFAULT_ENCODING)
        others = np.delete(rows, column, axis=1)
        assert (others == np.delete(movement.by_step["note_rows"], column, axis=1)).all()
        registers = rows[:, column] - first
        assert registers.min() >= 0
        assert registers.max() < REGISTERS
        if abs(semitones) < 10:
            moved = rows - movement.by_step["note_rows"]
            assert moved[:, column].tolist() == [semitones] * movement.steps


def test_every_movement_is_given_to_one_stream() -> None:
    readings = [Reading(arrays(form)) for form in range(1, 9)]
    shares = share_out(readings, 3)
    given_out = Counter(reading.movement.name for share in shares for reading in share)
    assert given_out == Counter(reading.movement.name for reading in readings)
    loads = [sum(reading.movement.steps for reading in share) for share in shares]
    assert max(loads) - min(loads) <= max(reading.movement.steps for reading in readings)


@settings(max_examples=20)
@given(st.integers(2, 70), st.integers(1, 90), st.integers(1, 4))
def test_segments_hold_every_step_once_in_order(notes: int, memory: int, streams: int) -> None:
    movements = [arrays(form, bars=3) for form in (1, 3, 8)]
    shares = share_out([Reading(movement) for movement in movements], streams)
    read: list[list[list[int]]] = [[] for _ in shares]
    for batch in batches(shares, notes, memory, DEFAULT_ENCODING):
        assert batch["symbols"].shape == (streams, notes, 3)
        assert batch["match"].shape == batch["step_match"].shape == batch["place_match"].shape
        assert batch["match"].shape[-1] == batch["copy_pitches"].shape[-1] <= memory + notes
        for row, kept in enumerate(read):
            asked = batch["weights"][row, :, 0] > 0
            kept.extend(batch["symbols"][row][asked].tolist())
    for share, kept in zip(shares, read, strict=True):
        assert kept == [step for one in share for step in one.movement.by_step["symbols"].tolist()]


@pytest.mark.parametrize(("notes", "memory"), [(5, 3), (16, 64), (16, 7), (200, 20), (7, 300)])
def test_a_segment_remembers_what_the_board_would(notes: int, memory: int) -> None:
    movement = arrays(7, bars=5)
    start = 0
    for batch in batches([[Reading(movement)]], notes, memory, DEFAULT_ENCODING):
        assert batch["carry"].tolist() == [float(start > 0)]
        width = batch["match"].shape[-1]
        for row, t in enumerate(range(start, min(start + notes, movement.steps))):
            # The last `notes` columns are those of the segment itself.
            seen = {
                start + column - (width - notes): column
                for column in np.flatnonzero(batch["match"][0, row] < BLOCKED)
            }
            assert list(seen) == list(range(max(t - memory, 0), t))
            for j, column in seen.items():
                assert batch["match"][0, row, column] == movement.matches["match"][t, j]
                assert batch["step_match"][0, row, column] == movement.matches["step_match"][t, j]
                assert batch["place_match"][0, row, column] == movement.matches["place_match"][t, j]
                assert batch["copy_intervals"][0, column] == movement.copied["copy_intervals"][j]
                assert batch["copy_steps"][0, column] == movement.copied["copy_steps"][j]
                assert batch["copy_pitches"][0, column] == movement.copied["copy_pitches"][j]
        assert (batch["weights"][0, movement.steps - start :] == 0).all()
        start += notes
