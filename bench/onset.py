"""Onset error: the time a note-on left for the synth minus its nominal time.

Plays steady notes into a MIDI port of a JACK server (started here on a dummy driver if none runs)
through the ``midi`` sink, and beside it through the loop that many programs have: send, sleep for
the duration, repeat. Each is measured alone and while another Python thread computes.

    python bench/onset.py [--seconds 10] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import DEVNULL

import rtmidi

from playbach.files import write_atomically
from playbach.midi_messages import NOTE_ON, TimedMessage, note_off, note_on
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import COMMON_TIME
from playbach.music.note import Note, Pitch, Ticks
from playbach.player.player import Player
from playbach.sinks.midi import RtMidiOutput
from playbach.sinks.midi_api import api_is_running
from playbach.sinks.paced import PacedSink
from playbach.stream import Movement, StreamItem

INTERVAL = 0.125
RECEIVER = "playbach-bench-receiver"
# A client of the name of its server crashes jackd.
SERVER = "playbach-bench-server"


@dataclass(frozen=True)
class Row:
    """Onset errors of one way of playing, in milliseconds.

    ``drift`` is the mean error of the last tenth of the notes minus that of the first.
    """

    way: str
    notes: int
    p50: float
    p99: float
    max: float
    drift: float


def row(way: str, errors: Sequence[float]) -> Row:
    ranked = sorted(errors)
    tenth = max(1, len(errors) // 10)
    drift = statistics.fmean(errors[-tenth:]) - statistics.fmean(errors[:tenth])
    p50, p99, worst = (ranked[math.ceil(q * len(ranked)) - 1] for q in (0.5, 0.99, 1.0))
    return Row(way, len(errors), *(round(1000 * value, 3) for value in (p50, p99, worst, drift)))


class StampedPort(RtMidiOutput):
    """A MIDI port that remembers when note-ons left."""

    def __init__(self) -> None:
        super().__init__(RECEIVER)
        self.left: list[float] = []

    def write(self, data: bytes) -> None:
        if data[0] == NOTE_ON:
            self.left.append(time.monotonic())
        super().write(data)


class NominalSink(PacedSink):
    """A paced sink that remembers when note-ons were to leave."""

    def __init__(self, port: StampedPort) -> None:
        super().__init__(port)
        self.nominal: list[float] = []

    def send(self, messages: Sequence[TimedMessage]) -> None:
        self.nominal += [message.time for message in messages if message.data[0] == NOTE_ON]
        super().send(messages)


def steady_notes(count: int) -> Iterator[StreamItem]:
    """Sixteenth notes of ``INTERVAL`` seconds."""
    ticks = 6
    yield Movement(1, 1, OTHER, C_MAJOR, COMMON_TIME, 60 / (4 * INTERVAL))
    for index in range(count):
        yield Note(Ticks(index * ticks), Pitch(48 + index % 24), Ticks(ticks))


def with_sink(count: int) -> list[float]:
    port = StampedPort()
    sink = NominalSink(port)
    with Player(steady_notes(count), sink) as player:
        player.wait()
        origin = time.monotonic() - sink.now()
    return [left - origin - due for left, due in zip(port.left, sink.nominal, strict=True)]


def with_sleeps(count: int) -> list[float]:
    port = StampedPort()
    port.open(lambda _: None)
    for index in range(count):
        port.write(note_on(0, 48 + index % 24, 80))
        time.sleep(INTERVAL)
        port.write(note_off(0, 48 + index % 24))
    port.close()
    return [left - port.left[0] - index * INTERVAL for index, left in enumerate(port.left)]


WAYS: dict[str, Callable[[int], list[float]]] = {
    "midi sink": with_sink,
    "sleep for the duration": with_sleeps,
}


@contextlib.contextmanager
def computing() -> Iterator[None]:
    """Another Python thread that computes all the time."""
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


@contextlib.contextmanager
def jack_server() -> Iterator[None]:
    """A JACK server to play to, started here unless one runs."""
    if api_is_running("JACK"):
        yield
        return
    if shutil.which("jackd") is None:
        sys.exit("onset: needs a JACK server; apt install jackd2")
    os.environ["JACK_DEFAULT_SERVER"] = SERVER
    command = ["jackd", "--no-mlock", "-r", "-S", "-n", SERVER, "-d", "dummy", "-r", "48000"]
    server = subprocess.Popen([*command, "-p", "256"], stdout=DEVNULL, stderr=DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while (
            b"system:" not in subprocess.run(["jack_lsp"], capture_output=True, check=False).stdout
        ):
            if time.monotonic() > deadline:
                sys.exit("onset: jackd does not start")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def measure(seconds: float) -> list[Row]:
    count = max(10, round(seconds / INTERVAL))
    rows = []
    with jack_server():
        receiver = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=RECEIVER)
        receiver.open_virtual_port("in")
        for load, context in (("", contextlib.nullcontext), (", under load", computing)):
            for way, play in WAYS.items():
                with context():
                    rows.append(row(way + load, play(count)))
        receiver.delete()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10.0, help="of music for each row")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    rows = measure(options.seconds)
    print(f"onset error, ms, one note every {1000 * INTERVAL:g} ms")
    print(f"{'':38}{'notes':>6}{'p50':>10}{'p99':>10}{'max':>10}{'drift':>10}")
    for r in rows:
        print(f"{r.way:38}{r.notes:6}{r.p50:10.3f}{r.p99:10.3f}{r.max:10.3f}{r.drift:10.3f}")
    if options.json:
        content = json.dumps([asdict(r) for r in rows], indent=2) + "\n"
        write_atomically(options.json, content.encode(), force=True)


if __name__ == "__main__":
    main()
