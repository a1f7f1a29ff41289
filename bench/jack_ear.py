"""A JACK server to play to, and an ear on it in a process of its own.

The ear is a client of the same server. JACK itself says at which frame a message arrives, so
nothing of Python's is in the times it reports.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE

import numpy as np

from playbach.midi.messages import NOTE_ON
from playbach.sinks.jack import required_library
from playbach.sinks.jack_server import detach, jack_is_running

NAME = "playbach-bench-ear"
CLOCK_INTERVAL = 0.05
"""Seconds between looks at the server's clock."""
# A client of the name of its server crashes jackd.
SERVER = f"playbach-bench-{os.getpid()}"


@contextlib.contextmanager
def jack_server(period: int = 256) -> Iterator[None]:
    """A JACK server, started here unless one runs; ``period``: its frames, of 48,000 a second."""
    if jack_is_running():
        yield
        return
    if shutil.which("jackd") is None:
        sys.exit("needs a JACK server; apt install jackd2")
    os.environ["JACK_DEFAULT_SERVER"] = SERVER
    command = ["jackd", "--no-mlock", "-r", "-S", "-n", SERVER, "-d", "dummy", "-r", "48000"]
    server = subprocess.Popen([*command, "-p", str(period)], stdout=DEVNULL, stderr=DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while (
            b"system:" not in subprocess.run(["jack_lsp"], capture_output=True, check=False).stdout
        ):
            if time.monotonic() > deadline:
                sys.exit("jackd does not start")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True)
class Arrivals:
    """What the ear heard."""

    notes: list[float]  # arrivals of note-ons, in seconds of the server's clock
    # pairs of ``time.monotonic`` and the server's clock, in seconds, taken meanwhile
    clock: list[tuple[float, float]]

    def offset(self, times: Sequence[tuple[float, float]]) -> float:
        """What has to be added to another clock's time to have the server's; the median of many.

        Args:
            times: pairs of ``time.monotonic`` and the other clock, taken while the ear listened.
        """
        ours, server = zip(*self.clock, strict=True)
        there = np.interp([at for at, _ in times], ours, server)
        return float(np.median(there - np.array([other for _, other in times])))


class Ear:
    """What it hears while it is open."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.jack_ear"], stdin=PIPE, stdout=PIPE, text=True
        )
        self._answer()

    def close(self) -> Arrivals:
        # What was sent last is given time to arrive.
        time.sleep(0.2)
        print(file=self._process.stdin, flush=True)
        said = json.loads(self._answer())
        self._process.communicate()
        return Arrivals(said["notes"], [(ours, server) for ours, server in said["clock"]])

    def _answer(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


def main() -> None:
    """In the child process: listen until a line comes in, then say what was heard."""
    client = required_library().Client(NAME, no_start_server=True)
    port = client.midi_inports.register("in")
    frames: list[int] = []
    clock: list[tuple[float, float]] = []
    ended = threading.Event()

    def process(_: int) -> None:
        start = client.last_frame_time
        frames.extend(
            start + offset
            for offset, data in port.incoming_midi_events()
            if bytes(data)[0] == NOTE_ON
        )

    def look() -> None:
        while not ended.wait(CLOCK_INTERVAL):
            before = time.monotonic()
            frame = client.frame_time
            clock.append(((before + time.monotonic()) / 2, frame / client.samplerate))

    client.set_process_callback(process)
    client.activate()
    looking = threading.Thread(target=look)
    looking.start()
    print("ready", flush=True)
    sys.stdin.readline()
    ended.set()
    looking.join()
    notes = [frame / client.samplerate for frame in frames]
    print(json.dumps({"notes": notes, "clock": clock}), flush=True)
    detach(client.close)


@contextlib.contextmanager
def cores_loaded() -> Iterator[None]:
    """Other processes that compute on every core, all the time."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"])
        for _ in range(count or 1)
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@contextlib.contextmanager
def thread_loaded() -> Iterator[None]:
    """Another Python thread of this process that computes, all the time."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
