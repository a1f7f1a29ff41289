"""Share of a core and resident memory while playing as many notes as sixteenths at 120 have.

Those are eight a second; how many there were is printed too, as the music is what the network makes
of it. The process is a real ``playbach play`` without a page, over JACK where there is a server to
be had.

    python -m bench.playing [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, Popen

from bench.report import Figure, run

WARM_UP = 5.0
MEASURED = 40.0


def measure(options: argparse.Namespace) -> list[Figure]:
    music = ["--form", "prelude", "--tempo", "230", "--seed", "1", "--no-web"]
    with player(options.bundle) as play, started([*play, *music]) as process:
        time.sleep(WARM_UP)
        before, began = cpu_seconds(process.pid), time.monotonic()
        time.sleep(MEASURED)
        used, took = cpu_seconds(process.pid) - before, time.monotonic() - began
        memory, _ = resident(process.pid)
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


@contextlib.contextmanager
def player(bundle: Path) -> Iterator[list[str]]:
    """The words after ``playbach`` that play to JACK, or nowhere where no server is to be had."""
    play = ["play", "--bundle", str(bundle)]
    if shutil.which("jackd") is None or importlib.util.find_spec("rtmidi") is None:
        yield [*play, "--sink", "none"]
        return
    import rtmidi  # noqa: PLC0415 not everywhere
    from bench.jack_ear import NAME, jack_server  # noqa: PLC0415 needs rtmidi

    from playbach.sinks.jack_server import let_go  # noqa: PLC0415 as above

    with jack_server():
        client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=NAME)
        client.open_virtual_port("in")
        yield [*play, "--port", NAME]
        let_go(client.delete)


@contextlib.contextmanager
def started(words: Sequence[str]) -> Iterator[Popen[str]]:
    """A player, which is ended afterwards."""
    if not Path("/proc/self/status").exists():
        sys.exit("memory and processor time are read from /proc, which is not here")
    with Popen([sys.executable, "-m", "playbach", *words], stdout=PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> tuple[float, float]:
    """Resident memory of a process, its own and what it shares, in MB of a million bytes.

    Code and data from files count as its own, though other processes may use the same.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    sizes = {kind: int(n) for kind, n in re.findall(r"^Rss(\w+):\s+(\d+) kB", status, re.MULTILINE)}
    if not sizes:
        sys.exit("the player stopped before its memory could be read")
    return (sizes["Anon"] + sizes["File"]) * 1024 / 1e6, sizes["Shmem"] * 1024 / 1e6


if __name__ == "__main__":
    run("playing", measure)
