"""How alike two sets of movements are in one distribution.

Every movement is compared with real movements pooled. A real movement is compared with the others,
so that it does not find itself; a generated one with just the same pools, one real movement of its
form left out in turn. The means are over the movements of a form, then over the forms, so that
forms weigh alike however many movements there are of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.music.note import Piece
from playbach_train.report.distributions import Distribution

LEAST_SHARE = 1e-4
"""No share of what is compared with is taken for less, or one new value would make KL infinite."""

Shares = NDArray[np.float64]
"""Parts of a whole: at least 0, with sum 1 over the last axis."""

Measure = Callable[[Shares, Shares], NDArray[np.float64]]


@dataclass(frozen=True)
class Table:
    """How often each value of a distribution occurs in each movement."""

    values: tuple[int, ...]  # ascending; one for each column
    counts: NDArray[np.int64]  # ``(movements, values)``; no row is without any
    forms: NDArray[np.str_]  # name of each movement's form

    def of_form(self, form: str) -> NDArray[np.int64]:
        """The rows of that form."""
        rows: NDArray[np.int64] = self.counts[self.forms == form]
        return rows

    def spread(self, forms: Sequence[str]) -> Shares:
        """Share of each value over all movements of ``forms``, these weighing alike."""
        sums = [self.of_form(form).sum(axis=0) for form in forms]
        mean: Shares = np.mean([shares(row) for row in sums if row.any()], axis=0)
        return mean


@dataclass(frozen=True)
class Likeness:
    """Mean of a measure between movements and real ones pooled."""

    generated: float  # for generated movements
    real: float  # for real ones, each against the others


def tables(
    distribution: Distribution, generated: Sequence[Piece], real: Sequence[Piece]
) -> list[Table]:
    """The distribution in generated and in real movements, with the same columns.

    Movements in which it does not occur, such as intervals in a single note, are left out.
    """
    found = [
        [(piece.form.name, distribution.values(piece)) for piece in pieces]
        for pieces in (generated, real)
    ]
    values = sorted({value for rows in found for _, row in rows for value in row})
    return [_table(values, [row for row in rows if row[1]]) for rows in found]


def _table(values: list[int], rows: list[tuple[str, Sequence[int]]]) -> Table:
    column = {value: index for index, value in enumerate(values)}
    counts = np.zeros((len(rows), len(values)), np.int64)
    for count, (_, row) in zip(counts, rows, strict=True):
        np.add.at(count, [column[value] for value in row], 1)
    return Table(tuple(values), counts, np.array([form for form, _ in rows], np.str_))


def shares(counts: NDArray[np.int64]) -> Shares:
    """Counts, of which some must not be 0, as parts of their sum over the last axis."""
    parts: Shares = counts / counts.sum(axis=-1, keepdims=True)
    return parts


def overlap(one: Shares, other: Shares) -> NDArray[np.float64]:
    """Overlapping coefficient: the sum of the smaller shares, 0 for disjoint, 1 for equal."""
    common: NDArray[np.float64] = np.minimum(one, other).sum(axis=-1)
    return common


def divergence(one: Shares, other: Shares) -> NDArray[np.float64]:
    """Kullback-Leibler divergence of ``one`` from ``other``, bits (Kullback and Leibler 1951).

    Shares of ``other`` are raised to ``LEAST_SHARE``, then scaled to sum 1 again.
    """
    floored = np.maximum(other, LEAST_SHARE)
    floored /= floored.sum(axis=-1, keepdims=True)
    ratio = np.where(one > 0, one, 1.0) / np.where(one > 0, floored, 1.0)
    bits: NDArray[np.float64] = (one * np.log2(ratio)).sum(axis=-1)
    return bits


def likeness(
    measure: Measure, generated: Table, real: Table, forms: Sequence[str], *, own_form: bool
) -> Likeness | None:
    """Compare each movement with real ones pooled: those of its own form only, or all.

    ``None`` where no form has both a generated movement and real ones to compare it with.
    """
    rows = [
        row
        for form in forms
        if (row := _of_form(measure, generated.of_form(form), real, form, own_form=own_form))
    ]
    if not rows:
        return None
    return Likeness(
        generated=float(np.mean([row.generated for row in rows])),
        real=float(np.mean([row.real for row in rows])),
    )


def _of_form(
    measure: Measure, generated: NDArray[np.int64], real: Table, form: str, *, own_form: bool
) -> Likeness | None:
    mine = real.of_form(form)
    pool = (mine if own_form else real.counts).sum(axis=0)
    found = []
    for row in mine if len(generated) else ():
        others = pool - row
        if others.any():
            of_generated = measure(shares(generated), shares(others)).mean()
            found.append((of_generated, measure(shares(row), shares(others))))
    return Likeness(*np.mean(found, axis=0).tolist()) if found else None
