"""Overlap and divergence, with expectations that can be worked out by head."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.train.report.pieces import melody

from playbach.music.note import Piece
from playbach_train.report.comparison import (
    LEAST_SHARE,
    Likeness,
    divergence,
    likeness,
    overlap,
    shares,
    tables,
)
from playbach_train.report.distributions import DISTRIBUTIONS

INTERVAL = next(distribution for distribution in DISTRIBUTIONS if distribution.name == "interval")
COUNTS = st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any)


def compared(
    generated: list[Piece], real: list[Piece], forms: list[str], *, own_form: bool = True
) -> Likeness | None:
    """By overlap of intervals."""
    ours, theirs = tables(INTERVAL, generated, real)
    return likeness(overlap, ours, theirs, forms, own_form=own_form)


def test_overlap_is_what_two_distributions_share() -> None:
    assert overlap(np.array([0.5, 0.5, 0]), np.array([0.25, 0.25, 0.5])) == 0.5
    assert overlap(np.array([1.0, 0]), np.array([0, 1.0])) == 0


def test_a_distribution_of_one_of_two_equal_values_is_one_bit_away() -> None:
    assert divergence(np.array([1.0, 0]), np.array([0.5, 0.5])) == pytest.approx(1)


def test_a_value_that_never_occurs_on_the_other_side_costs_the_floor() -> None:
    far = divergence(np.array([1.0, 0]), np.array([0, 1.0]))
    assert far == pytest.approx(-np.log2(LEAST_SHARE / (1 + LEAST_SHARE)))


@given(COUNTS, COUNTS)
def test_overlap_is_a_share_and_divergence_no_less_than_nothing(
    one: list[int], other: list[int]
) -> None:
    left, right = shares(np.array(one)), shares(np.array(other))
    assert 0 <= overlap(left, right) <= 1 + 1e-12
    assert overlap(left, right) == pytest.approx(overlap(right, left))
    assert divergence(left, right) > -1e-12
    assert overlap(left, left) == pytest.approx(1)


def test_a_real_movement_is_compared_with_the_others_only() -> None:
    # A alone is all +1. B has half of it, C none of it; pooled they are 1/4 of +1.
    a, b, c = melody(1, 1), melody(1, -1), melody(-1, -1)
    # A in B and C: 1/4. B in A and C: 1/2 + 1/2. C in A and B: 1/4.
    found = compared([a], [a, b, c], ["menuet"])
    assert found is not None
    assert found.real == pytest.approx((1 / 4 + 1 + 1 / 4) / 3)
    # A generated one like A, in the same three pools: 1/4, 1/2, 3/4.
    assert found.generated == pytest.approx((1 / 4 + 1 / 2 + 3 / 4) / 3)


def test_forms_weigh_alike_however_many_movements_they_have() -> None:
    up, down = melody(1, 1), melody(-1, -1)
    leaping = [melody(7, form="gigue"), melody(7, form="gigue")]
    found = compared([up, up, up, leaping[0]], [down, down, *leaping], ["menuet", "gigue"])
    assert found == Likeness(generated=0.5, real=1)


def test_a_form_with_a_single_real_movement_is_compared_with_other_forms_only() -> None:
    generated, real = [melody(1, 1)], [melody(1, 1), melody(1, -1, form="gigue")]
    assert compared(generated, real, ["menuet"]) is None
    assert compared(generated, real, ["menuet"], own_form=False) == Likeness(0.5, 0.5)


def test_the_spread_of_several_forms_is_their_mean() -> None:
    generated, real = tables(
        INTERVAL, [melody(1)], [melody(1), melody(1, 1), melody(7, form="gigue")]
    )
    assert generated.values == real.values == (1, 7)
    assert real.spread(["menuet", "gigue"]).tolist() == [0.5, 0.5]
    assert generated.spread(["menuet", "gigue"]).tolist() == [1, 0]
