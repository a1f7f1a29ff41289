"""A toy that reads a window of pitches and times, and has a form that goes step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray
from tests.convert.toy import VOCABULARY, Toy, ToyNetwork

from playbach.music.note import Piece
from playbach.music.symbols import OTHER
from playbach_train.networks.architecture import GraphForm, HeldOut, Tensor, Tensors
from playbach_train.runs.checkpoint import Arrays

WINDOW = 6
TICKS = (6, 12, 24)


@dataclass(frozen=True, eq=False)
class Trained:
    """A ``Trained`` of kind ``window``."""

    weights: Arrays

    kind = "window"

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        return {"network": "toy", "window": WINDOW}

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        return {
            "symbols": VOCABULARY.table(),
            "ticks": np.array(TICKS, np.float32),
            "seeds": np.zeros((1, WINDOW, 2), np.float32),
            "homes": np.array([[0, 9]], np.float32),
        }

    @property
    def units(self) -> int:
        return len(self.weights["recurrent"])

    @property
    def graphs(self) -> Mapping[str, GraphForm]:
        both = ("symbols", "ticks")
        window = dict.fromkeys(both, Tensor((1, WINDOW), "int32"))
        step = dict.fromkeys(both, Tensor((1, 1), "int32"))
        states = {"state_0": Tensor((1, self.units)), "state_1": Tensor((1, self.units))}
        return {
            "window": GraphForm(read_window, window, both),
            "step": GraphForm(read_step, {**step, **states}, both),
        }

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        for piece in pieces:
            yield from {"window": self._windows, "step": self._steps}[role](numbers(piece))

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut | None:
        del pieces
        return None

    def _windows(self, rows: NDArray[np.int32]) -> Iterator[Tensors]:
        rows = np.concatenate([np.zeros((WINDOW, 2), np.int32), rows])
        for place in range(len(rows) - WINDOW):
            window = rows[None, place : place + WINDOW]
            yield {"symbols": window[..., 0], "ticks": window[..., 1]}

    def _steps(self, rows: NDArray[np.int32]) -> Iterator[Tensors]:
        read = tf.function(partial(read_step, self.weights))
        state = {f"state_{n}": np.zeros((1, self.units), np.float32) for n in range(2)}
        for row in rows[:, :, None, None]:
            given = {"symbols": row[0], "ticks": row[1], **state}
            yield given
            found = read(**given)
            state = {name: np.asarray(found[f"next_{name}"]) for name in state}


def numbers(piece: Piece) -> NDArray[np.int32]:
    """Symbols and ticks of a piece, a row a note: ``(N, 2)``."""
    known = VOCABULARY.number
    other = known[OTHER]
    rows = [(known.get((note.pitch,), other), note.onset % len(TICKS)) for note in piece.notes]
    return np.array(rows, np.int32).reshape(-1, 2)


def read_window(weights: Any, symbols: Any, ticks: Any) -> dict[str, Any]:
    hidden = cell = ops.zeros((1, weights["recurrent"].shape[0]))
    for n in range(WINDOW):
        hidden, cell = lstm(weights, symbols[:, n], ticks[:, n], hidden, cell)
    return heads(weights, hidden)


def read_step(weights: Any, symbols: Any, ticks: Any, state_0: Any, state_1: Any) -> dict[str, Any]:
    hidden, cell = lstm(weights, symbols[:, 0], ticks[:, 0], state_0, state_1)
    return heads(weights, hidden) | {"next_state_0": hidden, "next_state_1": cell}


def lstm(weights: Any, symbol: Any, tick: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
    read = ops.take(weights["symbols"], symbol, axis=0) + ops.take(weights["ticks"], tick, axis=0)
    gates = read + ops.matmul(hidden, weights["recurrent"])
    i, f, g, o = ops.split(gates, 4, axis=-1)
    cell = ops.sigmoid(f) * cell + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(cell), cell


def heads(weights: Any, hidden: Any) -> dict[str, Any]:
    return {name: ops.matmul(hidden, weights[f"{name}_head"]) for name in ("symbols", "ticks")}


def shapes(sizes: ToyNetwork) -> Mapping[str, tuple[int, ...]]:
    return {
        "symbols": (len(VOCABULARY), 4 * sizes.units),
        "ticks": (len(TICKS), 4 * sizes.units),
        "recurrent": (sizes.units, 4 * sizes.units),
        "symbols_head": (sizes.units, len(VOCABULARY)),
        "ticks_head": (sizes.units, len(TICKS)),
    }


ARCHITECTURE = Toy(shapes, Trained)
