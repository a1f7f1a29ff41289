"""Training of the default network: epochs of segments, evaluation on held-out movements."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from playbach.music.encoding import DEFAULT_ENCODING, Encoding
from playbach_train.copying.config import CopyingConfig
from playbach_train.copying.data import MovementArrays, Reading, batches, movement_arrays, share_out
from playbach_train.copying.measure import Bits, LogProbs, bits_of, network_log_probs
from playbach_train.copying.model import PARTS, CopyingNetwork
from playbach_train.networks.architecture import Job
from playbach_train.networks.distribution import ALONE, Distribution, SummedAdamW
from playbach_train.runs.checkpoint import (
    Arrays,
    load_model_arrays,
    load_training_arrays,
    model_arrays,
    training_arrays,
)
from playbach_train.runs.loop import Curves, Row, begun, train_epochs

CELLO_MEDIAN = 50
"""About the median pitch of a movement for cello, MIDI note number."""

OCTAVE = 12


def fit(job: Job) -> None:
    """Train until the last epoch, or until the held-out bits stop falling.

    Raises:
        InputError: what is gone on from is damaged or of other hyperparameters.
    """
    training, distribution = job.config.training, job.distribution or ALONE
    job.say(", ".join(filter(None, [_device(), distribution.about])))
    trainer = CopyingTrainer(
        job.config,
        DEFAULT_ENCODING,
        _arrays(job, job.split.train),
        _arrays(job, job.split.held_out),
        distribution,
    )
    history = begun(trainer, job.folder, resume=job.resume, start_from=job.start_from)
    job.say(f"training on {len(trainer.training)} movements, holding out {len(trainer.held_out)}")
    with nullcontext(job.folder) if distribution.is_first else TemporaryDirectory() as folder:
        train_epochs(
            trainer, history, Path(folder),
            epochs=training.epochs, patience=training.patience, say=job.say,
        )  # fmt: skip


def _arrays(job: Job, names: Sequence[str]) -> list[MovementArrays]:
    pieces = job.pieces(names)
    return [movement_arrays(name, piece, DEFAULT_ENCODING) for name, piece in pieces.items()]


class CopyingTrainer:
    """A network, its optimiser, and the movements; runs one epoch at a time."""

    def __init__(
        self,
        config: CopyingConfig,
        encoding: Encoding,
        training: Sequence[MovementArrays],
        held_out: Sequence[MovementArrays],
        distribution: Distribution = ALONE,
    ) -> None:
        streams = distribution.share(config.training.streams)
        keras.utils.set_random_seed(config.training.seed)
        policy = "mixed_bfloat16" if config.training.mixed_precision else "float32"
        keras.mixed_precision.set_dtype_policy(policy)
        self.config = config
        self.encoding = encoding
        self.training = list(training)
        self.held_out = list(held_out)
        self.distribution = distribution
        with distribution.scope():
            self.model = CopyingNetwork(
                config.network,
                encoding,
                config.regularisation,
                streams=streams,
                seed=config.training.seed,
                distribution=distribution,
            )
            self.optimizer = make_optimizer(config, self._updates_per_epoch(), distribution)
            self.model.compile(self.optimizer)
            self.optimizer.build(self.model.trainable_variables)

    def run_epoch(self, epoch: int) -> Row:
        """Train on every movement once, then evaluate with averaged weights.

        Returns:
            ``epoch``; ``train_bits``, total bits per note while training, dropout on; ``held_out``,
            bits per note of each part and in total, ``None`` without held-out movements;
            ``notes_per_second`` of training.
        """
        notes = sum(movement.steps for movement in self.training)
        with tqdm(total=notes, unit="note", desc=f"epoch {epoch}", leave=False) as bar:

            def advance(done: int, bits: float) -> None:
                bar.set_postfix_str(f"{bits:.3f} bits per note", refresh=False)
                bar.update(done - bar.n)

            began = time.perf_counter()
            bits, notes = self.train(epoch, advance)
            seconds = time.perf_counter() - began
            held_out = self.evaluate()
        return {
            "epoch": epoch,
            "train_bits": bits,
            "held_out": part_bits(held_out) if held_out else None,
            "notes_per_second": notes / seconds,
        }

    def train(self, epoch: int, progress: Callable[[int, float], None]) -> tuple[float, int]:
        """The training of ``run_epoch``: total bits per note with dropout on, and steps read.

        Args:
            epoch: from 1; with the seed it decides order and transposition.
            progress: called after each update with steps read and bits per note so far.
        """
        nats, notes = 0.0, 0
        for batch in self._batches(epoch):
            asked = int(batch["weights"][..., 0].sum())
            ours = self.distribution.ours(batch)
            weights = ours.pop("weights") / max(asked, 1)
            # Keras would answer with the mean of all batches since the last reset.
            self.model.reset_metrics()
            loss = self.model.train_on_batch(ours, weights)
            nats += float(np.mean(loss)) * asked
            notes += asked
            progress(notes, nats / notes / math.log(2))
        return nats / notes / math.log(2), notes

    def evaluate(self) -> Bits | None:
        """Bits on the held-out movements with averaged weights, ``None`` if there are none."""
        if not self.held_out:
            return None
        return bits_of(list(self.log_probs().values()))

    def log_probs(self) -> dict[str, LogProbs]:
        """How well averaged weights predict each note of each held-out movement."""
        training = self.config.training
        with self.averaged():
            found = network_log_probs(
                self.model,
                self.held_out,
                streams=training.streams,
                segment=training.segment,
                distribution=self.distribution,
            )
        return {name: rows[:-1] for name, rows in found.items()}

    def loss(self, row: Row) -> float:
        """Total held-out bits; without any, the newest epoch is the best."""
        return float(row["held_out"]["total"] if row["held_out"] else -row["epoch"])

    def curves(self, row: Row) -> Curves:
        """Bits per note."""
        held_out = {f"held out, {part}": bits for part, bits in (row["held_out"] or {}).items()}
        return {"bits per note": {"training, all parts": row["train_bits"]} | held_out}

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        """One, with the bits of each part."""
        row = history[-1]
        line = f"epoch {row['epoch']:3}  training {row['train_bits']:.3f}"
        if row["held_out"]:
            parts = "  ".join(f"{part} {bits:.3f}" for part, bits in row["held_out"].items())
            line += f"  held out: {parts} bits per note"
        return [f"{line}  ({row['notes_per_second']:,.0f} notes/s)"]

    def network(self) -> Arrays:
        """The averaged weights."""
        with self.averaged():
            return model_arrays(self.model)

    def arrays(self) -> Arrays:
        """All that training goes on from."""
        return training_arrays(self.model, self.optimizer)

    def begin_with(self, arrays: Arrays, where: str) -> None:
        """Take what ``network`` returned; raises as ``load_model_arrays``."""
        load_model_arrays(self.model, arrays, where)

    def restore(self, arrays: Arrays, where: str) -> None:
        """Put back what ``arrays`` returned; raises as ``load_training_arrays``."""
        load_training_arrays(self.model, self.optimizer, arrays, where)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """With the moving average in place of the weights."""
        variables = self.model.trainable_variables
        kept = [np.asarray(variable) for variable in variables]
        self.optimizer.finalize_variable_values(variables)
        # The JAX backend now shares arrays with the optimiser, and would give them away to the
        # next step; so each weight gets a copy of its own.
        for variable in variables:
            variable.assign(np.asarray(variable).copy())
        yield
        for variable, value in zip(variables, kept, strict=True):
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


def make_optimizer(
    config: CopyingConfig, updates_per_epoch: int, distribution: Distribution = ALONE
) -> Any:
    """AdamW with warm-up, cosine decay, clipping and a moving average of the weights.

    In the warm-up the learning rate rises from a tenth of ``learning_rate`` to all of it; then it
    falls along a cosine to a hundredth (Loshchilov and Hutter 2017, arXiv 1608.03983, without
    restarts). Weight decay is decoupled (Loshchilov and Hutter 2019, arXiv 1711.05101).

    Args:
        config: of the whole run.
        updates_per_epoch: times the weights change in one epoch.
        distribution: who takes part.
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
    kind = keras.optimizers.AdamW if distribution.count == 1 else SummedAdamW
    return kind(
        learning_rate=schedule,
        weight_decay=training.weight_decay,
        global_clipnorm=training.clip,
        use_ema=True,
        ema_momentum=training.averaging,
    )


def octaves_down(movement: MovementArrays) -> int:
    """Whole octaves, in semitones, that bring a violin's or flute's movement to the cello's."""
    median = float(np.median(movement.copied["copy_pitches"][:-1]))
    return -OCTAVE * max(round((median - CELLO_MEDIAN) / OCTAVE), 0)


def part_bits(bits: Bits) -> dict[str, float]:
    """Bits per note of each part and in total, for tables and logs."""
    return {part: getattr(bits, part) for part in PARTS} | {"total": bits.total}


def _device() -> str:
    gpus = _gpus()
    what = f"{len(gpus)} GPU ({', '.join(gpus)})" if gpus else "CPU (no GPU found)"
    return f"Keras {keras.version()} on {keras.backend.backend()}, {what}"


def _gpus() -> list[str]:
    if keras.backend.backend() == "torch":
        # Keras lists no devices for this backend.
        import torch  # noqa: PLC0415 only there when it is the backend

        return [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    # Asked for GPUs alone, the JAX backend raises where there are none.
    devices = map(str, keras.distribution.list_devices())
    return [device for device in devices if device.lower().startswith(("gpu", "cuda", "rocm"))]
