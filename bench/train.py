"""Notes per second of training, on the CPU.

Speed depends on the shapes, not on the music, so movements are made up: as many notes as a movement
of the suites has. A GPU is left alone.

    python -m bench.train [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from bench.report import Figure, cores, run

from playbach.music.encoding import DEFAULT_ENCODING
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import COMMON_TIME
from playbach.music.note import Note, Piece, Pitch, Ticks

CONFIG = Path(__file__).parents[1] / "train" / "default.toml"
MOVEMENTS = 32
NOTES = 600
EPOCHS = 3


def measure(options: argparse.Namespace) -> list[Figure]:
    del options
    if importlib.util.find_spec("keras") is None:
        sys.exit("train: Keras is not installed here")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from playbach_train.config import load_config  # noqa: PLC0415 after the environment is set
    from playbach_train.copying.config import CopyingConfig  # noqa: PLC0415 as above
    from playbach_train.copying.data import movement_arrays  # noqa: PLC0415 as above
    from playbach_train.copying.training import CopyingTrainer  # noqa: PLC0415 as above

    config = load_config(CopyingConfig(), CONFIG if CONFIG.exists() else None, {})
    rng = np.random.default_rng(1)
    movements = [
        movement_arrays(f"movement {n}", wandering(rng), DEFAULT_ENCODING) for n in range(MOVEMENTS)
    ]
    trainer = CopyingTrainer(config, DEFAULT_ENCODING, movements, [])
    speeds, per_core = [], []
    for epoch in range(1, EPOCHS + 2):
        began = time.process_time()
        result = trainer.run_epoch(epoch)
        seconds = time.process_time() - began
        speeds.append(result["notes_per_second"])
        per_core.append(MOVEMENTS * NOTES / seconds)
    # The first epoch compiles.
    return [
        Figure(f"training, {cores()} cores", statistics.median(speeds[1:]), "notes/s"),
        Figure("training, a second of one core", statistics.median(per_core[1:]), "notes/s",
               "at least 1,000"),
    ]  # fmt: skip


def wandering(rng: np.random.Generator) -> Piece:
    """Sixteenths that go up and down by up to a fifth."""
    pitches = 36 + np.abs((rng.integers(-7, 8, NOTES).cumsum() + 20) % 80 - 40)
    return Piece(
        tuple(Note(Ticks(6 * n), Pitch(int(pitch)), Ticks(6)) for n, pitch in enumerate(pitches)),
        ((Ticks(0), C_MAJOR),),
        ((Ticks(0), COMMON_TIME),),
        OTHER,
        Ticks(0),
        "",
    )


if __name__ == "__main__":
    run("train", measure)
