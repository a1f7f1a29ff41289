"""The network one note at a time: hand-written steps that take the trained weights.

Three graphs, one for each question the board asks. *step* reads the note just heard and answers
when the next comes; *pitch* and *duration* answer the other two. Embedding lookup, the pointers'
memory and sampling stay outside: they are not tensors of fixed shape, and no accelerator runs them.

Shapes: 1 note, E embedding, U units, W head width. Weights are constants, so nothing but products,
sums, sigmoid, tanh, minimum and maximum is left for the converter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from playbach_convert.graphs import Traced, trace
from playbach_train.copying.model import CELL_CLIP
from playbach_train.networks.architecture import Tensor

Weights = Mapping[str, NDArray[np.float32]]
ROLES = ("step", "pitch", "duration")


def traced_step(role: str, weights: Weights) -> Traced:
    """The traced graph of ``role``, its inputs and outputs named."""
    function, inputs = {"step": _step, "pitch": _pitch, "duration": _duration}[role](weights)
    return trace(function, {name: Tensor((1, width)) for name, width in inputs.items()})


def layer_count(weights: Weights) -> int:
    """How many LSTM layers the weights are of."""
    return sum(name.endswith("/recurrent") for name in weights)


def _step(weights: Weights) -> tuple[Any, dict[str, int]]:
    layers = layer_count(weights)
    inputs = {"note": weights["lstm_0/kernel"].shape[0]}
    for n in range(layers):
        units = weights[f"lstm_{n}/recurrent"].shape[0]
        inputs |= {f"hidden_{n}": units, f"cell_{n}": units}

    def step(note: Any, **state: Any) -> dict[str, Any]:
        x = note
        after: dict[str, Any] = {}
        for n in range(layers):
            x, cell = _lstm(weights, f"lstm_{n}", x, state[f"hidden_{n}"], state[f"cell_{n}"])
            after |= {f"next_hidden_{n}": x, f"next_cell_{n}": cell}
        return after | _head(weights, "shift_head", x, None)

    return step, inputs


def _pitch(weights: Weights) -> tuple[Any, dict[str, int]]:
    return _head_graph(weights, "pitch_head")


def _duration(weights: Weights) -> tuple[Any, dict[str, int]]:
    return _head_graph(weights, "duration_head")


def _head_graph(weights: Weights, head: str) -> tuple[Any, dict[str, int]]:
    def answer(context: Any, place: Any) -> dict[str, Any]:
        return _head(weights, head, context, place)

    units, width = weights[f"{head}/hidden/kernel"].shape
    return answer, {"context": units, "place": width}


def _lstm(weights: Weights, layer: str, x: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
    # Two products and a sum: one product over [x, h] would force both onto one int8 scale.
    kernel, recurrent = weights[f"{layer}/kernel"], weights[f"{layer}/recurrent"]
    # The bias beside a product becomes part of it: one rounding less.
    gates = (tf.matmul(x, kernel) + weights[f"{layer}/bias"]) + tf.matmul(hidden, recurrent)
    i, f, g, o = tf.split(gates, 4, axis=1)
    cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(g)
    cell = tf.minimum(tf.maximum(cell, -CELL_CLIP), CELL_CLIP)
    return tf.sigmoid(o) * tf.tanh(cell), cell


def _head(weights: Weights, head: str, context: Any, place: Any) -> dict[str, Any]:
    hidden = tf.matmul(context, weights[f"{head}/hidden/kernel"])
    hidden = hidden + weights[f"{head}/hidden/bias"]
    if place is not None:
        hidden = hidden + place
    hidden = tf.nn.relu(hidden)
    found = {}
    for name in weights:
        layer, _, kind = name.removeprefix(f"{head}/").partition("/")
        if name.startswith(f"{head}/") and layer not in {"hidden", "rows"} and kind == "kernel":
            found[layer] = tf.matmul(hidden, weights[name]) + weights[f"{head}/{layer}/bias"]
    return found
