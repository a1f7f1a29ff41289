"""Layers of networks that read windows, as Keras models and as graphs for the board.

``OneHotLayers``: LSTM layers over symbols as unit vectors. ``AttendingLayers``: LSTM layers with
additive attention over the window, as of Bahdanau, Cho and Bengio 2015, arXiv 1409.0473, and a head
for each part of a symbol.

Shapes: W symbols of a window, U units, A width of the attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from playbach_train.networks.architecture import GraphForm, Tensor
from playbach_train.networks.lstm import (
    After,
    Weights,
    lstm_arrays,
    step_outputs,
    step_states,
    window_outputs,
)
from playbach_train.networks.windows import AttentionSizes, LstmSizes
from playbach_train.runs.checkpoint import Arrays

SLOPE = 0.3
"""Of the leaky rectifier below zero, as in Keras."""


class OneHot(layers.Layer):
    """Numbers ``(B, T)`` as unit vectors ``(B, T, size)``."""

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, numbers: Any) -> Any:
        return ops.one_hot(numbers, self.size, dtype=self.compute_dtype)


@dataclass(frozen=True)
class OneHotLayers:
    """LSTM layers over one-hot symbols; see ``windows.WindowLayers``. Only part: ``symbols``."""

    normalised: bool  # whether batch normalisation and a leaky rectifier follow each LSTM layer

    def model(self, sizes: LstmSizes, parts: Mapping[str, int]) -> Any:
        """Windows to logits."""
        symbols = keras.Input((sizes.window,), dtype="int32", name="symbols")
        x = OneHot(parts["symbols"], name="one_hot")(symbols)
        for n in range(sizes.layers):
            # The last layer's output at the end of the window is all that is asked for.
            through = n < sizes.layers - 1
            x = layers.LSTM(sizes.units, return_sequences=through, name=f"lstm_{n}")(x)
            if self.normalised:
                x = layers.BatchNormalization(name=f"norm_{n}")(x)
                x = layers.LeakyReLU(SLOPE, name=f"rectifier_{n}")(x)
            x = layers.Dropout(sizes.dropout, name=f"dropout_{n}")(x)
        logits = layers.Dense(parts["symbols"], name="logits")(x)
        return keras.Model({"symbols": symbols}, {"symbols": logits}, name="network")

    def weights(self, model: Any, sizes: LstmSizes) -> Arrays:
        """What the graphs read; a unit vector times a kernel is a row of the kernel."""
        arrays = lstm_arrays(model, sizes.layers)
        arrays["lstm_0/rows"] = arrays.pop("lstm_0/kernel") + arrays.pop("lstm_0/bias")
        arrays["logits/kernel"], arrays["logits/bias"] = model.get_layer("logits").get_weights()
        for n in range(sizes.layers if self.normalised else 0):
            norm = model.get_layer(f"norm_{n}")
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / (variance + norm.epsilon) ** 0.5
            arrays[f"norm_{n}/scale"] = scale
            arrays[f"norm_{n}/offset"] = beta - mean * scale
        return arrays

    def forms(self, sizes: LstmSizes, parts: Mapping[str, int]) -> dict[str, GraphForm]:
        """The graphs: a window at once, or one symbol with the state carried on."""

        def window(weights: Weights, symbols: Any) -> dict[str, Any]:
            rows = ops.take(weights["lstm_0/rows"], symbols[0], axis=0)
            x = window_outputs(weights, sizes.layers, rows, self._after(weights))
            return _logits(weights, x[-1:])

        def step(weights: Weights, symbols: Any, **state: Any) -> dict[str, Any]:
            row = ops.take(weights["lstm_0/rows"], symbols[0], axis=0)
            after, clip = self._after(weights), float(sizes.window)
            x, following = step_outputs(weights, sizes.layers, row, state, after, clip=clip)
            return _logits(weights, x) | following

        states = step_states(sizes.layers, sizes.units)
        one = {"symbols": Tensor((1, 1), "int32")}
        many = {"symbols": Tensor((1, sizes.window), "int32")}
        return {
            "window": GraphForm(window, many, tuple(parts)),
            "step": GraphForm(step, one | states, tuple(parts)),
        }

    def _after(self, weights: Weights) -> After:
        if not self.normalised:
            return lambda _, x: x
        return lambda n, x: ops.leaky_relu(
            x * weights[f"norm_{n}/scale"] + weights[f"norm_{n}/offset"], SLOPE
        )


def _logits(weights: Weights, x: Any) -> dict[str, Any]:
    return {"symbols": ops.matmul(x, weights["logits/kernel"]) + weights["logits/bias"]}


class AttendingLayers:
    """LSTM layers with additive attention; see ``windows.WindowLayers``."""

    def model(self, sizes: AttentionSizes, parts: Mapping[str, int]) -> Any:
        """Windows to logits, by part."""
        inputs = {name: keras.Input((sizes.window,), dtype="int32", name=name) for name in parts}
        embedded = [
            layers.Embedding(size, sizes.embedding, name=f"{name}_embedding")(inputs[name])
            for name, size in parts.items()
        ]
        x = layers.Concatenate(name="embeddings")(embedded) if len(embedded) > 1 else embedded[0]
        for n in range(sizes.layers):
            x = layers.LSTM(sizes.units, return_sequences=True, name=f"lstm_{n}")(x)
            x = layers.Dropout(sizes.dropout, name=f"dropout_{n}")(x)
        last = x[:, -1:]
        query = layers.Dense(sizes.attention, name="query")(last)
        keys = layers.Dense(sizes.attention, use_bias=False, name="keys")(x)
        found = layers.AdditiveAttention(name="attention")([query, x, keys])
        both = layers.Flatten(name="context")(layers.Concatenate(name="found")([found, last]))
        both = layers.Dropout(sizes.dropout, name="dropout")(both)
        logits = {
            name: layers.Dense(size, name=f"{name}_logits")(both) for name, size in parts.items()
        }
        return keras.Model(inputs, logits, name="network")

    def weights(self, model: Any, sizes: AttentionSizes) -> Arrays:
        """What the graphs read; kernels over joined inputs are split, so that graphs join none."""
        arrays = lstm_arrays(model, sizes.layers)
        kernel = arrays.pop("lstm_0/kernel")
        for n, name in enumerate(("symbols", "ticks")[: len(kernel) // sizes.embedding]):
            arrays[f"{name}/rows"] = model.get_layer(f"{name}_embedding").get_weights()[0]
            arrays[f"{name}/kernel"] = kernel[n * sizes.embedding : (n + 1) * sizes.embedding]
            head, arrays[f"{name}/bias"] = model.get_layer(f"{name}_logits").get_weights()
            arrays[f"{name}/found"], arrays[f"{name}/last"] = (
                head[: sizes.units],
                head[sizes.units :],
            )
        arrays["query/kernel"], arrays["query/bias"] = model.get_layer("query").get_weights()
        arrays["keys/kernel"] = model.get_layer("keys").get_weights()[0]
        arrays["attention/scale"] = model.get_layer("attention").get_weights()[0]
        return arrays

    def forms(self, sizes: AttentionSizes, parts: Mapping[str, int]) -> dict[str, GraphForm]:
        """The graphs: a window at once, or one symbol with state, outputs and keys carried on."""
        outputs_at, keys_at = f"state_{2 * sizes.layers}", f"state_{2 * sizes.layers + 1}"

        def window(weights: Weights, **numbers: Any) -> dict[str, Any]:
            rows = _rows(weights, numbers)
            outputs = window_outputs(weights, sizes.layers, rows, _same)
            keys = ops.matmul(outputs, weights["keys/kernel"])
            return _heads(weights, parts, outputs, keys)

        def step(weights: Weights, **given: Any) -> dict[str, Any]:
            row = _rows(weights, {name: given[name] for name in parts})
            x, following = step_outputs(
                weights, sizes.layers, row, given, _same, clip=float(sizes.window)
            )
            key = ops.matmul(x, weights["keys/kernel"])
            outputs = ops.concatenate([given[outputs_at][:, 1:], x[None]], axis=1)
            keys = ops.concatenate([given[keys_at][:, 1:], key[None]], axis=1)
            carried = {f"next_{outputs_at}": outputs, f"next_{keys_at}": keys}
            return _heads(weights, parts, outputs[0], keys[0]) | following | carried

        states = step_states(sizes.layers, sizes.units) | {
            outputs_at: Tensor((1, sizes.window, sizes.units)),
            keys_at: Tensor((1, sizes.window, sizes.attention)),
        }
        one = {name: Tensor((1, 1), "int32") for name in parts}
        many = {name: Tensor((1, sizes.window), "int32") for name in parts}
        return {
            "window": GraphForm(window, many, tuple(parts)),
            "step": GraphForm(step, one | states, tuple(parts)),
        }


def _rows(weights: Weights, numbers: Mapping[str, Any]) -> Any:
    """x.W + b of the first LSTM layer, from ``(1, T)`` of each part: ``(T, 4U)``."""
    rows = weights["lstm_0/bias"]
    for name, chosen in numbers.items():
        embedded = ops.take(weights[f"{name}/rows"], chosen[0], axis=0)
        rows = ops.matmul(embedded, weights[f"{name}/kernel"]) + rows
    return rows


def _heads(weights: Weights, parts: Mapping[str, int], outputs: Any, keys: Any) -> dict[str, Any]:
    """Logits of each part from outputs ``(W, U)`` and keys ``(W, A)``, the last row the newest."""
    last = outputs[-1:]
    query = ops.matmul(last, weights["query/kernel"]) + weights["query/bias"]
    scores = ops.sum(ops.tanh(keys + query) * weights["attention/scale"], axis=-1)
    shares = ops.reshape(ops.softmax(ops.reshape(scores, (1, -1))), (-1, 1))
    found = ops.sum(shares * outputs, axis=0, keepdims=True)
    return {
        name: (ops.matmul(found, weights[f"{name}/found"]) + weights[f"{name}/bias"])
        + ops.matmul(last, weights[f"{name}/last"])
        for name in parts
    }


def _same(_: int, x: Any) -> Any:
    return x
