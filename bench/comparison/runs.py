"""Runs and bundles: training, converting, and how a run was trained."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.comparison.studies import Study
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from playbach.errors import InputError, PlaybachError
from playbach_train.config import load_config
from playbach_train.networks.table import architecture, network_of
from playbach_train.runs.run import (
    BOARD,
    CHECKPOINT,
    CONFIG,
    HISTORY,
    NETWORK,
    RECORD,
    Run,
    read_json,
    read_record,
)

ROOT = Path(__file__).parents[2]
VARIANTS = "dynamic,int8,float32"
"""The first is what the board plays unless another is asked for."""
_DRIFT_STEPS = 2000
_PER_SECOND = "_per_second"

Figures = dict[str, Any]


class StepFailedError(PlaybachError):
    """Training or conversion ended with an error, which it has said itself."""


def ending(folder: Path) -> str | None:
    """Why the training in ``folder`` is over, ``None`` if it is not."""
    if not (folder / RECORD).exists():
        raise InputError(f"{folder}: there is no training run; leave out --no-train to make it")
    if not (folder / HISTORY).exists():
        return None
    history = read_json(folder / HISTORY)
    network = architecture(network_of(folder, read_record(folder)))
    training: Any = load_config(network.config, folder / CONFIG, {}).training
    patience = getattr(training, "patience", 0)
    if len(history) >= training.epochs:
        return f"all {training.epochs} epochs"
    if patience and history and _since_best(history) >= patience:
        return f"{patience} epochs without better"
    return None


def train(study: Study, network: str, folder: Path) -> None:
    """Train ``network``, or go on with what is in ``folder``."""
    resume = (folder / CHECKPOINT).exists()
    words = ["--resume"] if resume else ["--network", network, "--force"]
    options = (*study.training_options, *study.options.get(network, ()))
    _run("train/train.py", [*words, *options, "--run", str(folder)])


def convert(folder: Path, bundle: Path) -> None:
    """Convert the run in ``folder``; a variant that comes out wrong is left out, and said."""
    words = ["--quantise", VARIANTS, "--drift", str(_DRIFT_STEPS), "--force"]
    _run("convert/convert.py", [str(folder), "-o", str(bundle), *words], fine=(0, 1))


def digest(folder: Path) -> str:
    """A digest of best weights and record, by which a changed run is noticed."""
    parts = [(folder / name).read_bytes() for name in (NETWORK, RECORD)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def how_trained(run: Run) -> Figures:
    """Epochs, time and speed."""
    history: list[Figures] = read_json(run.folder / HISTORY)
    record = run.record
    speeds = [(key, row[key]) for row in history for key in row if key.endswith(_PER_SECOND)]
    return {
        "epochs": len(history),
        "most_epochs": run.config.training.epochs,
        "best_epoch": run.scores.get("epoch"),
        "is_chosen": bool(run.scores.get("held_out")),
        "ending": ending(run.folder) or "stopped by hand",
        "seconds": seconds(run.folder),
        "speed": sorted(value for _, value in speeds)[len(speeds) // 2] if speeds else None,
        "speed_of": speeds[0][0].removesuffix(_PER_SECOND) if speeds else None,
        "movements": len(record["training"]),
        "held_out": len(record["held_out"]),
        "machine": record["machine"],
    }


def seconds(folder: Path) -> float:
    """Wall time of all epochs: of each session, from the first to the last entry of its log."""
    total = 0.0
    for log in sorted((folder / BOARD).glob("*tfevents*")):
        times = [float(event.wall_time) for event in EventFileLoader(str(log)).Load()]
        total += times[-1] - times[0] if times else 0.0
    return total


def _since_best(history: Sequence[Mapping[str, Any]]) -> int:
    """Epochs since the one with the fewest bits on held-out movements; 0 without any."""
    totals = [float((row.get("held_out") or {}).get("total", math.inf)) for row in history]
    # NaN compares with nothing; a network that gives it is not the best.
    totals = [total if math.isfinite(total) else math.inf for total in totals]
    if min(totals) == math.inf:
        return 0
    return len(totals) - 1 - totals.index(min(totals))


def _run(script: str, words: Sequence[str], fine: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, str(ROOT / script), *words]
    status = subprocess.run(command, check=False, cwd=ROOT).returncode
    if status not in fine:
        raise StepFailedError(f"{script}: ended with status {status}; see above what it said")
