"""The bundle that is included loads, and what it composes keeps the rules at any temperature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import numpy as np
import pytest

from playbach.bundle import Bundle, default_bundle_path, read_bundle
from playbach.composer.composer import Composer, Settings
from playbach.composer.loops import LONGEST_PERIOD
from playbach.composer.sampling import Sampling
from playbach.composer.suites import Wishes
from playbach.music.form import parse_form
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.note import Note
from playbach.predictor import Predictor, load_predictor
from playbach.stream import Movement, MovementEnd, StreamItem

SUITE = ("prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle(default_bundle_path())


@pytest.fixture(scope="module")
def predictor(bundle: Bundle) -> Predictor:
    return load_predictor(bundle)


def stream(bundle: Bundle, predictor: Predictor, settings: Settings) -> Iterator[StreamItem]:
    rng = np.random.default_rng(5)
    return Composer(predictor, bundle.manifest.range, rng, lambda: settings).stream()


def first_movement(items: Iterator[StreamItem]) -> tuple[Movement, list[Note]]:
    movement = next(items)
    assert isinstance(movement, Movement)
    notes = []
    for item in items:
        if isinstance(item, MovementEnd):
            break
        assert isinstance(item, Note)
        notes.append(item)
    return movement, notes


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("form", SUITE)
def test_a_movement_of_each_form_and_mode_stays_in_range_and_ends_on_its_tonic(
    bundle: Bundle, predictor: Predictor, form: str, mode: Mode
) -> None:
    key = Key(7, mode)
    wishes = Settings(Wishes(form=parse_form(form), key=key))
    movement, notes = first_movement(stream(bundle, predictor, wishes))
    assert movement.meter in parse_form(form).meters
    allowed = bundle.manifest.range
    assert all(allowed.lowest <= note.pitch <= allowed.highest for note in notes)
    bass = min(note.pitch for note in notes if note.onset == notes[-1].onset)
    assert bass % PITCH_CLASSES == key.tonic


@pytest.mark.parametrize("temperature", [0.2, 0.5, 0.8, 1.0, 1.5])
def test_no_cell_goes_round_for_ever(
    bundle: Bundle, predictor: Predictor, temperature: float
) -> None:
    settings = Settings(sampling=Sampling(temperature=temperature))
    items = islice(stream(bundle, predictor, settings), 3000)
    notes = [item for item in items if isinstance(item, Note)]
    moves = np.array([after.pitch - before.pitch for before, after in pairwise(notes)])
    for period in range(1, LONGEST_PERIOD + 1):
        breaks = np.flatnonzero(moves[period:] != moves[:-period])
        longest = np.diff(breaks, prepend=-1).max() - 1
        assert longest <= max(30, 2 * period)
