"""The network: embeddings, stacked LSTM, three heads, and attention that copies.

One step is one note. The recurrent layers read the note just heard; the *shift* head asks when the
next note comes; the *pitch* head, told when, asks which; the *duration* head, told both, asks how
long. The pitch head is helped by pointers that look back over the piece: see ``pointers``.

Written in Keras 3 operations only, so every backend trains it. Shapes: B streams, T notes of a
segment, M remembered notes before it, U units, H pointers, W width of a pointer's key.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from playbach.music.encoding import Encoding
from playbach.music.features import feature_tables, row_count
from playbach.music.key import PITCH_CLASSES
from playbach_train.layers import ClippedLSTM, Head, HintDropout, VariationalDropout
from playbach_train.networks.copying_config import NetworkConfig, Regularisation
from playbach_train.pointers import Pointers

PARTS = ("shift", "pitch", "duration")
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
        drop = regularisation or Regularisation(0, 0, 0, 0, 0)
        tables = feature_tables(encoding)
        self.rows = keras.layers.Embedding(row_count(tables.note), config.embedding, name="rows")
        self.input_hints = HintDropout(
            drop.hints, tables.basic["note"], seed + 2, name="input_hints"
        )
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
                hints=HintDropout(
                    drop.hints, tables.basic[part], seed + 40 + n, name=f"{part}_hints"
                )
                if rows
                else None,
                seed=seed + 30 + n,
                name=f"{part}_head",
            )
            for n, (part, (rows, outputs)) in enumerate(shapes.items())
        }
        self.pointers = Pointers(config.pointers, encoding.widest, name="pointers", dtype="float32")
        self._build_layers()
        self._add_state(streams)

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

    def _add_state(self, streams: int) -> None:
        """What is carried from segment to segment: a row for each stream."""
        config = self.config
        kept = {"initializer": "zeros", "trainable": False}
        self.states = [
            (
                self.add_weight((streams, config.units), name=f"hidden_{n}", **kept),
                self.add_weight((streams, config.units), name=f"cell_{n}", **kept),
            )
            for n in range(config.layers)
        ]
        self.keys = self.add_weight((streams, config.memory, config.keys), name="keys", **kept)

    @property
    def carried(self) -> list[Any]:
        """State of the pieces being read, which is no part of the trained network."""
        return [*(state for pair in self.states for state in pair), self.keys]

    def call(self, batch: dict[str, Any], *, training: bool = False) -> Any:
        """Log-probabilities (nats) of the true shift, pitch and duration, and hits: ``(B, T, 4)``.

        A hit is 1 where the true pitch was the likeliest, else 0. ``batch`` is one of
        ``segments.batches``, without its weights.
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

        ``y`` is 1 where a part was asked for, ``y_pred`` what ``call`` returned.
        """
        del x, sample_weight, training
        asked = ops.convert_to_tensor(y)
        return -ops.sum(asked * y_pred[..., :-1]) / ops.maximum(ops.sum(asked[..., 0]), 1.0)

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
        rows = self.input_hints(self.rows(batch["note_rows"]), training=training)
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
        keys = ops.concatenate([self.keys, found["key"]], axis=1)
        self.keys.assign(keys[:, -self.config.memory :])
        keys = keys[:, -ops.shape(batch["match"])[-1] :]
        evidence = self.pointers(found["query"], keys, found["gates"], batch)
        widest = self.encoding.widest
        steps = ops.arange(-widest - 1, widest + 1, dtype="int32")
        rows = ops.mod(batch["degree"][..., None] + steps, PITCH_CLASSES)
        logits = found["interval"] + ops.take_along_axis(found["degree"], rows, axis=-1) + evidence
        # Notes of a chord come from the lowest upwards; the escape symbol may be any interval.
        falls = ops.logical_and(steps <= 0, steps >= -widest)
        blocked = ops.logical_and(falls, batch["rising"][..., None] > 0)
        return ops.where(blocked, _MINUS_INFINITY, logits)
