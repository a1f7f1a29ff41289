"""What listeners said of each source, and whether generated music is told from real. Pure.

The ratings of one listener are not independent of each other, so each listener counts once: means,
intervals and tests are over respondents' own means, never over ratings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playbach_train.listening.answers import HIGHEST, Answers, Key
from playbach_train.listening.means import Mean, holm, mean_of, sign_flip
from playbach_train.listening.sources import REAL

FEWEST = 2
"""Respondents that a test needs."""


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """How one source was rated.

    Attributes:
        ratings: number of ratings.
        rating: over respondents' mean ratings, 0 to 10.
        human: mean over respondents of the share of their ratings above 5, 0 to 1.
    """

    ratings: int
    rating: Mean
    human: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One generated source against the real music, by respondents who rated both.

    Attributes:
        difference: generated minus real, over respondents' differences of their means.
        effect: mean difference in standard deviations of the differences (Cohen's d_z); ``None``
            where all differences are the same.
        p: of the sign-flip test.
        p_holm: the same, adjusted by Holm's method for the number of tests.
        exact: whether all signs were tried.
    """

    difference: Mean
    effect: float | None
    p: float
    p_holm: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Analysis:
    """All figures.

    Attributes:
        respondents: whose ratings count.
        known: ratings left out because the listener knew the piece.
        sources: by label; ``None`` for a source that nobody rated.
        compared: by label of a generated source; ``None`` with too few respondents for a test.
    """

    respondents: int
    known: int
    sources: dict[str, SourceFigures | None]
    compared: dict[str, Comparison | None]


def analyse(answers: Sequence[Answers], key: Key, *, with_known: bool = False) -> Analysis:
    """The figures of all answers.

    Args:
        answers: one of each respondent.
        key: to them.
        with_known: whether pieces that a listener knew count. A listener who knows a piece does
            not judge it, but remembers who wrote it.
    """
    counted = [
        {
            name: rating
            for name, rating in one.ratings.items()
            if with_known or name not in one.known
        }
        for one in answers
    ]
    rated = [
        {label: _of_source(ratings, key, label) for label in key.sources} for ratings in counted
    ]
    return Analysis(
        respondents=sum(map(bool, counted)),
        known=sum(len(one.ratings) for one in answers) - sum(map(len, counted)),
        sources={label: _figures([one[label] for one in rated]) for label in key.sources},
        compared=_compared(rated, [label for label in key.sources if label != REAL]),
    )


def _of_source(ratings: dict[str, int], key: Key, label: str) -> list[int]:
    return [rating for name, rating in ratings.items() if key.excerpts[name] == label]


def _figures(rated: Iterable[list[int]]) -> SourceFigures | None:
    by_respondent = [ratings for ratings in rated if ratings]
    if not by_respondent:
        return None
    human = [sum(rating > HIGHEST / 2 for rating in one) / len(one) for one in by_respondent]
    return SourceFigures(
        sum(map(len, by_respondent)),
        mean_of(list(map(_mean, by_respondent))),
        sum(human) / len(human),
    )


def _compared(
    rated: Sequence[dict[str, list[int]]], labels: Sequence[str]
) -> dict[str, Comparison | None]:
    differences = {
        label: [_mean(one[label]) - _mean(one[REAL]) for one in rated if one[label] and one[REAL]]
        for label in labels
    }
    tested = [label for label in labels if len(differences[label]) >= FEWEST]
    tests = [sign_flip(differences[label]) for label in tested]
    adjusted = holm([p for p, _ in tests])
    found: dict[str, Comparison | None] = dict.fromkeys(labels)
    for label, (p, exact), p_holm in zip(tested, tests, adjusted, strict=True):
        difference = mean_of(differences[label])
        effect = difference.mean / difference.deviation if difference.deviation else None
        found[label] = Comparison(difference, effect, p, p_holm, exact)
    return found


def _mean(ratings: Sequence[int]) -> float:
    return sum(ratings) / len(ratings)
