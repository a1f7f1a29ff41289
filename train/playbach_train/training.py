"""The training loop: epochs of segments, evaluation on held-out movements, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from playbach.music.encoding import Encoding
from playbach_train.arrays import MovementArrays
from playbach_train.measure import Bits, Scores, bits_of, network_scores
from playbach_train.network import PARTS, Network
from playbach_train.networks.copying_config import CopyingConfig
from playbach_train.segments import Reading, batches, share_out

CELLO_MEDIAN = 50
"""About the median pitch of a movement for cello, MIDI note number."""

OCTAVE = 12


@dataclass(frozen=True)
class EpochResult:
    """What one epoch gave.

    Attributes:
        epoch: from 1.
        train_bits: total bits per note while training, dropout on.
        held_out: bits on the held-out movements with averaged weights; ``None`` without any.
        notes_per_second: training speed, evaluation left out.
    """

    epoch: int
    train_bits: float
    held_out: Bits | None
    notes_per_second: float


class Trainer:
    """A network, its optimiser, and the movements; runs one epoch at a time."""

    def __init__(
        self,
        config: CopyingConfig,
        encoding: Encoding,
        training: Sequence[MovementArrays],
        held_out: Sequence[MovementArrays],
    ) -> None:
        keras.utils.set_random_seed(config.training.seed)
        policy = "mixed_bfloat16" if config.training.mixed_precision else "float32"
        keras.mixed_precision.set_dtype_policy(policy)
        self.config = config
        self.encoding = encoding
        self.training = list(training)
        self.held_out = list(held_out)
        self.network = Network(
            config.network,
            encoding,
            config.regularisation,
            streams=config.training.streams,
            seed=config.training.seed,
        )
        self.optimizer = make_optimizer(config, self._updates_per_epoch())
        self.network.compile(self.optimizer)
        self.optimizer.build(self.network.trainable_variables)

    def run_epoch(self, epoch: int, progress: Callable[[int, float], None]) -> EpochResult:
        """Train on every movement once, then evaluate with averaged weights.

        Args:
            epoch: from 1; with the seed it decides order and transposition.
            progress: called after each update with notes read and bits per note so far.
        """
        began = time.perf_counter()
        bits, notes = self.train(epoch, progress)
        seconds = time.perf_counter() - began
        return EpochResult(epoch, bits, self.evaluate(), notes / seconds)

    def train(self, epoch: int, progress: Callable[[int, float], None]) -> tuple[float, int]:
        """The training of ``run_epoch``: total bits per note with dropout on, and steps read."""
        nats, notes = 0.0, 0
        for batch in self._batches(epoch):
            weights = batch.pop("weights")
            asked = int(weights[..., 0].sum())
            # Keras would answer with the mean of all batches since the last reset.
            self.network.reset_metrics()
            loss = self.network.train_on_batch(batch, weights)
            nats += float(loss) * asked
            notes += asked
            progress(notes, nats / notes / math.log(2))
        return nats / notes / math.log(2), notes

    def evaluate(self) -> Bits | None:
        """Bits on the held-out movements with averaged weights, ``None`` if there are none."""
        if not self.held_out:
            return None
        return bits_of(list(self.scores().values()))

    def scores(self) -> dict[str, Scores]:
        """How well averaged weights predict each note of each held-out movement."""
        kept = self.use_averaged_weights()
        training = self.config.training
        scores = network_scores(
            self.network, self.held_out, streams=training.streams, segment=training.segment
        )
        self.restore(kept)
        return {name: rows[:-1] for name, rows in scores.items()}

    def use_averaged_weights(self) -> list[np.ndarray[Any, Any]]:
        """Put the moving average in place of the weights; returns what was there."""
        kept = [np.asarray(variable) for variable in self.network.trainable_variables]
        self.optimizer.finalize_variable_values(self.network.trainable_variables)
        # The JAX backend now shares arrays with the optimiser, and would give them away to the
        # next step; so each weight gets a copy of its own.
        self.restore([np.asarray(one).copy() for one in self.network.trainable_variables])
        return kept

    def restore(self, kept: list[np.ndarray[Any, Any]]) -> None:
        """Put back what ``use_averaged_weights`` returned."""
        for variable, value in zip(self.network.trainable_variables, kept, strict=True):
            variable.assign(value)

    def _batches(self, epoch: int) -> Any:
        training = self.config.training
        rng = np.random.default_rng([training.seed, epoch])
        readings = [
            Reading(movement, octaves_down(movement) + int(shift))
            for movement, shift in zip(
                self.training,
                rng.integers(-training.transpose, training.transpose + 1, len(self.training)),
                strict=True,
            )
        ]
        shares = share_out(readings, training.streams)
        for share in shares:
            rng.shuffle(share)
        return batches(shares, training.segment, self.config.network.memory, self.encoding)

    def _updates_per_epoch(self) -> int:
        training = self.config.training
        shares = share_out([Reading(movement) for movement in self.training], training.streams)
        return max(
            sum(-(-reading.movement.steps // training.segment) for reading in share)
            for share in shares
        )


def make_optimizer(config: CopyingConfig, updates_per_epoch: int) -> Any:
    """AdamW with warm-up, cosine decay, clipping and a moving average of the weights.

    In the warm-up the learning rate rises from a tenth of ``learning_rate`` to all of it; then it
    falls along a cosine to a hundredth (Loshchilov and Hutter 2017, arXiv 1608.03983, without
    restarts). Weight decay is decoupled (Loshchilov and Hutter 2019, arXiv 1711.05101).

    Args:
        config: of the whole run.
        updates_per_epoch: times the weights change in one epoch.
    """
    training = config.training
    updates = updates_per_epoch * training.epochs
    warmup = int(updates * training.warmup)
    highest = training.learning_rate
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=highest / 10 if warmup else highest,
        decay_steps=max(updates - warmup, 1),
        alpha=0.01,
        warmup_target=highest if warmup else None,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(
        learning_rate=schedule,
        weight_decay=training.weight_decay,
        global_clipnorm=training.clip,
        use_ema=True,
        ema_momentum=training.averaging,
    )


def octaves_down(movement: MovementArrays) -> int:
    """Whole octaves, in semitones, that bring a violin's or flute's movement to the cello's."""
    median = float(np.median(movement.pitches[:-1]))
    return -OCTAVE * max(round((median - CELLO_MEDIAN) / OCTAVE), 0)


def part_bits(bits: Bits) -> dict[str, float]:
    """Bits per note of each part and in total, for tables and logs."""
    return {part: getattr(bits, part) for part in PARTS} | {"total": bits.total}
