"""Share of a core and resident memory while playing as many notes as sixteenths at 120 have.

Those are eight a second; how many there were is printed too, as the music is what the network makes
of it. The process is a real ``playbach play`` without a page, over JACK where there is a server to
be had.

python -m bench.playing [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Figure, run
from bench.start import receiver

WARM_UP = 5.0
MEASURED = 40.0


def measure(options: argparse.Namespace) -> list[Figure]:
    if not Path("/proc/self/stat").exists():
        sys.exit("playing: CPU time is read from /proc, which is not here")
    with receiver() as port:
        sink = ["--sink", "none"] if port is None else ["--port", port]
        return playing(["play", "--bundle", str(options.bundle), *sink])


def playing(play: list[str]) -> list[Figure]:
    music = ["--form", "prelude", "--tempo", "230", "--seed", "1", "--no-web"]
    command = [sys.executable, "-m", "playbach", *play, *music]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            time.sleep(WARM_UP)
            before, began = cpu_seconds(process.pid), time.monotonic()
            time.sleep(MEASURED)
            used, took = cpu_seconds(process.pid) - before, time.monotonic() - began
            memory = resident(process.pid)
        finally:
            process.terminate()
        said = process.communicate()[0]
    played = re.search(r"played (\d+) notes", said)
    rate = int(played[1]) / (took + WARM_UP) if played else 0.0
    where = "nowhere" if "none" in play else "a port of JACK"
    return [
        Figure("notes a second", rate, "notes/s"),
        Figure(f"of one core, playing to {where}", 100 * used / took, "%", "under 4"),
        Figure("resident", memory, "MB", "under 80"),
    ]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Resident memory of a process without what it shares, in MB of a million bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    sizes = dict(re.findall(r"^(Rss\w+):\s+(\d+) kB", status, re.MULTILINE))
    return (int(sizes["RssAnon"]) + int(sizes["RssFile"])) * 1024 / 1e6


if __name__ == "__main__":
    run("playing", measure)
