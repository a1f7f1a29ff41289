"""Movements from a network, each from a seed of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.composer import Composer, Settings
from playbach.composer.draft import heading_of
from playbach.composer.sampling import Sampling
from playbach.composer.suites import Wishes
from playbach.music.form import FORM_INDEX, Form
from playbach.music.note import Note, Piece
from playbach.predictor import AnyPredictor
from playbach.stream import Movement, MovementEnd


def generate(
    predictor: AnyPredictor, pitches: PitchRange, form: Form, sampling: Sampling, *, seed: int
) -> Iterator[Piece]:
    """Movements of ``form`` without end, in keys drawn as for a suite.

    The n-th of a form depends on ``seed`` and n, not on how many are asked for of any form.
    """
    settings = Settings(Wishes(form=form), sampling)
    number = 0
    while True:
        rng = np.random.default_rng([seed, FORM_INDEX[form.name], number])
        yield _first(Composer(predictor, pitches, rng, lambda: settings))
        number += 1


def _first(composer: Composer) -> Piece:
    """The first movement of the stream."""
    movement: Movement | None = None
    notes: list[Note] = []
    for item in composer.stream():
        if isinstance(item, Movement):
            movement = item
        elif isinstance(item, Note):
            notes.append(item)
        elif isinstance(item, MovementEnd):
            break
    if movement is None:
        raise AssertionError("a stream begins with a movement")
    asked = heading_of(movement)
    return Piece(tuple(notes), asked.keys, asked.meters, asked.form, asked.pickup, asked.title)
