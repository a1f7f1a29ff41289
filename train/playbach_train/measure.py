"""Bits per note and top-1, per movement and pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach_train.network import Network
from playbach_train.segments import Batch, MovementArrays, Reading, batches, share_out


@dataclass(frozen=True)
class Bits:
    """What a movement, or several pooled, cost to predict.

    Each figure is the mean over notes 2..n of -log2 of the probability given to the truth.

    Attributes:
        pitch, shift, duration: bits per note.
        notes: how many notes the means are over.
    """

    pitch: float
    shift: float
    duration: float
    notes: int

    @property
    def total(self) -> float:
        """Bits for all three parts of a note."""
        return self.pitch + self.shift + self.duration


def log_probabilities(
    network: Network, movements: Sequence[MovementArrays], *, streams: int, segment: int
) -> dict[str, NDArray[np.float32]]:
    """Nats given to the true shift, pitch and duration of each step: name to ``(N + 1, 3)``."""
    shares = share_out([Reading(movement) for movement in movements], streams)
    found: dict[str, list[NDArray[np.float32]]] = {m.name: [] for m in movements}
    cursors = [_places(share, segment) for share in shares]
    for batch in batches(shares, segment, network.config.memory, network.encoding):
        scores = predict(network, batch)
        for row, cursor in zip(scores, cursors, strict=True):
            place = next(cursor, None)
            if place is not None:
                name, steps = place
                found[name].append(row[:steps])
    return {name: np.concatenate(rows) for name, rows in found.items()}


def predict(network: Network, batch: Batch) -> NDArray[np.float32]:
    """The network's log-probabilities for a batch, its state carried on: ``(B, T, 3)``."""
    inputs: dict[str, Any] = {name: value for name, value in batch.items() if name != "weights"}
    return np.asarray(network.predict_on_batch(inputs), np.float32)


def _places(share: Sequence[Reading], segment: int) -> Any:
    for reading in share:
        for start in range(0, reading.movement.steps, segment):
            yield reading.movement.name, min(segment, reading.movement.steps - start)


def bits_of(rows: Sequence[NDArray[np.float32]]) -> Bits:
    """Pool the log-probabilities of whole movements, first note and end left out."""
    pooled = np.concatenate([row[1:-1] for row in rows])
    if not len(pooled):
        return Bits(math.nan, math.nan, math.nan, 0)
    shift, pitch, duration = (-pooled.mean(axis=0, dtype=np.float64) / math.log(2)).tolist()
    return Bits(pitch, shift, duration, len(pooled))
