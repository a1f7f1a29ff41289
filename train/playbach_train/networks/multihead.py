"""``multihead``: the next chord and its time, as the second Play Bach network had it.

A symbol is all that begins at an onset, and the ticks until the next. Windows of 40; each part has
an embedding; two LSTM layers; additive attention of the last output over all of the window
(Bahdanau et al. 2015); from what it found and the last output, a softmax for each part, the two not
knowing of each other. Adam, batches of 64. Windows at the start of a movement are filled with
borders, a border ends it, and the board begins with the opening of a training movement, unheard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import layers, ops

from playbach_train.checkpoint import Arrays
from playbach_train.config import limited
from playbach_train.networks.architecture import GraphForm, Tensor
from playbach_train.networks.lstm import (
    Weights,
    lstm_arrays,
    step_outputs,
    step_states,
    window_outputs,
)
from playbach_train.networks.sequences import onset_row
from playbach_train.networks.window_config import WindowTraining
from playbach_train.networks.window_network import WindowNetwork


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        window: symbols read to predict the next.
        embedding: width of each part's embedding.
        units: units of each LSTM layer.
        layers: LSTM layers.
        attention: width of the attention's queries and keys.
        dropout: share of outputs left out after each layer, and before the heads, in training.
    """

    window: int = limited(40, 1, 512)
    embedding: int = limited(100, 1, 2048)
    units: int = limited(256, 1, 2048)
    layers: int = limited(2, 1, 8)
    attention: int = limited(128, 1, 2048)
    dropout: float = limited(0.3, 0, 0.95)


@dataclass(frozen=True)
class Config:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: WindowTraining = field(default_factory=WindowTraining)


def _model(sizes: NetworkConfig, parts: Mapping[str, int]) -> Any:
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
    logits = {name: layers.Dense(size, name=f"{name}_logits")(both) for name, size in parts.items()}
    return keras.Model(inputs, logits, name="network")


def _weights(model: Any, sizes: NetworkConfig) -> Arrays:
    """What the graphs read; kernels are cut so that no two things are set side by side."""
    arrays = lstm_arrays(model, sizes.layers)
    kernel = arrays.pop("lstm_0/kernel")
    for n, name in enumerate(("symbols", "ticks")[: len(kernel) // sizes.embedding]):
        arrays[f"{name}/rows"] = model.get_layer(f"{name}_embedding").get_weights()[0]
        arrays[f"{name}/kernel"] = kernel[n * sizes.embedding : (n + 1) * sizes.embedding]
        head, arrays[f"{name}/bias"] = model.get_layer(f"{name}_logits").get_weights()
        arrays[f"{name}/found"], arrays[f"{name}/last"] = head[: sizes.units], head[sizes.units :]
    arrays["query/kernel"], arrays["query/bias"] = model.get_layer("query").get_weights()
    arrays["keys/kernel"] = model.get_layer("keys").get_weights()[0]
    arrays["attention/scale"] = model.get_layer("attention").get_weights()[0]
    return arrays


def _forms(sizes: NetworkConfig, parts: Mapping[str, int]) -> Mapping[str, GraphForm]:
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


ARCHITECTURE = WindowNetwork(
    name="multihead",
    about="the next chord and its time: embeddings, LSTM layers, attention over the last 40",
    config=Config(),
    read=onset_row,
    always=(),
    timed=True,
    opened=True,
    model=_model,
    forms=_forms,
    weights=_weights,
)
