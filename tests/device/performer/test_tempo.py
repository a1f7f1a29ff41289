"""Tempo: a prediction is the sum of rules and trees; what no model predicts is drawn."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from playbach.performer.features import FEATURES
from playbach.performer.tempo import Chances, TempoModel, normal


def test_a_prediction_is_the_sum_of_rules_and_trees() -> None:
    end, chord, down = map(FEATURES.index, ("end-near", "chord", "down"))
    model = TempoModel(0.5, ((chord, 0.25),), ((end, 0.5, 0.125, (down, 0.0, 1.0, 2.0)),))
    row = dict.fromkeys(FEATURES, 0.0)
    assert model.predict([*row.values()]) == 0.5 + 0.125
    row |= {"chord": 2.0, "end-near": 0.75, "down": 1.0}
    assert model.predict([*row.values()]) == 0.5 + 2 * 0.25 + 2


def test_what_is_drawn_has_the_spread_and_persistence_that_was_measured() -> None:
    drawn = list(map(Chances(7).at, range(20_000)))
    assert fmean(drawn) == pytest.approx(0, abs=0.003)
    assert pstdev(drawn) == pytest.approx(0.066, rel=0.05)
    lagged = fmean(a * b for a, b in pairwise(drawn)) / pstdev(drawn) ** 2
    assert lagged == pytest.approx(0.3, abs=0.03)


def test_what_is_drawn_for_a_beat_does_not_depend_on_how_many_are_asked_for() -> None:
    forwards, backwards = Chances(3), Chances(3)
    assert [*map(forwards.at, range(20))] == [*map(backwards.at, range(19, -1, -1))][::-1]
    assert normal(1, "a", 2) == normal(1, "a", 2) != normal(1, "a", 3)
