"""What each feature is, on music of which anybody can tell it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from tests.device.music.strategies import pieces
from tests.train.report.pieces import piece

from playbach.music.meter import Meter
from playbach.music.note import MAX_PITCH, Note, Piece, Pitch, Ticks
from playbach_train.report.features import (
    FEATURES,
    FEWEST_IN_EXCERPT,
    OF_EXCERPTS,
    excerpts,
    row_of,
)
from playbach_train.report.score_reading import MOST_BARS, ScoreReading

BY_NAME = {feature.name: feature for feature in FEATURES}
TURN = (60, 62, 64, 62, 60, 67, 64, 60)
LEAPS = (72, 60, 71, 57, 69, 55, 67, 53)


def value(name: str, piece: Piece) -> float:
    return BY_NAME[name].value(ScoreReading(piece))


def bars(*rows: tuple[int, ...]) -> Piece:
    """A bar of eighth notes for each row, in C major."""
    pitches = [pitch for row in rows for pitch in row]
    return piece(*((12 * at, pitch, 12) for at, pitch in enumerate(pitches)))


def test_the_table_lists_what_is_shown_first_and_each_name_once() -> None:
    assert len(BY_NAME) == len(FEATURES)
    listed = [feature.listed for feature in FEATURES]
    assert listed == sorted(listed, reverse=True)
    assert not any(feature.whole for feature in OF_EXCERPTS)


@given(pieces())
def test_every_piece_of_a_note_or_more_has_a_row(music: Piece) -> None:
    assume(music.notes)
    row = row_of(music, FEATURES)
    assert row.shape == (len(FEATURES),)
    assert not np.isinf(row).any()


@given(pieces())
def test_no_feature_but_the_hand_knows_in_which_key_a_piece_is(music: Piece) -> None:
    assume(music.notes and max(note.pitch for note in music.notes) <= MAX_PITCH - 5)
    others = [feature for feature in FEATURES if feature.name != "playable"]
    rows = [row_of(one, others) for one in (music, music.transposed(5))]
    # Where two keys or chords fit alike, the first in the table is taken.
    read = {"authentic", "resolutions", "fourths", "thirds_down", "harmonic_rhythm",
            "changes_on_lines", "off_home", "key_changes"}  # fmt: skip
    exact = [feature.name not in read for feature in others]
    np.testing.assert_allclose(rows[0][exact], rows[1][exact])


def test_a_bar_that_comes_back_or_moves_by_steps_is_a_near_double() -> None:
    step_higher = (62, 64, 65, 64, 62, 69, 65, 62)
    moved = bars(TURN, step_higher)
    assert value("near_doubles", moved) == 1
    assert value("sequences", moved) == 1
    assert value("same_again", moved) == 0
    again = bars(TURN, LEAPS, TURN)
    assert value("near_doubles", again) == 0.5
    assert value("sequences", again) == 0
    assert value("opening_returns", again) == 1
    assert value("opening_returns", bars(TURN, TURN, LEAPS)) < 0.5


def test_a_varied_bar_is_a_near_double_and_another_is_none() -> None:
    varied = (*TURN[:6], 72, 71)
    assert value("near_doubles", bars(TURN, varied)) == 1
    assert value("near_doubles", bars(TURN, (*TURN[:5], 72, 71, 72))) == 0


def test_notes_in_scales_are_counted_with_both_ends() -> None:
    scale = (60, 62, 64, 65, 72, 60, 71, 59)
    assert value("scale_runs", bars(scale)) == 0.5
    assert value("scale_runs", bars((60, 62, 64, 72, 60, 62, 64, 72))) == 0


def test_parallel_fifths_are_found_and_contrary_motion_is_none() -> None:
    parallel = piece((0, 48, 24), (0, 55, 24), (24, 50, 24), (24, 57, 24))
    contrary = piece((0, 48, 24), (0, 55, 24), (24, 45, 24), (24, 64, 24))
    assert value("parallels", parallel) == 1
    assert value("parallels", contrary) == 0
    assert math.isnan(value("parallels", bars(TURN)))


def test_stops_are_judged_by_the_strings_of_a_cello_or_a_violin() -> None:
    across = ((0, 37, 24), (0, 58, 24))
    assert value("playable", piece(*across)) == 0
    assert value("playable", piece((0, 55, 24), (0, 62, 24), (0, 71, 24), (0, 79, 24))) == 1


def test_the_register_is_measured_within_the_movement() -> None:
    music = bars((40, 42, 43, 44, 45, 60, 60, 60), (60,) * 8)
    assert value("range", music) == 20
    assert value("low_notes", music) == 0.25
    assert value("wander", bars((60,) * 8, (64,) * 8)) == 2


def test_a_cadence_counts_in_the_key_of_its_bar() -> None:
    tonic, dominant = (48, 52, 55, 60, 48, 52, 55, 48), (55, 59, 62, 65, 55, 59, 62, 55)
    music = bars(tonic, dominant, tonic, dominant, tonic)
    assert value("authentic", music) == pytest.approx(2 / 5)
    assert value("fourths", music) == 0.5
    assert value("off_home", music) == 0
    # Changes on every line, none elsewhere: (4 + .5) / 5 against .5 / 16.
    assert value("changes_on_lines", music) == pytest.approx(math.log2(4.5 / 5 * 16 / 0.5))


def test_what_ends_with_a_chord_is_told_from_what_ends_with_a_note() -> None:
    assert value("final_chord", piece((0, 60, 24), (24, 48, 24), (24, 55, 24), (24, 64, 24))) == 3
    assert value("final_chord", bars(TURN)) == 1


def test_excerpts_are_whole_bars_without_the_pickup_and_the_rest() -> None:
    music = bars(*[TURN] * 18)
    moved = (Note(Ticks(note.onset + 24), note.pitch, note.duration) for note in music.notes)
    later = Piece((Note(Ticks(0), Pitch(55), Ticks(24)), *moved), pickup=Ticks(24))
    for whole in (music, later):
        cuts = list(excerpts(whole))
        assert [len(cut.notes) for cut in cuts] == [64, 64]
        assert all(cut.notes == cuts[0].notes and not cut.pickup for cut in cuts)
    assert not list(excerpts(bars(*[TURN] * 7)))
    assert not list(excerpts(piece(*((at * 96, 60, 96) for at in range(FEWEST_IN_EXCERPT // 2)))))


def test_a_change_of_meter_begins_a_bar_that_was_not_full() -> None:
    notes = tuple(Note(Ticks(12 * at), Pitch(60), Ticks(12)) for at in range(20))
    meters = ((Ticks(0), Meter(4, 4)), (Ticks(120), Meter(3, 4)))
    assert ScoreReading(Piece(notes, meters=meters)).bar_starts == [0, 96, 120, 192, 264]


def test_of_a_very_long_movement_the_first_bars_are_compared() -> None:
    share, _ = ScoreReading(bars(*[TURN] * (MOST_BARS + 8))).alike
    assert share.shape == (MOST_BARS, MOST_BARS)
