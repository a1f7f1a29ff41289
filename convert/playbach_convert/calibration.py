"""Inputs of the graphs while real music is played: int8 is scaled to their ranges.

Ranges must come from states that real pieces lead to. From a state of zeros, or from noise, they
come out so wrong that the network no longer composes.

Shapes: N steps, each an input of width n: ``(N, n)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.music.encoding import Encoding, encode
from playbach.music.note import Piece
from playbach.music.tracker import Tracker
from playbach_convert.music import ENOUGH_STEPS, LONGEST_PIECE
from playbach_convert.steps import Weights, layer_count, traced_step

Floats = NDArray[np.float32]
Rollouts = dict[str, Floats]
"""By ``role/input``, such as ``step/hidden_0``: what the input was at each of N steps."""


def rollouts(weights: Weights, encoding: Encoding, pieces: Iterable[Piece]) -> Rollouts:
    """What each input is while the float network plays ``pieces``, its state carried on.

    States that come out also go in: the last steps of a piece are left out while its final state
    is the most extreme of all. So both have the same range, and therefore the same scale.
    """
    found: list[Rollouts] = []
    steps = 0
    for piece in pieces:
        found.append(_rollout(weights, encoding, piece))
        steps += len(found[-1]["step/note"])
        if steps >= ENOUGH_STEPS:
            break
    states = [name for name in found[0] if name.startswith("step/") and name != "step/note"]
    while any(_shortened(found, name) for name in states):
        pass
    final = f"hidden_{layer_count(weights) - 1}"
    joined = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
    context = joined[f"after/{final}"]
    heads = {f"{role}/context": context for role in ("pitch", "duration")}
    return {name: rows for name, rows in joined.items() if not name.startswith("after/")} | heads


def _shortened(found: Sequence[Rollouts], state: str) -> bool:
    """Cut the last step of pieces that end in a state beyond all that go in; whether any did."""
    low = min(float(one[state].min()) for one in found)
    high = max(float(one[state].max()) for one in found)
    cut = False
    for one in found:
        last = one[state.replace("step/", "after/")][-1:]
        if len(one["step/note"]) > 1 and not (low <= last.min() and last.max() <= high):
            one |= {name: rows[:-1] for name, rows in one.items()}
            cut = True
    return cut


def _rollout(weights: Weights, encoding: Encoding, piece: Piece) -> Rollouts:
    """One piece: inputs by name, and under ``after/`` the states that each step led to."""
    heading, events = encode(piece)
    tracker = Tracker(encoding, heading)
    step = traced_step("step", weights)
    state = {
        f"{kind}_{n}": np.zeros((1, len(weights[f"lstm_{n}/recurrent"])), np.float32)
        for n in range(layer_count(weights))
        for kind in ("hidden", "cell")
    }
    rows: dict[str, list[Any]] = {}
    for event in events[:LONGEST_PIECE]:
        pitch = tracker.pitch + event.interval
        given = {"note": _sum(weights["rows/embeddings"], tracker.note_rows()), **state}
        told = step(**given)
        state = {name: told[f"next_{name}"].numpy() for name in state}
        pitch_rows = tracker.pitch_rows(event.shift)
        duration_rows = tracker.duration_rows(event.shift, pitch)
        noted = {f"step/{name}": value for name, value in given.items()}
        noted |= {f"after/{name}": value for name, value in state.items()}
        noted["pitch/place"] = _sum(weights["pitch_head/rows/embeddings"], pitch_rows)
        noted["duration/place"] = _sum(weights["duration_head/rows/embeddings"], duration_rows)
        for name, value in noted.items():
            rows.setdefault(name, []).append(value)
        tracker.advance(event.shift, pitch, event.duration)
    return {name: np.concatenate(values).astype(np.float32) for name, values in rows.items()}


def _sum(table: Floats, rows: Sequence[int]) -> Floats:
    total: Floats = table[list(rows)].sum(axis=0, keepdims=True)
    return total
