"""What is measured of a variant, and what is not let through."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.bundle import Bundle, PitchRange, VariantFigures, read_bundle
from playbach.music.encoding import heading_of
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.distributions import bundle_distributions, load_network
from playbach_convert.drift import free_run
from playbach_convert.limits import VerificationError, check_near
from playbach_convert.music import Music, made_up
from playbach_convert.verify import Verifier
from playbach_train.copying.measure import bits_of, predictor_log_probs
from playbach_train.networks.table import load_run

PIECES = tuple(tiny_piece(parse_form(name), C_MAJOR, bars=6) for name in ("gavotte", "gigue"))
RANGE = PitchRange(36, 76)


@pytest.fixture(scope="module")
def verifier(loud_run: Path) -> Verifier:
    return Verifier(load_network(load_run(loud_run)), Music(PIECES, "two dances"))


@pytest.fixture(scope="module")
def figures(verifier: Verifier, loud_bundle: Bundle) -> VariantFigures:
    return verifier.figures(loud_bundle, "dynamic", 50)


def test_float32_is_let_through(verifier: Verifier, loud_bundle: Bundle) -> None:
    found = verifier.figures(loud_bundle, "float32", 50)
    check_near(found, verifier.bits)
    assert found.divergence < 1e-6
    assert found.agreement > 0.999
    assert found.bits == pytest.approx(verifier.bits, abs=1e-4)
    assert found.drift is not None
    assert found.drift.divergence == 0
    assert found.drift.agreement == 1


def test_figures_are_those_of_the_parts_and_the_notes(
    verifier: Verifier, loud_bundle: Bundle, figures: VariantFigures
) -> None:
    parts = [part for part in loud_bundle.manifest.parts if part.variant == "dynamic"]
    assert figures.size == sum(part.size for part in parts)
    assert 0 < figures.divergence < 0.05
    assert 0.9 < figures.agreement <= 1
    assert figures.steps_per_second > 0
    assert figures.drift is not None
    assert figures.drift.steps == 50
    assert 0 < figures.drift.divergence < 0.05
    predictor = LstmCopyPredictor(loud_bundle, "dynamic")
    # The same bits as evaluation measures by its own way.
    rows = [predictor_log_probs(predictor, piece) for piece in verifier.music.pieces]
    assert figures.bits == pytest.approx(bits_of(rows).total, abs=1e-4)


def test_distributions_that_are_others_are_far_from_the_network(
    verifier: Verifier, loud_bundle: Bundle
) -> None:
    predictor = LstmCopyPredictor(loud_bundle, "float32")
    found = [bundle_distributions(predictor, piece) for piece in PIECES]
    assert verifier.compare(found).probability < 1e-4
    reversed_ = [rows | {"shift": rows["shift"][:, ::-1]} for rows in found]
    spoilt = verifier.compare(reversed_)
    assert spoilt.probability > 0.01
    assert spoilt.divergence > 0.1
    assert spoilt.agreement < 0.9
    assert abs(spoilt.bits - verifier.bits) > 0.1


def changed(figures: VariantFigures, field: str, value: float) -> VariantFigures:
    if field == "largest_cell":
        assert figures.drift is not None
        return replace(figures, drift=replace(figures.drift, largest_cell=value))
    numbers: dict[str, Any] = {field: value}
    return replace(figures, **numbers)


FAULTS = [
    ("divergence", 0.003, "0.003 nats from it"),
    ("bits", 99.0, "bits per step worse"),
    ("largest_cell", 9.0, "cell states up to 9 when"),
    ("largest_cell", math.inf, "cell states up to inf when"),
    ("divergence", math.nan, "nan nats"),
    ("bits", math.nan, "nan bits"),
    ("probability", math.nan, "a probability nan off"),
]


@pytest.mark.parametrize(("field", "value", "said"), FAULTS)
def test_a_variant_that_differs_is_not_let_through(
    verifier: Verifier, figures: VariantFigures, field: str, value: float, said: str
) -> None:
    near = changed(changed(figures, "divergence", 0.001), "bits", verifier.bits)
    check_near(near, verifier.bits)
    with pytest.raises(
        VerificationError, match=f"^dynamic: differs too much from the network .*{said}"
    ):
        check_near(changed(near, field, value), verifier.bits)


def test_a_variant_left_alone_composes_within_its_range_and_says_how_far_it_drifts() -> None:
    tiny = read_bundle(TINY_BUNDLE)
    variant, reference = (LstmCopyPredictor(tiny, name) for name in ("int8", "float32"))
    pitches: list[int] = []
    advance = variant.advance

    def noted(shift: int, pitch: int, duration: int) -> None:
        pitches.append(pitch)
        advance(shift, pitch, duration)

    variant.advance = noted  # type: ignore[method-assign]
    drift = free_run(variant, reference, heading_of(PIECES[0]), RANGE, 300)
    assert len(pitches) == drift.steps == 300
    assert min(pitches) >= RANGE.lowest
    assert max(pitches) <= RANGE.highest
    assert len(set(pitches)) > 5
    assert 0 < drift.divergence < 0.1
    assert 0.8 < drift.agreement <= 1
    assert 0 < drift.largest_cell <= 8


def test_made_up_music_is_enough_to_measure_on() -> None:
    assert sum(len(piece.notes) for piece in made_up()) >= 2000
