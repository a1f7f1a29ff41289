"""Choosing a symbol from a distribution; pure, the random generator passed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playbach.predictor.base import Probabilities


def choose(
    probabilities: Probabilities,
    allowed: NDArray[np.bool_],
    temperature: float,
    top_p: float,
    rng: np.random.Generator,
) -> int:
    """Draw one of the allowed symbols.

    Each probability ``p`` becomes ``p ** (1 / temperature)``; of the allowed symbols, those outside
    the nucleus of ``top_p`` are left out. If all have probability 0, all are equally likely.

    Args:
        probabilities: of each symbol ``(n,)``, at least 0.
        allowed: which may be drawn ``(n,)``; at least one.
        temperature: as in ``Sampling``.
        top_p: as in ``Sampling``.
        rng: source of chance.

    Raises:
        ValueError: no symbol is allowed.
    """
    weights = probabilities * allowed
    # A quarter of the time of np.maximum.reduce on arrays of this size.
    likeliest = int(weights.argmax())
    best = weights[likeliest]
    if not best > 0:
        # The network gives nothing to what the rules leave: any of it will do.
        if not allowed.any():
            raise ValueError("no symbol is allowed")
        weights, best = allowed.astype(np.float32), np.float32(1)
        likeliest = int(weights.argmax())
    if temperature != 1:
        # Scaled first, so that a low temperature cannot make all of them vanish.
        weights = (weights / best) ** (1 / temperature)
    if weights[likeliest] >= top_p * np.add.reduce(weights):
        return likeliest
    order = weights.argsort()[::-1]
    heaped = np.add.accumulate(weights.take(order))
    last = int(heaped.searchsorted(top_p * heaped[-1]))
    drawn = rng.random() * heaped[last]
    # In float32 a draw just below 1 may round up to the sum, and so point past the last.
    return int(order[min(int(heaped.searchsorted(drawn, side="right")), last)])
