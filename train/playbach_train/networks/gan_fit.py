"""A run of the GAN: epochs, checkpoints, the generator, logs, and a word when it collapses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import numpy as np
from tensorboard.summary import Writer

from playbach.files import write_atomically
from playbach_train.checkpoint import load_arrays, model_arrays, save_arrays
from playbach_train.networks.architecture import Job
from playbach_train.networks.gan_curves import gan_curves_png
from playbach_train.networks.gan_diversity import Compared, Diversity, collapse_line
from playbach_train.networks.gan_phrases import (
    Melody,
    Phrases,
    lowest_pitch,
    melody_of,
    phrases_of,
)
from playbach_train.networks.gan_training import Epoch, GanTrainer
from playbach_train.run import BOARD, CHECKPOINT, CURVES, HISTORY, NETWORK, write_json

LOWEST = "lowest"
"""Name of what is kept beside the generator's weights: the pitch of the lowest symbol."""


def fit(job: Job) -> None:
    """Train until the last epoch; the last generator is what is kept.

    Raises:
        InputError: too few phrases for a batch, or a checkpoint that is damaged or of other
            hyperparameters.
    """
    melodies = [melody_of(piece) for piece in job.pieces(job.split.train).values()]
    lowest = lowest_pitch(melodies)
    phrases = _phrases(melodies, lowest, job.config.training.bars)
    trainer = GanTrainer(job.config, phrases)
    history = _resumed(trainer, job) if job.resume else []
    job.say(_beginning(trainer, len(melodies), lowest))
    with closing(Writer(str(job.folder / BOARD))) as writer:
        for epoch in range(len(history) + 1, job.config.training.epochs + 1):
            history.append(trainer.run_epoch(epoch))
            _keep(trainer, job, history, lowest, writer)
            job.say(_line(history[-1]))
            if said := collapse_line([row.watched for row in history]):
                job.say(said)


def _phrases(melodies: Sequence[Melody], lowest: int, bars: int) -> Phrases:
    return np.concatenate([phrases_of(melody, lowest, bars) for melody in melodies])


def _resumed(trainer: GanTrainer, job: Job) -> list[Epoch]:
    path = job.folder / CHECKPOINT
    arrays, notes = load_arrays(path)
    trainer.load(arrays, str(path))
    return [_epoch(row) for row in notes["history"]]


def _epoch(row: dict[str, Any]) -> Epoch:
    """What ``asdict`` made of it."""
    watched = Compared(**{name: Diversity(**one) for name, one in row["watched"].items()})
    return Epoch(**(row | {"watched": watched}))


def _keep(
    trainer: GanTrainer, job: Job, history: Sequence[Epoch], lowest: int, writer: Any
) -> None:
    """Write what the epoch gave; the checkpoint last, so a kill repeats the epoch at worst."""
    rows = [asdict(row) | {"too_alike": row.watched.too_alike} for row in history]
    arrays = model_arrays(trainer.generator) | {LOWEST: np.array(lowest)}
    save_arrays(job.folder / NETWORK, arrays, rows[-1])
    write_json(job.folder / HISTORY, rows)
    write_atomically(job.folder / CURVES, gan_curves_png(history), force=True)
    for name in ("generator_loss", "discriminator_loss", "real_accuracy", "generated_accuracy"):
        writer.add_scalar(name.replace("_", "/"), rows[-1][name], history[-1].epoch)
    difference = history[-1].watched.generated.difference
    writer.add_scalar("generator/difference", difference, history[-1].epoch)
    writer.flush()
    notes = {"history": [asdict(row) for row in history]}
    save_arrays(job.folder / CHECKPOINT, trainer.arrays(), notes)


def _beginning(trainer: GanTrainer, movements: int, lowest: int) -> str:
    sizes = [model.count_params() for model in (trainer.generator, trainer.discriminator)]
    return (
        f"training on {len(trainer.phrases):,} phrases of {movements} movements, pitches from "
        f"{lowest} up (generator {sizes[0]:,}, discriminator {sizes[1]:,} parameters)"
    )


def _line(row: Epoch) -> str:
    generated, real = row.watched.generated, row.watched.real
    losses = f"generator {row.generator_loss:.3f}, discriminator {row.discriminator_loss:.3f}"
    return (
        f"epoch {row.epoch:3}  loss: {losses}  accuracy: real {row.real_accuracy:.0%}, generated "
        f"{row.generated_accuracy:.0%}  rows that differ: {generated.difference:.0%} (real "
        f"{real.difference:.0%}), {generated.distinct} of {generated.phrases} phrases distinct  "
        f"({row.seconds:.1f} s)"
    )
