"""Networks that tell kinds of sound apart: dense over four features, convolutional over frames."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.loop import Curves, Row
from playbach_train.sound.methods import Vector, VectorTrainer, split_vector
from playbach_train.sound.recordings import Clips, Sounds
from playbach_train.sound.settings import SoundsConfig

_BATCH = 64
_FEWEST_STEPS = 10
"""Of an epoch, however little there is to hear."""
_LOUDER = 6.0
"""dB by which each second is made louder or softer: microphones differ."""
_HIDDEN = (16, 12)
_FILTERS = (8, 16, 32)
Shapes = Mapping[str, tuple[int, ...]]


def shapes(network: str, labels: int) -> Shapes:
    """Shape of each array of weights by name, in the order in which they lie in the vector."""
    found: dict[str, tuple[int, ...]] = {}
    last = 4
    if network == "frames":
        last = 1
        for number, filters in enumerate(_FILTERS):
            found[f"kernel{number}"], found[f"bias{number}"] = (3, 3, last, filters), (filters,)
            last = filters
    else:
        for number, units in enumerate(_HIDDEN):
            found[f"kernel{number}"], found[f"bias{number}"] = (last, units), (units,)
            last = units
    return {**found, "out": (last, labels), "bias": (labels,)}


def logits(network: str, weights: Mapping[str, Any], inputs: Any) -> Any:
    """``(clips, labels)`` of ``(clips, ...)``; ``weights`` with ``mean`` and ``deviation``."""
    seen = (inputs - weights["mean"]) / weights["deviation"]
    if network == "frames":
        seen = seen[..., None]
        for number in range(len(_FILTERS)):
            found = tf.nn.conv2d(seen, weights[f"kernel{number}"], 1, "SAME")
            found = tf.nn.relu(found + weights[f"bias{number}"])
            is_last = number == len(_FILTERS) - 1
            seen = found if is_last else tf.nn.max_pool2d(found, 2, 2, "VALID")
        seen = tf.reduce_mean(seen, axis=(1, 2))
    else:
        for number in range(len(_HIDDEN)):
            seen = tf.nn.relu(seen @ weights[f"kernel{number}"] + weights[f"bias{number}"])
    return seen @ weights["out"] + weights["bias"]


class SoundsTrainer(VectorTrainer):
    """See ``playbach_train.runs.loop.Trainer`` for its methods."""

    def __init__(self, config: SoundsConfig, sounds: Sounds) -> None:
        self.config = config
        self._sounds = sounds
        self._shapes = shapes(config.network, len(sounds.labels))
        axes = (0, 1) if config.network == "frames" else (0,)
        inputs = sounds.train.inputs
        self._fixed: Arrays = {
            "mean": inputs.mean(axis=axes),
            "deviation": np.maximum(inputs.std(axis=axes), np.float32(1e-3)),
        }
        super().__init__(config.method, self._first(), config.seed + 1)
        self._loss_of = tf.function(self._loss, reduce_retracing=True)
        self._gradient_of = tf.function(self._gradient, reduce_retracing=True)

    def run_epoch(self, epoch: int) -> Row:
        begun, rng = time.monotonic(), np.random.default_rng((self.config.seed, epoch))
        train = self._sounds.train
        steps = max(_FEWEST_STEPS, len(train.labels) // _BATCH)
        losses = []
        for step in range(steps):
            done = ((epoch - 1) * steps + step) / (self.config.epochs * steps)
            batch = _drawn(train, self.config.network, len(self._sounds.labels), rng)
            losses.append(self._step(batch, 0.5 * (1 + math.cos(math.pi * min(1.0, done)))))
        return {
            "epoch": epoch,
            "training": float(np.mean(losses)),
            "loss": self._cost(self._sounds.validation),
            "accuracy": self.accuracy(self._sounds.validation),
            "seconds": round(time.monotonic() - begun, 2),
        }

    def loss(self, row: Row) -> float:
        return float(row["loss"])

    def curves(self, row: Row) -> Curves:
        return {
            "cross-entropy, nats": {"training": row["training"], "other sources": row["loss"]},
            "accuracy": {"other sources": row["accuracy"]},
        }

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        row = history[-1]
        both = f"{row['training']:.3f} nats in training, {row['loss']:.3f} on other sources"
        told = f"{row['accuracy']:.0%} of them rightly"
        return [f"epoch {row['epoch']}: {both}, {told} ({row['seconds']:.1f} s)"]

    def network(self) -> Arrays:
        return {**split_vector(self.weights, self._shapes), **self._fixed}

    def begin_with(self, arrays: Arrays, where: str) -> None:
        self._fixed = {name: arrays[name] for name in self._fixed}
        self.weights = np.concatenate(
            [checked(arrays, name, shape, where).ravel() for name, shape in self._shapes.items()]
        )

    def confusion(self, clips: Clips) -> NDArray[np.int64]:
        """How many seconds of each label (row) were told as each (column)."""
        count = len(self._sounds.labels)
        told = np.asarray(self._logits(tf.constant(self.weights), clips.inputs)).argmax(axis=1)
        found = np.bincount(clips.labels * count + told, minlength=count**2)
        return found.reshape(count, count)

    def accuracy(self, clips: Clips) -> float:
        """Share told rightly, the mean over labels."""
        found = self.confusion(clips)
        return float(np.mean(np.diag(found) / np.maximum(found.sum(axis=1), 1)))

    def _first(self) -> Vector:
        rng = np.random.default_rng(self.config.seed)
        parts = [
            rng.standard_normal(shape) * math.sqrt(2 / max(1, math.prod(shape[:-1])))
            * (len(shape) > 1) for shape in self._shapes.values()
        ]  # fmt: skip
        return np.concatenate([part.ravel() for part in parts]).astype(np.float32)

    def _logits(self, weights: Any, inputs: Any) -> Any:
        sizes = [math.prod(shape) for shape in self._shapes.values()]
        named = zip(self._shapes.items(), tf.split(weights, sizes), strict=True)
        arrays = {name: tf.reshape(piece, shape) for (name, shape), piece in named}
        return logits(self.config.network, {**arrays, **self._fixed}, inputs)

    def _loss(self, weights: Any, inputs: Any, labels: Any) -> Any:
        found = self._logits(weights, inputs)
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=found)
        )

    def _gradient(self, weights: Any, inputs: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self._loss(weights, inputs, labels)
        return loss, tape.gradient(loss, weights)

    def _cost(self, clips: Clips) -> float:
        return float(self._loss_of(tf.constant(self.weights), clips.inputs, clips.labels))

    def _step(self, batch: Clips, rate: float) -> float:
        def gradient(weights: Vector) -> Vector:
            return np.asarray(self._gradient_of(tf.constant(weights), *batch)[1])

        def loss(weights: Vector) -> float:
            return float(self._loss_of(tf.constant(weights), *batch))

        before = loss(self.weights)
        self.weights = self._method.step(self.weights, gradient, loss, rate)
        return before


def checked(arrays: Arrays, name: str, shape: tuple[int, ...], where: str) -> Vector:
    """An array of weights.

    Raises:
        InputError: it is missing, of another shape or not finite; ``where`` it comes from.
    """
    array = arrays.get(name)
    if array is None or array.shape != shape or not np.isfinite(array).all():
        raise InputError(f"{where}: {name} is not that of this network; train again")
    return np.asarray(array, np.float32)


def _drawn(clips: Clips, network: str, labels: int, rng: np.random.Generator) -> Clips:
    """Seconds by chance, each label as often, made louder or softer."""
    wanted = rng.integers(0, labels, _BATCH)
    places = [np.flatnonzero(clips.labels == label) for label in range(labels)]
    inputs = clips.inputs[[rng.choice(places[label]) for label in wanted]]
    louder = rng.uniform(-_LOUDER, _LOUDER, _BATCH).astype(np.float32)
    if network == "frames":
        inputs += louder[:, None, None]
    else:
        inputs[:, 0] += louder
    return Clips(inputs, wanted)
