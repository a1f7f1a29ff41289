"""Pointers: attention that looks back for similar contexts and copies what followed them.

Each pointer spreads its attention over the earlier notes of the piece and so gives a distribution
of what to copy: the interval that followed, the steps of the scale, or the pitch. Their logarithms,
each with a strength of its own, are added to the logits: a copy is evidence, not a decision
(pointer-generator networks, See, Liu and Manning 2017, arXiv 1704.04368, mix probabilities instead;
in melodies the product of models predicts better than the sum, Pearce, Conklin and Wiggins 2004).

Attention adds to the usual product of query and key a learned bias for how many of the preceding
intervals and steps agree, so that a pointer can begin as an n-gram memory and learn from there, and
one for how far back in bars and beats a note lies: figures come again in the same place.

Shapes: B streams, T notes of a segment, M + T notes that can be looked at, H pointers, W width of
queries and keys, V interval symbols.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from playbach.music.features import (
    EVIDENCE_FLOOR,
    LEAST_SIMILARITY,
    MATCH_ROWS,
    PLACES,
    POINTER_KINDS,
    SAME_PITCH,
    STEP_MATCH,
)
from playbach.music.note import MAX_PITCH
from playbach.music.scale import step_table, widest_step

BLOCKED = 255
"""In ``match``: this note may not be copied from."""

_MINUS_INFINITY = -1e9


class Pointers(keras.layers.Layer):
    """As many pointers of each kind: those that copy intervals, then steps, then pitches."""

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
            batch: what ``segments.batches`` says of the notes to be copied.
        """
        free = batch["match"] < BLOCKED
        rows = [
            ops.where(free, ops.cast(batch["match"], "int32"), 0),
            ops.where(free, ops.cast(batch["step_match"], "int32"), 0) + STEP_MATCH,
        ]
        bias = ops.take(
            self.place_bias, ops.where(free, ops.cast(batch["place_match"], "int32"), 0), axis=0
        )
        for row in rows:
            bias = bias + ops.take(self.match_bias, row, axis=0)
        weights, similarity = self._attention(query, keys, bias, ops.cast(free, "float32"))
        copied = self._copied(weights, batch)
        trust = gates + similarity * self.similarity_gain
        for row in rows:
            trust = trust + ops.take(self.gate_bias, ops.max(row, axis=-1), axis=0)
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
        free = free[:, None]
        scores = scores + (1 - free) * _MINUS_INFINITY
        similarity = ops.maximum(ops.logsumexp(scores, axis=-1), LEAST_SIMILARITY)
        return ops.softmax(scores, axis=-1) * free, ops.transpose(similarity, (0, 2, 1))

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
        for kind, (moves, size, where) in enumerate(kinds):
            mine = weights[:, kind * self.each : (kind + 1) * self.each]
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
