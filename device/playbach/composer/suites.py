"""Which movement comes next: suites without end, or what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, count

import numpy as np

from playbach.errors import InputError
from playbach.music.form import FORM_INDEX, FORMS, Form
from playbach.music.key import Key, Mode
from playbach.music.meter import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Meter
from playbach.music.note import Ticks
from playbach.stream import Movement, Seconds

DANCE_PAIRS = ("menuet", "bourree", "gavotte")
BREATH = Seconds(2.0)
"""Silence after a movement."""
PAUSE = Seconds(5.0)
"""Silence after the last movement of a suite."""
SHORTEST_BAR, LONGEST_BAR = TICKS_PER_QUARTER, 2 * TICKS_PER_WHOLE
SLOWEST, FASTEST = 10.0, 400.0
"""Felt beats per minute."""
# The keys of the six suites for cello, and others of at most three sharps or flats.
_TONICS = {Mode.MAJOR: (7, 0, 3, 2, 5, 9), Mode.MINOR: (2, 0, 9, 7, 4)}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a listener asks of the movements; ``None`` leaves it to the suite.

    Attributes:
        form: every movement is of this form.
        key: every movement is in this key.
        tempo: felt beats per minute, 10 to 400.
        meter: every movement is in this meter; a bar lasts from a quarter to two whole notes.
        repeats: each half of a binary dance is played twice.

    Raises:
        InputError: the tempo or the meter is outside its range.
    """

    form: Form | None = None
    key: Key | None = None
    tempo: float | None = None
    meter: Meter | None = None
    repeats: bool = False

    def __post_init__(self) -> None:
        if self.tempo is not None and not SLOWEST <= self.tempo <= FASTEST:
            raise InputError(
                f"tempo {self.tempo}: it must be from {SLOWEST:g} to {FASTEST:g} beats per minute"
            )
        if self.meter is not None and not SHORTEST_BAR <= self.meter.bar_ticks <= LONGEST_BAR:
            raise InputError(f"meter {self.meter}: a bar must last from 1/4 to 2/1")


def suite_forms(rng: np.random.Generator) -> tuple[Form, ...]:
    """The forms of the movements of one suite, in order; a pair of dances is drawn."""
    dance = DANCE_PAIRS[int(rng.integers(len(DANCE_PAIRS)))]
    names = ("prelude", "allemande", "courante", "sarabande", dance, dance, "gigue")
    return tuple(FORMS[FORM_INDEX[name]] for name in names)


def movements(
    wishes: Callable[[], Wishes], rng: np.random.Generator
) -> Iterator[tuple[Movement, Seconds]]:
    """Movements without end, each with the silence that follows it.

    Args:
        wishes: asked at the beginning of each movement; the key of a suite stays unless wished.
        rng: source of chance.
    """
    for suite in count(1):
        home = _draw_key(rng)
        forms = suite_forms(rng)
        for position, form in enumerate(forms, 1):
            wish = wishes()
            movement = _movement(wish.form or form, wish.key or home, wish, rng)
            is_last = position == len(forms)
            numbered = replace(movement, suite=suite, position=position, is_last=is_last)
            yield numbered, PAUSE if is_last else BREATH


def draw_meter(form: Form, rng: np.random.Generator) -> Meter:
    """One of the form's meters, drawn as often as Bach has it (``UsualMeter.count``)."""
    at = int(rng.integers(sum(usual.count for usual in form.usual)))
    ends = accumulate(usual.count for usual in form.usual)
    return next(usual.meter for usual, end in zip(form.usual, ends, strict=True) if at < end)


def _movement(form: Form, key: Key, wish: Wishes, rng: np.random.Generator) -> Movement:
    meter = wish.meter or draw_meter(form, rng)
    return Movement(
        suite=1,
        position=1,
        form=form,
        key=key,
        meter=meter,
        tempo=form.tempo if wish.tempo is None else wish.tempo,
        pickup=Ticks(form.upbeat_ticks(meter)),
    )


def _draw_key(rng: np.random.Generator) -> Key:
    mode = Mode.MAJOR if rng.random() < 0.5 else Mode.MINOR  # noqa: PLR2004 either as often
    tonics = _TONICS[mode]
    return Key(tonics[int(rng.integers(len(tonics)))], mode)
