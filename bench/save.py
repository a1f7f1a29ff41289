"""Notes per second of ``playbach save``: the whole process, and composing alone.

python -m bench.save [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Figure, composer_of, run

from playbach.bundle import read_bundle
from playbach.cli.save import compose

NOTES = 10_000


def measure(options: argparse.Namespace) -> list[Figure]:
    return [
        Figure(f"save --notes {NOTES}, whole process", NOTES / process(options.bundle), "notes/s",
               "over 4,000"),
        Figure("the same with --jobs 1", NOTES / process(options.bundle, "--jobs", "1"), "notes/s"),
        Figure("composing alone", NOTES / composing(options.bundle), "notes/s"),
    ]  # fmt: skip


def process(bundle: Path, *words: str) -> float:
    """Seconds from start to end of the command."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mid"
        command = ["-m", "playbach", "save", str(out), "--notes", str(NOTES), "--seed", "1", *words]
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, *command, "--bundle", str(bundle)], check=True, capture_output=True
        )
        return time.perf_counter() - began


def composing(path: Path) -> float:
    """Seconds for the same notes once everything is loaded."""
    composer = composer_of(read_bundle(path))
    began = time.perf_counter()
    compose(composer, notes=NOTES)
    return time.perf_counter() - began


if __name__ == "__main__":
    run("save", measure)
