"""The network: embeddings, stacked LSTM, three heads, and attention that copies.

One step is one note. The recurrent layers read the note just heard; the *shift* head asks when the
next note comes; the *pitch* head, told when, asks which; the *duration* head, told both, asks how
long. Beside its own distribution the pitch head has pointers that look back over the piece for
similar contexts and copy what followed them: its interval, or its pitch (pointer-generator, See,
Liu and Manning 2017, arXiv 1704.04368; continuous cache, Grave, Joulin and Usunier 2017,
arXiv 1612.04426).

Written in Keras 3 operations only, so every backend trains it. Shapes: B streams, T notes of a
segment, M remembered notes before it, U units, H pointers, W width of a pointer's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from playbach.music.encoding import Encoding
from playbach.music.features import MATCH_ROWS, feature_tables, row_count
from playbach.music.key import PITCH_CLASSES

CELL_CLIP = 8.0
"""Cell states stay within this, so that a long rollout cannot blow up and int8 can hold them."""

BLOCKED = 255
"""In ``match``: this note may not be copied from."""

PARTS = ("shift", "pitch", "duration")
_MINUS_INFINITY = -1e9


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        embedding: width of the sum of feature rows that enters the recurrent layers.
        units: units of each LSTM layer.
        layers: LSTM layers.
        head: width of each head's hidden layer, and of its feature rows.
        pointers: copying pointers; the first half copy intervals, the others pitches.
        pointer_width: width of a pointer's queries and keys.
        memory: notes the pointers can look back over.
    """

    embedding: int = 160
    units: int = 288
    layers: int = 2
    head: int = 160
    pointers: int = 4
    pointer_width: int = 32
    memory: int = 1024

    @property
    def interval_pointers(self) -> int:
        """How many of the pointers copy intervals; the others copy pitches."""
        return (self.pointers + 1) // 2


@dataclass(frozen=True)
class Regularisation:
    """What keeps the network from learning its few pieces by heart.

    Attributes:
        embedding: dropout of the summed feature rows.
        recurrent: variational dropout of the LSTM's hidden state (Gal and Ghahramani 2016).
        between: variational dropout between LSTM layers and before the heads.
        head: dropout of each head's hidden layer.
    """

    embedding: float = 0.1
    recurrent: float = 0.25
    between: float = 0.35
    head: float = 0.3


