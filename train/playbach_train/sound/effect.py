"""An effect learned from a pair: ``output = FIR(input) + linear(LSTM(input))``, state carried on.

After Wright, Damskägg, Juvela and Välimäki 2020, "Real-Time Guitar Amplifier Emulation with Deep
Learning"; the filter beside the network learns what is linear, which the network alone does slowly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import rnn_grad  # noqa: F401 the gradient of BlockLSTM

from playbach.errors import InputError
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.loop import Curves, Row
from playbach_train.sound.methods import Vector, VectorTrainer, split_vector
from playbach_train.sound.pairs import PRE_EMPHASIS, Pair, Samples, best_filter, error_to_signal
from playbach_train.sound.settings import EffectConfig

LOUDNESS = 0.25
"""Root mean square that the network's input is brought to."""
_FINE = 0.05
"""The filter's taps for 1 in the vector of weights: all of them move at once, and add up."""
_WARM_UP = 0.25
"""Seconds of sound before what is measured, in which the state forgets where it began."""
_STREAMS = 8
"""Pieces of a recording that are rendered side by side."""


def shapes(config: EffectConfig) -> dict[str, tuple[int, ...]]:
    """Shape of each array of weights by name, in the order in which they lie in the vector.

    Gates of the LSTM come as Keras has them: input, forget, cell, output.
    """
    units = config.units
    return {
        "kernel": (1, 4 * units),
        "recurrent": (units, 4 * units),
        "bias": (4 * units,),
        "out": (units,),
        "filter": (config.taps,),
    }


def arrays_of(weights: Vector, config: EffectConfig) -> Arrays:
    """The weights by name."""
    arrays = split_vector(weights, shapes(config))
    arrays["filter"] = np.float32(_FINE) * arrays["filter"]
    return arrays


def first_weights(config: EffectConfig, train: Pair) -> Vector:
    """Glorot and orthogonal for the network, whose output is small; the best filter beside it."""
    rng = np.random.default_rng(config.seed)
    units = config.units
    wide = math.sqrt(6 / (1 + 4 * units))
    turned = [np.linalg.qr(rng.standard_normal((units, units)))[0] for _ in range(4)]
    bias = np.zeros(4 * units)
    bias[units : 2 * units] = 1.0
    parts = (
        rng.uniform(-wide, wide, 4 * units), np.concatenate(turned, axis=1).ravel(), bias,
        rng.uniform(-0.1, 0.1, units), best_filter(train, config.taps) / _FINE,
    )  # fmt: skip
    return np.concatenate(parts).astype(np.float32)


