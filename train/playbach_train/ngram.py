"""A baseline without a network: n-grams of intervals, and a memory of the piece.

Two models predict the next interval: one counts the training movements, with contexts of up to 3
intervals; the other counts the movement being read, with contexts of up to 4. Each interpolates its
orders by Witten and Bell's method C (1991, IEEE Trans. Information Theory 37, 1085-1094). Their
distributions are mixed with weights that fall with their entropies, as models of melodic
expectation do (Conklin 1990, "Prediction and Entropy of Music", University of Calgary; Pearce 2005,
"The Construction and Evaluation of Statistical Models of Melodic Structure in Music Perception and
Composition", City University London, section 7.3).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from playbach.music.encoding import Encoding, encode
from playbach.music.note import Piece

LONG_ORDER, SHORT_ORDER = 3, 4
"""Intervals in the longest context, of the training movements and of the movement being read."""
ENTROPY_BIAS = 1.0
"""Power of the relative entropy that a model's weight is divided by."""

Floats = NDArray[np.float64]


class Counts:
    """How often each interval followed each context."""

    def __init__(self, symbols: int, order: int) -> None:
        """``symbols`` intervals, contexts of 0 to ``order`` of them."""
        self._symbols = symbols
        self._order = order
        self._counts: list[defaultdict[tuple[int, ...], dict[int, int]]] = [
            defaultdict(dict) for _ in range(order + 1)
        ]

    def add(self, past: Sequence[int], symbol: int) -> None:
        """``symbol`` followed ``past``, the latest last."""
        for order, table in enumerate(self._counts[: len(past) + 1]):
            row = table[tuple(past[len(past) - order :])]
            row[symbol] = row.get(symbol, 0) + 1

    def distribution(self, past: Sequence[int]) -> Floats:
        """Probabilities of what follows ``past``: ``(symbols,)``."""
        chances = np.full(self._symbols, 1 / self._symbols)
        for order in range(min(self._order, len(past)) + 1):
            row = self._counts[order].get(tuple(past[len(past) - order :]))
            if row:
                # Method C: as much weight to the shorter context as there are kinds of symbols.
                kinds, total = len(row), sum(row.values())
                chances = chances * (kinds / (total + kinds))
                for symbol, times in row.items():
                    chances[symbol] += times / (total + kinds)
        return chances


def baseline_bits(
    encoding: Encoding, training: Iterable[Piece], measured: Iterable[Piece]
) -> tuple[float, float]:
    """Bits per note for pitch, and top-1, pooled over notes 2..n of all movements."""
    baseline = NgramBaseline(encoding, training)
    found = [baseline.read(piece) for piece in measured]
    chances = np.concatenate([chance for chance, _ in found])
    hits = np.concatenate([hit for _, hit in found])
    return float(-np.log2(chances).mean()), float(hits.mean())


class NgramBaseline:
    """Predicts pitches of a movement from n-grams alone."""

    def __init__(self, encoding: Encoding, training: Iterable[Piece]) -> None:
        """Count the training movements' intervals."""
        self._encoding = encoding
        self._long = Counts(encoding.pitch_symbols, LONG_ORDER)
        for piece in training:
            steps = self._symbols(piece)
            for at in range(1, len(steps)):
                self._long.add(steps[max(at - LONG_ORDER, 1) : at], steps[at])

    def read(self, piece: Piece) -> tuple[Floats, NDArray[np.bool_]]:
        """Of the pitches of notes 2..n: probabilities, and which were likeliest ``(n - 1,)``."""
        steps = self._symbols(piece)
        short = Counts(self._encoding.pitch_symbols, SHORT_ORDER)
        chances, hits = [], []
        for at in range(1, len(steps)):
            past = steps[max(at - SHORT_ORDER, 1) : at]
            mixed = _mixed(self._long.distribution(past[-LONG_ORDER:]), short.distribution(past))
            if piece.notes[at].onset == piece.notes[at - 1].onset:
                # Notes of a chord come from the lowest upwards, as the network knows too.
                mixed[1 : self._encoding.widest + 2] = 0
                mixed /= mixed.sum()
            chances.append(mixed[steps[at]])
            hits.append(mixed.argmax() == steps[at])
            short.add(past, steps[at])
        return np.array(chances), np.array(hits, np.bool_)

    def _symbols(self, piece: Piece) -> list[int]:
        return [self._encoding.pitch_symbol(event.interval) for event in encode(piece)[1]]


def _mixed(*models: Floats) -> Floats:
    """The models' weighted mean; the surer a model, the more it weighs."""
    weights = [(_relative_entropy(model) + 1e-9) ** -ENTROPY_BIAS for model in models]
    total = sum(weights)
    mixed: Floats = np.sum([w / total * m for w, m in zip(weights, models, strict=True)], axis=0)
    return mixed


def _relative_entropy(chances: Floats) -> float:
    """Entropy as a share of the largest possible: 0 to 1."""
    some = chances[chances > 0]
    return float(-(some * np.log(some)).sum() / math.log(len(chances)))