class ClippedLSTM(keras.layers.Layer):
    """An LSTM layer whose cell state is clipped and whose state comes in and goes out."""

    def __init__(self, units: int, recurrent_dropout: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.mask = VariationalDropout(recurrent_dropout, seed, name="recurrent_dropout")

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
    """Dropout with one mask for all notes of a segment."""

    def __init__(self, rate: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seeds = keras.random.SeedGenerator(seed, name=f"{self.name}_seeds")

    def draw(self, like: Any, *, training: bool) -> Any:
        """A mask of the shape of ``like``: 0 or 1 / (1 - rate) in training, else all 1."""
        ones = ops.ones_like(like)
        if not training or not self.rate:
            return ones
        return keras.random.dropout(ones, self.rate, seed=self.seeds)

    def call(self, x: Any, *, training: bool = False) -> Any:
        return x * self.draw(x[:, :1], training=training)


class Head(keras.layers.Layer):
    """What is asked of a part: context and feature rows in, a hidden layer, named outputs."""

    def __init__(
        self,
        width: int,
        rows: int,
        outputs: dict[str, int],
        *,
        dropout: float,
        seed: int,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self.rows = keras.layers.Embedding(rows, width, name="rows") if rows else None
        self.hidden = keras.layers.Dense(width, name="hidden")
        self.dropout = VariationalDropout(dropout, seed, name=f"{name}_dropout")
        self.outputs = {key: keras.layers.Dense(size, name=key) for key, size in outputs.items()}

    def call(self, context: Any, rows: Any = None, *, training: bool = False) -> dict[str, Any]:
        """``(B, T, U)`` and ``(B, T, features)`` to ``(B, T, size)`` by name."""
        hidden = self.hidden(context)
        if self.rows is not None:
            hidden = hidden + ops.sum(self.rows(rows), axis=-2)
        hidden = self.dropout(ops.relu(hidden), training=training)
        return {key: layer(hidden) for key, layer in self.outputs.items()}


def pitch_outputs(config: NetworkConfig, encoding: Encoding) -> dict[str, int]:
    """What the pitch head puts out, and how wide each output is."""
    pointers = config.pointers * config.pointer_width
    return {
        "interval": encoding.pitch_symbols,
        "degree": PITCH_CLASSES,
        "gates": 1 + config.pointers,
        "query": pointers,
        "key": pointers,
    }


class Network(keras.Model):
    """Log-probabilities of what comes next, given all that came before."""

    def __init__(
        self,
        config: NetworkConfig,
        encoding: Encoding,
        regularisation: Regularisation | None = None,
        *,
        streams: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(name="playbach")
        self.config = config
        self.encoding = encoding
        drop = regularisation or Regularisation(0, 0, 0, 0)
        tables = feature_tables(encoding)
        self.rows = keras.layers.Embedding(row_count(tables.note), config.embedding, name="rows")
        self.input_dropout = VariationalDropout(drop.embedding, seed + 1, name="input_dropout")
        self.lstm = [
            ClippedLSTM(config.units, drop.recurrent, seed + 10 + n, name=f"lstm_{n}")
            for n in range(config.layers)
        ]
        self.between = [
            VariationalDropout(drop.between, seed + 20 + n, name=f"between_{n}")
            for n in range(config.layers)
        ]
        shapes = {
            "shift": (0, {"shift": encoding.shift_symbols}),
            "pitch": (row_count(tables.pitch), pitch_outputs(config, encoding)),
            "duration": (row_count(tables.duration), {"duration": encoding.duration_symbols}),
        }
        self.heads = {
            part: Head(
                config.head,
                rows,
                outputs,
                dropout=drop.head,
                seed=seed + 30 + n,
                name=f"{part}_head",
            )
            for n, (part, (rows, outputs)) in enumerate(shapes.items())
        }
        self._add_state(streams)

    def _add_state(self, streams: int) -> None:
        config = self.config
        self.match_bias = self.add_weight((MATCH_ROWS, config.pointers), "zeros", name="match_bias")
        self.gate_bias = self.add_weight(
            (MATCH_ROWS, 1 + config.pointers), "zeros", name="gate_bias"
        )
        kept = {"initializer": "zeros", "trainable": False}
        self.states = [
            (
                self.add_weight((streams, config.units), name=f"hidden_{n}", **kept),
                self.add_weight((streams, config.units), name=f"cell_{n}", **kept),
            )
            for n in range(config.layers)
        ]
        self.keys = self.add_weight(
            (streams, config.memory, config.pointers * config.pointer_width), name="keys", **kept
        )

    def call(self, batch: dict[str, Any], *, training: bool = False) -> Any:
        """Log-probabilities, nats, of the true shift, pitch and duration: ``(B, T, 3)``."""
        context = self._recur(batch, training=training)
        shift = self.heads["shift"](context, training=training)["shift"]
        pitch = self.heads["pitch"](context, batch["pitch_rows"], training=training)
        duration = self.heads["duration"](context, batch["duration_rows"], training=training)
        symbols = batch["symbols"]
        parts = [
            _pick(ops.log_softmax(_wide(shift)), symbols[..., 0]),
            self._pitch(pitch, batch),
            _pick(ops.log_softmax(_wide(duration["duration"])), symbols[..., 2]),
        ]
        return ops.stack(parts, axis=-1)

    def _recur(self, batch: dict[str, Any], *, training: bool) -> Any:
        """Run the recurrent layers on, from where the last segment of each stream ended."""
        x = ops.sum(self.rows(batch["note_rows"]), axis=-2)
        x = self.input_dropout(x, training=training)
        carry = ops.cast(batch["carry"], x.dtype)[:, None]
        for layer, between, (hidden, cell) in zip(
            self.lstm, self.between, self.states, strict=True
        ):
            x, after, kept = layer(
                x,
                ops.cast(hidden, x.dtype) * carry,
                ops.cast(cell, x.dtype) * carry,
                training=training,
            )
            hidden.assign(ops.cast(after, hidden.dtype))
            cell.assign(ops.cast(kept, cell.dtype))
            x = between(x, training=training)
        return x

    def _pitch(self, outputs: dict[str, Any], batch: dict[str, Any]) -> Any:
        """Log-probability of the true pitch under generator and pointers: ``(B, T)``."""
        config, key = self.config, outputs["key"]
        generated = self._generate(_wide(outputs["interval"]), _wide(outputs["degree"]), batch)
        keys = ops.concatenate([ops.cast(self.keys, key.dtype), key], axis=1)
        self.keys.assign(ops.cast(keys[:, -config.memory :], self.keys.dtype))
        row = ops.where(batch["match"] < BLOCKED, ops.cast(batch["match"], "int32"), 0)
        allowed, hits = self._copyable(batch)
        copied = self._copy(outputs["query"], keys[:, -ops.shape(row)[-1] :], row, allowed, hits)
        gates = _wide(outputs["gates"]) + ops.take(self.gate_bias, ops.max(row, axis=-1), axis=0)
        # A pointer with nothing to copy from leaves its weight to the others.
        empty = ops.transpose(1 - ops.max(allowed, axis=-1), (0, 2, 1))
        closed = ops.concatenate([ops.zeros_like(gates[..., :1]), empty * _MINUS_INFINITY], -1)
        weights = ops.log_softmax(gates + closed)
        parts = ops.concatenate([generated[..., None], ops.log(copied + 1e-12)], axis=-1)
        return ops.logsumexp(weights + parts, axis=-1)

    def _generate(self, interval: Any, degree: Any, batch: dict[str, Any]) -> Any:
        """The generator's log-probability of the true interval: ``(B, T)``."""
        widest = self.encoding.widest
        steps = ops.arange(-widest - 1, widest + 1, dtype="int32")
        rows = ops.mod(batch["degree"][..., None] + steps, PITCH_CLASSES)
        logits = interval + ops.take_along_axis(degree, rows, axis=-1)
        # Notes of a chord come from the lowest upwards.
        falling = ops.cast(steps <= 0, "float32") * ops.cast(
            ops.expand_dims(batch["rising"], -1), "float32"
        )
        # The escape symbol stands first and may be any interval.
        falling = falling * ops.cast(ops.arange(2 * widest + 2) > 0, "float32")
        return _pick(ops.log_softmax(logits + falling * _MINUS_INFINITY), batch["symbols"][..., 1])

    def _copyable(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Which notes each pointer may copy, and which give the true pitch: ``(B, H, T, M + T)``.

        A copy may not be wider than the widest symbol, nor fall within a chord.
        """
        widest = self.encoding.widest
        lowest = ops.where(batch["rising"] > 0, 1, -widest)[..., None]
        intervals = batch["copy_intervals"][:, None]
        from_pitches = batch["copy_pitches"][:, None] - batch["last_pitch"][..., None]
        free = batch["match"] < BLOCKED
        true = batch["interval"][..., None]
        allowed, hits = [], []
        for pointer in range(self.config.pointers):
            copies = intervals if pointer < self.config.interval_pointers else from_pitches
            usable = ops.logical_and(free, ops.logical_and(copies >= lowest, copies <= widest))
            allowed.append(ops.cast(usable, "float32"))
            hits.append(ops.cast(copies == true, "float32"))
        return ops.stack(allowed, axis=1), ops.stack(hits, axis=1)

    def _copy(self, query: Any, keys: Any, row: Any, allowed: Any, hits: Any) -> Any:
        """The probability each pointer gives to the true pitch: ``(B, T, H)``."""
        config = self.config
        shape = (-1, config.pointers, config.pointer_width)
        query = ops.reshape(query, (ops.shape(query)[0], *shape))
        keys = ops.reshape(keys, (ops.shape(keys)[0], *shape))
        scores = _wide(ops.einsum("bthw,bmhw->bhtm", query, keys)) / config.pointer_width**0.5
        scores = scores + ops.transpose(ops.take(self.match_bias, row, axis=0), (0, 3, 1, 2))
        weights = ops.softmax(scores + (1 - allowed) * _MINUS_INFINITY, axis=-1)
        return ops.transpose(ops.sum(weights * allowed * hits, axis=-1), (0, 2, 1))


def _wide(x: Any) -> Any:
    """In float32, whatever the policy: distributions are never taken in half precision."""
    return ops.cast(x, "float32")


def _pick(log_probabilities: Any, symbols: Any) -> Any:
    return ops.take_along_axis(log_probabilities, symbols[..., None], axis=-1)[..., 0]
