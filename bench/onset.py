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
from dataclasses import dataclass

from bench.jack_ear import NAME, Ear, cores_loaded, jack_server, thread_loaded
from bench.report import Figure, composer_of, run

from playbach.bundle import default_bundle_path, read_bundle
from playbach.midi_messages import NOTE_ON, TimedMessage, note_off, note_on
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import COMMON_TIME
from playbach.music.note import Note, Pitch, Ticks
from playbach.player.player import Player
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
class Errors:
    """Onset errors of each note, in seconds: of its leaving, and what JACK adds; see the module."""

    ours: Sequence[float]
    server: Sequence[float]


def figures(way: str, found: Errors) -> list[Figure]:
    """Of one way of playing, in milliseconds; see the module."""
    ours, server = found.ours, found.server
    tenth = max(1, len(ours) // 10)
    seconds = {
        **{f"p{100 * share:g}": quantile(ours, share) for share in (0.5, 0.99)},
        "max": max(ours),
        "drift": statistics.fmean(ours[-tenth:]) - statistics.fmean(ours[:tenth]),
        **{f"JACK p{100 * share:g}": quantile(server, share) for share in (0.5, 0.99)},
    }
    goals = GOALS.get(way, {})
    return [
        Figure(f"{way}: {name}", round(1000 * value, 3), "ms", goals.get(name, ""))
        for name, value in seconds.items()
    ]


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


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
    stream = composer_of(read_bundle(default_bundle_path())).stream()
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


def measure(options: argparse.Namespace) -> list[Figure]:
    settle_process()
    print(f"the sink's: {possible_timing()}")
    with jack_server():
        return [
            figure
            for load in LOADS
            for way in WAYS
            if options.only in f"{way}, {load}"
            for figure in figures(
                f"{way}, {load}", errors(way, load, options.notes, options.interval)
            )
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


if __name__ == "__main__":
    run("onset", measure, notes=160, interval=0.125, only="")
