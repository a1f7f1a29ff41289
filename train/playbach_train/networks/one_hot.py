"""LSTM layers over symbols as unit vectors: what ``windowed`` and ``grid`` are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import keras
from keras import layers, ops

from playbach_train.checkpoint import Arrays
from playbach_train.networks.architecture import GraphForm, Tensor
from playbach_train.networks.lstm import (
    After,
    Weights,
    lstm_arrays,
    step_outputs,
    step_states,
    window_outputs,
)

SLOPE = 0.3
"""Of the leaky rectifier below zero, as in Keras."""


class Sizes(Protocol):
    """Sizes of such a network.

    Attributes:
        window: symbols read to predict the next.
        units: units of each LSTM layer.
        layers: LSTM layers.
        dropout: share of outputs left out after each LSTM layer in training.
    """

    @property
    def window(self) -> int: ...
    @property
    def units(self) -> int: ...
    @property
    def layers(self) -> int: ...
    @property
    def dropout(self) -> float: ...


class OneHot(layers.Layer):
    """Numbers ``(B, T)`` as unit vectors ``(B, T, size)``."""

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, numbers: Any) -> Any:
        return ops.one_hot(numbers, self.size, dtype=self.compute_dtype)


@dataclass(frozen=True)
class OneHotLayers:
    """See ``window_layers.WindowLayers``; the only part of a symbol is ``symbols``.

    Attributes:
        normalised: whether batch normalisation and a leaky rectifier follow each LSTM layer.
    """

    normalised: bool

    def model(self, sizes: Sizes, parts: Mapping[str, int]) -> Any:
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

    def weights(self, model: Any, sizes: Sizes) -> Arrays:
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

    def forms(self, sizes: Sizes, parts: Mapping[str, int]) -> dict[str, GraphForm]:
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
