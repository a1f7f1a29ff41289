"""Memory while playing for weeks: a session on a virtual clock, as fast as it composes.

A million notes, and among them the events of thirty days: a change of settings each minute, a
synth that is switched off and on each hour, a movement that is left each hour.

python -m bench.soak [--notes 1000000] [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Figure, run
from bench.virtual import VirtualSink

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, SYSTEM
from playbach.session.commands import Command
from playbach.session.session import Session
from playbach.session.settings import Settings

NOTES = 1_000_000
SETTLED = 10_000
"""Notes after which most of what is ever needed is there."""
FULL = 100_000
"""Notes after which whatever is kept of the past (movements, the last hour) has been full once."""
MINUTES = 30 * 24 * 60
EVERY = NOTES // MINUTES
"""Notes between two changes, when a million notes stand for thirty days."""
HOUR = 60
AWAY = 5.0
"""Seconds for which the synth is switched off."""
SWITCH_INTERVAL = 0.0005


class Days:
    """The events of thirty days, at fixed numbers of notes."""

    def __init__(self) -> None:
        self.sounding = ActiveNotes()
        self.notes = 0
        self.events = 0
        self._every = EVERY
        self._next = self._every
        self._lost_at = 0.0
        self.sink = VirtualSink(self._hear)
        self.session: Session | None = None

    def pause(self, seconds: float) -> None:
        self.sink.pause(seconds)
        if not self.sink.connected and self.sink.now() > self._lost_at + AWAY:
            self.sink.find()
        while self.notes >= self._next:
            self._next += self._every
            self._minute(self.events)
            self.events += 1

    def _minute(self, number: int) -> None:
        session = self.session
        if session is None:
            return
        session.change(
            {"transpose": number % 13 - 6, "tempo": 100 + number % 100, "channel": number % 16 + 1}
        )
        if number % HOUR == 0:
            self._lost_at = self.sink.now()
            self.sink.lose()
        elif number % HOUR == 30:
            session.command(Command.NEXT_MOVEMENT)

    def _hear(self, _: float, data: bytes) -> None:
        self.sounding.hear(data)
        self.notes += data[0] & 0xF0 == NOTE_ON and data[0] < SYSTEM


def measure(options: argparse.Namespace) -> list[Figure]:
    if not Path("/proc/self/status").exists():
        sys.exit("soak: resident memory is read from /proc, which is not here")
    days = Days()
    settings = Settings(bundle=str(options.bundle))
    sys.setswitchinterval(SWITCH_INTERVAL)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(
            settings, sink=days.sink, seed=1, recordings=Path(folder), recordings_bytes=1_000_000,
            pause=days.pause,
        )  # fmt: skip
        days.session = session
        with session, session.subscribe() as nobody_listens:
            early, full, late = (
                resident_after(days, min(notes, options.notes), session)
                for notes in (SETTLED, FULL, options.notes)
            )
            lost = nobody_listens.lost
    took = time.monotonic() - began
    return [
        Figure("notes played", days.notes, "notes"),
        Figure("that is, of music", days.sink.now() / 3600, "hours"),
        Figure("changes, losses and returns among them", days.events, "events"),
        Figure("events dropped for a listener that never listened", lost, "events"),
        Figure(f"resident after {SETTLED:,} notes", early, "MB"),
        Figure(f"resident after {FULL:,} notes", full, "MB"),
        Figure(f"resident after {options.notes:,} notes", late, "MB"),
        Figure("difference", late - early, "MB", "under 3"),
        Figure(f"of it after {FULL:,} notes", late - full, "MB", "under 1"),
        Figure("notes that sound at the end", len(days.sounding.notes), "notes", "0"),
        Figure("notes a second", days.notes / took, "notes/s"),
    ]


def resident_after(days: Days, notes: int, session: Session) -> float:
    """Resident memory in MB of a million bytes, once so many notes were played."""
    while days.notes < notes:
        time.sleep(0.05)
        if session.error:
            raise session.error
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


if __name__ == "__main__":
    run("soak", measure, notes=NOTES)
