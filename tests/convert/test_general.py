"""A new network is one module and one row: it trains, converts, loads and composes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.make_tiny_bundle import LICENCE, convert_run, write_scores

from playbach.bundle import Bundle, read_bundle
from playbach.composer.composer import Composer, Settings
from playbach.predictor.load import load_predictor
from playbach.stream import StreamItem
from playbach_train import cli as train
from playbach_train.networks.table import NETWORKS

TOYS = {"toy-window": "tests.convert.toy_window", "toy-noise": "tests.convert.toy_noise"}
VARIANTS = ("float32", "dynamic", "float16", "int8")


@pytest.fixture(scope="module", autouse=True)
def rows() -> Iterator[None]:
    """The toys' rows in the table of networks."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in TOYS.items():
            patch.setitem(NETWORKS, name, module)
        yield


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough to calibrate on."""
    folder = tmp_path_factory.mktemp("toys") / "scores"
    write_scores(folder, bars=80)
    return folder


@pytest.fixture(scope="module", params=TOYS)
def run(music: Path, request: pytest.FixtureRequest) -> Path:
    folder = music.with_name(request.param)
    words = ["--network", request.param, "--midi", str(music), "--run", str(folder)]
    assert train.main([*words, "--licence", LICENCE, "--network.units", "10"]) == 0
    return folder


@pytest.fixture(scope="module")
def bundle(run: Path) -> Bundle:
    path = run.with_suffix(".bundle")
    assert convert_run(run, path, ",".join(VARIANTS)) == 0
    return read_bundle(path)


def composed(bundle: Bundle, variant: str, count: int = 60) -> list[StreamItem]:
    predictor = load_predictor(bundle, variant)
    rng = np.random.default_rng(1685)
    composer = Composer(predictor, bundle.manifest.range, rng, Settings)
    return list(islice(composer.stream(), count))


def test_every_variant_composes_and_the_same_seed_the_same_music(bundle: Bundle) -> None:
    for variant in VARIANTS:
        assert composed(bundle, variant) == composed(bundle, variant)
