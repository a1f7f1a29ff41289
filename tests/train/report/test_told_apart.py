"""The classifier: it tells what can be told, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.train.report.pieces import melody

from playbach.music.note import Piece
from playbach_train.corpus import Request, load
from playbach_train.report import told_apart as module
from playbach_train.report.told_apart import (
    FEWEST_GROUPS,
    Movement,
    Samples,
    area_between,
    cliffs_delta,
    of_corpus,
    of_network,
    told_apart,
    weighted_area,
    whole,
)


@pytest.fixture(scope="module")
def chorales() -> list[Movement]:
    found = load(["bach-chorales"], Request(limit=20), report=lambda _: None).movements
    return [Movement(one.piece, one.name) for one in found]


def shuffled(piece: Piece, seed: int) -> Piece:
    """The chords in another order: the same notes and rhythm, and no line or harmony."""
    onsets = sorted({note.onset for note in piece.notes})
    order = np.random.default_rng(seed).permutation(len(onsets))
    moved = dict(zip(onsets, [onsets[at] for at in order], strict=True))
    step = min(note.duration for note in piece.notes)
    notes = sorted(replace(n, onset=moved[n.onset], duration=step) for n in piece.notes)
    return replace(piece, notes=tuple(notes))


def samples(rows: list[list[float]], forms: str, groups: str) -> Samples:
    return Samples(
        np.array(rows), np.array(list(forms)), np.array(list(groups)), np.ones(len(rows))
    )


def test_shuffled_chorales_are_told_from_chorales(chorales: list[Movement]) -> None:
    others = [Movement(shuffled(one.piece, 1), one.group) for one in chorales]
    area = area_between(whole(others), whole(chorales))
    assert area.area > 0.99
    assert area.low <= area.area <= area.high


def test_two_halves_of_the_chorales_are_not_told_apart(chorales: list[Movement]) -> None:
    area = area_between(whole(chorales[::2]), whole(chorales[1::2]))
    assert area.low <= 0.5 <= area.high or area.area < 0.5


def test_nobody_is_judged_by_who_knows_its_group() -> None:
    groups = "aaabbcddddee"
    both = samples([[0.0]] * len(groups), "m" * len(groups), groups)
    composed = np.arange(len(groups)) < 6
    folds = module._folds(both, composed, np.random.default_rng(1))
    assert np.sum(folds, axis=0).tolist() == [1] * len(groups)
    for fold in folds:
        assert not set(both.groups[fold & composed]) & set(both.groups[~fold & composed])
        assert not set(both.groups[fold & ~composed]) & set(both.groups[~fold & ~composed])


def test_a_group_that_is_all_of_a_kind_teaches_nothing() -> None:
    """A classifier that saw the group of what it judges would tell these apart by the first."""
    rng = np.random.default_rng(1)
    names = [f"{side}{work}" for side in "xy" for work in range(6) for _ in range(8)]
    of_work = {name: rng.normal() for name in sorted(set(names))}
    rows = np.array([[of_work[name], rng.normal()] for name in names])
    sides = [
        Samples(rows[part], np.full(48, "m"), np.array(names)[part], np.ones(48))
        for part in (slice(48), slice(48, 96))
    ]
    assert area_between(*sides).area < 0.8


def test_each_form_weighs_the_same_on_both_sides() -> None:
    both = samples([[0.0]] * 9, "mmmggmggs", "abcdefghi")
    composed = np.arange(9) < 5
    weights = module._weights(both, composed)
    for form in "mg":
        sides = [weights[(both.forms == form) & (composed == side)].sum() for side in (True, False)]
        assert sides[0] == pytest.approx(sides[1])
    assert weights[8] == 0
    assert weights.sum() == pytest.approx(1)


def test_the_area_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    scores, composed = rng.integers(0, 9, 60) / 9, rng.random(60) < 0.4
    weights = rng.random(60)
    expected = roc_auc_score(composed, scores, sample_weight=weights)
    assert weighted_area(scores, composed, weights) == pytest.approx(expected)


def test_cliffs_delta_is_how_much_oftener_one_is_greater() -> None:
    assert cliffs_delta(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1
    assert cliffs_delta(np.array([1.0, 3.0]), np.array([2.0, 3.0])) == -0.25
    assert cliffs_delta(np.array([]), np.array([1.0])) is None


def test_movements_are_grouped_by_work_and_by_number() -> None:
    music = {f"folder/bwv{work}-{at}-menuet": melody(2, 2) for work in (1, 2) for at in (1, 2)}
    assert [one.group for one in of_corpus(music, {"menuet"})] == ["bwv1", "bwv1", "bwv2", "bwv2"]
    assert not of_corpus(music, {"gigue"})
    composed = [melody(2, form="menuet"), melody(2, form="gigue"), melody(2, form="menuet")]
    assert [one.group for one in of_network(composed)] == ["0", "0", "1"]


def test_with_too_few_works_the_table_is_all_there_is() -> None:
    few = [Movement(melody(2, 2, -2, 5), str(at)) for at in range(FEWEST_GROUPS - 1)]
    found: dict[str, Any] = told_apart(few, few)
    assert found["movements"] is None
    assert found["excerpts"] is None
    row = {row["name"]: row for row in found["given_away_by"]}["range"]
    assert row["real"]["p50"] == row["generated"]["mean"] == 7
    assert row["delta"] == 0
    assert row["within"] is True
    assert row["by_form"] == {"menuet": {"generated": 7, "real": 7}}
