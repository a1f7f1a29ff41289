"""The Keras network and the bundle give the same distributions on the same notes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fixtures.make_tiny_bundle import tiny_piece

from playbach.bundle import Bundle
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.copying import bundle_distributions, network_distributions
from playbach_convert.verify import Distributions, divergence
from playbach_train.cli import main
from playbach_train.commands.evaluate import COLUMNS
from playbach_train.copying.measure import load_copying
from playbach_train.copying.model import PARTS, CopyingNetwork
from playbach_train.networks.table import load_run

TOLERANCE = {"float32": 0.01, "dynamic": 0.05}
"""Bits per note."""
KEY = Key(2, Mode.MINOR)


def notes(*rows: tuple[int, int, int]) -> tuple[Note, ...]:
    return tuple(Note(Ticks(onset), Pitch(pitch), Ticks(long)) for onset, pitch, long in rows)


PIECES = {
    "one note": Piece(notes((0, 50, 24))),
    # Four notes at once, a rest of a bar, an octave doubled, a chord with a step of a semitone.
    "chords and rests": Piece(
        notes(
            (0, 43, 24), (0, 50, 24), (0, 59, 24), (0, 67, 24), (24, 66, 24), (144, 38, 48),
            (144, 50, 48), (192, 49, 7), (192, 50, 96), (199, 49, 11), (240, 37, 24),
        ),
        keys=((Ticks(0), KEY),),
    ),
    "values and intervals without a symbol": Piece(
        notes((0, 20, 500), (301, 100, 1), (302, 21, 289), (700, 127, 3), (703, 0, 5)),
    ),
    "changes of key and meter after a pickup": Piece(
        notes(*((6 + 12 * n, 48 + n * 5 % 13, 12) for n in range(30))),
        keys=((Ticks(0), KEY), (Ticks(100), Key(9, Mode.MAJOR))),
        meters=((Ticks(0), Meter(3, 4)), (Ticks(78), Meter(7, 16))),
        pickup=Ticks(6),
    ),
    # 200 notes and a memory of 64: the pointers' buffer moves twice.
    "longer than the memory": tiny_piece(parse_form("allemande"), KEY, bars=30),
}  # fmt: skip


@pytest.fixture(scope="module")
def network(loud_run: Path) -> CopyingNetwork:
    return load_copying(load_run(loud_run)).network


@pytest.fixture(scope="module", params=PIECES, ids=str)
def piece(request: pytest.FixtureRequest) -> Piece:
    return PIECES[request.param]


@pytest.fixture(scope="module")
def wanted(network: CopyingNetwork, piece: Piece) -> Distributions:
    return network_distributions(network, piece)


def test_the_long_piece_is_longer_than_the_memory_and_its_segments() -> None:
    assert len(PIECES["longer than the memory"].notes) > 2 * 64 + 2


def test_float32_is_the_network(loud_bundle: Bundle, piece: Piece, wanted: Distributions) -> None:
    found = bundle_distributions(LstmCopyPredictor(loud_bundle, "float32"), piece)
    for part in PARTS:
        assert found[part].shape == wanted[part].shape == (len(piece.notes), wanted[part].shape[1])
        assert np.abs(found[part] - wanted[part]).max() < 1e-4, part


def test_int8_weights_diverge_from_the_network_by_next_to_nothing(
    loud_bundle: Bundle, piece: Piece, wanted: Distributions
) -> None:
    found = bundle_distributions(LstmCopyPredictor(loud_bundle, "dynamic"), piece)
    for part in PARTS:
        assert divergence(wanted[part], found[part]) < 0.005, part


def test_what_is_compared_is_far_from_even_chances(network: CopyingNetwork) -> None:
    wanted = network_distributions(network, PIECES["longer than the memory"])
    for part in PARTS:
        entropy = -(wanted[part] * np.log(wanted[part] + 1e-30)).sum(axis=1).mean()
        assert entropy < 0.98 * math.log(wanted[part].shape[1]), part


def test_every_row_is_a_distribution(loud_bundle: Bundle, piece: Piece) -> None:
    for variant in loud_bundle.manifest.variants:
        for rows in bundle_distributions(LstmCopyPredictor(loud_bundle, variant), piece).values():
            assert rows.dtype == np.float32
            assert rows.min() >= 0
            assert rows.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_note_of_a_chord_is_never_below_the_last(loud_bundle: Bundle) -> None:
    predictor = LstmCopyPredictor(loud_bundle, loud_bundle.manifest.default_variant)
    found = bundle_distributions(predictor, PIECES["chords and rests"])["pitch"]
    unison = predictor.encoding.pitch_symbol(0)
    for step, rising in enumerate((0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0)):
        assert (found[step, 1 : unison + 1].max() == 0) == bool(rising)


def test_a_piece_leaves_nothing_behind(loud_bundle: Bundle) -> None:
    predictor = LstmCopyPredictor(loud_bundle, loud_bundle.manifest.default_variant)
    first = bundle_distributions(predictor, PIECES["longer than the memory"])
    bundle_distributions(predictor, PIECES["chords and rests"])
    again = bundle_distributions(predictor, PIECES["longer than the memory"])
    for part in PARTS:
        assert (first[part] == again[part]).all()


def test_a_bundle_needs_as_many_bits_as_the_network_it_came_from(
    finished: Path, finished_bundle: Bundle, scores: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(*words: str) -> dict[str, Any]:
        assert main(["evaluate", *words, "--midi", str(scores), "--json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    wanted = measured("--run", str(finished))
    for variant, tolerance in TOLERANCE.items():
        found = measured("--bundle", str(finished_bundle.path), "--variant", variant)
        assert found["movements"].keys() == wanted["movements"].keys()
        for name, row in wanted["movements"].items():
            for column in COLUMNS[:4]:
                difference = abs(found["movements"][name][column] - row[column])
                assert difference < tolerance, (variant, name, column)
        assert found["pooled"]["notes"] == wanted["pooled"]["notes"]