class EffectNetwork:
    """The network as TensorFlow computes it, over many samples of many streams at once."""

    def __init__(self, config: EffectConfig) -> None:
        self.config = config
        self._sizes = [math.prod(shape) for shape in shapes(config).values()]
        self.loss = tf.function(self._loss, reduce_retracing=True)
        self.gradient = tf.function(self._gradient, reduce_retracing=True)
        self.output = tf.function(self._output, reduce_retracing=True)

    def state(self, streams: int) -> tuple[Any, Any]:
        """Silence: what ``output`` begins with."""
        nothing = tf.zeros((streams, self.config.units))
        return nothing, nothing

    def render(self, weights: Vector, dry: Samples, scale: float) -> Samples:
        """What comes out when ``dry`` goes in; ``scale`` as ``EffectTrainer`` found it."""
        warm = round(_WARM_UP * self.config.rate)
        length = -(-len(dry) // _STREAMS)
        padded = np.zeros(warm + self.config.taps - 1 + _STREAMS * length, np.float32)
        padded[warm + self.config.taps - 1 :][: len(dry)] = dry
        whole = warm + self.config.taps - 1 + length
        pieces = np.stack([padded[i * length : i * length + whole] for i in range(_STREAMS)])
        out, _ = self.output(weights, pieces, scale, self.state(_STREAMS))
        return np.asarray(out)[:, warm:].reshape(-1)[: len(dry)]

    def hidden(self, weights: Vector, dry: Samples, scale: float) -> Samples:
        """What each hidden unit says at each sample: ``(samples, units)``."""
        parts = self._parts(weights)
        fed = tf.constant(scale * dry[None, :], tf.float32)
        hidden, _ = self._lstm(parts, fed, self.state(1))
        return np.asarray(hidden)[:, 0]

    def _parts(self, weights: Any) -> dict[str, Any]:
        pieces = tf.split(weights, self._sizes)
        named = zip(shapes(self.config).items(), pieces, strict=True)
        return {name: tf.reshape(piece, shape) for (name, shape), piece in named}

    def _lstm(self, parts: Mapping[str, Any], fed: Any, state: Any) -> tuple[Any, Any]:
        """``fed``: (streams, samples); hidden: (samples, streams, units)."""
        nothing = tf.zeros((self.config.units,))
        hidden, cell = state
        _, cells, _, _, _, _, hiddens = tf.raw_ops.BlockLSTM(
            seq_len_max=tf.cast(tf.shape(fed)[1], tf.int64),
            x=tf.transpose(fed)[:, :, None],
            cs_prev=cell,
            h_prev=hidden,
            w=_reordered(tf.concat([parts["kernel"], parts["recurrent"]], axis=0)),
            wci=nothing,
            wcf=nothing,
            wco=nothing,
            b=_reordered(parts["bias"]),
            forget_bias=0.0,
            cell_clip=-1.0,
        )
        return hiddens, (hiddens[-1], cells[-1])

    def _output(self, weights: Any, dry: Any, scale: Any, state: Any) -> tuple[Any, Any]:
        """``dry``: (streams, taps - 1 + samples); the output has the samples alone."""
        parts = self._parts(weights)
        taps = self.config.taps
        taken = _FINE * parts["filter"][::-1, None, None]
        linear = tf.nn.conv1d(dry[:, :, None], taken, 1, "VALID")
        hidden, state = self._lstm(parts, scale * dry[:, taps - 1 :], state)
        bent = tf.transpose(tf.linalg.matvec(hidden, parts["out"]))
        return linear[:, :, 0] + bent, state

    def _loss(self, weights: Any, dry: Any, wet: Any, scale: Any, state: Any) -> tuple[Any, Any]:
        """Error-to-signal ratio with pre-emphasis, and that of the mean."""
        out, state = self._output(weights, dry, scale, state)
        missed = wet - out
        emphasised = missed[:, 1:] - PRE_EMPHASIS * missed[:, :-1]
        heard = wet[:, 1:] - PRE_EMPHASIS * wet[:, :-1]
        energy = tf.reduce_mean(heard**2) + 1e-6
        offset = tf.reduce_mean(tf.reduce_mean(missed, axis=1) ** 2)
        loss = tf.reduce_mean(emphasised**2) / energy
        return loss + offset / (tf.reduce_mean(wet**2) + 1e-6), state

    def _gradient(self, weights: Any, *given: Any) -> tuple[Any, Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss, state = self._loss(weights, *given)
        return loss, tape.gradient(loss, weights), state


class EffectTrainer(VectorTrainer):
    """See ``playbach_train.runs.loop.Trainer`` for its methods."""

    def __init__(self, config: EffectConfig, train: Pair, validation: Pair) -> None:
        super().__init__(config.method, first_weights(config, train), config.seed + 1)
        self.config = config
        self.model = EffectNetwork(config)
        self._validation = validation
        self.scale = LOUDNESS / float(np.sqrt(np.mean(train.dry**2)))
        self._dry, self._wet = self._streams(train)

    def run_epoch(self, epoch: int) -> Row:
        begun = time.monotonic()
        state = self.model.state(self.config.streams)
        losses = []
        pieces = list(self._pieces())
        total = self.config.epochs * len(pieces)
        for number, (dry, wet) in enumerate(pieces):
            done = (epoch - 1) * len(pieces) + number
            rate = 0.5 * (1 + math.cos(math.pi * done / total))
            loss, state = self._step(dry, wet, state, rate)
            losses.append(loss)
        out = self.model.render(self.weights, self._validation.dry, self.scale)
        return {
            "epoch": epoch,
            "training": float(np.mean(losses)),
            "esr": error_to_signal(self._validation.wet, out),
            "seconds": round(time.monotonic() - begun, 2),
        }

    def loss(self, row: Row) -> float:
        return float(row["esr"])

    def curves(self, row: Row) -> Curves:
        return {"error to signal": {"training": row["training"], "held out": row["esr"]}}

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        row = history[-1]
        both = f"{row['training']:.4f} in training, {row['esr']:.4f} held out"
        return [f"epoch {row['epoch']}: error to signal {both} ({row['seconds']:.1f} s)"]

    def network(self) -> Arrays:
        scale = np.array([self.scale], np.float32)
        return {**arrays_of(self.weights, self.config), "scale": scale}

    def begin_with(self, arrays: Arrays, where: str) -> None:
        self.weights = weights_of(arrays, self.config, where)

    def _streams(self, pair: Pair) -> tuple[Samples, Samples]:
        """Both sides cut into streams of whole pieces; before each its filter's past."""
        steps, taps = self.config.steps, self.config.taps
        length = (len(pair.dry) - taps) // self.config.streams // steps * steps
        if not length:
            raise InputError(
                f"{pair.seconds:.0f} seconds to train on are too short for {self.config.streams} "
                f"streams of {steps} samples; give a longer pair, or fewer of either"
            )
        starts = [taps - 1 + number * length for number in range(self.config.streams)]
        dry = np.stack([pair.dry[start - taps + 1 : start + length] for start in starts])
        return dry, np.stack([pair.wet[start : start + length] for start in starts])

    def _pieces(self) -> Iterator[tuple[Samples, Samples]]:
        steps, past = self.config.steps, self.config.taps - 1
        for start in range(0, self._wet.shape[1], steps):
            end = start + steps
            yield self._dry[:, start : end + past], self._wet[:, start:end]

    def _step(self, dry: Samples, wet: Samples, state: Any, rate: float) -> tuple[float, Any]:
        given = (tf.constant(dry), tf.constant(wet), tf.constant(self.scale), state)
        seen: list[tuple[float, Any]] = []

        def gradient(weights: Vector) -> Vector:
            loss, found, after = self.model.gradient(tf.constant(weights), *given)
            seen.append((float(loss), after))
            return np.asarray(found)

        def loss(weights: Vector) -> float:
            found, _ = self.model.loss(tf.constant(weights), *given)
            return float(found)

        self.weights = self._method.step(self.weights, gradient, loss, rate)
        if not seen:
            # A method that only tries: the state goes on from what it chose.
            found, after = self.model.loss(tf.constant(self.weights), *given)
            seen.append((float(found), after))
        return seen[0]


def _reordered(gates: Any) -> Any:
    """Input, cell, forget, output, as BlockLSTM has them.

    BlockLSTMV2 has Keras's order, but its gradient in TensorFlow 2.21 is that of the other.
    """
    put_in, forget, cell, out = tf.split(gates, 4, axis=-1)
    return tf.concat([put_in, cell, forget, out], axis=-1)


def weights_of(arrays: Arrays, config: EffectConfig, where: str) -> Vector:
    """The vector of weights from ``arrays_of``'s arrays.

    Raises:
        InputError: they are of other units or taps, or not finite; ``where`` they come from.
    """
    parts = []
    for name, shape in shapes(config).items():
        array = arrays.get(name)
        if array is None or array.shape != shape or not np.isfinite(array).all():
            raise InputError(f"{where}: {name} is not that of {config.units} units; train again")
        by = 1 / _FINE if name == "filter" else 1.0
        parts.append(np.asarray(by * array, np.float32).ravel())
    return np.concatenate(parts)
