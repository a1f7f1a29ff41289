"""Arrows go one way, and the board stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What no command of the board may need, then what only some of its commands do.
NEVER = (
    "tensorflow", "keras", "music21", "matplotlib", "sklearn", "playbach_train", "playbach_convert",
)  # fmt: skip
NOT_AT_ONCE = ("numpy", "ai_edge_litert", "tflite_runtime", "rtmidi", "alsa_midi")


def loaded_by(program: str) -> set[str]:
    """Top-level names of the modules a fresh interpreter has after running ``program``."""
    ending = (
        "\nimport sys\nsys.stderr.write(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program + ending], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_nobody_imports_what_is_not_theirs_to_know() -> None:
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    # In a process of its own: it switches off all loggers that there are.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded_by("import playbach.cli") & {*NEVER, *NOT_AT_ONCE}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_is_instant(arguments: list[str]) -> None:
    program = f"""
import contextlib, playbach.cli
with contextlib.suppress(SystemExit):
    playbach.cli.main({arguments!r})
"""
    assert not loaded_by(program) & {*NEVER, *NOT_AT_ONCE}


@pytest.mark.parametrize("command", ["play", "daemon", "save", "ports", "config", "check"])
def test_no_command_of_the_board_knows_how_to_train(command: str) -> None:
    assert not loaded_by(f"import playbach.cli.{command}") & {*NEVER}
