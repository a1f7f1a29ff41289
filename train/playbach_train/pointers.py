"""Pointers: attention that looks back for similar contexts and copies what followed them.

Each pointer spreads its attention over the earlier notes of the piece and so gives a distribution
of what to copy: the interval that followed, or the pitch. Their logarithms, each with a strength
of its own, are added to the logits of the pitch head; a copy is evidence, not a decision
(pointer-generator networks, See, Liu and Manning 2017, arXiv 1704.04368, mix probabilities instead;
in melodies the product of models predicts better than the sum, Pearce, Conklin and Wiggins 2004).

Attention adds to the usual product of query and key a learned bias for how many of the preceding
intervals agree, so that a pointer can begin as an n-gram memory and learn from there.

Shapes: B streams, T notes of a segment, M + T notes that can be looked at, H pointers, W width of
queries and keys, V interval symbols.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from playbach.music.features import EVIDENCE_FLOOR, LEAST_SIMILARITY, LONGEST_MATCH, MATCH_ROWS
from playbach.music.note import MAX_PITCH

BLOCKED = 255
"""In ``match``: this note may not be copied from."""

_MINUS_INFINITY = -1e9


class Pointers(keras.layers.Layer):
    """The first half of the pointers copy intervals, the others pitches."""

    def __init__(self, pointers: int, interval_pointers: int, widest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pointers = pointers
        self.interval_pointers = interval_pointers
        self.widest = widest
        self.match_bias = self.add_weight(
            (MATCH_ROWS, pointers), _longer_counts_more, name="match_bias"
        )
        self.gate_bias = self.add_weight((MATCH_ROWS, pointers), "zeros", name="gate_bias")
        self.similarity_gain = self.add_weight((pointers,), "zeros", name="similarity_gain")

    def call(self, query: Any, keys: Any, gates: Any, batch: dict[str, Any]) -> Any:
        """Evidence for each interval symbol, to be added to logits: ``(B, T, V)``.

        Args:
            query: ``(B, T, H * W)``.
            keys: ``(B, M + T, H * W)``.
            gates: how much each pointer is to be trusted ``(B, T, H)``.
            batch: ``match``, ``copy_intervals``, ``copy_pitches`` and ``last_pitch``.
        """
        row = ops.where(batch["match"] < BLOCKED, ops.cast(batch["match"], "int32"), 0)
        weights, similarity = self._attention(query, keys, row, batch["match"])
        copied = self._copied(weights, batch)
        best = ops.take(self.gate_bias, ops.max(row, axis=-1), axis=0)
        strength = ops.softplus(gates + best + similarity * self.similarity_gain)
        evidence = ops.log(copied + EVIDENCE_FLOOR) - math.log(EVIDENCE_FLOOR)
        evidence = ops.sum(evidence * strength[..., None], axis=-2)
        # The escape symbol is never copied.
        return ops.pad(evidence, ((0, 0), (0, 0), (1, 0)))

    def _attention(self, query: Any, keys: Any, row: Any, match: Any) -> tuple[Any, Any]:
        """Weights over the notes that may be copied, and how similar they are in all.

        Returns:
            weights ``(B, H, T, M + T)``, 0 for the other notes; the logarithm of the sum of what
            they were before they were made to sum to 1 ``(B, T, H)``.
        """
        query, keys = self._by_pointer(query), self._by_pointer(keys)
        width = query.shape[-1]
        scores = ops.einsum("bthw,bmhw->bhtm", query, keys) / width**0.5
        scores = scores + ops.transpose(ops.take(self.match_bias, row, axis=0), (0, 3, 1, 2))
        free = ops.cast(match < BLOCKED, "float32")[:, None]
        scores = scores + (1 - free) * _MINUS_INFINITY
        similarity = ops.maximum(ops.logsumexp(scores, axis=-1), LEAST_SIMILARITY)
        return ops.softmax(scores, axis=-1) * free, ops.transpose(similarity, (0, 2, 1))

    def _by_pointer(self, x: Any) -> Any:
        streams, notes, width = ops.shape(x)
        return ops.reshape(x, (streams, notes, self.pointers, width // self.pointers))

    def _copied(self, weights: Any, batch: dict[str, Any]) -> Any:
        """What each pointer would copy, as probabilities of intervals: ``(B, T, H, V - 1)``."""
        widest, first = self.widest, self.interval_pointers
        # One hot outside the table is all zero, which is right: such an interval has no symbol.
        intervals = ops.one_hot(batch["copy_intervals"] + widest, 2 * widest + 1)
        by_interval = ops.einsum("bhtm,bmv->bthv", weights[:, :first], intervals)
        pitches = ops.one_hot(batch["copy_pitches"], MAX_PITCH + 1)
        by_pitch = ops.einsum("bhtm,bmv->bthv", weights[:, first:], pitches)
        at = batch["last_pitch"][..., None] + ops.arange(-widest, widest + 1, dtype="int32")
        inside = ops.cast(ops.logical_and(at >= 0, at <= MAX_PITCH), "float32")
        at = ops.repeat(ops.clip(at, 0, MAX_PITCH)[:, :, None], self.pointers - first, axis=2)
        by_pitch = ops.take_along_axis(by_pitch, at, axis=-1) * inside[:, :, None]
        return ops.concatenate([by_interval, by_pitch], axis=2)


def _longer_counts_more(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Attention starts out preferring long matches, as n-grams do: each note more doubles it."""
    lengths = ops.arange(shape[0], dtype="float32") % (LONGEST_MATCH + 1)
    return ops.cast(ops.tile(0.7 * lengths[:, None], (1, shape[1])), dtype or "float32")
