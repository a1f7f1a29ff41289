"""Repetition and originality, on melodies short enough to count."""

from __future__ import annotations

import numpy as np
import pytest
from tests.train.report.pieces import melody, piece

from playbach_train.report.originality import (
    GROUP,
    WINDOW,
    Originals,
    Shared,
    pooled,
    repetition,
    shared_by_work,
)

RISING = (1, 2, 3, 4, 5, 6, 7, 8, 9)


def test_music_without_a_repeated_group_has_no_repetition() -> None:
    assert repetition(melody(*RISING), 4) == 0


def test_each_group_that_was_there_before_counts() -> None:
    # Pairs of 1 2 1 2 1: 12 21 12 21, two of four kinds.
    assert repetition(melody(1, 2, 1, 2, 1), 2) == 0.5


def test_a_movement_too_short_for_a_group_says_nothing() -> None:
    assert repetition(melody(1, 2, 3), 4) is None
    assert repetition(melody(1, 2, 3), 3) == 0


def test_a_long_movement_is_measured_window_by_window() -> None:
    # One window of the same note over and over, then one of another: each has one kind of group.
    still = [0] * (WINDOW - 1)
    one, two = repetition(melody(*still), 4), repetition(melody(*still, 1, *still), 4)
    assert one == two == 1 - 1 / (WINDOW - 4)


def test_what_comes_back_after_more_than_a_window_is_no_repetition() -> None:
    pitches = np.random.default_rng(1).integers(50, 80, 400).tolist()
    motif, other = pitches[:20], pitches[20:]

    def with_motif_again_after(notes: int) -> float | None:
        line = motif + other[:notes] + motif
        return repetition(piece(*((12 * at, pitch, 12) for at, pitch in enumerate(line))), 16)

    # 19 intervals hold 4 groups of 16; in all there are 99 intervals.
    assert with_motif_again_after(60) == pytest.approx(4 / (99 - 15))
    assert with_motif_again_after(WINDOW) == 0


def test_the_longest_shared_run_is_found_wherever_it_stands() -> None:
    originals = Originals([melody(1, 2, 3, 4, 5), melody(7, 7, -7, 7)])
    assert originals.shared(melody(9, 2, 3, 4, 9)).longest == 3
    assert originals.shared(melody(7, -7, 7)).longest == 3
    assert originals.shared(melody(11, 12)).longest == 0


def test_a_run_does_not_go_on_from_one_movement_into_the_next() -> None:
    assert Originals([melody(1, 2), melody(3, 4)]).shared(melody(1, 2, 3, 4)).longest == 2


def test_groups_of_eight_are_found_whatever_key_they_are_in() -> None:
    originals = Originals([melody(*RISING)])
    same = originals.shared(melody(*RISING).transposed(-3))
    assert same == Shared(longest=9, found=2, groups=2)
    assert originals.shared(melody(*RISING[:GROUP], -1)).share == 0.5
    assert originals.shared(melody(1)).share == 0


def test_movements_pooled_share_by_group_and_keep_the_longest_run() -> None:
    assert pooled([Shared(3, 1, 4), Shared(9, 0, 4)]) == Shared(9, 1, 8)


def test_a_work_is_compared_with_the_other_works_not_with_itself() -> None:
    found = shared_by_work({
        "bwv1007-1-prelude": melody(*RISING),
        "bwv1007-2-allemande": melody(*RISING),
        "bwv1008-1-prelude": melody(*RISING[:3]),
    })  # fmt: skip
    assert found == {"bwv1007": Shared(3, 0, 4), "bwv1008": Shared(3, 0, 0)}


def test_a_single_work_has_nothing_to_be_compared_with() -> None:
    assert shared_by_work({"a-1": melody(1), "a-2": melody(1)}) == {}
