"""Control latency: from a change of a setting to the first note it shapes.

The session says ahead of time what will be heard; after a change it says so again. The first note
announced then is the first that the change shapes. How long that takes depends on the music, so
the notes that begin in between are counted too: of settings that act on the next note there is
none, or one that was leaving within the hundredth of a second after the change. Settings of what
is composed act on what is composed again; form and key are asked for at once.

python -m bench.control [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.report import Figure, run

from playbach.session.commands import Command
from playbach.session.history import Subscription
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.session.status import NoteAhead, Withdrawn
from playbach.sinks.paced import none_sink

TIMES = 6
PATIENCE = 30.0
PACE = 1.7
"""Seconds between two changes, so that they fall anywhere in a bar."""
NEXT_NOTE: dict[str, Iterator[object]] = {
    "tempo": itertools.cycle((132, 108)),
    "transpose": itertools.cycle((2, -2)),
    "volume": itertools.cycle((60, 100)),
    "velocity": itertools.cycle((60, 100)),
    "program": itertools.cycle((24, 42)),
    "channel": itertools.cycle((2, 1)),
}
COMPOSED: dict[str, Iterator[object]] = {
    "temperature": itertools.cycle((0.9, 1.0)),
    "memory": itertools.cycle((0.5, 1.0)),
}
MOVEMENTS: dict[str, Iterator[object]] = {
    "form": itertools.cycle(("gigue", "prelude")),
    "key": itertools.cycle(("E minor", "A major")),
}


@dataclass
class Watched:
    """What is going to be heard, as far as it is known."""

    subscription: Subscription
    coming: list[NoteAhead] = field(default_factory=list)
    fresh: list[NoteAhead] = field(default_factory=list)
    """Announced since something was withdrawn last."""
    was_withdrawn: bool = False

    def look(self) -> None:
        for event in self.subscription.take(0.02):
            if isinstance(event, Withdrawn):
                self.coming = [note for note in self.coming if note.at < event.after]
                self.fresh, self.was_withdrawn = [], True
            elif isinstance(event, NoteAhead):
                self.coming.append(event)
                self.fresh.append(event)

    def until(self, found: Callable[[], NoteAhead | None]) -> NoteAhead:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.look()
            if (note := found()) is not None:
                return note
        sys.exit("control: no note came; is the machine too busy?")


@dataclass(frozen=True)
class Latency:
    """Seconds to the first note that a change shaped, and notes that began in between."""

    seconds: float
    notes_between: int


def measure(options: argparse.Namespace) -> list[Figure]:
    settings = Settings(bundle=str(options.bundle), form="prelude", tempo=120)
    session = Session(settings, sink=none_sink(), seed=1)
    results: dict[str, list[Latency]] = {}
    with session.subscribe() as subscription, session:
        watched = Watched(subscription)
        for name, values in (COMPOSED | NEXT_NOTE).items():
            results[name] = [next_note(session, watched, name, values) for _ in range(TIMES)]
        for name, values in MOVEMENTS.items():
            results[name] = [movement(session, watched, name, values) for _ in range(TIMES)]
    return [figure for name, found in results.items() for figure in figures(name, found)]


def next_note(session: Session, watched: Watched, name: str, values: Iterator[object]) -> Latency:
    settle(watched)
    watched.fresh, watched.was_withdrawn = [], False
    now = session.now()
    session.change({name: next(values)})
    shaped = watched.until(lambda: watched.fresh[0] if watched.was_withdrawn and watched.fresh
                           else None)  # fmt: skip
    return latency(watched, now, shaped)


def movement(session: Session, watched: Watched, name: str, values: Iterator[object]) -> Latency:
    settle(watched)
    value, now = next(values), session.now()
    session.change({name: value})
    session.command(Command.NOW)

    def shaped() -> NoteAhead | None:
        return next(
            (n for n in watched.coming if value in {n.movement.form.name, str(n.movement.key)}
             and n.at >= now), None,
        )  # fmt: skip

    return latency(watched, now, watched.until(shaped))


def settle(watched: Watched) -> None:
    """Let some music pass."""
    until = time.monotonic() + PACE
    while time.monotonic() < until:
        watched.look()


def latency(watched: Watched, now: float, shaped: NoteAhead) -> Latency:
    between = [note for note in watched.coming if now < note.at < shaped.at]
    return Latency(shaped.at - now, len(between))


def figures(name: str, found: list[Latency]) -> list[Figure]:
    seconds = [one.seconds for one in found]
    worst = max(seconds)
    goal = "next note" if name in NEXT_NOTE else "under 0.6" if name in COMPOSED else "under 2"
    row = [
        Figure(f"{name}: median of {TIMES}", statistics.median(seconds), "s"),
        Figure(f"{name}: longest", worst, "s", goal),
    ]
    if name in NEXT_NOTE:
        most = max(one.notes_between for one in found)
        row.append(Figure(f"{name}: most notes that began in between", most, "notes", "at most 1"))
    return row


if __name__ == "__main__":
    run("control", measure)
