"""Process start to first note sent, and resident memory while playing.

python -m bench.start [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.report import Figure, run

STARTS = 5
PATIENCE = 20.0
"""Seconds within which there must be a note."""
PLAYED = 10.0
"""Seconds of playing after which memory is read."""
FIRST_NOTE = Path(__file__).with_name("first_note.py")


def measure(options: argparse.Namespace) -> list[Figure]:
    play = ["play", "--bundle", str(options.bundle)]
    start = statistics.median(first_note([*play, "--seed", str(n)]) for n in range(STARTS))
    figures = [Figure(f"start to first note sent, median of {STARTS}", start, "s", "under 1")]
    if not Path("/proc/self/status").exists():
        print("start: resident memory is read from /proc, which is not here", file=sys.stderr)
        return figures
    with receiver() as port:
        sink = ["--sink", "none"] if port is None else ["--port", port]
        own, shared = memory(play + sink)
    where = "sink none" if port is None else "JACK"
    figures.append(Figure(f"resident, playing to {where}", own, "MB", "under 90"))
    if shared:
        figures.append(Figure("jackd's memory that each of its clients shares", shared, "MB"))
    return figures


def first_note(play: list[str]) -> float:
    """Seconds from starting the process to its first note-on; both clocks are the system's."""
    command = [sys.executable, str(FIRST_NOTE), *play, "--sink", "none", "--seconds", str(PATIENCE)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stderr.rsplit("first note at ", 1)[1].split()[0]) - began


def memory(play: list[str]) -> tuple[float, float]:
    """Resident memory of a playing process, its own and what it shares, in MB of a million bytes.

    Code and data from files count as its own, though other processes may use the same.
    """
    command = [sys.executable, "-m", "playbach", *play]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            time.sleep(PLAYED)
            status = Path(f"/proc/{process.pid}/status").read_text()
        finally:
            process.terminate()
    kilobytes = {
        name: int(size) for name, size in re.findall(r"^Rss(\w+):\s+(\d+) kB", status, re.MULTILINE)
    }
    if not kilobytes:
        sys.exit("start: it stopped before its memory could be read")
    own = kilobytes["Anon"] + kilobytes["File"]
    return own * 1024 / 1e6, kilobytes["Shmem"] * 1024 / 1e6


@contextlib.contextmanager
def receiver() -> Iterator[str | None]:
    """Name of a MIDI port to play to, ``None`` where there is no JACK server to be had."""
    if shutil.which("jackd") is None or importlib.util.find_spec("rtmidi") is None:
        yield None
        return
    import rtmidi  # noqa: PLC0415 not everywhere
    from bench.jack_ear import NAME, jack_server  # noqa: PLC0415 needs rtmidi

    from playbach.sinks.jack_server import let_go  # noqa: PLC0415 as above

    with jack_server():
        client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=NAME)
        client.open_virtual_port("in")
        yield NAME
        let_go(client.delete)


if __name__ == "__main__":
    run("start", measure)
