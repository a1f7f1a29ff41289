"""Each listener counts once, and what is known beforehand does not count."""

from __future__ import annotations

import pytest

from playbach_train.listening.analysis import analyse
from playbach_train.listening.answers import Answers, Key

KEY = Key(
    "0" * 16,
    ("real", "bold", "net"),
    {"r1": "real", "r2": "real", "b1": "bold", "n1": "net", "n2": "net"},
)


def answers(number: int, *known: str, **ratings: int) -> Answers:
    return Answers(f"{number:016x}", ratings, frozenset(known), None)


# Made up here, to be calculated by hand; nobody ever said this.
THREE = (
    answers(1, r1=10, r2=8, n1=3, n2=5),  # real 9, net 4
    answers(2, r1=7, n1=6),  # real 7, net 6
    answers(3, r1=4, r2=6, n1=2, n2=4, b1=9),  # real 5, net 3, bold 9
)


def test_means_are_over_respondents_not_ratings() -> None:
    real, net = (analyse(THREE, KEY).sources[label] for label in ("real", "net"))
    assert real is not None
    assert net is not None
    assert (real.ratings, real.rating.count, real.rating.mean) == (5, 3, 7)
    assert (net.ratings, net.rating.count) == (5, 3)
    assert net.rating.mean == pytest.approx(13 / 3)
    # 2 is the standard deviation, 4.303 the quantile of t for 3 respondents.
    assert real.rating.low == pytest.approx(7 - 4.303 * 2 / 3**0.5, abs=0.001)
    assert real.rating.high == pytest.approx(7 + 4.303 * 2 / 3**0.5, abs=0.001)


def test_judged_human_is_above_the_middle() -> None:
    found = analyse(THREE, KEY).sources
    # Of each listener's ratings of real music 2/2, 1/1 and 1/2; of the net's 0/2, 1/1 and 0/2.
    assert [None if row is None else row.human for row in found.values()] == pytest.approx(
        [5 / 6, 1, 1 / 3]
    )


def test_the_test_is_over_each_listeners_difference() -> None:
    compared = analyse(THREE, KEY).compared["net"]
    assert compared is not None
    # -5, -1, -2: mean -8/3, standard deviation sqrt(13/3); 2 of 8 signs say as much.
    assert compared.difference.count == 3
    assert compared.difference.mean == pytest.approx(-8 / 3)
    assert compared.effect == pytest.approx(-8 / 3 / (13 / 3) ** 0.5)
    assert (compared.p, compared.exact) == (0.25, True)
    # One source has too few respondents, so there is one test, and nothing to correct for.
    assert compared.p_holm == 0.25


def test_a_source_that_one_listener_rated_is_not_tested() -> None:
    found = analyse(THREE, KEY)
    assert found.compared["bold"] is None
    bold = found.sources["bold"]
    assert bold is not None
    assert (bold.rating.mean, bold.rating.low) == (9, None)


def test_a_source_that_nobody_rated_has_no_figures() -> None:
    assert analyse([answers(1, r1=4, n1=4)], KEY).sources["bold"] is None


def test_pieces_that_a_listener_knew_count_on_request_only() -> None:
    known = (answers(1, "r1", r1=10, r2=4, n1=2), answers(2, "r1", r1=9, n1=8))
    found = analyse(known, KEY)
    real = found.sources["real"]
    assert real is not None
    assert (real.ratings, real.rating.mean, found.known) == (1, 4, 2)
    assert found.compared["net"] is None
    with_known = analyse(known, KEY, with_known=True)
    assert with_known.known == 0
    assert with_known.sources["real"] is not None
    assert with_known.sources["real"].rating.mean == 8
    assert with_known.compared["net"] is not None


def test_a_listener_who_knew_everything_is_no_respondent() -> None:
    assert analyse([answers(1, "r1", r1=10), answers(2, r1=9, n1=3)], KEY).respondents == 1


def test_listeners_who_agree_entirely_have_no_effect_in_deviations() -> None:
    same = [answers(number, r1=8, n1=5) for number in range(4)]
    compared = analyse(same, KEY).compared["net"]
    assert compared is not None
    assert (compared.effect, compared.difference.low, compared.p) == (None, -3, 2 / 16)


def test_several_generated_sources_are_corrected_for() -> None:
    both = [answers(number, r1=8, n1=5 - number % 2, b1=7) for number in range(6)]
    compared = analyse(both, KEY).compared
    found = [(row.p, row.p_holm) for row in compared.values() if row]
    assert found == [(2 / 64, 4 / 64), (2 / 64, 4 / 64)]
