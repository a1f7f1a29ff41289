"""Process start to first note sent, memory while playing, and what the sender adds to both.

The sender is the process that owns the port. Its start is that of a sink of JACK in a process of
its own, less that of one in this process; its memory is what it has alone and its share of the
rest (PSS).

python -m bench.start [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.jack_ear import NAME
from bench.playing import children, player, proportional, resident, started
from bench.report import Figure, run

from playbach.sender.process import SenderSink
from playbach.sinks.base import Sink
from playbach.sinks.jack import JackSink

STARTS = 5
PATIENCE = 20.0
"""Seconds within which there must be a note."""
PLAYED = 10.0
"""Seconds of playing after which memory is read."""
FIRST_NOTE = Path(__file__).with_name("first_note.py")


def measure(options: argparse.Namespace) -> list[Figure]:
    start = statistics.median(first_note(options.bundle, seed) for seed in range(STARTS))
    figures = [Figure(f"start to first note sent, median of {STARTS}", start, "s", "under 1")]
    with player(options.bundle) as play:
        with started(play) as process:
            # What it says is not read: a few lines do not fill the pipe.
            time.sleep(PLAYED)
            own, shared = resident(process.pid)
            senders = sum(map(proportional, children(process.pid)))
        where = "sink none" if "none" in play else "JACK"
        figures.append(Figure(f"resident, playing to {where}", own, "MB", "under 90"))
        if senders:
            apart = statistics.median(
                opened(SenderSink(JackSink(NAME), NAME)) for _ in range(STARTS)
            )
            here = statistics.median(opened(JackSink(NAME)) for _ in range(STARTS))
            figures += [
                Figure("the sender: start", apart - here, "s", "under 0.05"),
                Figure("the sender: memory (PSS)", senders, "MB", "under 12"),
            ]
    if shared:
        figures.append(Figure("jackd's memory that each of its clients shares", shared, "MB"))
    return figures


def opened(sink: Sink) -> float:
    """Seconds that a sink takes until messages can be sent to it."""
    began = time.monotonic()
    sink.open()
    sink.start(lambda _: None)
    took = time.monotonic() - began
    sink.silence()
    sink.close()
    return took


def first_note(bundle: Path, seed: int) -> float:
    """Seconds from starting the process to its first note-on; both clocks are the system's."""
    play = ["play", "--bundle", str(bundle), "--seed", str(seed), "--sink", "none"]
    command = [sys.executable, str(FIRST_NOTE), *play, "--seconds", str(PATIENCE)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stderr.rsplit("first note at ", 1)[1].split()[0]) - began


if __name__ == "__main__":
    run("start", measure)
