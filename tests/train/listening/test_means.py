"""Means, intervals and tests, against figures by hand, of printed tables, and of scipy 1.17."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach_train.listening.analysis import Mean, holm, mean_of, sign_flip

differences = st.lists(st.integers(-20, 20).map(lambda n: n / 2), min_size=1, max_size=9)


def test_an_interval_is_that_of_students_t() -> None:
    # As scipy's stats.t.interval has it.
    found = mean_of([1, 2, 4, 9])
    assert found.low == pytest.approx(-1.663204705733679)
    assert found.high == pytest.approx(9.66320470573368)
    assert found.deviation == pytest.approx(math.sqrt(38 / 3))
    assert (found.mean, found.count) == (4, 4)


def test_one_respondent_has_a_mean_and_no_interval() -> None:
    assert mean_of([3.5]) == Mean(3.5, 1, None, None, None)


def test_the_same_from_everybody_is_an_interval_of_no_width() -> None:
    assert mean_of([5, 5, 5]) == Mean(5, 3, 5, 5, 0)


def test_p_is_the_share_of_signs_that_say_as_much() -> None:
    # All eight sums of +-1 +-2 +-3: 6, 4, 2, 0, 0, -2, -4, -6; the sum here is 4.
    assert sign_flip([-1, 2, 3]) == (4 / 8, True)


def test_p_of_seven_is_that_of_scipy() -> None:
    # As scipy's stats.permutation_test has it, over all samples.
    assert sign_flip([0.5, -1, 2, 3, -0.25, 1, 1.5]) == (0.125, True)


@given(differences)
def test_the_exact_p_is_what_trying_all_signs_gives(values: list[float]) -> None:
    sums = [
        abs(sum(sign * value for sign, value in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=len(values))
    ]
    assert sign_flip(values)[0] == sum(one >= abs(sum(values)) for one in sums) / len(sums)


@given(differences)
def test_p_cannot_be_smaller_than_all_signs_alike(values: list[float]) -> None:
    assert 2 / 2 ** len(values) <= sign_flip(values)[0] <= 1


def test_with_many_respondents_p_is_drawn_the_same_each_time_and_is_never_zero() -> None:
    p, exact = sign_flip([1.0] * 30)
    assert (p, exact) == (1 / 100_001, False)
    mixed = [0.9, -0.4] * 15
    # As scipy's stats.permutation_test has it, with 999,999 draws.
    assert sign_flip(mixed)[0] == pytest.approx(0.0552, abs=0.003)
    assert sign_flip(mixed) == sign_flip(mixed)


def test_holm_multiplies_the_smallest_most() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []
