"""Train a network that reads windows: epochs, checkpoints, the best weights, logs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tensorboard.summary import Writer
from tqdm import tqdm

from playbach.files import write_atomically
from playbach.music.symbols import OTHER
from playbach_train.checkpoint import (
    Arrays,
    load_arrays,
    load_training_arrays,
    model_arrays,
    save_arrays,
    training_arrays,
)
from playbach_train.curves import picture
from playbach_train.networks.architecture import Job
from playbach_train.networks.measured import Costs, costs, measure, pooled, without_others
from playbach_train.networks.sequences import Alphabet, SymbolRow
from playbach_train.networks.window_config import RANDOM_SHARE, WindowTraining
from playbach_train.networks.windows import Windows, check_enough, windows_of
from playbach_train.run import BOARD, CHECKPOINT, CURVES, HISTORY, NETWORK, write_json

Row = dict[str, Any]


@dataclass(frozen=True)
class Music:
    """What is learned from and what is measured on.

    Attributes:
        alphabet: of the training movements.
        training: movements to learn from.
        held_out: movements to measure on; may be none.
    """

    alphabet: Alphabet
    training: Sequence[SymbolRow]
    held_out: Sequence[SymbolRow]


@dataclass(eq=False)
class _Training:
    """A model, its optimiser and its music; runs one epoch at a time."""

    model: Any
    config: WindowTraining
    music: Music
    windows: Windows
    optimizer: Any = field(init=False)
    learned: NDArray[np.int64] = field(init=False)
    kept_back: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.optimizer = keras.optimizers.Adam(self.config.learning_rate)
        # Compiled by XLA, an LSTM runs at a third of the speed on CPUs.
        jit = "auto" if keras.backend.backend() != "tensorflow" else False
        parts = dict.fromkeys(self.windows.parts, loss)
        self.model.compile(self.optimizer, loss=parts, jit_compile=jit)
        self.optimizer.build(self.model.trainable_variables)
        order = np.random.default_rng(self.config.seed).permutation(len(self.windows))
        apart = round(RANDOM_SHARE * len(order)) if self.config.random_windows else 0
        self.kept_back, self.learned = np.sort(order[:apart]), np.sort(order[apart:])

    def run_epoch(self, epoch: int) -> Row:
        """Read every window once, then measure; a row of the history."""
        began = time.perf_counter()
        bits = self._train(epoch)
        speed = len(self.learned) / (time.perf_counter() - began)
        held_out = self._held_out()
        return {
            "epoch": epoch,
            "train_bits": bits,
            "held_out": held_out,
            "random_windows": self._random_windows(),
            "windows_per_second": round(speed),
        }

    def _train(self, epoch: int) -> float:
        """Bits per symbol while training, dropout on."""
        order = np.random.default_rng((self.config.seed, epoch)).permutation(self.learned)
        size = self.config.batch
        # Batches of one shape: another would be traced anew. What is left over comes next epoch.
        starts = range(0, len(order) - size + 1, size)
        nats = 0.0
        for start in tqdm(starts, unit="batch", desc=f"epoch {epoch}", leave=False, disable=None):
            which = order[start : start + size]
            # Keras may answer with the mean of all batches since the last reset.
            self.model.reset_metrics()
            found = self.model.train_on_batch(
                self.windows.inputs(which), self.windows.targets(which), return_dict=True
            )
            # Of this batch: every part's, added up.
            nats += float(found["loss"])
        return nats / len(starts) / math.log(2)

    def _held_out(self) -> Row | None:
        music = self.music
        if not music.held_out:
            return None
        found = measure(self.model, music.held_out, music.alphabet, self.windows.window)
        return asdict(found) | {"total": sum(part.bits for part in found.parts.values())}

    def _random_windows(self) -> Row | None:
        if not len(self.kept_back):
            return None
        found = costs(self.model, self.windows, self.kept_back)
        other = self.music.alphabet.vocabulary.number[OTHER]
        found = without_others(found, self.windows, self.kept_back, other)
        return _means(self.windows.parts, found)


def begin(seed: int) -> None:
    """Seed everything random in a training, before its model is made."""
    keras.utils.set_random_seed(seed)


def fit_windows(job: Job, model: Any, music: Music, kept: Arrays) -> None:
    """Train until the last epoch, or until what is measured stops getting better.

    Args:
        job: with ``network.window`` and a section ``training`` of ``WindowTraining``.
        model: logits by part, of windows by part.
        music: as rows of symbols.
        kept: stored beside the best weights.

    Raises:
        InputError: too little music, or a checkpoint that is damaged or of other hyperparameters.
    """
    config: WindowTraining = job.config.training
    windows = windows_of(music.training, music.alphabet, job.config.network.window)
    run = _Training(model, config, music, windows)
    check_enough(len(run.learned), config.batch)
    history = _resumed(run, job) if job.resume else []
    job.say(_beginning(run))
    with closing(Writer(str(job.folder / BOARD))) as writer:
        for epoch in range(len(history) + 1, config.epochs + 1):
            if _is_over(history, config.patience):
                job.say(f"no better for {config.patience} epochs; stopping")
                break
            history.append(run.run_epoch(epoch))
            _keep(run, job, history, kept, writer)
            job.say(_line(history[-1]))


def _resumed(run: _Training, job: Job) -> list[Row]:
    path = job.folder / CHECKPOINT
    arrays, notes = load_arrays(path)
    load_training_arrays(run.model, run.optimizer, arrays, str(path))
    return list(notes["history"])


def _keep(run: _Training, job: Job, history: list[Row], kept: Arrays, writer: Any) -> None:
    """Write what the epoch gave; the checkpoint last, so a kill repeats the epoch at worst."""
    row = history[-1]
    if _judged(row) == min(map(_judged, history)):
        save_arrays(job.folder / NETWORK, model_arrays(run.model) | kept, row)
    write_json(job.folder / HISTORY, history)
    lines = {what: [_lines(one)[what] for one in history] for what in _lines(row)}
    drawn = picture([one["epoch"] for one in history], lines, "bits per symbol")
    write_atomically(job.folder / CURVES, drawn, force=True)
    for what, bits in _lines(row).items():
        writer.add_scalar(f"bits/{what}", bits, row["epoch"])
    writer.flush()
    arrays = training_arrays(run.model, run.optimizer)
    save_arrays(job.folder / CHECKPOINT, arrays, {"history": history})


def _judged(row: Row) -> float:
    """What decides which epoch is best: held-out bits, else random windows', else the newest."""
    measured = row["held_out"] or row["random_windows"]
    if not measured:
        return -float(row["epoch"])
    total = float(measured["total"])
    # A network that has lost its way gives no number, which must not pass for the best.
    return total if math.isfinite(total) else math.inf


