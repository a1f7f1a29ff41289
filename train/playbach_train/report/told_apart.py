"""Whether a classifier tells composed movements from real ones, and what gives them away.

The figure is the area under the curve (AUC): how likely a composed movement is taken for composed
with more confidence than a real one, .5 if nothing tells them apart, 1 if they are never confused.
No movement is judged by a classifier that has seen another of its group: a work of Bach's, or one
seed. Forms weigh alike on both sides, so that none is told by its form. Nothing is chosen by the
outcome: a random forest (Breiman 2001) with the numbers below, which needs no scaling and takes
missing values as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.music.note import Piece
from playbach_train.report import Figures
from playbach_train.report.features import FEATURES, OF_EXCERPTS, Feature, excerpts, row_of
from playbach_train.report.originality import work_of

FOLDS, ROUNDS = 5, 4
"""Parts that groups are divided into, and how often that is done anew."""
TREES = 200
FEWEST_IN_LEAF = 3
DRAWS = 1000
"""Bootstrap samples of an interval."""
CONFIDENCE = 95
HALVES = 8
"""Ways in which Bach's works are halved by chance."""
SEED = 1
"""Of folds, trees and bootstrap: a figure depends on the music alone."""
FEWEST_GROUPS = 4
"""Works, or seeds, with fewer of which nothing is measured."""
QUARTILES = (25, 50, 75)

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement that is to be judged."""

    piece: Piece  # at least one note
    group: str  # what it shares with others that a classifier may not know when it judges it


@dataclass(frozen=True, slots=True)
class Samples:
    """What a classifier is shown."""

    rows: Rows  # features, ``(n, features)``
    forms: NDArray[np.str_]  # names, ``(n,)``
    groups: NDArray[np.str_]  # names, ``(n,)``
    shares: NDArray[np.float64]  # what part of its movement each is, ``(n,)``

    def only(self, which: NDArray[Any]) -> Samples:
        """Some of them, by index or mask."""
        return Samples(self.rows[which], self.forms[which], self.groups[which], self.shares[which])

    def column(self, column: int) -> Samples:
        """One feature, ``rows`` then being ``(m, 1)``, of those that have it."""
        found = self.only(~np.isnan(self.rows[:, column]))
        return replace(found, rows=found.rows[:, column : column + 1])

    def and_also(self, other: Samples) -> Samples:
        """These, then the others."""
        return Samples(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.forms, other.forms]),
            np.concatenate([self.groups, other.groups]),
            np.concatenate([self.shares, other.shares]),
        )


@dataclass(frozen=True, slots=True)
class Area:
    """An area under the curve."""

    area: float  # 0 to 1
    low: float  # lower end of the 95% interval, by bootstrap over groups
    high: float  # upper end


def told_apart(generated: Sequence[Movement], real: Sequence[Movement]) -> Figures:
    """Areas of whole movements and of excerpts, halves of the real ones beside, and the table.

    Args:
        generated: at least one, of the forms of ``real``.
        real: at least one.

    Returns:
        ``None`` for an area where a side has fewer than ``FEWEST_GROUPS`` groups.
    """
    movements = whole(generated), whole(real)
    return {
        "movements": _area(*movements),
        "excerpts": _area(cut(generated), cut(real)),
        "given_away_by": table(*movements),
    }


def _area(generated: Samples, real: Samples) -> Figures | None:
    if min(len(np.unique(side.groups)) for side in (generated, real)) < FEWEST_GROUPS:
        return None
    halves = areas_of_halves(real)
    return {
        **asdict(area_between(generated, real)),
        "generated": len(generated.rows),
        "real": len(real.rows),
        "halves": {"mean": float(np.mean(halves)), "least": min(halves), "most": max(halves)},
    }


def whole(movements: Sequence[Movement]) -> Samples:
    """Each movement as one row of ``FEATURES``."""
    return _samples([(one, one.piece, 1.0) for one in movements], FEATURES)


def cut(movements: Sequence[Movement]) -> Samples:
    """Each excerpt of eight bars as a row of ``OF_EXCERPTS``."""
    cuts = [(one, list(excerpts(one.piece))) for one in movements]
    rows = [(one, piece, 1 / len(pieces)) for one, pieces in cuts for piece in pieces]
    return _samples(rows, OF_EXCERPTS)


def _samples(
    pieces: Sequence[tuple[Movement, Piece, float]], features: Sequence[Feature]
) -> Samples:
    return Samples(
        np.array([row_of(piece, features) for _, piece, _ in pieces]).reshape(-1, len(features)),
        np.array([one.piece.form.name for one, _, _ in pieces], np.str_),
        np.array([one.group for one, _, _ in pieces], np.str_),
        np.array([share for _, _, share in pieces], np.float64),
    )


def area_between(generated: Samples, real: Samples) -> Area:
    """How well ``generated`` is told from ``real``, two groups of each at least."""
    both = generated.and_also(real)
    composed = np.arange(len(both.rows)) < len(generated.rows)
    scores = np.mean([_scores(both, composed, number) for number in range(ROUNDS)], axis=0)
    low, high = _interval(scores, both, composed)
    return Area(weighted_area(scores, composed, _weights(both, composed)), low, high)


def areas_of_halves(real: Samples) -> list[float]:
    """The same between two halves of the works of ``real``, halved anew ``HALVES`` times."""
    works = np.unique(real.groups)
    areas = []
    for number in range(HALVES):
        drawn = np.random.default_rng([SEED, number]).permutation(works)
        first = np.isin(real.groups, drawn[: len(works) // 2])
        scores = _scores(real, first, number)
        areas.append(weighted_area(scores, first, _weights(real, first)))
    return areas


def _scores(both: Samples, composed: NDArray[np.bool_], number: int) -> Rows:
    """How surely each is taken for composed by a forest that has seen none of its group."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 a second to import

    scores = np.zeros(len(both.rows))
    for test in _folds(both, composed, np.random.default_rng([SEED, number])):
        train, side = both.only(~test), composed[~test]
        forest = RandomForestClassifier(
            TREES, min_samples_leaf=FEWEST_IN_LEAF, random_state=SEED + number
        )
        forest.fit(train.rows, side, _weights(train, side))
        scores[test] = forest.predict_proba(both.rows[test])[:, 1]
    return scores


