"""Which movement comes next: suites without end, or what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from playbach.errors import InputError
from playbach.music.form import FORM_INDEX, FORMS, Form
from playbach.music.key import Key, Mode
from playbach.music.note import Ticks
from playbach.stream import Movement, Seconds

DANCE_PAIRS = ("menuet", "bourree", "gavotte")
BREATH = Seconds(2.0)
PAUSE = Seconds(5.0)
SLOWEST, FASTEST = 10.0, 400.0
# The keys of the suites for cello and of the sonatas and partitas for violin.
_TONICS = {Mode.MAJOR: (7, 0, 3, 2, 5, 9), Mode.MINOR: (2, 0, 9, 7, 4)}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a listener asks of the movements; ``None`` leaves it to the suite.

    Attributes:
        form: every movement is of this form.
        key: every movement is in this key.
        tempo: felt beats per minute, 10 to 400.
    """

    form: Form | None = None
    key: Key | None = None
    tempo: float | None = None

    def __post_init__(self) -> None:
        if self.tempo is not None and not SLOWEST <= self.tempo <= FASTEST:
            raise InputError(
                f"tempo {self.tempo}: it is from {SLOWEST:g} to {FASTEST:g} beats per minute"
            )


def suite_forms(rng: np.random.Generator) -> tuple[Form, ...]:
    """The movements of one suite, in order."""
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
            key = wish.key or home
            movement = _movement(suite, position, wish.form or form, key, wish.tempo)
            is_last = position == len(forms)
            yield replace(movement, is_last=is_last), PAUSE if is_last else BREATH


def _movement(suite: int, position: int, form: Form, key: Key, tempo: float | None) -> Movement:
    meter = form.meters[0]
    return Movement(
        suite=suite,
        position=position,
        form=form,
        key=key,
        meter=meter,
        tempo=form.tempo if tempo is None else tempo,
        pickup=Ticks(form.upbeat_ticks(meter)),
    )


def _draw_key(rng: np.random.Generator) -> Key:
    mode = Mode.MAJOR if rng.random() < 0.5 else Mode.MINOR  # noqa: PLR2004 as in the six suites
    tonics = _TONICS[mode]
    return Key(tonics[int(rng.integers(len(tonics)))], mode)
