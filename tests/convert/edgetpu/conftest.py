"""The stand-in compiler on the PATH, and graphs to compile."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.convert.edgetpu.graphs import Op, T, graph, weights

from playbach_convert.edgetpu.compiler import PROGRAM

SCRIPT = Path(__file__).parents[2] / "fixtures" / "edgetpu" / "compiler.py"

Ending = Callable[[str], None]


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a program that answers as the real compiler does; it is on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / PROGRAM
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{SCRIPT}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return str(program)


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Ending:
    """How the stand-in ends instead."""
    return lambda mode: monkeypatch.setenv("STAND_IN_COMPILER", mode)


@pytest.fixture
def step() -> bytes:
    """A graph that maps whole: a layer and an activation."""
    row, half = T(), T((1, 8))
    kernel = T((8, 16), "int8", np.arange(-64, 64, dtype=np.int8).reshape(8, 16))
    layer = Op("FULLY_CONNECTED", [row, kernel, None], [half], 4)
    return graph(layer, Op("RELU", [half], [T((1, 8))], 2))


@pytest.fixture
def head() -> bytes:
    """Another one."""
    return graph(Op("FULLY_CONNECTED", [T(), weights(4, 16), None], [T((1, 4))], 4))
