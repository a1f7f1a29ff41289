"""Control latency: from a change of a setting to the first note it shapes.

The session says ahead of time what will be heard; after a change it says so again. The first note
announced then is the first that the change shapes. How long that takes depends on the music, so
the notes that begin in between are counted too: of settings that act on the next note there is
none, or one that was leaving within the hundredth of a second after the change.
Temperature acts on the first note that is still to be composed.

python -m bench.control [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bench.report import Figure, run

from playbach.predictor import Predictor, SymbolPredictor
from playbach.session.events import Subscription
from playbach.session.model import Model, load_model
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.session.status import NoteAhead, Withdrawn
from playbach.sinks.none import none_sink

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


class Counted:
    """A predictor that counts the notes it was told of."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self.notes = 0

    def advance(self, *note: int) -> None:
        self.notes += 1
        self._predictor.advance(*note)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)


@dataclass(frozen=True)
class Latency:
    """Seconds to the first note that a change shaped, and notes that began in between."""

    seconds: float
    notes_between: int


def measure(options: argparse.Namespace) -> list[Figure]:
    counted: list[Counted] = []

    def load(settings: Settings) -> Model:
        model = load_model(settings)
        if isinstance(model.predictor, SymbolPredictor):
            sys.exit("control: name a bundle of a network that composes note by note")
        counted.append(Counted(model.predictor))
        return replace(model, predictor=counted[-1])

    settings = Settings(bundle=str(options.bundle), form="prelude", tempo=120)
    session = Session(settings, sink=none_sink(), seed=1, parts=Parts(load_model=load))
    results: dict[str, list[Latency]] = {}
    with session.subscribe() as subscription, session:
        watched = Watched(subscription)
        # First, while each note composed is announced once.
        results["temperature"] = [composed(session, watched, counted[0]) for _ in range(TIMES)]
        for name, values in NEXT_NOTE.items():
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

    def shaped() -> NoteAhead | None:
        return next(
            (n for n in watched.coming if value in {n.movement.form.name, str(n.movement.key)}
             and n.at >= now), None,
        )  # fmt: skip

    return latency(watched, now, watched.until(shaped))


def composed(session: Session, watched: Watched, counted: Counted) -> Latency:
    settle(watched)
    now, before = session.now(), counted.notes
    session.change({"temperature": 1.0 if session.settings.temperature != 1.0 else 0.9})

    def shaped() -> NoteAhead | None:
        # Notes 0 to before - 1 were drawn already.
        return watched.coming[before] if len(watched.coming) > before else None

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
    goal = "next note" if name in NEXT_NOTE else "under 2"
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
