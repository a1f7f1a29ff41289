"""The targets: what is held against what, and when one is met."""

from __future__ import annotations

from typing import Any

import pytest
from tests.train.report.pieces import melody, piece

from playbach.music.note import Piece
from playbach_train.report.figures import Sets, figures_of

SCALE = (2, 2, 1, 2, 2, 2, 1, -1, -2, -2, -2, -1, -2, -2)
ARPEGGIO = (4, 3, 5, -5, -3, 4, 3, -7, 7, -3, 5, -13)


def figures(*generated: Piece) -> dict[str, Any]:
    """Beside a scale and an arpeggio on C of two works, two bars each."""
    real = {"a-menuet": melody(*SCALE), "b-menuet": melody(*ARPEGGIO)}
    return figures_of(Sets(generated, list(real.values()), ["menuet"], real))


def met(found: dict[str, Any]) -> dict[str, bool | None]:
    return {row["about"].partition(",")[0]: row["met"] for row in found["headline"]}


def test_what_was_copied_whole_is_shown_to_be_no_original() -> None:
    found = figures(melody(*SCALE))
    assert found["originality"]["generated"] == {"longest_run": 14, "share": 1, "groups": 7}
    assert found["originality"]["real"]["a"]["share"] == 0
    assert met(found)["8-grams of intervals found in the real movements"] is False


def test_a_run_of_more_than_24_intervals_is_too_long() -> None:
    twice = melody(*SCALE, *SCALE)
    real = {"a-menuet": twice, "b-menuet": melody(*ARPEGGIO)}
    found = figures_of(Sets([twice], list(real.values()), ["menuet"], real))
    assert met(found)["longest run of intervals shared with the real movements"] is False


def test_movements_that_end_elsewhere_are_counted() -> None:
    assert figures(melody(*SCALE), melody(1, 1))["on_tonic"] == {"generated": 0.5, "real": 1}
    assert met(figures(melody(1, 1)))["movements that end on the tonic"] is False


def test_a_movement_longer_than_any_real_one_of_its_form_is_counted() -> None:
    found = figures(melody(*SCALE), piece((0, 60, 3 * 96), (3 * 96, 60, 24)))
    assert found["as_long_as_real"] == 0.5
    assert met(found)["movements no shorter and no longer than real ones of their form"] is False


def test_real_movements_generated_anew_are_as_alike_as_can_be() -> None:
    found = figures(melody(*SCALE), melody(*ARPEGGIO))
    for row in found["distributions"].values():
        assert row["overlap"] == pytest.approx(1)
        assert row["kl"] == pytest.approx(0, abs=0.01)
    assert found["mean_overlap"]["against_form"]["ratio"] >= 1
