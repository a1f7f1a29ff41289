"""What movements of a form are like: the habits that one of Bach's lends to a plan.

A movement lends all of them, so that what goes together in one goes together in the plan: a
sarabande full of chords has other rhythms than one of a single line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playbach.composer.harmony import tables
from playbach.composer.rhythms import Rhythm
from playbach.music.form import Form
from playbach.music.meter import Meter, parse_meter


@dataclass(frozen=True, slots=True)
class Habits:
    """What a movement is like.

    Attributes:
        alike: share of bars that are like an earlier one, moved or not.
        steps: share of intervals of the line that are seconds.
        stops: share of onsets at which several notes begin.
        joined: share of notes that last until the next begins.
        span: semitones from the lowest note of a bar to the highest, mean.
        width: semitones from the lowest note to the highest.
        final: notes of the last chord.
        bars: the rhythm of each bar, none where they are of another kind than what is planned.
    """

    alike: float = 0.25
    steps: float = 0.54
    stops: float = 0.05
    joined: float = 0.95
    span: float = 14.0
    width: int = 29
    final: int = 2
    bars: tuple[Rhythm, ...] = ()


def draw_habits(form: Form, meter: Meter, rng: np.random.Generator) -> Habits:
    """Those of one of Bach's movements of a form in such a meter.

    Where he has none they are those of another form's in such a meter, or else of one of the form
    without its rhythms.
    """
    by_form = tables()["movements"]
    rows = [(name, row) for name, rows in by_form.items() for row in rows]
    own = [row for name, row in rows if name == form.name]
    fit = [(name, row) for name, row in rows if _alike(parse_meter(row["meter"]), meter)]
    some = [row for name, row in fit if name == form.name] or [row for _, row in fit] or own
    if not some:
        return Habits()
    row = some[int(rng.integers(len(some)))]
    values = {name: row[name] for name in Habits.__slots__ if name != "bars"}
    if not fit:
        return Habits(**values)
    rhythms = [tuple(map(int, text.split())) for text in row["rhythms"]]
    return Habits(**values, bars=tuple(rhythms[int(at)] for at in row["bars"].split()))


def _alike(one: Meter, other: Meter) -> bool:
    return (one.bar_ticks, one.is_compound) == (other.bar_ticks, other.is_compound)
