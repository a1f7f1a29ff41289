"""A run directory: everything that shaped a training run, and what it gave.

config.toml       every value that shaped the run
run.json          command, corpus, split, versions, machine
history.json      one row an epoch
network.npz       the best averaged weights so far, and their held-out bits
checkpoint.npz    everything needed to go on after a kill
curves.png        learning curves
tensorboard/      the same for TensorBoard
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.files import write_atomically
from playbach.music.encoding import Encoding
from playbach_train.checkpoint import Arrays, load_arrays
from playbach_train.config import RunConfig, load_config, to_toml

MAX_RECORD_BYTES = 16 * 2**20
CONFIG, RECORD, HISTORY = "config.toml", "run.json", "history.json"
NETWORK, CHECKPOINT, CURVES, BOARD = "network.npz", "checkpoint.npz", "curves.png", "tensorboard"


@dataclass(frozen=True)
class Run:
    """A finished (or stopped) run, read back.

    Attributes:
        folder: where it is.
        config: the values that shaped it.
        encoding: tables between events and symbols.
        record: contents of ``run.json``.
        weights: the best averaged weights, by name.
        scores: held-out bits of those weights and their epoch; empty without held-out movements.
    """

    folder: Path
    config: RunConfig
    encoding: Encoding
    record: dict[str, Any]
    weights: Arrays
    scores: dict[str, Any]


def start_run(folder: Path, config: RunConfig, encoding: Encoding, record: dict[str, Any]) -> None:
    """Make the folder and write what is known before the first epoch.

    Raises:
        OutputError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RECORD, {"encoding": asdict(encoding)} | record)
    write_atomically(folder / CONFIG, to_toml(config).encode(), force=True)


def load_run(folder: Path) -> Run:
    """Read a run directory.

    Raises:
        InputError: it is not one, or a file in it is damaged or of another version.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder of a training run")
    weights, scores = load_arrays(folder / NETWORK)
    config = load_config(folder / CONFIG, {})
    record = read_json(folder / RECORD)
    return Run(folder, config, _encoding(folder, record), record, weights, scores)


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
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a training run") from error


def _encoding(folder: Path, record: Any) -> Encoding:
    try:
        found = record["encoding"]
        encoding = Encoding(
            shifts=tuple(map(int, found["shifts"])),
            durations=tuple(map(int, found["durations"])),
            widest=int(found["widest"]),
            forms=tuple(map(str, found["forms"])),
            meters=tuple(map(str, found["meters"])),
            version=int(found["version"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / RECORD}: no encoding in it ({error}); train again") from error
    return encoding
