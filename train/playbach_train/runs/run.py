"""A run directory: everything that shaped a training run, and what it gave.

config.toml       every value that shaped the run
run.json          command, network, corpus, split, versions, machine
scores.npz        movements trained on and held out: what a conversion measures on
history.json      one row for each epoch
network.npz       the best weights so far, and their held-out bits
checkpoint.npz    everything needed to go on after a kill
curves.png        learning curves
tensorboard/      the same for TensorBoard
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playbach.errors import InputError, OutputError
from playbach.files import check_writable, write_atomically
from playbach.music.encoding import Encoding
from playbach_train.config import to_toml
from playbach_train.runs.checkpoint import Arrays

MAX_RECORD_BYTES = 16 * 2**20
CONFIG, RECORD, HISTORY, SCORES = "config.toml", "run.json", "history.json", "scores.npz"
NETWORK, CHECKPOINT, CURVES, BOARD = "network.npz", "checkpoint.npz", "curves.png", "tensorboard"


@dataclass(frozen=True)
class Run:
    """A finished (or stopped) run, read back."""

    folder: Path  # where it is
    network: str  # which it is of ``networks.table.NETWORKS``
    config: Any  # the values that shaped it, as that network's configuration
    encoding: Encoding  # tables between events and symbols
    record: dict[str, Any]  # contents of ``run.json``
    weights: Arrays  # the best weights, by name
    # held-out bits of those weights and their epoch; empty without held-out movements
    scores: dict[str, Any]


def make_run(folder: Path) -> None:
    """Make the folder of a run, without what another run left in it.

    Nothing can then go on from there by mistake.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be made: {error.strerror}; give another folder with --run"
        ) from error
    clear_run(folder)


def start_run(folder: Path, config: Any, encoding: Encoding, record: dict[str, Any]) -> None:
    """Make the folder and write what is known before the first epoch.

    Raises:
        OutputError: it cannot be written.
    """
    make_run(folder)
    write_json(folder / RECORD, {"encoding": asdict(encoding)} | record)
    write_atomically(folder / CONFIG, to_toml(config).encode(), force=True)


def clear_run(folder: Path) -> None:
    """Remove a run's files, and no others."""
    # The record first: without it the folder holds no run, whatever else is left.
    for name in (RECORD, CHECKPOINT, NETWORK, HISTORY, SCORES, CURVES, CONFIG):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / BOARD, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Find out before long work whether a run can be kept in ``folder``; nothing is made yet.

    Raises:
        OutputError: it cannot: a file is in its place, or it cannot be written.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise OutputError(f"{there}: this is a file; give the name of a folder with --run")
    check_writable(there / RECORD, force=True)


def read_record(folder: Path) -> dict[str, Any]:
    """What ``start_run`` wrote of the run in ``folder``.

    Raises:
        InputError: it is missing, or not what is written there.
    """
    record = read_json(folder / RECORD)
    if not isinstance(record, dict):
        raise InputError(f"{folder / RECORD}: not the record of a training run; train again")
    return record


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step."""
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode(), force=True)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: it is missing, too large, or not JSON.
    """
    try:
        if path.stat().st_size > MAX_RECORD_BYTES:
            raise InputError(f"{path}: larger than {MAX_RECORD_BYTES >> 20} MiB")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); give the folder of a training run"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); train again") from error
