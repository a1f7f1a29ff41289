"""Which movement comes next: suites without end, or what was asked for."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from playbach.composer.settings import Wishes
from playbach.music.form import FORM_INDEX, FORMS, OTHER, Form
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Ticks
from playbach.music.theme import Theme
from playbach.stream import Movement, Place, Seconds

DANCE_PAIRS = ("menuet", "bourree", "gavotte")
BREATH = Seconds(2.0)
"""Silence after a movement."""
PAUSE = Seconds(5.0)
"""Silence after the last movement of a suite."""
# The keys of the six suites for cello, and others of at most three sharps or flats.
_TONICS = {Mode.MAJOR: (7, 0, 3, 2, 5, 9), Mode.MINOR: (2, 0, 9, 7, 4)}


def suite_forms(rng: np.random.Generator) -> tuple[Form, ...]:
    """The forms of the movements of one suite, in order; a pair of dances is drawn."""
    dance = DANCE_PAIRS[int(rng.integers(len(DANCE_PAIRS)))]
    names = ("prelude", "allemande", "courante", "sarabande", dance, dance, "gigue")
    return tuple(FORMS[FORM_INDEX[name]] for name in names)


def chance(place: Place) -> np.random.Generator:
    """The source of chance that a movement is composed from, which is its own."""
    return _rng(place.seed, place.number)


def movement_at(place: Place, wish: Wishes, theme: Theme | None = None) -> Movement:
    """What the movement at ``place`` is.

    A suite's key stays unless one is wished; a movement that begins with a theme is in its key and
    meter, and of another form where the suite's has no such meter.
    """
    rng = _rng(place.seed, 0, place.suite)
    home, forms = _draw_key(rng), suite_forms(rng)
    form = wish.form or forms[place.position - 1]
    tempo = wish.tempo
    if theme is None:
        meter = wish.meter or draw_meter(form, _rng(place.seed, place.number, 0))
        key, pickup = wish.key or home, Ticks(form.upbeat_ticks(meter))
    else:
        meter, key, pickup, tempo = theme.meter, theme.key, theme.pickup, tempo or theme.tempo
        if wish.form is None and meter not in form.meters:
            fit = (other for other in FORMS[1:] if meter in other.meters)
            form = next(fit, OTHER)
    return Movement(
        suite=place.suite,
        position=place.position,
        form=form,
        key=key,
        meter=meter,
        tempo=form.tempo if tempo is None else tempo,
        pickup=pickup,
        seed=place.seed,
    )


def rest_after(movement: Movement) -> Seconds:
    """Silence after a movement."""
    return PAUSE if movement.is_last else BREATH


def draw_meter(form: Form, rng: np.random.Generator) -> Meter:
    """One of the form's meters, drawn as often as Bach has it (``UsualMeter.count``)."""
    at = int(rng.integers(sum(usual.count for usual in form.usual)))
    ends = accumulate(usual.count for usual in form.usual)
    return next(usual.meter for usual, end in zip(form.usual, ends, strict=True) if at < end)


def _rng(seed: int, *branch: int) -> np.random.Generator:
    """A source of chance of its own for each ``branch`` of a seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=branch))


def _draw_key(rng: np.random.Generator) -> Key:
    mode = Mode.MAJOR if rng.random() < 0.5 else Mode.MINOR  # noqa: PLR2004 either as often
    tonics = _TONICS[mode]
    return Key(tonics[int(rng.integers(len(tonics)))], mode)
