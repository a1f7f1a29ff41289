"""Layers of the network: a clipped LSTM, dropout with one mask a segment, a head."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

CELL_CLIP = 8.0
"""Cell states stay within this, so that a long rollout cannot blow up and int8 can hold them."""


class ClippedLSTM(keras.layers.Layer):
    """An LSTM layer whose cell state is clipped, and whose state is an input and an output.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000; its
    bias starts at 1. Shapes: B streams, T notes, n inputs, U units.
    """

    def __init__(self, units: int, recurrent_dropout: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.mask = VariationalDropout(recurrent_dropout, seed, name=f"{self.name}_dropout")

    def build(self, shape: tuple[int | None, ...]) -> None:
        units = self.units
        self.kernel = self.add_weight((shape[-1], 4 * units), "glorot_uniform", name="kernel")
        self.recurrent = self.add_weight((units, 4 * units), "orthogonal", name="recurrent")
        # Gates in the order input, forget, cell, output; the forget gate starts open.
        self.bias = self.add_weight((4 * units,), _forget_open, name="bias")

    def call(self, x: Any, hidden: Any, cell: Any, *, training: bool = False) -> tuple[Any, ...]:
        """``(B, T, n), (B, U), (B, U)`` to outputs ``(B, T, U)`` and the state after them."""
        # As x.W + h.U, never as one product: quantised, each operand keeps its own scale.
        inputs = ops.transpose(ops.matmul(x, self.kernel) + self.bias, (1, 0, 2))
        mask = self.mask.draw(hidden, training=training)
        recurrent = ops.convert_to_tensor(self.recurrent)

        # The cells come out beside the outputs because the TensorFlow backend's scan wants what
        # it collects to look like what it carries.
        def step(state: tuple[Any, Any], at: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
            before, kept = state
            gates = at + ops.matmul(before * mask, recurrent)
            i, f, g, o = ops.split(gates, 4, axis=-1)
            kept = ops.sigmoid(f) * kept + ops.sigmoid(i) * ops.tanh(g)
            kept = ops.clip(kept, -CELL_CLIP, CELL_CLIP)
            before = ops.sigmoid(o) * ops.tanh(kept)
            return (before, kept), (before, kept)

        (hidden, cell), (outputs, _) = ops.scan(step, (hidden, cell), inputs)
        return ops.transpose(outputs, (1, 0, 2)), hidden, cell


def _forget_open(shape: tuple[int, ...], dtype: Any = None) -> Any:
    units = shape[0] // 4
    return ops.concatenate(
        [ops.zeros(units, dtype), ops.ones(units, dtype), ops.zeros(2 * units, dtype)]
    )


class VariationalDropout(keras.layers.Layer):
    """Dropout with one mask for all notes of a segment (Gal and Ghahramani 2016, 1512.05287)."""

    def __init__(self, rate: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seeds = keras.random.SeedGenerator(seed, name=f"{self.name}_seeds")
        self.built = True

    def draw(self, like: Any, *, training: bool) -> Any:
        """A mask of the shape of ``like``: 0 or 1 / (1 - rate) in training, else all 1."""
        ones = ops.ones_like(like)
        if not training or not self.rate:
            return ones
        return keras.random.dropout(ones, self.rate, seed=self.seeds)

    def call(self, x: Any, *, training: bool = False) -> Any:
        return x * self.draw(x[:, :1], training=training)


class HintDropout(keras.layers.Layer):
    """Drops whole feature embeddings, never the basic ones; one mask for all notes of a segment.

    Hints are so telling that a network always given all of them would learn nothing else.
    """

    def __init__(self, rate: float, basic: int, seed: int, **kwargs: Any) -> None:
        """The first ``basic`` features are never dropped; ``rate`` of the others are, 0 to 0.95."""
        super().__init__(**kwargs)
        self.rate = rate
        self.basic = basic
        self.seeds = keras.random.SeedGenerator(seed, name=f"{self.name}_seeds")
        self.built = True

    def call(self, rows: Any, *, training: bool = False) -> Any:
        """``(B, T, features, n)`` to the same shape."""
        if not training or not self.rate:
            return rows
        ones = ops.ones_like(rows[:, :1, :, :1])
        hints = keras.random.dropout(ones[:, :, self.basic :], self.rate, seed=self.seeds)
        return rows * ops.concatenate([ones[:, :, : self.basic], hints], axis=2)


class Head(keras.layers.Layer):
    """What predicts a part of a note: context and features in, a hidden layer, named outputs."""

    def __init__(
        self,
        width: int,
        rows: int,
        outputs: dict[str, int],
        *,
        dropout: float,
        hints: HintDropout | None,
        seed: int,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self.hints = hints
        self.rows = keras.layers.Embedding(rows, width, name="rows") if rows else None
        self.hidden = keras.layers.Dense(width, name="hidden")
        self.dropout = VariationalDropout(dropout, seed, name=f"{name}_dropout")
        self.outputs = {key: keras.layers.Dense(size, name=key) for key, size in outputs.items()}
        self.width = width

    def build(self, shape: tuple[int | None, ...]) -> None:
        if self.rows is not None:
            self.rows.build()
        self.hidden.build(shape)
        for layer in self.outputs.values():
            layer.build((*shape[:-1], self.width))

    def call(self, context: Any, rows: Any = None, *, training: bool = False) -> dict[str, Any]:
        """``(B, T, U)`` and ``(B, T, features)`` to ``(B, T, size)`` by name."""
        hidden = self.hidden(context)
        if self.rows is not None and self.hints is not None:
            hidden = hidden + ops.sum(self.hints(self.rows(rows), training=training), axis=-2)
        hidden = self.dropout(ops.relu(hidden), training=training)
        return {key: layer(hidden) for key, layer in self.outputs.items()}
