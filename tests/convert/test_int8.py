"""The full-int8 variant: near to the network, and its state never leaves its integers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.convert.conftest import Change, loud
from tests.fixtures.make_tiny_bundle import convert_run, tiny_piece

from playbach.bundle import Bundle, read_bundle, same_scale
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.copying import bundle_distributions, copying_samples
from playbach_train.copying.model import PARTS
from playbach_train.networks.table import load_run
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.run import Run

PIECE = tiny_piece(parse_form("menuet"), C_MAJOR, bars=40)


@pytest.fixture
def bundle(finished_bundle: Bundle) -> Bundle:
    return finished_bundle


@pytest.fixture(scope="module")
def run(finished: Path) -> Run:
    return load_run(finished)


def test_int8_is_near_the_network_and_its_state_stays_within_bounds(bundle: Bundle) -> None:
    measured = bundle.manifest.verification
    assert measured is not None
    assert measured.bits is not None
    row = next(row for row in measured.variants if row.variant == "int8")
    assert 0 < row.divergence <= 0.02
    assert row.bits is not None
    assert row.drift is not None
    assert row.bits - measured.bits <= 0.05
    assert row.drift.largest_cell <= 8.08


def test_every_tensor_at_the_border_is_int8_with_a_scale(bundle: Bundle) -> None:
    for part in bundle.manifest.parts:
        if part.variant == "int8":
            for spec in (*part.inputs, *part.outputs):
                assert spec.dtype == "int8"
                assert spec.quantisation is not None


def test_states_go_in_on_the_scale_on_which_they_come_out(bundle: Bundle) -> None:
    step = bundle.manifest.part("int8", "step")
    scales = {spec.name: spec.quantisation for spec in (*step.inputs, *step.outputs)}
    states = [name for name in scales if f"next_{name}" in scales]
    assert len(states) == 4
    for name in states:
        assert same_scale(scales[name], scales[f"next_{name}"])
    for role in ("pitch", "duration"):
        context = bundle.manifest.part("int8", role).inputs
        (found,) = [spec.quantisation for spec in context if spec.name == "context"]
        assert same_scale(found, scales["next_hidden_1"])


def test_the_board_hands_the_state_on_as_the_very_integers(bundle: Bundle) -> None:
    predictor = LstmCopyPredictor(bundle, "int8")
    seen: list[tuple[list[NDArray[Any]], list[NDArray[Any]]]] = []
    graph = predictor._step._graph  # type: ignore[attr-defined]
    run_graph = graph.run

    def watched(note: NDArray[Any], *states: NDArray[Any]) -> list[NDArray[Any]]:
        *after, shift = found = run_graph(note, *states)
        assert {array.dtype.name for array in (note, *states, shift)} == {"int8"}
        seen.append((list(states), after))
        return list(found)

    graph.run = watched
    bundle_distributions(predictor, PIECE)
    assert len(seen) > 100
    for (_, after), (before, _) in pairwise(seen):
        assert all((a == b).all() for a, b in zip(after, before, strict=True))
    first, _ = seen[0]
    assert all((state == 0).all() for state in predictor._graphs.real(first))


def test_both_variants_say_much_the_same_over_a_long_piece(bundle: Bundle) -> None:
    exact, rounded = (
        bundle_distributions(LstmCopyPredictor(bundle, variant), PIECE)
        for variant in ("float32", "int8")
    )
    for part in PARTS:
        assert 0 < np.abs(exact[part] - rounded[part]).max() < 0.2


def test_calibration_hears_states_that_real_pieces_lead_to(run: Run) -> None:
    heard = copying_samples(run.weights, run.encoding, [PIECE, PIECE])
    steps = min(len(PIECE.notes), 500) * 2
    assert {len(rows) for rows in heard.values()} <= {steps, steps - 1, steps - 2}
    hidden = heard["step/hidden_1"]
    assert hidden[0].max() == 0
    assert np.abs(hidden[1:]).max() > 0
    # What goes into the heads is what comes out of the step, and so goes in again.
    assert (heard["pitch/context"][:100] == hidden[1:101]).all()
    assert heard["pitch/context"].min() >= hidden.min()
    assert heard["pitch/context"].max() <= hidden.max()
    assert (heard["duration/context"] == heard["pitch/context"]).all()


def with_an_outlier(arrays: Arrays) -> Arrays:
    """A weight a thousand times larger than the others leaves them no codes on one scale."""
    found = loud(arrays)
    found["duration_head/duration/kernel"][0, 0] = -300
    return found


def test_a_variant_too_far_from_the_network_is_left_out_and_named(
    capsys: pytest.CaptureFixture[str],
    with_weights: Callable[[Change], Path],
    more_scores: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "far.bundle"
    odd = with_weights(with_an_outlier)
    status = convert_run(odd, path, "int8,float32", "--calibration", str(more_scores))
    error = capsys.readouterr().err.splitlines()[-1]
    assert status == 1
    assert error.startswith("playbach-convert: left out: int8: differs too much from the network")
    assert "allowed: 0.02 nats" in error
    manifest = read_bundle(path).manifest
    assert manifest.variants == (manifest.default_variant,) == ("float32",)
