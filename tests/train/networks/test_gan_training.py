"""Two networks learn against each other, each only when it is its turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from playbach.errors import InputError
from playbach_train.networks.gan_models import (
    DiscriminatorStep,
    GanConfig,
    GanNetwork,
    GanTraining,
    GeneratorStep,
    discriminator,
    generator,
    graph,
)
from playbach_train.networks.gan_training import EPOCHS, GanTrainer, one_hot
from playbach_train.runs.checkpoint import model_arrays

NETWORK = GanNetwork(noise=6)
LOWEST = 40
CONFIG = GanConfig(NETWORK, GanTraining(batch=4))
NOISE = np.random.default_rng(7).standard_normal((5, NETWORK.noise), np.float32)


def phrases(count: int = 9) -> Any:
    return np.random.default_rng(3).integers(0, 63, (count, 64), np.uint8)


def changed(before: dict[str, Any], model: Any) -> bool:
    return any(not np.array_equal(before[name], now) for name, now in model_arrays(model).items())


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


@pytest.mark.parametrize(("side", "learner"), [(DiscriminatorStep, 1), (GeneratorStep, 0)])
def test_one_network_learns_and_the_other_stands_still(side: Any, learner: int) -> None:
    networks = [generator(NETWORK, 1), discriminator(NETWORK, 2)]
    before = [model_arrays(model) for model in networks]
    step = side(*networks)
    step.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=False)
    batch = {"real": one_hot(phrases(5)), "noise": NOISE} if learner else NOISE
    answers = np.ones((10 if learner else 5, 1), np.float32)
    step.train_on_batch(batch, answers)
    assert changed(before[learner], networks[learner])
    assert not changed(before[1 - learner], networks[1 - learner])


def test_the_networks_have_the_sizes_of_the_thesis() -> None:
    networks = generator(GanNetwork(), 1), discriminator(GanNetwork(), 1)
    shapes = [[tuple(w.shape) for w in model.weights if len(w.shape) > 1] for model in networks]
    assert shapes == [
        [(128, 2048), (3, 3, 32, 16), (3, 3, 16, 8), (3, 3, 8, 1)],
        [(3, 3, 1, 8), (3, 3, 8, 16), (3, 3, 16, 32), (2048, 1)],
    ]


def test_the_graph_of_the_board_is_the_generator() -> None:
    config = replace(NETWORK, slope=0.3)
    keras.utils.set_random_seed(5)
    model = generator(config, 1)
    for weight in model.weights:
        # Keras begins with biases of zero, which would hide one that is left out.
        weight.assign(np.asarray(weight) + 0.1)
    form, weights = graph(config), model_arrays(model)
    assert {name: tensor.shape for name, tensor in form.inputs.items()} == {"noise": (1, 6)}
    for vector in NOISE:
        found = form.function(weights, noise=vector[None])
        assert list(found) == list(form.distributions) == ["image"]
        expected = np.asarray(model(vector[None]))
        assert expected.shape == (1, 64, 64)
        assert np.abs(np.asarray(found["image"]) - expected).max() < 1e-5


def test_an_epoch_trains_both_and_says_how_it_went() -> None:
    trainer = GanTrainer(CONFIG, phrases(), LOWEST)
    before = [model_arrays(model) for model in (trainer.generator, trainer.discriminator)]
    row = trainer.run_epoch(1)
    assert changed(before[0], trainer.generator)
    assert changed(before[1], trainer.discriminator)
    assert row["generator_loss"] > 0
    assert row["discriminator_loss"] > 0
    assert 0 <= row["real_accuracy"] <= 1
    assert 0 <= row["generated_accuracy"] <= 1
    assert row["watched"]["real"]["distinct"] == row["watched"]["generated"]["phrases"] == 9


def test_each_row_of_a_generated_phrase_is_a_distribution() -> None:
    rows = GanTrainer(CONFIG, phrases(), LOWEST).generated(NOISE)
    assert rows.shape == (5, 64, 64)
    assert np.allclose(rows.sum(axis=-1), 1, atol=1e-5)


def test_the_same_seed_gives_the_same_and_training_goes_on_as_if_it_had_never_stopped() -> None:
    first, second = (GanTrainer(CONFIG, phrases(), LOWEST) for _ in range(2))
    for trainer in (first, second):
        trainer.run_epoch(1)
    kept = first.arrays()
    assert same(kept, second.arrays())
    assert np.array_equal(first.generated(NOISE), second.generated(NOISE))
    for trainer in (first, second):
        trainer.run_epoch(2)
    # Put back, the second repeats the epoch.
    assert not same(kept, second.arrays())
    second.restore(kept, "a.npz")
    second.run_epoch(2)
    assert same(first.arrays(), second.arrays())
    # Dropout's chance and Adam's memory are among it.
    assert any("random" in name for name in kept)
    assert any("optimizer" in name for name in kept)


def test_another_seed_gives_other_weights() -> None:
    other = replace(CONFIG, training=GanTraining(batch=4, seed=2))
    models = [GanTrainer(one, phrases(), LOWEST).generator for one in (CONFIG, other)]
    assert changed(model_arrays(models[0]), models[1])


def test_a_generator_that_makes_the_same_of_any_noise_is_said_to_have_collapsed() -> None:
    slow = replace(CONFIG, training=GanTraining(batch=4, generator_rate=1e-7))
    trainer = GanTrainer(slow, phrases(), LOWEST)
    dense = trainer.generator.get_layer("dense")
    dense.kernel.assign(np.zeros(dense.kernel.shape, np.float32))
    dense.bias.assign(np.random.default_rng(1).standard_normal(dense.bias.shape, np.float32))
    rows = [trainer.run_epoch(epoch) for epoch in range(1, EPOCHS + 1)]
    assert [len(trainer.lines(rows[:n])) for n in range(1, EPOCHS)] == [1] * (EPOCHS - 1)
    _, line = trainer.lines(rows)
    assert line.startswith("mode collapse: ")
    assert "1 of 9 are distinct" in line


def test_too_few_phrases_for_a_batch_are_one_line() -> None:
    with pytest.raises(InputError, match=r"^3 phrases .* a batch takes 4: .*--training\.batch$"):
        GanTrainer(CONFIG, phrases(3), LOWEST)
