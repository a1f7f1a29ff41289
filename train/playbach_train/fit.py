"""Run the epochs of a training run: progress, checkpoints, the best network, logs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras
from tensorboard.summary import Writer
from tqdm import tqdm

from playbach.files import write_atomically
from playbach.music.encoding import DEFAULT_ENCODING
from playbach_train.arrays import MovementArrays, movement_arrays
from playbach_train.checkpoint import (
    load_arrays,
    load_training_arrays,
    model_arrays,
    save_arrays,
    training_arrays,
)
from playbach_train.curves import curves_png
from playbach_train.networks.architecture import Job
from playbach_train.run import BOARD, CHECKPOINT, CURVES, HISTORY, NETWORK, write_json
from playbach_train.training import EpochResult, Trainer, part_bits

Rows = list[dict[str, Any]]


def fit(job: Job) -> None:
    """Train until the last epoch, or until the held-out bits stop falling.

    Raises:
        InputError: ``job.resume`` and the checkpoint is damaged or of other hyperparameters.
    """
    folder, say, training = job.folder, job.say, job.config.training
    say(_device())
    trainer = Trainer(
        job.config,
        DEFAULT_ENCODING,
        _arrays(job, job.split.train),
        _arrays(job, job.split.held_out),
    )
    history = _resumed(trainer, folder) if job.resume else []
    notes = sum(movement.steps for movement in trainer.training)
    say(f"training on {len(trainer.training)} movements, holding out {len(trainer.held_out)}")
    writer = Writer(str(folder / BOARD))
    for epoch in range(len(history) + 1, training.epochs + 1):
        if _is_over(history, training.patience):
            say(f"no better for {training.patience} epochs; stopping")
            break
        with tqdm(total=notes, unit="note", desc=f"epoch {epoch}", leave=False) as bar:
            result = trainer.run_epoch(epoch, partial(_advance, bar))
        history.append(_row(result))
        _keep(trainer, folder, history, writer)
        say(_line(result))
    writer.close()


def _arrays(job: Job, names: Sequence[str]) -> list[MovementArrays]:
    pieces = job.pieces(names)
    return [movement_arrays(name, piece, DEFAULT_ENCODING) for name, piece in pieces.items()]


def _resumed(trainer: Trainer, folder: Path) -> Rows:
    path = folder / CHECKPOINT
    arrays, notes = load_arrays(path)
    load_training_arrays(trainer.network, trainer.optimizer, arrays, str(path))
    return list(notes["history"])


def _advance(bar: Any, done: int, bits: float) -> None:
    bar.set_postfix_str(f"{bits:.3f} bits per note", refresh=False)
    bar.update(done - bar.n)


def _row(result: EpochResult) -> dict[str, Any]:
    held_out = part_bits(result.held_out) if result.held_out else None
    return asdict(result) | {"held_out": held_out}


def _judged(row: dict[str, Any]) -> float:
    """What decides which epoch is best: total held-out bits, else the epoch itself, newest best."""
    if not row["held_out"]:
        return -float(row["epoch"])
    total = float(row["held_out"]["total"])
    # A network that has lost its way gives no number, which must not pass for the best.
    return total if math.isfinite(total) else math.inf


def _is_over(history: Rows, patience: int) -> bool:
    if not patience or not history:
        return False
    best = min(range(len(history)), key=lambda index: _judged(history[index]))
    return len(history) - 1 - best >= patience


def _keep(trainer: Trainer, folder: Path, history: Rows, writer: Any) -> None:
    """Write what the epoch gave; the checkpoint last, so a kill repeats the epoch at worst."""
    row = history[-1]
    if _judged(row) == min(map(_judged, history)):
        kept = trainer.use_averaged_weights()
        save_arrays(folder / NETWORK, model_arrays(trainer.network), row)
        trainer.restore(kept)
    write_json(folder / HISTORY, history)
    write_atomically(folder / CURVES, curves_png(history), force=True)
    writer.add_scalar("bits/training", row["train_bits"], row["epoch"])
    for part, bits in (row["held_out"] or {}).items():
        writer.add_scalar(f"bits/held-out {part}", bits, row["epoch"])
    writer.flush()
    arrays = training_arrays(trainer.network, trainer.optimizer)
    save_arrays(folder / CHECKPOINT, arrays, {"history": history})


def _line(result: EpochResult) -> str:
    line = f"epoch {result.epoch:3}  training {result.train_bits:.3f}"
    if result.held_out:
        parts = "  ".join(f"{part} {bits:.3f}" for part, bits in part_bits(result.held_out).items())
        line += f"  held out: {parts} bits per note"
    return f"{line}  ({result.notes_per_second:,.0f} notes/s)"


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
