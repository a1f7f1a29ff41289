"""What listeners said of each source, and whether it is told from the first. Pure.

The ratings of one listener are not independent of each other, so each listener counts once: means,
intervals and tests are over respondents' own means, never over ratings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from playbach_train.listening.answers import HIGHEST, Answers, Key

FEWEST = 2
"""Respondents that a test needs."""
CONFIDENCE = 0.95
MOST_EXACT = 20
"""Respondents up to whom all signs are tried: 2**20 sums."""
DRAWS = 100_000
_SEED = 1936
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """How one source was rated."""

    ratings: int  # number of ratings
    rating: Mean  # over respondents' mean ratings, 0 to 10
    human: float  # mean over respondents of the share of their ratings above 5, 0 to 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """A source against the first (the real music), by respondents who rated both."""

    difference: Mean  # this minus the first, over respondents' differences of their means
    # mean difference in standard deviations of the differences (Cohen's d_z); ``None`` where all
    # differences are the same
    effect: float | None
    p: float  # of the sign-flip test
    p_holm: float  # the same, adjusted by Holm's method for the number of tests
    exact: bool  # whether all signs were tried


@dataclass(frozen=True, slots=True)
class Analysis:
    """All figures."""

    respondents: int  # whose ratings count
    known: int  # ratings left out because the listener knew the piece
    sources: dict[str, SourceFigures | None]  # by label; ``None`` for a source that nobody rated
    # by label of all but the first; ``None`` with too few respondents for a test
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
        compared=_compared(rated, *key.sources),
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
    rated: Sequence[dict[str, list[int]]], first: str, *labels: str
) -> dict[str, Comparison | None]:
    differences = {
        label: [_mean(one[label]) - _mean(one[first]) for one in rated if one[label] and one[first]]
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


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over respondents."""

    mean: float  # of one number for each respondent
    count: int  # respondents
    low: float | None  # lower end of the 95% interval by Student's t; ``None`` for one respondent
    high: float | None  # upper end
    deviation: float | None  # standard deviation between respondents, with n - 1; ``None`` for one


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of at least one number, with its interval."""
    count, mean = len(values), math.fsum(values) / len(values)
    if count == 1:
        return Mean(mean, count, None, None, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    from scipy.special import stdtrit  # noqa: PLC0415 a moment to import

    half = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * deviation / math.sqrt(count)
    return Mean(mean, count, mean - half, mean + half, deviation)


def sign_flip(differences: Sequence[float]) -> tuple[float, bool]:
    """Whether paired differences are about 0: Fisher's randomisation test, two-sided.

    If neither of a pair were rated higher, each difference could as well have the other sign. The
    test supposes no distribution: ratings are bounded, coarse and seldom normal. It is exact, all
    signs being tried, up to ``MOST_EXACT`` differences; beyond, ``DRAWS`` are drawn by a fixed
    seed, and p is never 0 (Phipson and Smyth 2010).

    Args:
        differences: one for each respondent, at least one.

    Returns:
        the p-value, how likely a sum at least as far from 0 is; and whether it is exact.
    """
    values = np.asarray(differences, dtype=np.float64)
    least = abs(values.sum()) - _ROUNDING * max(float(np.abs(values).sum()), 1.0)
    if len(values) <= MOST_EXACT:
        sums = np.zeros(1)
        for value in values:
            sums = np.concatenate([sums + value, sums - value])
        return float(np.mean(np.abs(sums) >= least)), True
    rng = np.random.default_rng(_SEED)
    farther = 0
    for _ in range(DRAWS // 1000):
        signs = rng.integers(0, 2, size=(1000, len(values))) * 2 - 1
        farther += int(np.sum(np.abs(signs @ values) >= least))
    return (1 + farther) / (1 + DRAWS), False


def holm(chances: Sequence[float]) -> list[float]:
    """p-values of several tests, adjusted for the family-wise error rate.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the k-th smallest of n is
    multiplied by n - k + 1, is never less than the one before it, and at most 1.
    """
    adjusted, largest = [0.0] * len(chances), 0.0
    for rank, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        largest = max(largest, min((len(chances) - rank) * chances[index], 1.0))
        adjusted[index] = largest
    return adjusted
