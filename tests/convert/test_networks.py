"""Each network of the table trains a tiny epoch, converts, and composes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.convert.sample import notes
from tests.fixtures.make_tiny_bundle import LICENCE, convert_run

from playbach.bundle import Bundle, read_bundle
from playbach_train import cli as train
from playbach_train.networks.table import DEFAULT, NETWORKS

SMALL = {
    "windowed": {"network.window": 8, "network.units": 16, "training.batch": 16},
    "multihead": {
        "network.window": 8, "network.embedding": 8, "network.units": 16, "network.attention": 8,
        "training.batch": 16,
    },
    "grid": {"network.window": 8, "network.units": 16, "training.batch": 16},
    "gan": {"network.noise": 8, "training.batch": 4},
}  # fmt: skip
VARIANT = "int8"


@pytest.fixture(scope="module", params=SMALL)
def bundle(
    tmp_path_factory: pytest.TempPathFactory,
    more_scores: Path,
    fewer_steps: None,
    request: pytest.FixtureRequest,
) -> Bundle:
    """Of a tiny run."""
    del fewer_steps  # set for the conversion
    name, folder = request.param, tmp_path_factory.mktemp("networks")
    run, path = folder / name, folder / f"{name}.bundle"
    words = ["--network", name, "--midi", str(more_scores), "--run", str(run), "--licence", LICENCE]
    sizes = {**SMALL[name], "training.epochs": 1}
    options = [word for key, value in sizes.items() for word in (f"--{key}", str(value))]
    assert train.main([*words, *options]) == 0
    assert convert_run(run, path, VARIANT) == 0
    return read_bundle(path)


def test_no_network_is_left_out() -> None:
    assert {DEFAULT, *SMALL} == set(NETWORKS)


def test_it_composes_and_the_same_seed_the_same_sample(bundle: Bundle) -> None:
    first = notes(bundle, VARIANT)
    assert first
    assert first == notes(bundle, VARIANT)


def test_its_other_form_composes_too(bundle: Bundle) -> None:
    if all(part.role != "step" for part in bundle.manifest.parts):
        pytest.skip("it has one form")
    assert notes(bundle, VARIANT, stepwise=True)
