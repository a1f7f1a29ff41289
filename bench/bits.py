"""Bits per note on movements of the cello suites that a network did not learn from.

What the README says of the model: the movements are divided in five; each part is held out once,
and a network learns from the rest, from the other works and from the lines, in two stages as the
included one. Those kept back for a last test take no part at all.

    python -m bench.bits [--midi DIR ...] [--lines DIR ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench.comparison.studies import KEPT_BACK
from bench.report import Figure, run

ROOT = Path(__file__).parents[1]
CORPORA = ("cello-suites", "bach-solo")
LINES = ("bach-keyboard", "bach-ensemble")
"""What is learned from in the first stage only."""
STAGES = ("--first-epochs", "8", "--training.epochs", "6", "--training.learning_rate", "0.0007")
"""As ``make model`` has them."""
CELLO = ("bwv100[789]*", "bwv101[012]*")
"""Patterns of the movements that are held out in turn."""


def measure(options: argparse.Namespace) -> list[Figure]:
    found = json.loads(cross_validated(options.midi, options.lines))
    pooled, ngram = found["pooled"], found["ngram"]
    return [
        Figure("movements", len(found["movements"]), "movements"),
        Figure("notes", pooled["notes"], "notes"),
        Figure("pitch", pooled["pitch_bits"], "bits per note", "under 2.6"),
        Figure("pitch, n-grams with a memory of the piece", ngram["pitch_bits"], "bits per note"),
        Figure("onset shift", pooled["shift_bits"], "bits per note"),
        Figure("duration", pooled["duration_bits"], "bits per note"),
        Figure("all three", pooled["total_bits"], "bits per note"),
        Figure("pitch, top-1", 100 * pooled["pitch_top1"], "%"),
        Figure("pitch, top-1, n-grams", 100 * ngram["pitch_top1"], "%"),
    ]


def cross_validated(folders: list[Path], lines: list[Path]) -> str:
    """What ``playbach-train cross-validate`` prints; it says on standard error how far it is."""
    scores = [("--midi", str(folder)) for folder in folders]
    further = [("--first-midi", str(folder)) for folder in lines]
    pairs = [
        *(scores or [("--corpus", name) for name in CORPORA]),
        *(further or [("--first-corpus", name) for name in LINES]),
        *(("--exclude", name) for name in KEPT_BACK),
        *(("--measure", pattern) for pattern in CELLO),
    ]
    words = [word for pair in pairs for word in pair]
    command = [sys.executable, str(ROOT / "train" / "train.py"), "cross-validate", *words]
    config = str(ROOT / "train" / "default.toml")
    done = subprocess.run(
        [*command, "--config", config, *STAGES, "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


if __name__ == "__main__":
    run("bits", measure)
