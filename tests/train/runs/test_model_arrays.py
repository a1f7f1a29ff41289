"""The weights of any Keras model, and what its training goes on from, come back by name."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from playbach.errors import InputError
from playbach_train.runs.checkpoint import (
    Arrays,
    load_model_arrays,
    load_training_arrays,
    model_arrays,
    training_arrays,
)

READ = np.linspace(-1, 1, 24, dtype=np.float32).reshape(6, 4)


def built(units: int = 5) -> tuple[Any, Any]:
    """A model with every kind of variable, and its optimiser."""
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(units, name="dense"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.4, seed=1, name="drop"),
            layers.Dense(1, name="out"),
        ],
        name="toy",
    )
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "mse")
    optimizer.build(model.trainable_variables)
    return model, optimizer


def train(model: Any) -> None:
    model.train_on_batch(READ, READ[:, :1])


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def test_weights_come_back_with_the_averages_of_batch_normalisation() -> None:
    model, _ = built()
    train(model)
    other, _ = built()
    assert not np.array_equal(np.asarray(model(READ)), np.asarray(other(READ)))
    kept = model_arrays(model)
    assert {"toy/norm/moving_mean", "toy/dense/kernel"} <= kept.keys()
    load_model_arrays(other, kept, "a.npz")
    assert np.array_equal(np.asarray(model(READ)), np.asarray(other(READ)))


def test_training_goes_on_as_if_it_had_never_stopped() -> None:
    model, optimizer = built()
    train(model)
    kept = training_arrays(model, optimizer)
    train(model)
    other, memory = built()
    load_training_arrays(other, memory, kept, "a.npz")
    train(other)
    assert same(training_arrays(model, optimizer), training_arrays(other, memory))


def test_weights_of_another_shape_or_that_are_not_finite_are_refused_before_any_is_put_back() -> (
    None
):
    model, _ = built()
    before = model_arrays(model)
    after = {name: values + 1 for name, values in before.items()}
    nothing = after | {"toy/out/bias": np.array([np.nan], np.float32)}
    faults = {
        "made with other hyperparameters .*shape": model_arrays(built(6)[0]),
        "made with other hyperparameters .*is not in both": after | {"more": np.zeros(1)},
        "toy/out/bias holds values that are not finite": nothing,
    }
    for message, arrays in faults.items():
        with pytest.raises(InputError, match=f"^a.npz: {message}"):
            load_model_arrays(model, arrays, "a.npz")
    assert same(model_arrays(model), before)


def test_two_layers_of_one_name_are_a_mistake_of_ours() -> None:
    class Twins(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="twins")
            self.both = [keras.layers.Dense(1, name="same") for _ in range(2)]
            for layer in self.both:
                layer.build((None, 1))

    with pytest.raises(ValueError, match=r"two weights are called .*same/kernel"):
        model_arrays(Twins())
