"""Fitting a tempo model to performances: ridge regression for rules, boosted trees for the rest.

Features count as they are, because the performer does not know how a movement goes on; durations
count relative to their mean in the performance, because its tempo is not to be predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from playbach.performer.features import FEATURES, PLACES, features_of
from playbach.performer.tempo import TempoModel, Tree
from playbach_train.performance.alignments import Performed

Array = npt.NDArray[np.float64]
RULES = (*PLACES, "longest", "chord")
"""Features of which a player's rules speak."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a model is fitted.

    Attributes:
        ridge: penalty on the squares of the rules' weights (for standardised features).
        trees: how many; 0 for rules alone.
        depth: questions from the root of a tree to a leaf, at most ``MAX_DEPTH``.
        rate: share of what a tree says that counts.
        fewest: beats in a leaf.
        penalty: beats of doubt added to each leaf.
        share: of the beats, drawn for each tree.
        bins: values that a threshold can have.
    """

    ridge: float = 100.0
    trees: int = 100
    depth: int = 3
    rate: float = 0.06
    fewest: int = 60
    penalty: float = 20.0
    share: float = 0.7
    bins: int = 16


@dataclass(frozen=True)
class Beats:
    """The beats of a performance whose durations are known.

    Attributes:
        performed: whose they are.
        index: of each in ``performed.beats``.
        features: a row of ``FEATURES`` for each.
        tempo: log of duration over the median.
    """

    performed: Performed
    index: npt.NDArray[np.int64]
    features: Array
    tempo: Array


def beats_with_features(performed: Performed) -> Beats:
    """What a model is fitted to and measured on."""
    rows = features_of(performed.passage, performed.beats)
    index = np.array(list(performed.tempo), dtype=np.int64)
    return Beats(
        performed,
        index,
        np.array([rows[i] for i in index], dtype=np.float64),
        np.array(list(performed.tempo.values()), dtype=np.float64),
    )


def fit(performances: Sequence[Beats], options: FitOptions, seed: int = 0) -> TempoModel:
    """A model of what the players of these performances do.

    Args:
        performances: at least one.
        options: see there.
        seed: of the beats drawn for each tree.
    """
    features = np.concatenate([one.features for one in performances])
    tempo = np.concatenate([one.tempo - one.tempo.mean() for one in performances])
    # A long movement says more than a short one, but not as much more as it is longer; a free
    # player not more than a strict one.
    weights = np.concatenate(
        [np.full(len(o.tempo), 1 / (np.sqrt(len(o.tempo)) * o.tempo.std())) for o in performances]
    )
    weights /= weights.mean()
    columns = [FEATURES.index(name) for name in RULES]
    ruled = _ridge(performances, columns, tempo, weights, options.ridge)
    rest = tempo - features[:, columns] @ ruled
    rest -= np.average(rest, weights=weights)
    trees = _boosted(features, rest, weights, options, np.random.default_rng(seed))
    rules = tuple(zip(columns, map(float, ruled), strict=True))
    model = TempoModel(0.0, rules, trees)
    predictions = [predict(model, one) for one in performances]
    usual = float(np.mean([np.median(prediction) for prediction in predictions]))
    return replace(model, constant=-usual)


def predict(model: TempoModel, beats: Beats) -> Array:
    """What the model says of each beat."""
    return np.array([model.predict(row) for row in beats.features.tolist()])


def _ridge(
    performances: Sequence[Beats], columns: list[int], tempo: Array, weights: Array, penalty: float
) -> Array:
    """Weights of the rules, from differences within performances."""
    within = np.concatenate(
        [o.features[:, columns] - o.features[:, columns].mean(axis=0) for o in performances]
    )
    scale = within.std(axis=0) + 1e-9
    within /= scale
    squares = (within * weights[:, None]).T @ within + penalty * np.eye(len(columns))
    solved = np.linalg.solve(squares, (within * weights[:, None]).T @ tempo)
    return np.asarray(solved / scale, dtype=np.float64)


def _boosted(
    features: Array, rest: Array, weights: Array, options: FitOptions, random: np.random.Generator
) -> tuple[Tree, ...]:
    """Trees that are fitted one after another, each to what those before leave (Friedman 2001)."""
    shares = np.linspace(0, 1, options.bins + 1)[1:-1]
    thresholds = [np.unique(np.quantile(column, shares)) for column in features.T]
    bins = np.stack(
        [np.searchsorted(t, column) for t, column in zip(thresholds, features.T, strict=True)],
        axis=1,
    )
    grower = _Grower(bins, weights, thresholds, options)
    rest, trees = rest.copy(), []
    for _ in range(options.trees):
        drawn = np.flatnonzero(random.random(len(rest)) < options.share)
        said = np.zeros(len(rest))
        trees.append(grower.grow(rest, drawn, np.arange(len(rest)), said, options.depth))
        rest -= said
    return tuple(trees)


class _Grower:
    """Grows trees on binned features."""

    def __init__(
        self,
        bins: npt.NDArray[np.int64],
        weights: Array,
        thresholds: Sequence[Array],
        options: FitOptions,
    ) -> None:
        self._bins, self._weights = bins, weights
        self._thresholds, self._options = thresholds, options
        self._offsets = np.arange(bins.shape[1]) * options.bins

    def grow(
        self,
        rest: Array,
        drawn: npt.NDArray[np.int64],
        all_here: npt.NDArray[np.int64],
        said: Array,
        depth: int,
    ) -> Tree:
        """A tree fitted to ``drawn``; what it says of ``all_here`` is written into ``said``."""
        split = self._best(rest, drawn) if depth else None
        if split is None:
            weight = self._weights[drawn]
            leaf = (weight @ rest[drawn]) / (weight.sum() + self._options.penalty)
            said[all_here] = self._options.rate * leaf
            return float(self._options.rate * leaf)
        feature, at = split
        low_drawn = self._bins[drawn, feature] <= at
        low_all = self._bins[all_here, feature] <= at
        return (
            feature,
            float(self._thresholds[feature][at]),
            self.grow(rest, drawn[low_drawn], all_here[low_all], said, depth - 1),
            self.grow(rest, drawn[~low_drawn], all_here[~low_all], said, depth - 1),
        )

    def _best(self, rest: Array, drawn: npt.NDArray[np.int64]) -> tuple[int, int] | None:
        """The feature and bin that part ``drawn`` best; ``None`` if nothing does."""
        options, count = self._options, len(self._thresholds)
        cells = (self._bins[drawn] + self._offsets).ravel()

        def below(values: Array | None) -> Array:
            repeated = None if values is None else np.repeat(values, count)
            table = np.bincount(cells, repeated, minlength=count * options.bins)
            return np.asarray(table.reshape(count, options.bins).cumsum(axis=1), dtype=np.float64)

        weight = self._weights[drawn]
        pull, mass, number = below(weight * rest[drawn]), below(weight), below(None)
        low, whole = pull[:, :-1], pull[:, -1:]
        heavy, all_mass = mass[:, :-1], mass[:, -1:]
        gain = (
            low**2 / (heavy + options.penalty)
            + (whole - low) ** 2 / (all_mass - heavy + options.penalty)
            - whole**2 / (all_mass + options.penalty)
        )
        few = np.minimum(number[:, :-1], number[:, -1:] - number[:, :-1]) < options.fewest
        gain[few] = 0.0
        best = int(gain.argmax())
        if gain.flat[best] <= 0:
            return None
        return divmod(best, options.bins - 1)
