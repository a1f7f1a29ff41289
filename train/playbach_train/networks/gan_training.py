"""Training of the GAN, and detection of mode collapse.

A generator may find one phrase that passes for real and make it of any noise: mode collapse
(Goodfellow 2016, "NIPS 2016 Tutorial: Generative Adversarial Networks", arXiv 1701.00160, 5.1.1).
The losses do not show it; what it makes of a fixed set of noise vectors does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.networks.architecture import Job
from playbach_train.networks.gan_models import (
    SIDE,
    DiscriminatorStep,
    GanConfig,
    GeneratorStep,
    discriminator,
    generator,
)
from playbach_train.networks.gan_phrases import Phrases, lowest_pitch, melody_of, phrases_of
from playbach_train.runs.checkpoint import (
    Arrays,
    load_training_arrays,
    model_arrays,
    training_arrays,
)
from playbach_train.runs.loop import Curves, Row, begun, train_epochs

Floats = NDArray[np.float32]

LOWEST = "lowest"
"""Name of what is kept beside the generator's weights: the pitch of the lowest symbol."""

WATCHED = 256
"""Phrases, generated and real, that are looked at after each epoch; fewer if there are fewer."""

_ADAM_MOMENTUM = 0.5

LEAST_SHARE = 0.5
"""Share of the difference between real phrases, below which generated ones are too alike."""

EPOCHS = 5
"""In a row in which they must be too alike before the user is told."""


def fit(job: Job) -> None:
    """Train until the last epoch; the last generator is what is kept.

    Raises:
        InputError: too few phrases for a batch, or a checkpoint that is damaged or of other
            hyperparameters.
    """
    training = job.config.training
    melodies = [melody_of(piece) for piece in job.pieces(job.split.train).values()]
    lowest = lowest_pitch(melodies)
    phrases = [phrases_of(melody, lowest, training.bars) for melody in melodies]
    trainer = GanTrainer(job.config, np.concatenate(phrases), lowest)
    history = begun(trainer, job.folder, resume=job.resume, start_from=job.start_from)
    sizes = [model.count_params() for model in (trainer.generator, trainer.discriminator)]
    job.say(
        f"training on {len(trainer.phrases):,} phrases of {len(melodies)} movements, pitches from "
        f"{lowest} up (generator {sizes[0]:,}, discriminator {sizes[1]:,} parameters)"
    )
    train_epochs(trainer, history, job.folder, epochs=training.epochs, patience=0, say=job.say)


