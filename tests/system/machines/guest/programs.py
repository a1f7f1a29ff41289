"""Starting programs in the machine, and waiting for what they do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 120
STEP = 0.1
FONT = "/usr/share/sounds/sf2/TimGM6mb.sf2"
SYNTH = (
    "fluidsynth", "-i", "-s", "-a", "alsa", "-m", "alsa_seq", "-o", "midi.autoconnect=0",
    "-R", "0", "-C", "0", FONT,
)  # fmt: skip
BUSY = ("sh", "-c", "while :; do :; done")


def done(*words: str) -> str:
    """What a program says that must end well, or else this one ends too."""
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(words)}: status {ended.returncode}: {ended.stderr[-1000:]}")
    return ended.stdout


def until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
    """Wait for ``what``; the seconds it took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > patience:
            sys.exit(f"{what}: not within {patience} s")
        time.sleep(STEP)
    return time.monotonic() - began


def child_of(pid: int) -> int:
    """A process that process ``pid`` has started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                return int(stat.parent.name)
    raise LookupError(f"process {pid} has no child")


@contextlib.contextmanager
def running(*commands: tuple[str, ...]) -> Iterator[None]:
    """Programs that run meanwhile."""
    started = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for command in commands]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
            process.wait()


def all_cores_loaded() -> contextlib.AbstractContextManager[None]:
    """Each processor has a program that computes all the time."""
    return running(*[BUSY] * (os.cpu_count() or 1))
