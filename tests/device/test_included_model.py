"""The bundle that is included loads, and what it composes keeps the rules at any temperature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import numpy as np
import pytest
from tests.device.composer.test_draft import check_rules, check_shape

from playbach.bundle import Bundle, default_bundle_path, read_bundle
from playbach.composer.composer import Composer, ComposerSettings
from playbach.composer.loops import LONGEST_PERIOD
from playbach.composer.settings import Sampling, Wishes
from playbach.music.form import parse_form
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.note import BarLines, Note, Piece, Ticks
from playbach.predictor import Predictor, load_note_predictor
from playbach.stream import Movement, MovementEnd, StreamItem

SUITE = ("prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle(default_bundle_path())


@pytest.fixture(scope="module")
def predictor(bundle: Bundle) -> Predictor:
    return load_note_predictor(bundle)


def stream(
    bundle: Bundle, predictor: Predictor, settings: ComposerSettings, seed: int = 5
) -> Iterator[StreamItem]:
    return Composer(predictor, bundle.manifest.range, seed, lambda: settings)


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


@pytest.mark.parametrize("form", SUITE)
def test_movements_of_each_form_and_mode_keep_the_rules(
    bundle: Bundle, predictor: Predictor, form: str
) -> None:
    for number, mode in enumerate(Mode):
        # Of eight forms in two modes each: all tonics, and some of them twice.
        key = Key((2 * SUITE.index(form) + number) % PITCH_CLASSES, mode)
        wishes = ComposerSettings(Wishes(form=parse_form(form), key=key))
        movement, notes = first_movement(stream(bundle, predictor, wishes))
        assert movement.meter in parse_form(form).meters
        check_rules(movement, bundle.manifest.range, tuple(notes))
        check_shape(movement, tuple(notes))


def test_movements_end_about_where_they_are_to(bundle: Bundle, predictor: Predictor) -> None:
    bars = []
    for form in SUITE[1:]:
        wishes = ComposerSettings(Wishes(form=parse_form(form)))
        movement, notes = first_movement(stream(bundle, predictor, wishes))
        lines = BarLines(((Ticks(0), movement.meter),), movement.pickup)
        bars.append(lines.place(notes[-1].onset).bar)
        fewest, most = movement.form.bars(movement.meter)
        assert fewest <= bars[-1] <= most + 8
    assert sum(bar % 4 == 0 for bar in bars) >= 4


def test_dances_can_be_played_with_their_repeats(bundle: Bundle, predictor: Predictor) -> None:
    form = parse_form("menuet")
    repeated = 0
    for seed in range(8):
        once, twice = (
            first_movement(
                stream(bundle, predictor, ComposerSettings(Wishes(form, repeats=repeats)), seed)
            )
            for repeats in (False, True)
        )
        assert len(twice[1]) in (len(once[1]), 2 * len(once[1]))
        repeated += len(twice[1]) > len(once[1])
        # Refuses notes out of order or struck while they sound.
        Piece(tuple(twice[1]))
    assert repeated > 1


@pytest.mark.parametrize("temperature", [0.2, 0.5, 0.8, 1.0, 1.5])
def test_no_cell_goes_round_for_ever(
    bundle: Bundle, predictor: Predictor, temperature: float
) -> None:
    settings = ComposerSettings(sampling=Sampling(temperature=temperature))
    items = islice(stream(bundle, predictor, settings), 3000)
    notes = [item for item in items if isinstance(item, Note)]
    moves = np.array([after.pitch - before.pitch for before, after in pairwise(notes)])
    for period in range(1, LONGEST_PERIOD + 1):
        breaks = np.flatnonzero(moves[period:] != moves[:-period])
        longest = np.diff(breaks, prepend=-1).max() - 1
        assert longest <= max(30, 2 * period)
