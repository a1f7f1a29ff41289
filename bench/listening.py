"""From the last note that somebody plays to it until listening ends, and from there to the answer.

Four notes are played in time, again and again, to a session that plays nowhere: what is measured is
what this program takes, not the way to a synth. Listening should end a bar after the last note, on
the beat, less the time that the answer takes to begin.

    python -m bench.listening [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from bench.report import Figure, run
from tests.fixtures.midi_source import GivenSource

from playbach.midi.messages import note_off, note_on
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import DEFAULTS
from playbach.session.status import NoteAhead
from playbach.sinks.midi_input import MidiInput, Received

TIMES = 12
QUARTER = 0.25
"""Seconds."""
PITCHES = (50, 53, 52, 57)


class Hands(GivenSource):
    """A MIDI input at which the bench plays."""

    description = "the bench"

    def play(self, data: bytes) -> float:
        now = time.monotonic()
        self.coming.append(Received(now, data))
        return now


def measure(options: argparse.Namespace) -> list[Figure]:
    hands = Hands()
    settings = replace(
        DEFAULTS, sink="none", listen="the bench", listen_beat="own", meter="4/4",
        tempo=60 / QUARTER, bundle=str(options.bundle), expression=0.0,
    )  # fmt: skip
    parts = Parts(make_input=lambda _name: MidiInput(hands))
    rows = []
    with Session(settings, parts=parts, seed=1) as session:
        for _ in range(TIMES):
            wait(lambda: not session.status().resting)
            time.sleep(2 * QUARTER)
            rows.append(once(session, hands))
    stops, ends, begins = zip(*rows, strict=True)
    return [
        Figure("last note to the end of listening, median", median(ends), "s", "a bar, 1"),
        Figure("last note to the end of listening, most", max(ends), "s"),
        Figure("end of listening to the answer, median", median(begins), "s"),
        Figure("end of listening to the answer, most", max(begins), "s"),
        Figure("first note played to silence, most", max(stops), "s", "within a beat"),
    ]


def once(session: Session, hands: Hands) -> tuple[float, float, float]:
    """Seconds: from the first note to silence, from the last to the end of listening, from there
    to the first note of the answer."""
    with session.subscribe() as subscription:
        stop = ended = 0.0
        for n, pitch in enumerate(PITCHES):
            began = hands.play(note_on(0, pitch, 64))
            if not n:
                wait(lambda: session.status().resting == "listening")
                stop = time.monotonic() - began
            time.sleep(max(began + 0.9 * QUARTER - time.monotonic(), 0))
            ended = hands.play(note_off(0, pitch))
            time.sleep(max(began + QUARTER - time.monotonic(), 0))
        subscription.take()
        wait(lambda: session.status().resting != "listening")
        decided = time.monotonic()
        offset = decided - session.now()
        while True:
            heard = [event for event in subscription.take(1) if isinstance(event, NoteAhead)]
            if heard:
                return stop, decided - ended, heard[0].at + offset - decided


def wait(reached: Callable[[], bool]) -> None:
    while not reached():
        time.sleep(0.001)


if __name__ == "__main__":
    run("listening", measure)
