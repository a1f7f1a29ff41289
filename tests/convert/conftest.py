"""Runs with other weights, and a bundle converted from one for real."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.make_tiny_bundle import convert_run

from playbach.bundle import Bundle, read_bundle
from playbach_train.checkpoint import Arrays, load_arrays, save_arrays

Change = Callable[[Arrays], Arrays]


@pytest.fixture(scope="session")
def with_weights(
    tmp_path_factory: pytest.TempPathFactory, finished: Path
) -> Callable[[Change], Path]:
    """A finished run with its weights changed by a function."""

    def changed(change: Change) -> Path:
        folder = tmp_path_factory.mktemp("changed") / "tiny"
        shutil.copytree(finished, folder)
        arrays, notes = load_arrays(folder / "network.npz")
        save_arrays(folder / "network.npz", change(arrays), notes)
        return folder

    return changed


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
def loud_run(with_weights: Callable[[Change], Path]) -> Path:
    """A run whose network has strong opinions, though foolish ones."""
    return with_weights(loud)


@pytest.fixture(scope="session")
def loud_bundle(loud_run: Path) -> Bundle:
    """The loud run, converted."""
    path = loud_run.with_name("loud.bundle")
    assert convert_run(loud_run, path) == 0
    return read_bundle(path)