def _folds(
    both: Samples, composed: NDArray[np.bool_], rng: np.random.Generator
) -> list[NDArray[np.bool_]]:
    """Masks of what is held back in turn: whole groups, about as much of each side every time."""
    held: list[list[tuple[str, bool]]] = [[] for _ in range(FOLDS)]
    for side in (True, False):
        names, counts = np.unique(both.groups[composed == side], return_counts=True)
        order = rng.permutation(len(names))
        loads = [0] * FOLDS
        # Large works first, each to where there is least yet; chance decides between equals.
        for at in sorted(order, key=lambda at: -counts[at]):
            fold = loads.index(min(loads))
            loads[fold] += int(counts[at])
            held[fold].append((str(names[at]), side))
    return [
        np.array([(str(g), bool(s)) in fold for g, s in zip(both.groups, composed, strict=True)])
        for fold in held
        if fold
    ]


def _weights(samples: Samples, composed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights with which each side is half of all, and a form the same part of both.

    A form that one side lacks weighs nothing. Within a side and form, movements weigh alike.
    """
    weights = np.zeros(len(samples.rows))
    for form in np.unique(samples.forms):
        rows = [(samples.forms == form) & (composed == side) for side in (True, False)]
        sums = [samples.shares[row].sum() for row in rows]
        if all(sums):
            for row, total in zip(rows, sums, strict=True):
                weights[row] = samples.shares[row] * min(sums[1], sums[0]) / total
    total = weights.sum()
    return weights / total if total else np.full(len(weights), 1 / max(len(weights), 1))


def weighted_area(scores: Rows, composed: NDArray[np.bool_], weights: NDArray[np.float64]) -> float:
    """Weighted share of pairs, one of each side, in which the composed one has the higher score.

    Equal scores count half.
    """
    rank = np.unique(scores, return_inverse=True)[1]
    ours = np.bincount(rank, weights * composed)
    bachs = np.bincount(rank, weights * ~composed)
    lower = np.cumsum(bachs) - bachs / 2
    return float((ours * lower).sum() / (ours.sum() * bachs.sum()))


def _interval(scores: Rows, both: Samples, composed: NDArray[np.bool_]) -> tuple[float, float]:
    """The percentile bootstrap (Efron 1979) over groups of each side."""
    rng = np.random.default_rng([SEED, DRAWS])
    sides = []
    for side in (True, False):
        groups = both.groups[composed == side]
        names = np.unique(groups)
        sides.append((np.searchsorted(names, groups), len(names)))
    weights = _weights(both, composed)
    found = []
    for _ in range(DRAWS):
        drawn = weights.copy()
        for side, (group, count) in zip((True, False), sides, strict=True):
            times = np.bincount(rng.integers(0, count, count), minlength=count)
            drawn[composed == side] *= times[group]
        if drawn[composed].any() and drawn[~composed].any():
            found.append(weighted_area(scores, composed, drawn))
    low, high = np.percentile(found, [50 - CONFIDENCE / 2, 50 + CONFIDENCE / 2])
    return float(low), float(high)


def table(generated: Samples, real: Samples) -> list[Figures]:
    """For each of the listed features: quartiles and mean of both sides, and Cliff's delta.

    Args:
        generated: rows of ``FEATURES`` of composed movements, at least one.
        real: of real ones, at least one.
    """
    return [
        _feature(feature, generated.column(column), real.column(column))
        for column, feature in enumerate(FEATURES)
        if feature.listed
    ]


def _feature(feature: Feature, generated: Samples, real: Samples) -> Figures:
    ours, bachs = (_spread(side.rows[:, 0]) for side in (generated, real))
    forms = [form for form in np.unique(real.forms).tolist() if form in generated.forms]
    return {
        "name": feature.name,
        "title": feature.title,
        "formula": feature.formula,
        "generated": ours,
        "real": bachs,
        "delta": cliffs_delta(generated.rows[:, 0], real.rows[:, 0]),
        "within": ours and bachs and bachs["p25"] <= ours["p50"] <= bachs["p75"],
        "by_form": {
            form: {
                "generated": float(generated.rows[generated.forms == form].mean()),
                "real": float(real.rows[real.forms == form].mean()),
            }
            for form in forms
        },
    }


def _spread(values: Rows) -> dict[str, float] | None:
    if not len(values):
        return None
    found = np.percentile(values, QUARTILES).tolist()
    quartiles = zip([f"p{percent}" for percent in QUARTILES], found, strict=True)
    return {**dict(quartiles), "mean": float(values.mean())}


def cliffs_delta(ours: Rows, bachs: Rows) -> float | None:
    """Share of pairs in which ``ours`` is greater less the share in which it is less: -1 to 1.

    Cliff 1993, "Dominance statistics". ``None`` if either is empty.
    """
    if not (len(ours) and len(bachs)):
        return None
    both = np.concatenate([ours, bachs])
    return 2 * weighted_area(both, np.arange(len(both)) < len(ours), np.ones(len(both))) - 1


def of_corpus(movements: Mapping[str, Piece], forms: Collection[str]) -> list[Movement]:
    """Real movements of these forms that have a note, grouped by ``work_of`` their names."""
    return [
        Movement(piece, work_of(name))
        for name, piece in movements.items()
        if piece.form.name in forms and piece.notes
    ]


def of_network(pieces: Iterable[Piece]) -> list[Movement]:
    """Composed movements, those that are the n-th of their form grouped together."""
    count: Counter[str] = Counter()
    found = []
    for piece in pieces:
        found.append(Movement(piece, str(count[piece.form.name])))
        count[piece.form.name] += 1
    return found
