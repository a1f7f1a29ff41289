"""Process start to first note sent, and resident memory while playing.

python -m bench.start [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.playing import player, resident, started
from bench.report import Figure, run

STARTS = 5
PATIENCE = 20.0
"""Seconds within which there must be a note."""
PLAYED = 10.0
"""Seconds of playing after which memory is read."""
FIRST_NOTE = Path(__file__).with_name("first_note.py")


def measure(options: argparse.Namespace) -> list[Figure]:
    start = statistics.median(first_note(options.bundle, seed) for seed in range(STARTS))
    with player(options.bundle) as play, started(play) as process:
        # What it says is not read: a few lines do not fill the pipe.
        time.sleep(PLAYED)
        own, shared = resident(process.pid)
    where = "sink none" if "none" in play else "JACK"
    figures = [
        Figure(f"start to first note sent, median of {STARTS}", start, "s", "under 1"),
        Figure(f"resident, playing to {where}", own, "MB", "under 90"),
    ]
    if shared:
        figures.append(Figure("jackd's memory that each of its clients shares", shared, "MB"))
    return figures


def first_note(bundle: Path, seed: int) -> float:
    """Seconds from starting the process to its first note-on; both clocks are the system's."""
    play = ["play", "--bundle", str(bundle), "--seed", str(seed), "--sink", "none"]
    command = [sys.executable, str(FIRST_NOTE), *play, "--seconds", str(PATIENCE)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stderr.rsplit("first note at ", 1)[1].split()[0]) - began


if __name__ == "__main__":
    run("start", measure)
