"""Training of the GAN: rounds, epochs, and what each epoch gave."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.checkpoint import Arrays, load_training_arrays, training_arrays
from playbach_train.networks.gan_config import GanConfig
from playbach_train.networks.gan_diversity import Compared, diversity
from playbach_train.networks.gan_models import SIDE, Forging, Judging, discriminator, generator
from playbach_train.networks.gan_phrases import Phrases

Floats = NDArray[np.float32]

WATCHED = 256
"""Phrases, generated and real, that are looked at after each epoch; fewer if there are fewer."""

_ADAM_MOMENTUM = 0.5


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    Attributes:
        epoch: from 1.
        generator_loss: cross-entropy, nats, mean over the rounds.
        discriminator_loss: likewise.
        real_accuracy: share of the watched real phrases taken for real after the epoch.
        generated_accuracy: share of the watched generated phrases found out.
        watched: how different both are.
        seconds: that it took.
    """

    epoch: int
    generator_loss: float
    discriminator_loss: float
    real_accuracy: float
    generated_accuracy: float
    watched: Compared
    seconds: float


class GanTrainer:
    """Both networks, their optimisers and the phrases; runs one epoch at a time."""

    def __init__(self, config: GanConfig, phrases: Phrases) -> None:
        """``phrases`` as of ``phrases_of``.

        Raises:
            InputError: there are too few for a batch.
        """
        training = config.training
        if len(phrases) < training.batch:
            raise InputError(
                f"{len(phrases)} phrases of 64 sixteenths, and a batch takes {training.batch}: "
                "give more music, or a smaller --training.batch"
            )
        keras.utils.set_random_seed(training.seed)
        self.config = config
        self.phrases = phrases
        self.generator = generator(config.network, training.seed)
        self.discriminator = discriminator(config.network, training.seed + SIDE)
        self._judging = Judging(self.generator, self.discriminator)
        self._forging = Forging(self.generator, self.discriminator)
        for duel, rate in (
            (self._judging, training.discriminator_rate),
            (self._forging, training.generator_rate),
        ):
            _compile(duel, rate)
        rng = np.random.default_rng(training.seed)
        watched = min(WATCHED, len(phrases))
        self._noise = self._drawn(rng, watched)
        self._real = phrases[rng.choice(len(phrases), watched, replace=False)]

    def run_epoch(self, epoch: int) -> Epoch:
        """Read every phrase once, but those that fill no batch; ``epoch`` from 1."""
        began = time.perf_counter()
        generator_loss, discriminator_loss = self._train(epoch)
        generated = self.generated(self._noise)
        return Epoch(
            epoch,
            generator_loss,
            discriminator_loss,
            *self._accuracies(generated),
            Compared(diversity(generated.argmax(axis=-1).astype(np.uint8)), diversity(self._real)),
            time.perf_counter() - began,
        )

    def generated(self, noise: Floats) -> Floats:
        """Probabilities of symbols ``(B, 64, 64)`` out of noise ``(B, W)``."""
        logits = self.generator.predict_on_batch(noise)
        return np.asarray(keras.ops.softmax(logits, axis=-1), np.float32)

    def arrays(self) -> Arrays:
        """All that training goes on from."""
        return {
            f"{duel.learner.name}/{name}": values
            for duel in (self._judging, self._forging)
            for name, values in training_arrays(duel.learner, duel.optimizer).items()
        }

    def load(self, arrays: Arrays, where: str) -> None:
        """Put back what ``arrays`` returned.

        Raises:
            InputError: it is of other hyperparameters, or damaged.
        """
        for duel in (self._judging, self._forging):
            start = f"{duel.learner.name}/"
            own = {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
            load_training_arrays(duel.learner, duel.optimizer, own, where)

    def _train(self, epoch: int) -> tuple[float, float]:
        """Mean losses of the generator and of the discriminator."""
        training = self.config.training
        rng = np.random.default_rng([training.seed, epoch])
        order = rng.permutation(len(self.phrases))
        is_real = np.repeat(np.eye(1, 2, dtype=np.float32), training.batch).reshape(-1, 1)
        forged = judged = 0.0
        for duel in (self._judging, self._forging):
            # Keras answers with the mean of all batches since this.
            duel.reset_metrics()
        for start in range(0, len(order) - training.batch + 1, training.batch):
            real = one_hot(self.phrases[order[start : start + training.batch]])
            for _ in range(training.discriminator_steps):
                batch = {"real": real, "noise": self._drawn(rng, training.batch)}
                judged = self._judging.train_on_batch(batch, is_real)
            noise = self._drawn(rng, training.batch)
            forged = self._forging.train_on_batch(noise, is_real[: training.batch])
        return float(forged), float(judged)

    def _accuracies(self, generated: Floats) -> tuple[float, float]:
        """Shares of real phrases taken for real, and of generated ones found out."""
        real, taken = (
            np.asarray(self.discriminator.predict_on_batch(images)) > 0
            for images in (one_hot(self._real), generated)
        )
        return float(real.mean()), float(1 - taken.mean())

    def _drawn(self, rng: np.random.Generator, count: int) -> Floats:
        return rng.standard_normal((count, self.config.network.noise), np.float32)


def one_hot(phrases: Phrases) -> Floats:
    """Images ``(B, 64, 64)`` of phrases ``(B, 64)``."""
    images: Floats = np.eye(SIDE, dtype=np.float32)[phrases]
    return images


def _compile(duel: Any, rate: float) -> None:
    # Compiled by XLA, convolutions run at a twentieth of the speed on CPUs.
    jit = "auto" if keras.backend.backend() != "tensorflow" else False
    optimizer = keras.optimizers.Adam(rate, beta_1=_ADAM_MOMENTUM)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    duel.compile(optimizer, loss, jit_compile=jit)
    optimizer.build(duel.trainable_variables)
