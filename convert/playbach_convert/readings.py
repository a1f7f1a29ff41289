"""Inputs of a network's graphs while music is read, thinned out, and what came next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from playbach_convert.graphs import Traced
from playbach_train.networks.architecture import GraphForm, Tensors

T = TypeVar("T")

MOST_READ = 20_000
"""Steps that are looked at, even of a stream that never ends."""
STATE = "state_"


@dataclass(frozen=True, eq=False)
class Reading:
    """One step.

    Attributes:
        inputs: of the graph, by name.
        truth: by name of an output, the index of the symbol that came next in the music, for those
            outputs for which it is known.
    """

    inputs: Tensors
    truth: Mapping[str, int]


def readings(stream: Iterable[Tensors], form: GraphForm, most: int) -> list[Reading]:
    """At most ``most`` steps of what flows into a graph, evenly spread."""
    inputs = islice(stream, MOST_READ)
    pairs = pairwise(chain[Tensors | None](inputs, [None]))
    return thinned(
        (Reading(now, _truth(now, later, form)) for now, later in pairs if now is not None), most
    )


def thinned(items: Iterable[T], most: int) -> list[T]:
    """At most ``most`` of them and at least half as many, evenly spread; all if there are fewer."""
    kept: list[T] = []
    every = 1
    for n, item in enumerate(items):
        if n % every == 0:
            kept.append(item)
        if len(kept) > most:
            kept = kept[::2]
            every *= 2
    return kept


def carries_state(form: GraphForm) -> bool:
    """Whether it is run step by step, what comes out going in again."""
    return any(name.startswith(STATE) for name in form.inputs)


def settled(samples: Sequence[Tensors], graph: Traced) -> list[Tensors]:
    """Those of ``samples`` whose states have the same range when they go in and come out.

    So both get the same scale in int8, and the board can hand the integers on as they are. Left out
    are steps from or to a state that is the most extreme of all on its side.
    """
    states = sorted(name for name in samples[0] if name.startswith(STATE))
    later = [f"next_{name}" for name in states]
    before = np.array([_ranges(sample, states) for sample in samples])
    behind = np.array([_ranges(graph(**sample), later) for sample in samples])
    kept = np.ones(len(samples), bool)
    while kept.any():
        low = np.maximum(before[kept, :, 0].min(axis=0), behind[kept, :, 0].min(axis=0))
        high = np.minimum(before[kept, :, 1].max(axis=0), behind[kept, :, 1].max(axis=0))
        inside = _inside(before, low, high) & _inside(behind, low, high)
        if inside[kept].all():
            break
        kept &= inside
    return [sample for sample, stays in zip(samples, kept, strict=True) if stays]


def _truth(now: Tensors, later: Tensors | None, form: GraphForm) -> dict[str, int]:
    """What the window moved on by, if what is read later is the same window moved on."""
    windows = {name: now[name] for name, tensor in form.inputs.items() if tensor.dtype == "int32"}
    if later is None or not all(
        rows.shape[1] > 1 and np.array_equal(rows[:, 1:], later[name][:, :-1])
        for name, rows in windows.items()
    ):
        return {}
    return {name: int(later[name][0, -1]) for name in form.distributions if name in windows}


def _ranges(tensors: Mapping[str, object], names: Sequence[str]) -> list[tuple[float, float]]:
    """Lowest and highest number of each, and 0, which every scale has a code for."""
    arrays = [np.asarray(tensors[name]) for name in names]
    return [(min(float(one.min()), 0.0), max(float(one.max()), 0.0)) for one in arrays]


def _inside(
    ranges: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which steps' ranges ``(N, states, 2)`` lie within those bounds ``(states,)``."""
    inside: NDArray[np.bool_] = np.all((ranges[..., 0] >= low) & (ranges[..., 1] <= high), axis=1)
    return inside
