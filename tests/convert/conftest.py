"""Runs with other weights, and bundles converted for real."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.make_tiny_bundle import convert_run, write_scores
from tests.fixtures.once import once

from playbach.bundle import Bundle, read_bundle
from playbach_convert import tflite
from playbach_train.runs.checkpoint import Arrays, load_arrays, save_arrays

Change = Callable[[Arrays], Arrays]


@pytest.fixture(scope="session", autouse=True)
def converter_here() -> Iterator[None]:
    """The converter in this process, which has TensorFlow already, not in a child that loads it.

    What a child adds, that it may crash or find no room, has its tests in ``test_conversion``.
    """

    def convert(variant: str, roles: Sequence[str], folder: Path) -> str:
        with warnings.catch_warnings():
            # What TensorFlow says of itself, and a child would keep to itself.
            warnings.simplefilter("ignore")
            tflite.main(variant, str(folder), *roles)
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tflite, "_run_child", convert)
        yield


@pytest.fixture(scope="session")
def with_weights(
    tmp_path_factory: pytest.TempPathFactory, finished: Path
) -> Callable[[Change], Path]:
    """A finished run with its weights changed by a function."""

    def changed(change: Change) -> Path:
        return change_weights(finished, tmp_path_factory.mktemp("changed") / "tiny", change)

    return changed


def change_weights(run: Path, folder: Path, change: Change) -> Path:
    """Copy ``run`` to ``folder``, with its weights changed."""
    shutil.copytree(run, folder)
    arrays, notes = load_arrays(folder / "network.npz")
    save_arrays(folder / "network.npz", change(arrays), notes)
    return folder


def loud(arrays: Arrays) -> Arrays:
    """Weights so large that every table and pointer tells in the result."""
    noise = np.random.default_rng(1685)

    def louder(name: str) -> float:
        # Recurrent weights much larger than trained ones make any rounding grow without bounds.
        return 0.15 if name.startswith("lstm") else 0.35

    return {
        name: (values + louder(name) * noise.standard_normal(values.shape)).astype(np.float32)
        for name, values in arrays.items()
    }


@pytest.fixture(scope="session")
def loud_run(tmp_path_factory: pytest.TempPathFactory, finished: Path) -> Path:
    """A run whose network has strong opinions, though foolish ones."""

    def make(folder: Path) -> None:
        change_weights(finished, folder / "tiny", loud)

    return once(tmp_path_factory, "loud", make) / "tiny"


@pytest.fixture(scope="session")
def loud_bundle(tmp_path_factory: pytest.TempPathFactory, loud_run: Path) -> Bundle:
    """The loud run, converted."""

    def make(folder: Path) -> None:
        assert convert_run(loud_run, folder / "loud.bundle") == 0

    return read_bundle(once(tmp_path_factory, "loud-bundle", make) / "loud.bundle")


@pytest.fixture(scope="session")
def more_scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many notes as int8 is calibrated on."""
    return once(tmp_path_factory, "more-scores", lambda folder: write_scores(folder, bars=80))


@pytest.fixture(scope="module")
def fewer_steps() -> Iterator[None]:
    """Of a network that carries its state, not 20,000 steps are read to compare 1,000."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playbach_convert.calibration.MOST_READ", 1_500)
        yield


@pytest.fixture(scope="session")
def finished_bundle(
    tmp_path_factory: pytest.TempPathFactory, finished: Path, more_scores: Path
) -> Bundle:
    """The finished run, converted to every variant that needs no compiler."""

    def make(folder: Path) -> None:
        options = ("--calibration", str(more_scores))
        path = folder / "finished.bundle"
        assert convert_run(finished, path, "int8,float32,dynamic", *options) == 0

    return read_bundle(once(tmp_path_factory, "finished-bundle", make) / "finished.bundle")