class GanTrainer:
    """Both networks, their optimisers and the phrases: see ``runs.loop.Trainer``."""

    def __init__(self, config: GanConfig, phrases: Phrases, lowest: int) -> None:
        """``phrases`` as of ``phrases_of``, ``lowest`` the pitch of their lowest symbol.

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
        self._lowest = lowest
        self.generator = generator(config.network, training.seed)
        self.discriminator = discriminator(config.network, training.seed + SIDE)
        self._discriminator_step = DiscriminatorStep(self.generator, self.discriminator)
        self._generator_step = GeneratorStep(self.generator, self.discriminator)
        _compile(self._discriminator_step, training.discriminator_rate)
        _compile(self._generator_step, training.generator_rate)
        rng = np.random.default_rng(training.seed)
        watched = min(WATCHED, len(phrases))
        self._noise = self._drawn(rng, watched)
        self._real = phrases[rng.choice(len(phrases), watched, replace=False)]

    def run_epoch(self, epoch: int) -> Row:
        """Train on every phrase once, without the last incomplete batch.

        Returns:
            ``epoch``; ``generator_loss`` and ``discriminator_loss``, cross-entropy in nats, means
            over the rounds; ``real_accuracy`` and ``generated_accuracy``, shares of the watched
            phrases taken for real and found out; ``watched``, how different both are, as
            ``Compared``; ``too_alike``; ``seconds`` that it took.
        """
        began = time.perf_counter()
        generator_loss, discriminator_loss = self._train(epoch)
        generated = self.generated(self._noise)
        found = generated.argmax(axis=-1).astype(np.uint8)
        watched = Compared(diversity(found), diversity(self._real))
        real_accuracy, generated_accuracy = self._accuracies(generated)
        return {
            "epoch": epoch,
            "generator_loss": generator_loss,
            "discriminator_loss": discriminator_loss,
            "real_accuracy": real_accuracy,
            "generated_accuracy": generated_accuracy,
            "watched": asdict(watched),
            "too_alike": watched.too_alike,
            "seconds": time.perf_counter() - began,
        }

    def loss(self, row: Row) -> float:
        """The newest epoch is the best: losses do not say how good phrases are."""
        return -float(row["epoch"])

    def curves(self, row: Row) -> Curves:
        """Losses, accuracies of the discriminator, and diversity of phrases."""
        watched = row["watched"]
        return {
            "cross-entropy, nats": {
                "generator": row["generator_loss"],
                "discriminator": row["discriminator_loss"],
            },
            "share": {
                "real phrases taken for real": row["real_accuracy"],
                "generated phrases found out": row["generated_accuracy"],
                "rows in which two generated differ": watched["generated"]["difference"],
                "rows in which two real differ": watched["real"]["difference"],
            },
        }

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        """Results of the last epoch, and a message where a collapse begins or ends."""
        row = history[-1]
        generated, real = row["watched"]["generated"], row["watched"]["real"]
        line = (
            f"epoch {row['epoch']:3}  loss: generator {row['generator_loss']:.3f}, discriminator "
            f"{row['discriminator_loss']:.3f}  accuracy: real {row['real_accuracy']:.0%}, "
            f"generated {row['generated_accuracy']:.0%}  rows that differ: "
            f"{generated['difference']:.0%} (real {real['difference']:.0%}), "
            f"{generated['distinct']} of {generated['phrases']} phrases distinct  "
            f"({row['seconds']:.1f} s)"
        )
        said = collapse_line([_compared(one["watched"]) for one in history])
        return [line, said] if said else [line]

    def network(self) -> Arrays:
        """The generator's weights, and the pitch of its lowest symbol."""
        return model_arrays(self.generator) | {LOWEST: np.array(self._lowest)}

    def generated(self, noise: Floats) -> Floats:
        """Probabilities of symbols ``(B, 64, 64)`` out of noise ``(B, W)``."""
        logits = self.generator.predict_on_batch(noise)
        return np.asarray(keras.ops.softmax(logits, axis=-1), np.float32)

    def arrays(self) -> Arrays:
        """Weights and optimiser states, for a checkpoint."""
        return {
            f"{step.learner.name}/{name}": values
            for step in self._steps
            for name, values in training_arrays(step.learner, step.optimizer).items()
        }

    def begin_with(self, arrays: Arrays, where: str) -> None:  # noqa: ARG002 the loop's signature
        """Refuse: a generator that has learned, beside a discriminator that has not, unlearns.

        Raises:
            InputError: always.
        """
        raise InputError(f"{where}: no discriminator is kept in it; the network gan starts anew")

    def restore(self, arrays: Arrays, where: str) -> None:
        """Put back what ``arrays`` returned.

        Raises:
            InputError: it is of other hyperparameters, or damaged.
        """
        for step in self._steps:
            start = f"{step.learner.name}/"
            own = {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
            load_training_arrays(step.learner, step.optimizer, own, where)

    def _train(self, epoch: int) -> tuple[float, float]:
        """Mean losses of the generator and of the discriminator."""
        training = self.config.training
        rng = np.random.default_rng([training.seed, epoch])
        order = rng.permutation(len(self.phrases))
        is_real = np.repeat(np.eye(1, 2, dtype=np.float32), training.batch).reshape(-1, 1)
        generator_loss = discriminator_loss = 0.0
        for step in self._steps:
            # Keras answers with the mean of all batches since this.
            step.reset_metrics()
        for start in range(0, len(order) - training.batch + 1, training.batch):
            real = one_hot(self.phrases[order[start : start + training.batch]])
            for _ in range(training.discriminator_steps):
                batch = {"real": real, "noise": self._drawn(rng, training.batch)}
                discriminator_loss = self._discriminator_step.train_on_batch(batch, is_real)
            noise = self._drawn(rng, training.batch)
            generator_loss = self._generator_step.train_on_batch(noise, is_real[: training.batch])
        return float(generator_loss), float(discriminator_loss)

    @property
    def _steps(self) -> tuple[DiscriminatorStep, GeneratorStep]:
        return self._discriminator_step, self._generator_step

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


def _compile(step: Any, rate: float) -> None:
    # Compiled by XLA, convolutions run at a twentieth of the speed on CPUs.
    jit = "auto" if keras.backend.backend() != "tensorflow" else False
    optimizer = keras.optimizers.Adam(rate, beta_1=_ADAM_MOMENTUM)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    step.compile(optimizer, loss, jit_compile=jit)
    optimizer.build(step.trainable_variables)


@dataclass(frozen=True)
class Diversity:
    """Diversity of a set of phrases."""

    difference: float  # share of rows in which two of them differ, mean over all pairs, 0 to 1
    distinct: int  # how many there are if copies count once
    phrases: int  # how many there are


def diversity(phrases: NDArray[np.uint8]) -> Diversity:
    """Diversity of indices of symbols ``(phrases, rows)``, at least two phrases."""
    count, rows = phrases.shape
    alike = 0
    for column in phrases.T:
        # Ordered pairs that agree in this row, by how often each symbol stands there.
        found = np.unique(column, return_counts=True)[1]
        alike += int((found * (found - 1)).sum())
    difference = 1 - alike / (rows * count * (count - 1))
    return Diversity(difference, len(np.unique(phrases, axis=0)), count)


@dataclass(frozen=True)
class Compared:
    """Phrases made of the same noise after every epoch, beside real ones."""

    generated: Diversity
    real: Diversity

    @property
    def too_alike(self) -> bool:
        """Whether generated phrases differ by less than ``LEAST_SHARE`` of what real ones do."""
        return self.generated.difference < LEAST_SHARE * self.real.difference


def collapse_line(epochs: Sequence[Compared]) -> str | None:
    """A message to the user after the last of ``epochs``, where a collapse begins or ends.

    ``None`` in all other epochs, so that a user reads it once.
    """
    if _streak(epochs) == EPOCHS:
        now = epochs[-1]
        return (
            f"mode collapse: for {EPOCHS} epochs generated phrases have been too much alike; two "
            f"differ in {now.generated.difference:.0%} of their rows, real ones in "
            f"{now.real.difference:.0%}, and {now.generated.distinct} of "
            f"{now.generated.phrases} are distinct; training goes on; if it stays so, try another "
            "--training.seed, fewer --training.discriminator_steps, or a lower "
            "--training.discriminator_rate"
        )
    if epochs and not _streak(epochs) and _streak(epochs[:-1]) >= EPOCHS:
        return "the mode collapse is over: generated phrases differ again"
    return None


def _streak(epochs: Sequence[Compared]) -> int:
    """For how many of the last epochs phrases have been too much alike."""
    different = (n for n, one in enumerate(reversed(epochs)) if not one.too_alike)
    return next(different, len(epochs))


def _compared(watched: Row) -> Compared:
    """What ``asdict`` made of it."""
    return Compared(**{name: Diversity(**one) for name, one in watched.items()})
