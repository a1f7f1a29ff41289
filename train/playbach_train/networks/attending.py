"""LSTM layers with attention over a window, a head for each part of a symbol: ``multihead``.

Additive attention as of Bahdanau, Cho and Bengio 2015, arXiv 1409.0473. Shapes: W symbols of a
window, U units, A width of the attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import keras
from keras import layers, ops

from playbach_train.checkpoint import Arrays
from playbach_train.networks.architecture import GraphForm, Tensor
from playbach_train.networks.lstm import (
    Weights,
    lstm_arrays,
    step_outputs,
    step_states,
    window_outputs,
)


class Sizes(Protocol):
    """Sizes of such a network; see ``multihead.NetworkConfig``."""

    @property
    def window(self) -> int: ...
    @property
    def embedding(self) -> int: ...
    @property
    def units(self) -> int: ...
    @property
    def layers(self) -> int: ...
    @property
    def attention(self) -> int: ...
    @property
    def dropout(self) -> float: ...


class AttendingLayers:
    """See ``window_layers.WindowLayers``."""

    def model(self, sizes: Sizes, parts: Mapping[str, int]) -> Any:
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

    def weights(self, model: Any, sizes: Sizes) -> Arrays:
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

    def forms(self, sizes: Sizes, parts: Mapping[str, int]) -> dict[str, GraphForm]:
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
