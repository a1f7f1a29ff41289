"""How well a network that reads windows predicts movements: bits and hits, symbol by symbol."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.networks.architecture import HeldOut, Part
from playbach_train.networks.sequences import Alphabet, SymbolRow
from playbach_train.networks.windows import Windows, windows_of

BATCH = 512


@dataclass(frozen=True, eq=False)
class Costs:
    """What each window's target cost.

    Attributes:
        bits: -log2 of the probability of the target's number ``(windows, parts)``.
        hits: whether that number was the likeliest ``(windows, parts)``.
    """

    bits: NDArray[np.float64]
    hits: NDArray[np.bool_]


def costs(model: Any, windows: Windows, which: NDArray[np.int64] | None = None) -> Costs:
    """What the targets of the windows ``which`` cost a Keras model; of all windows if ``None``.

    A chord without a number of its own is never hit: ``OTHER`` does not say which it is.
    """
    chosen = np.arange(len(windows)) if which is None else which
    bits, hits = [], []
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        logits = model.predict_on_batch(windows.inputs(batch))
        targets = windows.targets(batch)
        pairs = [_cost(np.asarray(logits[name]), targets[name]) for name in windows.parts]
        bits.append(np.stack([one for one, _ in pairs], axis=1))
        hits.append(np.stack([one for _, one in pairs], axis=1))
    empty = np.zeros((0, len(windows.parts)))
    return Costs(np.concatenate(bits or [empty]), np.concatenate(hits or [empty]).astype(bool))


def pooled(parts: Sequence[str], found: Costs) -> dict[str, Part]:
    """Means over windows, by part."""
    bits, hits = found.bits.mean(axis=0), found.hits.mean(axis=0)
    return {name: Part(float(bits[n]), float(hits[n])) for n, name in enumerate(parts)}


def measure(model: Any, rows: Sequence[SymbolRow], alphabet: Alphabet, window: int) -> HeldOut:
    """What symbols 2..n of each movement cost; the border after the last is no part of the music.

    Raises:
        InputError: no movement has two symbols.
    """
    long = [row for row in rows if len(row.symbols) > 1]
    if not long:
        raise InputError("no movement to measure on has two symbols or more")
    found = costs(model, windows_of(long, alphabet, window))
    extra = np.concatenate([_with_border(alphabet.extra_bits(row)) for row in long])
    asked = np.concatenate([_asked(len(row.symbols)) for row in long])
    unknown = extra > 0
    every = Costs((found.bits + extra)[asked], (found.hits & ~unknown)[asked])
    return HeldOut(
        parts=pooled(tuple(alphabet.parts), every),
        symbols=int(asked.sum()),
        notes=sum(row.notes for row in long),
        quarters=sum(row.quarters for row in long),
        unknown=float(unknown[asked].any(axis=1).mean()),
    )


def without_others(found: Costs, windows: Windows, which: NDArray[np.int64], other: int) -> Costs:
    """``found``, without hits where the target is ``other``, which many rare chords share."""
    shared = windows.targets(which)["symbols"] == other
    hits = found.hits.copy()
    hits[shared, 0] = False
    return Costs(found.bits, hits)


def _cost(logits: NDArray[Any], target: NDArray[np.int32]) -> tuple[NDArray[Any], NDArray[Any]]:
    scores = logits.astype(np.float64)
    scores -= scores.max(axis=-1, keepdims=True)
    nats = np.log(np.exp(scores).sum(axis=-1)) - scores[np.arange(len(target)), target]
    return nats / math.log(2), scores.argmax(axis=-1) == target


def _with_border(extra: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([extra, np.zeros((1, extra.shape[1]))])


def _asked(symbols: int) -> NDArray[np.bool_]:
    """Which of a movement's windows count: neither the first symbol nor the border."""
    asked = np.ones(symbols + 1, bool)
    asked[[0, -1]] = False
    return asked
