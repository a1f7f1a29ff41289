"""Onset error: the time a note-on arrives at another client of JACK minus its nominal time.

Plays sixteenths into a MIDI port of a JACK server (started here on a dummy driver if none runs)
through the sink ``jack``, in the process that sends, and beside it through the loop that many
programs have: let the network run for a note, send it, sleep for its duration, repeat. Each is
measured on an idle machine, while other processes load every core, and while another thread of the
playing process computes; the sink also with long periods of the server.

The sink's notes are performed: their nominal times are those of the tempo curve, as ``play`` has it
unless it is asked for less. The loop's are evenly ``--interval`` seconds apart.

Arrivals are frames of JACK (see ``jack_ear``). ``left`` is how late messages left, by the sink's
own account. ``drift`` is the mean error of the last tenth of the notes minus that of the first.

    python -m bench.onset [--notes 160] [--interval 0.125] [--period 256] [--only "jack sink, idle"]
        [--json FILE]
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
from functools import partial

from bench.jack_ear import NAME, Ear, cores_loaded, jack_server, thread_loaded
from bench.report import Figure, composer_of, run

from playbach.bundle import default_bundle_path, read_bundle
from playbach.midi.messages import NOTE_ON, TimedMessage, note_off, note_on
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import COMMON_TIME
from playbach.music.note import Note, Pitch, Ticks
from playbach.performer.performer import Manner
from playbach.playback.controls import Controls
from playbach.playback.player import Player
from playbach.sender.process import SenderSink
from playbach.sinks.base import Sink
from playbach.sinks.jack import JackSink
from playbach.sinks.jack_server import jack_is_running
from playbach.sinks.midi import RtMidiOutput
from playbach.sinks.midi_api import JACK
from playbach.sinks.realtime import possible_timing, settle_process
from playbach.stream import Movement, Seconds, StreamItem
from playbach.timing import Lateness

SIXTEENTH = Ticks(6)
LONG_PERIOD = 1024
"""Frames, at which whatever keeps to the periods of a server is late by up to 21 ms."""
LONG = f"jack sink, idle, {LONG_PERIOD:,} frames a period"
GOALS = {
    "jack sink, idle": {"p99": "under 0.1", "drift": "none"},
    LONG: {"p99": "under 0.1", "drift": "none"},
    "jack sink, every core loaded": {"p99": "under 5", "drift": "none"},
}
"""By way of playing and kind of figure."""


def figures(way: str, errors: Sequence[float], left: Lateness | None) -> list[Figure]:
    """Of one way of playing, in milliseconds; see the module."""
    tenth = max(1, len(errors) // 10)
    seconds = {
        **{f"p{100 * share:g}": quantile(errors, share) for share in (0.5, 0.99)},
        "max": max(errors),
        "drift": statistics.fmean(errors[-tenth:]) - statistics.fmean(errors[:tenth]),
        **({} if left is None else {"left p99": left.p99}),
    }
    goals = GOALS.get(way, {})
    return [
        Figure(f"{way}: {name}", round(1000 * value, 3), "ms", goals.get(name, ""))
        for name, value in seconds.items()
    ]


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


class NominalSink(SenderSink):
    """A sink that remembers when note-ons are to be heard."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink, NAME)
        self.nominal: list[float] = []

    def send(self, messages: Sequence[TimedMessage]) -> None:
        self.nominal += [message.time for message in messages if message.data[0] == NOTE_ON]
        super().send(messages)


@dataclass(frozen=True)
class Played:
    """What was played in one way."""

    nominal: list[float]  # when notes were to be heard, in seconds of a clock
    clock: list[tuple[float, float]]  # pairs of ``time.monotonic`` and that clock, taken meanwhile
    left: Lateness | None  # how late messages left, ``None`` where nobody knows


def steady_notes(count: int, interval: float) -> Iterator[StreamItem]:
    """Sixteenth notes, ``interval`` seconds long where they are evenly played."""
    yield Movement(1, 1, OTHER, C_MAJOR, COMMON_TIME, 60 / (4 * interval))
    for index in range(count):
        yield Note(Ticks(index * SIXTEENTH), Pitch(48 + index % 24), SIXTEENTH)


def with_sink(make: Callable[[str], Sink], count: int, interval: float) -> Played:
    sink = NominalSink(make(NAME))
    clock: list[tuple[float, float]] = []
    controls = Controls(manner=Manner())
    with Player(steady_notes(count, interval), sink, controls=controls) as player:
        player.wait(
            watch=lambda _: clock.append((time.monotonic(), sink.now())), interval=Seconds(0.05)
        )
        return Played(sink.nominal, clock, sink.lateness)


def with_sleeps(count: int, interval: float) -> Played:
    stream = composer_of(read_bundle(default_bundle_path()))
    port = RtMidiOutput(NAME, (JACK,))
    port.open()
    began = 0.0
    for index in range(count):
        while not isinstance(next(stream), Note):
            pass
        began = began or time.monotonic()
        port.write(note_on(0, 48 + index % 24, 80))
        time.sleep(interval)
        port.write(note_off(0, 48 + index % 24))
    port.close()
    clock = [(at, at) for at in (began, time.monotonic())]
    return Played([began + index * interval for index in range(count)], clock, None)


WAYS: dict[str, Callable[[int, float], Played]] = {
    "jack sink": partial(with_sink, JackSink),
    "sleep for the duration": with_sleeps,
}
LOADS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "idle": contextlib.nullcontext,
    "every core loaded": cores_loaded,
    "a thread computes": thread_loaded,
}


def measure(options: argparse.Namespace) -> list[Figure]:
    settle_process()
    print(f"the thread that sends: {possible_timing()}")
    # The periods of a server that runs already are not ours to choose.
    with_long = options.only in LONG and not jack_is_running()
    with jack_server(options.period):
        found = [
            figure
            for load in LOADS
            for way in WAYS
            if options.only in f"{way}, {load}"
            for figure in figures(
                f"{way}, {load}", *errors(way, load, options.notes, options.interval)
            )
        ]
    if with_long:
        with jack_server(LONG_PERIOD):
            found += figures(LONG, *errors("jack sink", "idle", options.notes, options.interval))
    return found


def errors(way: str, load: str, count: int, interval: float) -> tuple[list[float], Lateness | None]:
    """Onset errors of ``count`` notes, ``interval`` seconds apart, and how late they left.

    There must be a JACK server.
    """
    ear = Ear()
    with LOADS[load]():
        played = WAYS[way](count, interval)
    heard = ear.close()
    if not len(played.nominal) == len(heard.notes) == count:
        sys.exit(f"onset: {count} notes, {len(heard.notes)} arrived")
    offset = heard.offset(played.clock)
    pairs = zip(heard.notes, played.nominal, strict=True)
    return [arrived - due - offset for arrived, due in pairs], played.left


if __name__ == "__main__":
    run("onset", measure, notes=160, interval=0.125, period=256, only="")
