"""Logits to probabilities."""

from __future__ import annotations

import numpy as np

from playbach.bundle.limits import MAX_SYMBOLS
from playbach.predictor.base import Probabilities
from playbach.predictor.quantised import Floats

_ONES: Floats = np.ones(2 * MAX_SYMBOLS, np.float32)


def softmax(logits: Floats) -> Probabilities:
    """The probabilities ``exp(x) / sum(exp(x))`` of logits ``(n,)``; n is at most 8192."""
    # Reductions of numpy take four times as long as these on arrays of this size.
    weights: Floats = np.exp(logits - logits[logits.argmax()])
    weights /= weights.dot(_ONES[: len(weights)])
    return weights