def _is_over(history: Sequence[Row], patience: int) -> bool:
    if not patience or not history:
        return False
    best = min(range(len(history)), key=lambda index: _judged(history[index]))
    return len(history) - 1 - best >= patience


def _means(parts: Sequence[str], found: Costs) -> Row:
    means = pooled(parts, found)
    return {
        "parts": {name: asdict(part) for name, part in means.items()},
        "total": sum(part.bits for part in means.values()),
        "windows": len(found.bits),
    }


def _lines(row: Row) -> dict[str, float]:
    """The curves of a row of the history: bits per symbol."""
    lines = {"training, all parts": row["train_bits"]}
    for what, key in (("held out", "held_out"), ("random windows", "random_windows")):
        if row[key]:
            parts = {name: part["bits"] for name, part in row[key]["parts"].items()}
            found = parts if len(parts) == 1 else {"total": row[key]["total"]} | parts
            lines |= {f"{what}, {name}": bits for name, bits in found.items()}
    return lines


def _beginning(run: _Training) -> str:
    sizes = ", ".join(f"{size:,} {name}" for name, size in run.music.alphabet.parts.items())
    apart = f", {len(run.kept_back):,} windows at random" if len(run.kept_back) else ""
    return (
        f"training on {len(run.learned):,} windows of {len(run.music.training)} movements "
        f"({sizes}; {run.model.count_params():,} parameters), "
        f"holding out {len(run.music.held_out)} movements{apart}"
    )


def _line(row: Row) -> str:
    line = f"epoch {row['epoch']:3}  training {row['train_bits']:.3f}"
    for what, key in (("held out", "held_out"), ("random windows", "random_windows")):
        if row[key]:
            parts = "  ".join(
                f"{name} {part['bits']:.3f} ({part['top1']:.1%})"
                for name, part in row[key]["parts"].items()
            )
            line += f"  {what}: {parts}"
    return f"{line} bits per symbol  ({row['windows_per_second']:,} windows/s)"
