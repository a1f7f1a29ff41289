"""Nothing is repeated for ever, and nothing is forbidden before it is heard too often."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer.loops import (
    LONGEST_PERIOD,
    MOST_REPETITION,
    SHORTEST,
    WATCHES,
    RepetitionGuard,
)

NEW = np.random.default_rng(1).integers(-100, 100, 400).tolist()
"""Moves among which no four come back."""


def heard(moves: list[int]) -> RepetitionGuard:
    watch = RepetitionGuard()
    for move in moves:
        watch.add(move)
    return watch


def test_at_the_beginning_everything_is_allowed() -> None:
    assert list(RepetitionGuard().forbidden()) == []


@pytest.mark.parametrize(
    ("cell", "times"),
    [([2], 8), ([2, -2], 8), ([1, 2, -3], 5), ([4, 3, -3, -4], 7), ([*range(16)], 2)],
)
def test_a_cell_may_be_repeated_as_often_as_bach_does(cell: list[int], times: int) -> None:
    for end in range(len(cell) * times - 1):
        sung = (cell * times)[:end]
        assert (cell * times)[end] not in set(heard(sung).forbidden())


@given(st.lists(st.integers(-12, 12), min_size=1, max_size=LONGEST_PERIOD))
def test_no_cell_is_repeated_for_ever(cell: list[int]) -> None:
    watch = RepetitionGuard()
    for time in range(400):
        move = cell[time % len(cell)]
        if move in set(watch.forbidden()):
            return
        watch.add(move)
    pytest.fail(f"{cell} went on for 400 notes")


def test_what_never_comes_back_bores_nobody() -> None:
    assert heard(NEW).repetition == 0


def test_a_trill_bores_within_six_bars_of_it() -> None:
    assert heard([2, -2] * 48).repetition == MOST_REPETITION


def test_boredom_passes_when_something_new_comes() -> None:
    assert heard([2, -2] * 48 + NEW[:300]).repetition == 0


def test_a_long_phrase_that_comes_back_again_and_again_bores_too() -> None:
    phrase = NEW[:40]
    assert heard(phrase * 6).repetition == MOST_REPETITION
    # Twice is no more than Bach does.
    assert heard(NEW[:200] + phrase).repetition == 0


@given(st.lists(st.integers(-2, 2), max_size=400))
def test_boredom_is_that_of_the_watch_with_most_repetition(moves: list[int]) -> None:
    expected = 0.0
    for watch in WATCHES:
        padded = [None] * watch.group + moves
        groups = [tuple(padded[n + 1 : n + 1 + watch.group]) for n in range(len(moves))]
        groups = groups[-watch.window :]
        share = (len(groups) - len(set(groups))) / max(len(groups), min(watch.window, SHORTEST))
        bored = (share - watch.usual) / (watch.seldom - watch.usual)
        expected = max(expected, min(bored, MOST_REPETITION))
    assert heard(moves).repetition == pytest.approx(expected)


@given(st.lists(st.integers(-2, 2), max_size=60))
def test_it_agrees_with_counting_by_hand(moves: list[int]) -> None:
    watch = heard(moves)
    by_hand = set()
    for period in range(1, min(len(moves), LONGEST_PERIOD) + 1):
        run = 0
        while run + period < len(moves) and moves[-1 - run] == moves[-1 - run - period]:
            run += 1
        most = 7 if period == 1 else 14 if period <= 3 else max(26, period + period // 2)
        if run >= most:
            by_hand.add(moves[len(moves) - period])
    assert set(watch.forbidden()) == by_hand
