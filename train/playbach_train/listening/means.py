"""Means with their intervals, and a paired test, over few respondents. Pure.

Written out in numpy: nothing else here needs scipy, which would bring 40 MB for three formulas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
MOST_EXACT = 20
"""Respondents up to whom all signs are tried: 2**20 sums."""

DRAWS = 100_000
_SEED = 1936
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over respondents.

    Attributes:
        mean: of one number for each respondent.
        count: respondents.
        low: lower end of the 95% interval by Student's t; ``None`` for one respondent.
        high: upper end.
        deviation: standard deviation between respondents, with n - 1; ``None`` for one.
    """

    mean: float
    count: int
    low: float | None
    high: float | None
    deviation: float | None


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of at least one number, with its interval."""
    count, mean = len(values), math.fsum(values) / len(values)
    if count == 1:
        return Mean(mean, count, None, None, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = t_quantile(count - 1) * deviation / math.sqrt(count)
    return Mean(mean, count, mean - half, mean + half, deviation)


def t_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's t: abs(t) is at most this with that probability.

    Args:
        freedom: degrees of freedom, at least 1.
        confidence: above 0, below 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _within(angle: float, freedom: int) -> float:
    """P(abs(t) <= sqrt(freedom) tan(angle)): Abramowitz and Stegun 1964, 26.7.3 and 26.7.4."""
    is_odd = freedom % 2
    power, total = (math.cos(angle) if is_odd else 1.0), 0.0
    for at in range(1 + is_odd, freedom, 2):
        total += power
        power *= math.cos(angle) ** 2 * at / (at + 1)
    if is_odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


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
