"""Movements from a network, each from a source of chance of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from playbach.bundle import PitchRange, read_bundle
from playbach.composer.composer import Composer, ComposerSettings
from playbach.composer.draft import heading_of
from playbach.composer.settings import Sampling, Wishes
from playbach.midi.files import Placed
from playbach.music.form import FORM_INDEX, Form
from playbach.music.note import Note, Piece, Ticks
from playbach.predictor import AnyPredictor, load_predictor
from playbach.stream import Movement, MovementEnd

Network = tuple[AnyPredictor, PitchRange]
"""What composes, and the range of its notes."""


def network_of(path: Path, variant: str | None) -> Network:
    """The network of a bundle; raises as ``read_bundle`` and ``load_predictor``."""
    bundle = read_bundle(path)
    return load_predictor(bundle, variant), bundle.manifest.range


@dataclass(frozen=True)
class Wanted:
    """A movement to be composed: it depends on this, and on no other movement."""

    form: Form
    sampling: Sampling
    seed: int  # of all movements
    number: int  # of those of its form, from 0


def generate(network: Network, form: Form, sampling: Sampling, *, seed: int) -> Iterator[Placed]:
    """Movements of ``form`` without end."""
    return (generated(network, Wanted(form, sampling, seed, number)) for number in count())


def generated(network: Network, wanted: Wanted) -> Placed:
    """The movement, in a key drawn as for a suite."""
    settings = ComposerSettings(Wishes(form=wanted.form), wanted.sampling)
    rng = np.random.default_rng([wanted.seed, FORM_INDEX[wanted.form.name], wanted.number])
    return _first(Composer(*network, int(rng.integers(1 << 63)), lambda: settings))


def _first(composer: Composer) -> Placed:
    """The first movement of the stream."""
    movement: Movement | None = None
    length = Ticks(0)
    notes: list[Note] = []
    for item in composer:
        if isinstance(item, Movement):
            movement = item
        elif isinstance(item, Note):
            notes.append(item)
        elif isinstance(item, MovementEnd):
            length = item.length
            break
    if movement is None:
        raise AssertionError("a stream begins with a movement")
    asked = heading_of(movement)
    piece = Piece(tuple(notes), asked.keys, asked.meters, asked.form, asked.pickup, asked.title)
    return Placed(piece, movement.tempo, length, borders=movement.borders)
