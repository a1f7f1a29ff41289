"""From score to sound, by the commands of the README: train, convert, save."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import tiny_options
from tests.read_back import read_back

from playbach.bundle import read_bundle

ROOT = Path(__file__).parents[2]
PATIENCE = 240


def done(*words: str | Path) -> str:
    """What a program says that must end well."""
    finished = subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def bundle(scores: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scores to network, network to bundle."""
    folder = tmp_path_factory.mktemp("chain")
    run, path = folder / "my run", folder / "mine.bundle"
    words = ["--midi", str(scores), "--run", str(run), "--licence", "CC0"]
    said = done(ROOT / "train" / "train.py", *words, *tiny_options(training__epochs=1))
    assert "6 movements, " in said
    assert "epoch   1  training " in said
    assert "bits per note" in said
    said = done(ROOT / "convert" / "convert.py", run, "-o", path, "--quantise", "dynamic,float32")
    assert "converting to dynamic" in said
    assert "| float32 |" in said
    assert "| dynamic |" in said
    return path


def test_the_bundle_carries_its_history(bundle: Path) -> None:
    manifest = read_bundle(bundle).manifest
    assert manifest.default_variant == "dynamic"
    provenance = manifest.provenance
    assert (provenance.run, provenance.licences) == ("my run", ("CC0",))
    assert provenance.command.startswith("playbach-train --midi ")
    assert provenance.scores["held_out_total_bits"] > 0


def test_the_same_seed_gives_the_same_file_twice(bundle: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.mid", "b.mid")]
    for path in paths:
        words = ("--bundle", bundle, "--seed", "1685", "--form", "sarabande", "--key", "d")
        assert "seed 1685" in done("-m", "playbach", "save", path, *words)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    piece = read_back(paths[0]).piece
    assert (piece.form.name, str(piece.keys[0][1])) == ("sarabande", "D minor")


def test_an_existing_run_is_not_trained_over(scores: Path, bundle: Path) -> None:
    run = bundle.with_name("my run")
    refused = subprocess.run(
        [sys.executable, ROOT / "train" / "train.py", "--midi", scores, "--run", run],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "my run: holds a run; give --resume" in refused.stderr
