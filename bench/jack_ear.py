"""A JACK server to play to, and an ear on it in a process of its own.

The ear is rtmidi's input. Its C++ code stamps each message by the system's clock in JACK's own
process callback, so nothing of Python's is in the times it reports.
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
from collections.abc import Iterator
from subprocess import DEVNULL, PIPE

from playbach.midi_messages import NOTE_ON
from playbach.sinks.jack_server import let_go
from playbach.sinks.midi_api import api_is_running

NAME = "playbach-bench-ear"
# A client of the name of its server crashes jackd.
SERVER = "playbach-bench-server"


@contextlib.contextmanager
def jack_server() -> Iterator[None]:
    """A JACK server, started here unless one runs."""
    if api_is_running("JACK"):
        yield
        return
    if shutil.which("jackd") is None:
        sys.exit("needs a JACK server; apt install jackd2")
    os.environ["JACK_DEFAULT_SERVER"] = SERVER
    command = ["jackd", "--no-mlock", "-r", "-S", "-n", SERVER, "-d", "dummy", "-r", "48000"]
    server = subprocess.Popen([*command, "-p", "256"], stdout=DEVNULL, stderr=DEVNULL)
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


class Ear:
    """What it hears while it is open."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.jack_ear"], stdin=PIPE, stdout=PIPE, text=True
        )
        self._answer()

    def close(self) -> list[float]:
        """Arrivals of note-ons, in seconds of ``time.monotonic``."""
        # What was sent last is given time to arrive.
        time.sleep(0.2)
        print(file=self._process.stdin, flush=True)
        times: list[float] = json.loads(self._answer())
        self._process.communicate()
        return times

    def _answer(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


def absolute(heard: list[tuple[float, float, bool]]) -> list[float]:
    """Arrivals of note-ons.

    Args:
        heard: of each message, the seconds since the one before (measured in C++), the time at
            which Python got it, and whether it is a note-on.
    """
    elapsed, passed = 0.0, []
    for interval, _, _ in heard:
        elapsed += interval
        passed.append(elapsed)
    # Python gets none before it has arrived, and the promptest with hardly a delay.
    pairs = list(zip(passed, heard, strict=True))
    offset = min((got - at for at, (_, got, _) in pairs), default=0.0)
    return [at + offset for at, (_, _, is_note) in pairs if is_note]


def main() -> None:
    """In the child process: listen until a line comes in, then say what was heard."""
    import rtmidi  # noqa: PLC0415 so that the bench can say that it is missing

    heard: list[tuple[float, float, bool]] = []
    listener = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=NAME)
    listener.open_virtual_port("in")
    listener.set_callback(
        lambda event, _: heard.append((event[1], time.monotonic(), event[0][0] == NOTE_ON))
    )
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(absolute(heard)), flush=True)
    listener.cancel_callback()
    let_go(listener.delete)


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
