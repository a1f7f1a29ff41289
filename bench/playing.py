"""Share of a core, wake-ups and memory while playing as many notes as sixteenths at 120 have.

Those are eight a second; how many there were is printed too, as the music is what the network makes
of it. It is a real ``playbach play``, over JACK where there is a server to be had: without a page,
and with one that nobody opens. All its processes count, the sender's too. A wake-up is a thread
that begins to run after it waited; of memory that is shared with others each has its part (PSS).

    python -m bench.playing [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen

from bench.report import Figure, run

WARM_UP = 5.0
MEASURED = 30.0


@dataclass(frozen=True)
class Taken:
    """What a player took."""

    rate: float  # notes a second
    share: float  # of one core, per cent
    wakes: float  # a second
    resident: float  # of the process that plays, MB
    memory: float  # PSS of all its processes, MB


def measure(options: argparse.Namespace) -> list[Figure]:
    with player(options.bundle) as play:
        play += ["--form", "prelude", "--tempo", "230", "--seed", "1"]
        alone = taken([*play, "--no-web"])
        page = taken([*play, "--web", "127.0.0.1:0"])
    where = "nowhere" if "none" in play else "a port of JACK"
    unopened = "with a page that nobody opened"
    return [
        Figure("notes a second", alone.rate, "notes/s"),
        Figure(f"of one core, playing to {where}", alone.share, "%", "under 1.2"),
        Figure(f"of one core, {unopened}", page.share, "%", "under 1.4"),
        Figure("wake-ups a second", alone.wakes, "wake-ups/s"),
        Figure(f"wake-ups a second, {unopened}", page.wakes, "wake-ups/s"),
        Figure("resident", alone.resident, "MB", "under 80"),
        Figure("memory (PSS) of all its processes", alone.memory, "MB", "under 68"),
        Figure(f"memory (PSS) of all its processes, {unopened}", page.memory, "MB", "under 80"),
    ]


def taken(words: Sequence[str]) -> Taken:
    """What playing takes, once it is under way."""
    with started(words) as process:
        time.sleep(WARM_UP)
        pids = [process.pid, *children(process.pid)]
        before, began = total(pids), time.monotonic()
        time.sleep(MEASURED)
        used, took = total(pids) - before, time.monotonic() - began
        own, _ = resident(process.pid)
        memory = sum(map(proportional, pids))
        process.terminate()
        said = process.communicate()[0]
    played = re.search(r"played (\d+) notes", said)
    rate = int(played[1]) / (took + WARM_UP) if played else 0.0
    return Taken(rate, used["ns"] / took / 1e7, used["wakes"] / took, own, memory)


@contextlib.contextmanager
def player(bundle: Path) -> Iterator[list[str]]:
    """The words after ``playbach`` that play to JACK, or nowhere where no server is to be had."""
    play = ["play", "--bundle", str(bundle)]
    if shutil.which("jackd") is None or importlib.util.find_spec("rtmidi") is None:
        yield [*play, "--sink", "none"]
        return
    import rtmidi  # noqa: PLC0415 not everywhere
    from bench.jack_ear import NAME, jack_server  # noqa: PLC0415 needs rtmidi

    from playbach.sinks.jack_server import detach  # noqa: PLC0415 as above

    with jack_server():
        # Nobody reads what arrives, and rtmidi would say so of each message beyond its limit.
        client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=NAME, queue_size_limit=1_000_000)
        client.open_virtual_port("in")
        yield [*play, "--port", NAME]
        detach(client.delete)


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


def total(pids: Sequence[int]) -> Counter[str]:
    """``activity`` of several processes."""
    return sum(map(activity, pids), Counter())


def activity(pid: int) -> Counter[str]:
    """``ns`` for which the threads of a process ran, and how often they began to after a wait."""
    used: Counter[str] = Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        # One may end meanwhile.
        with contextlib.suppress(OSError):
            used["ns"] += int((task / "schedstat").read_text().split()[0])
            waits = re.search(
                r"^voluntary\w+:\s+(\d+)", (task / "status").read_text(), re.MULTILINE
            )
            used["wakes"] += int(waits[1]) if waits else 0
    return used


def children(pid: int) -> list[int]:
    """Processes that one has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def proportional(pid: int) -> float:
    """Memory of a process in MB of a million bytes, without jackd's.

    Of what it shares with others it has its share, by their number.
    """
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kinds = re.findall(r"^Pss_(?:Anon|File):\s+(\d+) kB", text, re.MULTILINE)
    return sum(map(int, kinds)) * 1024 / 1e6


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
