"""The network's own recurrent layer, beside Keras'."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from playbach_train.copying import model
from playbach_train.copying.model import ClippedLSTM
from playbach_train.networks.lstm import lstm_cell

STREAMS, NOTES, WIDTH, UNITS = 3, 9, 4, 5


def drawn(*shape: int, scale: float = 1.0) -> tf.Tensor:
    rng = np.random.default_rng(len(shape))
    return tf.constant(rng.normal(size=shape) * scale, tf.float32)


def with_gradients(layer: Any, watched: Any, run: Any) -> list[tf.Tensor]:
    """What ``run`` gives, and the gradients of a weighing of it."""
    with tf.GradientTape() as tape:
        tape.watch(watched)
        found = run()
        weighed = tf.add_n([tf.reduce_sum(one * tf.cos(one)) for one in found])
    sources = [*layer.trainable_weights, *watched] if layer else watched
    return [*found, *tape.gradient(weighed, [getattr(one, "value", one) for one in sources])]


def test_values_and_gradients_are_those_of_keras_own_layer() -> None:
    ours = ClippedLSTM(UNITS, 0.0, 1)
    theirs = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    x, hidden, cell = drawn(STREAMS, NOTES, WIDTH), drawn(STREAMS, UNITS), drawn(STREAMS, UNITS)
    ours.build(x.shape)
    theirs.build(x.shape)
    theirs.set_weights(ours.get_weights())
    watched = [x, hidden, cell]
    expected = with_gradients(theirs, watched, lambda: theirs(x, initial_state=[hidden, cell]))
    for one, other in zip(
        with_gradients(ours, watched, lambda: ours(x, hidden, cell)), expected, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_the_way_back_knows_of_dropout_and_of_cells_at_the_clip() -> None:
    inputs, hidden = drawn(NOTES, STREAMS, 4 * UNITS, scale=2), drawn(STREAMS, UNITS)
    cell, recurrent = drawn(STREAMS, UNITS, scale=100), drawn(UNITS, 4 * UNITS)
    mask = 2 * tf.cast(drawn(STREAMS, UNITS) > 0, tf.float32)

    def step_by_step() -> list[tf.Tensor]:
        before, kept, rows = hidden, cell, []
        for row in inputs:
            gates = row + tf.matmul(before * mask, recurrent)
            before, kept = lstm_cell(gates, kept, clip=model.CELL_CLIP)
            rows.append(tf.concat([before, kept], -1))
        return [tf.stack(rows)]

    watched = [inputs, hidden, cell, recurrent]
    expected = with_gradients(None, watched, step_by_step)
    assert float(tf.reduce_max(tf.abs(expected[0]))) == pytest.approx(model.CELL_CLIP)
    found = with_gradients(
        None, watched, lambda: [model._recurred(inputs, hidden, cell, recurrent, mask)]
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
