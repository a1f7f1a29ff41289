"""What is measured of a variant, and what is not let through."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.bundle import Bundle, VariantFigures, read_bundle
from playbach.music.encoding import heading_of
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.calibration import Music
from playbach_convert.copying import bundle_distributions, copying_verifier, free_run, joined
from playbach_convert.verify import VerificationError, Verifier, bits, check_near, compare, steps_of
from playbach_train.copying.measure import bits_of, load_copying, predictor_log_probs
from playbach_train.networks.architecture import GraphForm, Tensor, Tensors
from playbach_train.networks.table import load_run

PIECES = tuple(tiny_piece(parse_form(name), C_MAJOR, bars=6) for name in ("gavotte", "gigue"))
LOWEST, HIGHEST = 36, 76


@pytest.fixture(scope="module")
def verifier(loud_run: Path) -> Verifier:
    return copying_verifier(load_copying(load_run(loud_run)).network, Music(PIECES, "two dances"))


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
    loud_bundle: Bundle, figures: VariantFigures
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
    rows = [predictor_log_probs(predictor, piece) for piece in PIECES]
    assert figures.bits == pytest.approx(bits_of(rows).total, abs=1e-4)


def test_distributions_that_are_others_are_far_from_the_network(
    verifier: Verifier, loud_bundle: Bundle
) -> None:
    predictor = LstmCopyPredictor(loud_bundle, "float32")
    found = joined(bundle_distributions(predictor, piece) for piece in PIECES)
    wanted = verifier.wanted["note"]
    assert compare(wanted, found).probability < 1e-4
    reversed_ = {**found, "shift": found["shift"][:, ::-1]}
    spoilt = compare(wanted, reversed_)
    assert spoilt.probability > 0.01
    assert spoilt.divergence > 0.1
    assert spoilt.agreement < 0.9
    cost = bits(reversed_, verifier.targets)
    assert cost is not None
    assert verifier.bits is not None
    assert abs(cost - verifier.bits) > 0.1


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
    near = changed(changed(figures, "divergence", 0.001), "bits", verifier.bits or 0)
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
    drift = free_run(variant, reference, heading_of(PIECES[0]), (LOWEST, HIGHEST), 300)
    assert len(pitches) == drift.steps == 300
    assert min(pitches) >= LOWEST
    assert max(pitches) <= HIGHEST
    assert len(set(pitches)) > 5
    assert 0 < drift.divergence < 0.1
    assert 0.8 < drift.agreement <= 1
    assert 0 < drift.largest_cell <= 8


def nothing(*_: Any, **__: Any) -> Mapping[str, Any]:
    return {}


WINDOW = GraphForm(
    nothing,
    {"symbols": Tensor((1, 3), "int32"), "ticks": Tensor((1, 3), "int32")},
    ("symbols", "ticks"),
)
STEP = GraphForm(
    nothing,
    {"symbols": Tensor((1, 1), "int32"), "state_0": Tensor((1, 2))},
    ("symbols",),
)


def windows(*rows: tuple[int, int, int]) -> list[Tensors]:
    return [
        {"symbols": np.array([row], np.int32), "ticks": np.array([row], np.int32) + 10}
        for row in rows
    ]


def test_a_stream_without_an_end_is_left_in_time() -> None:
    stream: Iterator[Tensors] = ({"noise": np.array([[n]], np.float32)} for n in count())
    form = GraphForm(nothing, {"noise": Tensor((1, 1))}, ("image",))
    found = steps_of(stream, form, 10)
    assert 5 <= len(found) <= 10
    assert all(step.target == {} for step in found)


def test_what_a_window_moves_on_by_was_right() -> None:
    found = steps_of(windows((0, 0, 1), (0, 1, 2), (1, 2, 3)), WINDOW, 10)
    assert [dict(step.target) for step in found] == [
        {"symbols": 2, "ticks": 12},
        {"symbols": 3, "ticks": 13},
        {},
    ]


def test_the_first_window_of_the_next_piece_says_nothing_of_the_last_of_this() -> None:
    found = steps_of(windows((1, 2, 3), (0, 0, 0), (0, 0, 4)), WINDOW, 10)
    assert [dict(step.target) for step in found] == [{}, {"symbols": 4, "ticks": 14}, {}]


def test_nothing_is_known_of_what_comes_after_a_single_step() -> None:
    steps = [
        {"symbols": np.array([[n]], np.int32), "state_0": np.zeros((1, 2), np.float32)}
        for n in range(3)
    ]
    assert all(step.target == {} for step in steps_of(steps, STEP, 10))
