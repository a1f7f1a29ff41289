"""The network: embeddings, stacked LSTM, three heads, and attention that copies.

One step is one note. The recurrent layers read the note just heard; the *shift* head asks when the
next note comes; the *pitch* head, told when, asks which; the *duration* head, told both, asks how
long. The pitch head is helped by pointers that look back over the piece.

Written in Keras 3 operations only, so every backend trains it. Shapes: B streams, T notes of a
segment, M remembered notes before it, U units, H pointers, W width of a pointer's key.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from playbach.music.encoding import Encoding
from playbach.music.features import (
    EVIDENCE_FLOOR,
    LEAST_SIMILARITY,
    MATCH_ROWS,
    PLACES,
    POINTER_KINDS,
    SAME_PITCH,
    STEP_MATCH,
    feature_tables,
    row_count,
)
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH
from playbach.music.scale import step_table, widest_step
from playbach_train.copying.config import NetworkConfig, Regularisation
from playbach_train.copying.data import BLOCKED
from playbach_train.networks.distribution import ALONE, Distribution
from playbach_train.networks.lstm import lstm_cell

PARTS = ("shift", "pitch", "duration")
CELL_CLIP = 8.0
"""Cell states stay within this, so that a long rollout cannot blow up and int8 can hold them."""

_MINUS_INFINITY = -1e9


def pitch_outputs(config: NetworkConfig, encoding: Encoding) -> dict[str, int]:
    """The outputs of the pitch head, and how wide each is."""
    return {
        "interval": encoding.pitch_symbols,
        "degree": PITCH_CLASSES,
        "gates": config.all_pointers,
        "query": config.keys,
        "key": config.keys,
    }


class CopyingNetwork(keras.Model):
    """Log-probabilities of what comes next, given all that came before."""

    def __init__(
        self,
        config: NetworkConfig,
        encoding: Encoding,
        regularisation: Regularisation | None = None,
        *,
        streams: int = 1,
        seed: int = 0,
        distribution: Distribution = ALONE,
    ) -> None:
        super().__init__(name="playbach")
        self.config = config
        self.encoding = encoding
        self.distribution = distribution
        drop = regularisation or Regularisation(0, 0, 0, 0, 0)
        tables = feature_tables(encoding)
        self.rows = keras.layers.Embedding(row_count(tables.note), config.embedding, name="rows")
        self.input_hints = HintDropout(
            drop.hints, tables.basic["note"], seed + 2, distribution, name="input_hints"
        )
        self.input_dropout = VariationalDropout(
            drop.embedding, seed + 1, distribution, name="input_dropout"
        )
        self.lstm = [
            ClippedLSTM(config.units, drop.recurrent, seed + 10 + n, distribution, name=f"lstm_{n}")
            for n in range(config.layers)
        ]
        self.between = [
            VariationalDropout(drop.between, seed + 20 + n, distribution, name=f"between_{n}")
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
                hints=HintDropout(
                    drop.hints,
                    tables.basic[part],
                    seed + 40 + n,
                    distribution,
                    name=f"{part}_hints",
                )
                if rows
                else None,
                seed=seed + 30 + n,
                distribution=distribution,
                name=f"{part}_head",
            )
            for n, (part, (rows, outputs)) in enumerate(shapes.items())
        }
        self.pointers = Pointers(config.pointers, encoding.widest, name="pointers", dtype="float32")
        self._build_layers()
        self._add_state(streams, distribution)

    def _build_layers(self) -> None:
        """Create all weights now.

        Their names would depend on who calls first, and the torch backend cannot trace the calls.
        """
        self.rows.build()
        width = self.config.embedding
        for layer in self.lstm:
            layer.build((None, None, width))
            width = layer.units
        for head in self.heads.values():
            head.build((None, None, width))
        self.built = True

    def _add_state(self, streams: int, distribution: Distribution) -> None:
        """What is carried from segment to segment: a row for each stream."""
        config = self.config

        def kept(name: str, *shape: int) -> Any:
            # Each process has its own; a layer's weights would be the same in all.
            own = "on_read" if distribution.count > 1 else "auto"
            return keras.Variable(
                "zeros", (streams, *shape), trainable=False, synchronization=own, name=name
            )

        self.states = [
            (kept(f"hidden_{n}", config.units), kept(f"cell_{n}", config.units))
            for n in range(config.layers)
        ]
        self.keys = kept("keys", config.memory, config.keys)

    @property
    def carried(self) -> list[Any]:
        """State of the pieces being read, which is no part of the trained network."""
        return [*(state for pair in self.states for state in pair), self.keys]

    def call(self, batch: dict[str, Any], *, training: bool = False) -> Any:
        """Log-probabilities (nats) of the true shift, pitch and duration, and hits: ``(B, T, 4)``.

        A hit is 1 where the true pitch was the likeliest, else 0. ``batch`` is one of
        ``data.batches``, without its weights.
        """
        logits = self.logits(batch, training=training)
        symbols = batch["symbols"]
        columns = [
            ops.take_along_axis(ops.log_softmax(logits[part]), symbols[..., n, None], axis=-1)
            for n, part in enumerate(PARTS)
        ]
        likeliest = ops.argmax(logits["pitch"], axis=-1)
        hits = ops.equal(likeliest, ops.cast(symbols[..., 1], likeliest.dtype))
        return ops.concatenate([*columns, ops.cast(hits, "float32")[..., None]], axis=-1)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        *,
        training: bool = True,
    ) -> Any:
        """Negative log-probability of all that was asked for, nats per note of the batch.

        ``y`` weighs each part: 1 / notes of the batch where it was asked for, else 0; ``y_pred`` is
        what ``call`` returned.
        """
        del x, sample_weight, training
        return -ops.sum(ops.convert_to_tensor(y) * y_pred[..., :-1])

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """The loss; of several workers as an array of one, for Keras takes the mean over rows."""
        found = super().compute_metrics(x, y, y_pred, sample_weight)
        if self.distribution.count == 1:
            return dict(found)
        return {name: ops.reshape(value, (1,)) for name, value in found.items()}

    def logits(self, batch: dict[str, Any], *, training: bool = False) -> dict[str, Any]:
        """Logits of all symbols of each part, given the true parts before it: ``(B, T, n)``.

        In float32, whatever the policy: distributions are never taken in half precision.
        """
        context = self._recur(batch, training=training)
        shift = self.heads["shift"](context, training=training)["shift"]
        pitch = self.heads["pitch"](context, batch["pitch_rows"], training=training)
        duration = self.heads["duration"](context, batch["duration_rows"], training=training)
        return {
            "shift": ops.cast(shift, "float32"),
            "pitch": self._pitch_logits(pitch, batch),
            "duration": ops.cast(duration["duration"], "float32"),
        }

    def _recur(self, batch: dict[str, Any], *, training: bool) -> Any:
        """Outputs of the last LSTM layer ``(B, T, U)``; its state goes on from the last segment."""
        rows = self.input_hints(
            looked_up(self.rows.embeddings, batch["note_rows"]), training=training
        )
        x = ops.sum(rows, axis=-2)
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

    def _pitch_logits(self, outputs: dict[str, Any], batch: dict[str, Any]) -> Any:
        """Logits of intervals, of the degrees they lead to, and the pointers' evidence, added up.

        Degrees are semitones above the tonic. ``(B, T, V)``.
        """
        found = {name: ops.cast(output, "float32") for name, output in outputs.items()}
        # What is not looked back at is left out before the new keys are added, not after: then the
        # gradient of the slice, as large as all that it was cut from, is not asked for.
        notes, seen = ops.shape(batch["match"])[1:]
        keys = ops.concatenate([self.keys[:, self.config.memory + notes - seen :], found["key"]], 1)
        kept = ops.concatenate([self.keys, ops.stop_gradient(found["key"])], axis=1)
        self.keys.assign(kept[:, -self.config.memory :])
        evidence = self.pointers(found["query"], keys, found["gates"], batch)
        widest = self.encoding.widest
        steps = ops.arange(-widest - 1, widest + 1, dtype="int32")
        rows = ops.mod(batch["degree"][..., None] + steps, PITCH_CLASSES)
        logits = found["interval"] + ops.take_along_axis(found["degree"], rows, axis=-1) + evidence
        # Notes of a chord come from the lowest upwards; the escape symbol may be any interval.
        falls = ops.logical_and(steps <= 0, steps >= -widest)
        blocked = ops.logical_and(falls, batch["rising"][..., None] > 0)
        return ops.where(blocked, _MINUS_INFINITY, logits)


class ClippedLSTM(keras.layers.Layer):
    """An LSTM layer whose cell state is clipped, and whose state is an input and an output.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000; its
    bias starts at 1. Shapes: B streams, T notes, n inputs, U units.
    """

    def __init__(
        self,
        units: int,
        recurrent_dropout: float,
        seed: int,
        distribution: Distribution = ALONE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.mask = VariationalDropout(
            recurrent_dropout, seed, distribution, name=f"{self.name}_dropout"
        )

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
        recurrent = ops.copy(self.recurrent)
        outputs, cells = ops.split(_recurred(inputs, hidden, cell, recurrent, mask), 2, axis=-1)
        return ops.transpose(outputs, (1, 0, 2)), outputs[-1], cells[-1]


@ops.custom_gradient
def _recurred(inputs: Any, hidden: Any, cell: Any, recurrent: Any, mask: Any) -> tuple[Any, Any]:
    """All outputs and cells of an LSTM layer ``(T, B, 2U)``; and the way back through time.

    What a gradient derived from the loop does note by note, most of all adding up that of
    ``recurrent``, is done here for all notes at once.

    Args:
        inputs: x.W + b ``(T, B, 4U)``.
        hidden: output before the first note ``(B, U)``.
        cell: likewise.
        recurrent: U ``(U, 4U)``.
        mask: that the output is multiplied by before it enters the next step ``(B, U)``.
    """

    # The cells come out beside the outputs because the TensorFlow backend's scan wants what
    # it collects to look like what it carries.
    def step(state: tuple[Any, Any], at: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        before, kept = state
        after = lstm_cell(at + ops.matmul(before * mask, recurrent), kept, clip=CELL_CLIP)
        return after, after

    _, (outputs, cells) = ops.scan(step, (hidden, cell), inputs)

    # Torch gives the gradient of the result by name, after the arguments; others give it alone.
    def back(*given: Any, upstream: Any = None) -> tuple[Any, ...]:
        upstream = given[0] if upstream is None else upstream
        before = ops.concatenate([hidden[None], outputs[:-1]], axis=0) * mask
        kept = ops.concatenate([cell[None], cells[:-1]], axis=0)
        i, f, g, o = ops.split(inputs + ops.matmul(before, recurrent), 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        shown = ops.tanh(cells)
        inside = ops.cast(ops.abs(cells) < CELL_CLIP, cells.dtype)
        through = o * (1 - shown * shown)
        gates = ops.concatenate(
            [g * i * (1 - i), kept * f * (1 - f), i * (1 - g * g), shown * o * (1 - o)], axis=-1
        )
        from_outputs, from_cells = ops.split(upstream, 2, axis=-1)

        def step_back(after: tuple[Any, Any], at: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
            on_gates, on_cell = after
            output, own, through, inside, gates, f = at
            output = output + ops.matmul(on_gates, ops.transpose(recurrent)) * mask
            on_cell = (on_cell + own + output * through) * inside
            now = ops.concatenate([on_cell, on_cell, on_cell, output], axis=-1) * gates, on_cell * f
            return now, now

        none = ops.zeros_like(inputs[0]), ops.zeros_like(cell)
        (first, on_cell), (on_gates, _) = ops.scan(
            step_back, none, (from_outputs, from_cells, through, inside, gates, f), reverse=True
        )
        on_hidden = ops.matmul(first, ops.transpose(recurrent)) * mask
        on_recurrent = ops.einsum("tbu,tbg->ug", before, on_gates)
        return on_gates, on_hidden, on_cell, on_recurrent, ops.zeros_like(mask)

    return ops.concatenate([outputs, cells], axis=-1), back


def _forget_open(shape: tuple[int, ...], dtype: Any = None) -> Any:
    units = shape[0] // 4
    return ops.concatenate(
        [ops.zeros(units, dtype), ops.ones(units, dtype), ops.zeros(2 * units, dtype)]
    )


class VariationalDropout(keras.layers.Layer):
    """Dropout with one mask for all notes of a segment (Gal and Ghahramani 2016, 1512.05287)."""

    def __init__(self, rate: float, seed: int, distribution: Distribution, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.distribution = distribution
        self.seeds = keras.random.SeedGenerator(seed, name=f"{self.name}_seeds")
        self.built = True

    def draw(self, like: Any, *, training: bool) -> Any:
        """A mask of the shape of ``like``: 0 or 1 / (1 - rate) in training, else all 1."""
        ones = ops.ones_like(like)
        if not training or not self.rate:
            return ones
        return self.distribution.drawn(ones, self.rate, self.seeds)

    def call(self, x: Any, *, training: bool = False) -> Any:
        return x * self.draw(x[:, :1], training=training)


class HintDropout(keras.layers.Layer):
    """Drops whole feature embeddings, never the basic ones; one mask for all notes of a segment.

    Hints are so telling that a network always given all of them would learn nothing else.
    """

    def __init__(
        self, rate: float, basic: int, seed: int, distribution: Distribution, **kwargs: Any
    ) -> None:
        """The first ``basic`` features are never dropped; ``rate`` of the others are, 0 to 0.95."""
        super().__init__(**kwargs)
        self.rate = rate
        self.basic = basic
        self.distribution = distribution
        self.seeds = keras.random.SeedGenerator(seed, name=f"{self.name}_seeds")
        self.built = True

    def call(self, rows: Any, *, training: bool = False) -> Any:
        """``(B, T, features, n)`` to the same shape."""
        if not training or not self.rate:
            return rows
        ones = ops.ones_like(rows[:, :1, :, :1])
        hints = self.distribution.drawn(ones[:, :, self.basic :], self.rate, self.seeds)
        return rows * ops.concatenate([ones[:, :, : self.basic], hints], axis=2)


def looked_up(table: Any, rows: Any) -> Any:
    """Rows ``(...)`` of a table of weights ``(rows, n)``: ``(..., n)``.

    Of a product with 1, whose gradient is one array. That of the table itself would on TensorFlow
    be a list of rows: its norm, by which it is clipped, is not that of their sum, and the optimiser
    adds them up once for the norm and once more to use them.
    """
    return ops.take(table * 1, rows, axis=0)


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
        distribution: Distribution,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self.hints = hints
        self.rows = keras.layers.Embedding(rows, width, name="rows") if rows else None
        self.hidden = keras.layers.Dense(width, name="hidden")
        self.dropout = VariationalDropout(dropout, seed, distribution, name=f"{name}_dropout")
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
            found = self.hints(looked_up(self.rows.embeddings, rows), training=training)
            hidden = hidden + ops.sum(found, axis=-2)
        hidden = self.dropout(ops.relu(hidden), training=training)
        return {key: layer(hidden) for key, layer in self.outputs.items()}


class Pointers(keras.layers.Layer):
    """As many pointers of each kind: those that copy intervals, then steps, then pitches.

    Each pointer spreads its attention over the earlier notes of the piece and so gives a
    distribution of what to copy: the interval that followed, the steps of the scale, or the pitch.
    Their logarithms, each with a strength of its own, are added to the logits: a copy is evidence,
    not a decision (pointer-generator networks, See, Liu and Manning 2017, arXiv 1704.04368, mix
    probabilities instead; in melodies the product of models predicts better than the sum, Pearce,
    Conklin and Wiggins 2004).

    Attention adds to the usual product of query and key a learned bias for how many of the
    preceding intervals and steps agree, so that a pointer can begin as an n-gram memory and learn
    from there, and one for how far back in bars and beats a note lies: figures come again in the
    same place. Shapes: M + T notes that can be looked at, V interval symbols.
    """

    def __init__(self, each: int, widest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.each = each
        self.pointers = POINTER_KINDS * each
        self.widest = widest
        self.match_bias = self.add_weight(
            (MATCH_ROWS, self.pointers), _longer_counts_more, name="match_bias"
        )
        self.place_bias = self.add_weight((PLACES, self.pointers), "zeros", name="place_bias")
        self.gate_bias = self.add_weight(
            (MATCH_ROWS, self.pointers), _nearly_closed, name="gate_bias"
        )
        self.similarity_gain = self.add_weight((self.pointers,), "zeros", name="similarity_gain")
        self.built = True

    def call(self, query: Any, keys: Any, gates: Any, batch: dict[str, Any]) -> Any:
        """Evidence for each interval symbol, to be added to logits: ``(B, T, V)``.

        Args:
            query: ``(B, T, H * W)``.
            keys: ``(B, M + T, H * W)``.
            gates: how much each pointer is to be trusted ``(B, T, H)``.
            batch: what ``data.batches`` says of the notes to be copied.
        """
        free = batch["match"] < BLOCKED
        match, step, place = (
            ops.where(free, ops.cast(batch[name], "int32"), 0)
            for name in ("match", "step_match", "place_match")
        )
        # All sums of three biases there are, so that each note looks up one; the last row keeps it
        # from being copied.
        sums = self.place_bias + self.match_bias[:STEP_MATCH, None, None]
        sums = ops.reshape(sums + self.match_bias[STEP_MATCH:, None], (-1, self.pointers))
        alike = (match * (MATCH_ROWS - STEP_MATCH) + step) * PLACES + place
        bias = ops.take(
            ops.pad(sums, ((0, 1), (0, 0)), constant_values=_MINUS_INFINITY),
            ops.where(free, alike, sums.shape[0]),
            axis=0,
        )
        weights, similarity = self._attention(query, keys, bias, ops.cast(free, "float32"))
        copied = self._copied(weights, batch)
        trust = gates + similarity * self.similarity_gain
        for row in (match, step + STEP_MATCH):
            trust = trust + looked_up(self.gate_bias, ops.max(row, axis=-1))
        evidence = ops.log(copied + EVIDENCE_FLOOR) - math.log(EVIDENCE_FLOOR)
        evidence = ops.sum(evidence * ops.softplus(trust)[..., None], axis=-2)
        # The escape symbol is never copied.
        return ops.pad(evidence, ((0, 0), (0, 0), (1, 0)))

    def _attention(self, query: Any, keys: Any, bias: Any, free: Any) -> tuple[Any, Any]:
        """Weights over the notes that may be copied, and how similar they are in all.

        Returns:
            weights ``(B, H, T, M + T)``, 0 for the other notes; the logarithm of the sum of what
            they were before they were made to sum to 1 ``(B, T, H)``.
        """
        query, keys = self._by_pointer(query), self._by_pointer(keys)
        width = query.shape[-1]
        scores = ops.einsum("bthw,bmhw->bhtm", query, keys) / width**0.5
        scores = scores + ops.transpose(bias, (0, 3, 1, 2))
        total = ops.logsumexp(scores, axis=-1, keepdims=True)
        # A row without a free note would give them all the same.
        weights = ops.exp(scores - total) * free[:, None]
        similarity = ops.maximum(total[..., 0], LEAST_SIMILARITY)
        return weights, ops.transpose(similarity, (0, 2, 1))

    def _by_pointer(self, x: Any) -> Any:
        streams, notes, width = ops.shape(x)
        return ops.reshape(x, (streams, notes, self.pointers, width // self.pointers))

    def _copied(self, weights: Any, batch: dict[str, Any]) -> Any:
        """What each pointer would copy, as probabilities of intervals: ``(B, T, H, V - 1)``."""
        widest, most = self.widest, widest_step(self.widest)
        interval = ops.arange(-widest, widest + 1, dtype="int32")
        steps = ops.convert_to_tensor(step_table(widest), "int32")
        # For each kind: what the earlier notes did, how many such things there are, and which of
        # them each interval would be. One hot outside the table is all zero, which is right.
        kinds = [
            (batch["copy_intervals"] + widest, 2 * widest + 1, None),
            (
                batch["copy_steps"] + most,
                2 * most + 1,
                ops.take(steps, batch["degree"], axis=0) + most,
            ),
            (batch["copy_pitches"], MAX_PITCH + 1, batch["last_pitch"][..., None] + interval),
        ]
        found = []
        by_kind = ops.split(weights, POINTER_KINDS, axis=1)
        for mine, (moves, size, where) in zip(by_kind, kinds, strict=True):
            copied = ops.einsum("bhtm,bmv->bthv", mine, ops.one_hot(moves, size))
            found.append(copied if where is None else self._looked_up(copied, where, size))
        return ops.concatenate(found, axis=2)

    def _looked_up(self, copied: Any, where: Any, size: int) -> Any:
        """``(B, T, each, size)`` at ``(B, T, V - 1)`` places; 0 outside."""
        inside = ops.cast(ops.logical_and(where >= 0, where < size), "float32")
        at = ops.repeat(ops.clip(where, 0, size - 1)[:, :, None], self.each, axis=2)
        return ops.take_along_axis(copied, at, axis=-1) * inside[:, :, None]


def _longer_counts_more(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Attention starts out preferring long matches, as n-grams do: each note more doubles it."""
    lengths = ops.arange(shape[0], dtype="float32") % SAME_PITCH
    return ops.cast(ops.tile(0.7 * lengths[:, None], (1, shape[1])), dtype or "float32")


def _nearly_closed(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Pointers start out with little weight: all of them together as much as the rest."""
    return ops.full(shape, -0.8, dtype or "float32")
