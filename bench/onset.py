"""Onset error: the time of a note-on at the synth minus its nominal time, over JACK.

Plays steady notes into a MIDI port of a JACK server (started here on a dummy driver if none runs)
through the ``midi`` sink, and beside it through the loop that many programs have: let the network
run for a note, send it, sleep for its duration, repeat. Each is measured on an idle machine, while
other processes load every core, and while another thread of the same process computes.

Three times are known of each note: when it was to sound, when it left this process (``left``), and
when it arrived at another process (stamped by C++ code inside JACK, see ``jack_ear``). ``ours`` is
the error of its leaving, which is all that the sink can do about it. ``JACK`` is what the server
adds until it arrives: it passes messages on once a period of 5.3 ms. ``drift`` is the mean error of
the last tenth of the notes minus that of the first.

    python -m bench.onset [--notes 160] [--interval 0.125] [--only "midi sink, idle"] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from bench.jack_ear import NAME, Ear, cores_loaded, jack_server, thread_loaded
from bench.report import Figure, write_json

from playbach.bundle import default_bundle_path, read_bundle
from playbach.composer.composer import Composer, Settings
from playbach.midi_messages import NOTE_ON, TimedMessage, note_off, note_on
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import COMMON_TIME
from playbach.music.note import Note, Pitch, Ticks
from playbach.player.player import Player
from playbach.predictor import load_predictor
from playbach.sinks.midi import RtMidiOutput
from playbach.sinks.paced import PacedSink
from playbach.sinks.realtime import possible_timing, settle_process
from playbach.stream import Movement, Seconds, StreamItem

SIXTEENTH = Ticks(6)
GOALS = {
    "midi sink, idle": {"p99": "under 2", "drift": "none"},
    "midi sink, every core loaded": {"p99": "under 5", "drift": "none"},
}
"""By way of playing and kind of figure."""


@dataclass(frozen=True)
class Row:
    """Onset errors of one way of playing, in milliseconds; see the module."""

    way: str
    notes: int
    p50: float
    p99: float
    max: float
    drift: float
    jack_p50: float
    jack_p99: float


@dataclass(frozen=True)
class Errors:
    """Onset errors of each note, in seconds: of its leaving, and what JACK adds; see the module."""

    ours: Sequence[float]
    server: Sequence[float]


def row(way: str, found: Errors) -> Row:
    ours, server = found.ours, found.server
    tenth = max(1, len(ours) // 10)
    drift = statistics.fmean(ours[-tenth:]) - statistics.fmean(ours[:tenth])
    seconds = (*quantiles(ours, 0.5, 0.99, 1.0), drift, *quantiles(server, 0.5, 0.99))
    return Row(way, len(ours), *(round(1000 * value, 3) for value in seconds))


def quantiles(values: Sequence[float], *shares: float) -> list[float]:
    ranked = sorted(values)
    return [ranked[math.ceil(share * len(ranked)) - 1] for share in shares]


def figures(r: Row) -> list[Figure]:
    """The same as rows of the table that every measurement writes."""
    ours = {"p50": r.p50, "p99": r.p99, "max": r.max, "drift": r.drift}
    server = {"JACK p50": r.jack_p50, "JACK p99": r.jack_p99}
    goals = GOALS.get(r.way, {})
    return [
        Figure(f"{r.way}: {name}", value, "ms", goals.get(name, ""))
        for name, value in (ours | server).items()
    ]


class StampedPort(RtMidiOutput):
    """A MIDI port that remembers when note-ons left."""

    def __init__(self) -> None:
        super().__init__(NAME)
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


def steady_notes(count: int, interval: float) -> Iterator[StreamItem]:
    """Sixteenth notes of ``interval`` seconds."""
    yield Movement(1, 1, OTHER, C_MAJOR, COMMON_TIME, 60 / (4 * interval))
    for index in range(count):
        yield Note(Ticks(index * SIXTEENTH), Pitch(48 + index % 24), SIXTEENTH)


Times = tuple[list[float], list[float]]
"""When notes were to leave, and when they left, in seconds of ``time.monotonic``."""


def with_sink(count: int, interval: float) -> Times:
    port = StampedPort()
    sink = NominalSink(port)
    with Player(steady_notes(count, interval), sink) as player:
        player.wait(Seconds(1.0))
        # Both clocks are read at once, as nearly as can be.
        origin = min(time.monotonic() - sink.now() for _ in range(100))
        player.wait()
    return [origin + due for due in sink.nominal], port.left


def with_sleeps(count: int, interval: float) -> Times:
    bundle = read_bundle(default_bundle_path())
    settings = Settings()
    composer = Composer(
        load_predictor(bundle), bundle.manifest.range, np.random.default_rng(1), lambda: settings
    )
    stream = composer.stream()
    port = StampedPort()
    port.open(lambda _: None)
    for index in range(count):
        while not isinstance(next(stream), Note):
            pass
        port.write(note_on(0, 48 + index % 24, 80))
        time.sleep(interval)
        port.write(note_off(0, 48 + index % 24))
    port.close()
    return [port.left[0] + index * interval for index in range(count)], port.left


WAYS: dict[str, Callable[[int, float], Times]] = {
    "midi sink": with_sink,
    "sleep for the duration": with_sleeps,
}
LOADS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "idle": contextlib.nullcontext,
    "every core loaded": cores_loaded,
    "a thread computes": thread_loaded,
}


def measure(count: int, interval: float, only: str) -> list[Row]:
    settle_process()
    with jack_server():
        return [
            row(f"{way}, {load}", errors(way, load, count, interval))
            for load in LOADS
            for way in WAYS
            if only in f"{way}, {load}"
        ]


def errors(way: str, load: str, count: int, interval: float) -> Errors:
    """Play ``count`` notes, ``interval`` seconds apart; there must be a JACK server."""
    ear = Ear()
    with LOADS[load]():
        nominal, left = WAYS[way](count, interval)
    arrived = ear.close()
    if not len(nominal) == len(left) == len(arrived) == count:
        sys.exit(f"onset: {count} notes, {len(left)} left, {len(arrived)} arrived")
    ours = [t - due for t, due in zip(left, nominal, strict=True)]
    server = [t - before for t, before in zip(arrived, left, strict=True)]
    return Errors(ours, server)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--notes", type=int, default=160, help="for each row")
    parser.add_argument("--interval", type=float, default=0.125, help="seconds between notes")
    parser.add_argument("--only", default="", help="rows with this in their names")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    rows = measure(options.notes, options.interval, options.only)
    print(f"onset error, ms, one note every {1000 * options.interval:g} ms")
    print(f"the sink's: {possible_timing()}")
    print(f"{'':44}{'ours':>27}{'':10}{'JACK':>12}")
    heads = ("notes", "p50", "p99", "max", "drift", "p50", "p99")
    print(f"{'':42}" + "".join(f"{head:>9}" for head in heads))
    for r in rows:
        values = (r.p50, r.p99, r.max, r.drift, r.jack_p50, r.jack_p99)
        print(f"{r.way:42}{r.notes:9}" + "".join(f"{value:9.3f}" for value in values))
    if options.json:
        write_json(options.json, [asdict(figure) for r in rows for figure in figures(r)])


if __name__ == "__main__":
    main()
