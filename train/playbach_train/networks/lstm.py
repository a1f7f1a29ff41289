"""The LSTM cell; and its layers as graphs for the board, unrolled over a window or step by step.

x.W and h.U are two products and a sum: one product over both would force them onto one int8 scale.
Shapes: U units, W symbols in a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from playbach_train.networks.architecture import Tensor
from playbach_train.runs.checkpoint import Arrays

Weights = Mapping[str, Any]
After = Callable[[int, Any], Any]
"""What a network does with the outputs ``(n, U)`` of the layer of that number."""


def lstm_cell(gates: Any, cell: Any, *, clip: float | None) -> tuple[Any, Any]:
    """Output and cell after one step: Hochreiter and Schmidhuber 1997, Gers et al. 2000.

    Args:
        gates: x.W + h.U + b in Keras' order: input, forget, cell, output ``(B, 4U)``.
        cell: before ``(B, U)``; none before the first step.
        clip: the cell stays within this; ``None`` for no limit.
    """
    i, f, g, o = ops.split(gates, 4, axis=-1)
    grown = ops.sigmoid(i) * ops.tanh(g)
    cell = grown if cell is None else ops.sigmoid(f) * cell + grown
    if clip is not None:
        cell = ops.clip(cell, -clip, clip)
    return ops.sigmoid(o) * ops.tanh(cell), cell


def lstm_arrays(model: Any, layers: int) -> Arrays:
    """``lstm_N/kernel``, ``/recurrent`` and ``/bias`` of the layers of that name of a model."""
    arrays: Arrays = {}
    for n in range(layers):
        weights = model.get_layer(f"lstm_{n}").get_weights()
        for name, array in zip(("kernel", "recurrent", "bias"), weights, strict=True):
            arrays[f"lstm_{n}/{name}"] = array
    return arrays


def window_outputs(weights: Weights, layers: int, rows: Any, after: After) -> Any:
    """The last layer's outputs while a window is read, ``after`` done.

    Args:
        weights: as ``lstm_arrays`` names them.
        layers: how many.
        rows: x.W + b of the first layer ``(W, 4U)``.
        after: done with each layer's outputs.
    """
    x = after(0, _unrolled(rows, weights["lstm_0/recurrent"]))
    for n in range(1, layers):
        rows = ops.matmul(x, weights[f"lstm_{n}/kernel"]) + weights[f"lstm_{n}/bias"]
        x = after(n, _unrolled(rows, weights[f"lstm_{n}/recurrent"]))
    return x


def step_outputs(
    weights: Weights, layers: int, row: Any, state: Mapping[str, Any], after: After, *, clip: float
) -> tuple[Any, dict[str, Any]]:
    """The last layer's output for one symbol ``(1, U)``, and ``next_state_N`` of all layers.

    Args:
        weights: as ``lstm_arrays`` names them.
        layers: how many; layer n keeps its output in ``state_2n``, its cell in ``state_2n+1``.
        row: x.W + b of the first layer ``(1, 4U)``.
        state: by name.
        after: done with each layer's output.
        clip: cells stay within this. A cell grows by less than 1 a step, so that a clip as wide as
            the window changes nothing within one, and a state carried on for hours cannot run away.
    """
    following: dict[str, Any] = {}
    x: Any = None
    for n in range(layers):
        if n:
            row = ops.matmul(x, weights[f"lstm_{n}/kernel"]) + weights[f"lstm_{n}/bias"]
        hidden, cell = state[f"state_{2 * n}"], state[f"state_{2 * n + 1}"]
        gates = row + ops.matmul(hidden, weights[f"lstm_{n}/recurrent"])
        hidden, cell = lstm_cell(gates, cell, clip=clip)
        following |= {f"next_state_{2 * n}": hidden, f"next_state_{2 * n + 1}": cell}
        x = after(n, hidden)
    return x, following


def step_states(layers: int, units: int) -> dict[str, Tensor]:
    """The states that ``step_outputs`` carries."""
    return {f"state_{n}": Tensor((1, units)) for n in range(2 * layers)}


def _unrolled(rows: Any, recurrent: Any) -> Any:
    """Outputs ``(W, U)`` of a layer from a zero state, from x.W + b ``(W, 4U)``."""
    hidden, cell = lstm_cell(rows[:1], None, clip=None)
    outputs = [hidden]
    for t in range(1, rows.shape[0]):
        gates = rows[t : t + 1] + ops.matmul(hidden, recurrent)
        hidden, cell = lstm_cell(gates, cell, clip=None)
        outputs.append(hidden)
    return ops.concatenate(outputs, axis=0)
