"""What is counted in a movement, on pieces that can be counted by hand."""

from __future__ import annotations

import pytest
from tests.train.report.pieces import D_MAJOR, piece

from playbach.music.note import Piece
from playbach_train.report.distributions import (
    DISTRIBUTIONS,
    bars,
    final_degree,
    intervals,
    opens_on_tonic,
)

VALUES = {distribution.name: distribution.values for distribution in DISTRIBUTIONS}


@pytest.fixture
def two_bars() -> Piece:
    """In D major: an upbeat, four quarters D E F# A, then D and F# together for a whole bar."""
    return piece(
        (0, 57, 24), (24, 62, 24), (48, 64, 24), (72, 66, 24), (96, 69, 24),
        (120, 50, 96), (120, 54, 96),
        key=D_MAJOR, pickup=24,
    )  # fmt: skip


def test_pitch_classes_are_counted_from_the_tonic(two_bars: Piece) -> None:
    assert VALUES["pitch_class"](two_bars) == [7, 0, 2, 4, 7, 0, 4]


def test_intervals_run_from_note_to_note_and_up_through_a_chord(two_bars: Piece) -> None:
    assert intervals(two_bars) == [5, 2, 2, 3, -19, 4]


def test_durations_are_in_ticks(two_bars: Piece) -> None:
    assert VALUES["duration"](two_bars) == [24, 24, 24, 24, 24, 96, 96]


def test_places_are_counted_from_the_bar_line_not_from_the_upbeat(two_bars: Piece) -> None:
    assert VALUES["onset_place"](two_bars) == [72, 0, 24, 48, 72, 0, 0]


def test_the_upbeat_is_no_bar(two_bars: Piece) -> None:
    assert VALUES["notes_per_bar"](two_bars) == [4, 2]
    assert bars(two_bars) == 2


def test_a_bar_in_which_a_note_only_goes_on_holds_no_note() -> None:
    assert VALUES["notes_per_bar"](piece((0, 48, 192))) == [1, 0]


def test_lengths_are_taken_eight_bars_together() -> None:
    assert VALUES["bars"](piece((0, 48, 7 * 96))) == [0]
    assert VALUES["bars"](piece((0, 48, 9 * 96))) == [8]


def test_a_movement_ends_on_the_bass_of_its_last_chord(two_bars: Piece) -> None:
    assert final_degree(two_bars) == 0
    assert final_degree(piece((0, 50, 24), (24, 55, 24), (24, 59, 24), key=D_MAJOR)) == 5


def test_a_movement_opens_on_its_tonic_with_the_first_note_or_the_first_full_bar(
    two_bars: Piece,
) -> None:
    assert opens_on_tonic(two_bars)
    assert opens_on_tonic(piece((0, 50, 24), (24, 57, 24), key=D_MAJOR, pickup=24))
    assert opens_on_tonic(piece((12, 50, 24), (12, 57, 24), key=D_MAJOR))
    assert not opens_on_tonic(piece((0, 57, 24), (24, 54, 24), key=D_MAJOR, pickup=24))
    assert not opens_on_tonic(piece((0, 57, 24), (48, 50, 24), key=D_MAJOR, pickup=24))
