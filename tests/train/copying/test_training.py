"""Training for real, on tiny networks: what a run leaves, and that it can be gone on with."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.conftest import EPOCHS
from tests.fixtures.make_tiny_bundle import tiny_options, train_tiny

from playbach_train.cli import main
from playbach_train.copying.config import CopyingConfig, TrainingConfig
from playbach_train.copying.training import make_optimizer
from playbach_train.networks.table import load_run
from playbach_train.runs.checkpoint import load_arrays

PATIENCE = 180
PNG = b"\x89PNG\r\n\x1a\n"


def history(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((run / "history.json").read_text())
    return rows


def without_speed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "notes_per_second"} for row in rows]


def test_a_run_keeps_everything_that_shaped_it_and_everything_it_gave(finished: Path) -> None:
    assert sorted(path.name for path in finished.iterdir()) == [
        "checkpoint.npz", "config.toml", "curves.png", "history.json", "network.npz", "run.json",
        "scores.npz",
        "tensorboard",
    ]  # fmt: skip
    assert (finished / "curves.png").read_bytes().startswith(PNG)
    assert any("tfevents" in path.name for path in (finished / "tensorboard").rglob("*"))
    run = load_run(finished)
    assert run.config.training.epochs == EPOCHS
    assert run.config.network.units == 16
    record = run.record
    assert record["command"].startswith("playbach-train ")
    assert record["sources"][0] | {"origin": ""} == {
        "source": "scores", "origin": "", "licence": "MIT", "movements": 6,
    }  # fmt: skip
    assert {"keras", "numpy", "playbach"} <= record["tools"].keys()
    assert record["skipped"] == []


def test_a_run_that_starts_from_another_begins_with_its_weights_and_says_so(
    finished: Path, scores: Path, options: list[str], tmp_path: Path
) -> None:
    run = tmp_path / "second"
    # Hardly a step is taken, so that what it began with is still to be seen.
    words = ["--start-from", str(finished), "--training.learning_rate", "1e-7"]
    assert train_tiny(scores, run, [*options, *words]) == 0
    first, second = load_arrays(finished / "network.npz")[0], load_arrays(run / "network.npz")[0]
    for name, weights in second.items():
        np.testing.assert_allclose(weights, first[name], atol=1e-4)
    record = load_run(run).record["start_from"]
    assert record["run"] == "tiny"
    assert record["sources"] == load_run(finished).record["sources"]
    assert record["training"] == load_run(finished).record["training"]


def test_no_movement_is_both_learned_from_and_held_out(finished: Path) -> None:
    record = load_run(finished).record
    training, held_out = set(record["training"]), set(record["held_out"])
    assert not training & held_out
    assert held_out
    assert len(training) + len(held_out) == 6


def test_every_epoch_is_measured_and_the_best_is_kept(finished: Path) -> None:
    rows = history(finished)
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    for row in rows:
        bits = row["held_out"]
        assert bits["total"] == pytest.approx(bits["pitch"] + bits["shift"] + bits["duration"])
        assert 0 < bits["total"] < 60
        assert row["train_bits"] > 0
        assert row["notes_per_second"] > 0
    best = min(rows, key=lambda row: row["held_out"]["total"])
    assert load_run(finished).scores["epoch"] == best["epoch"]
    assert rows[-1]["train_bits"] < rows[0]["train_bits"]


def same_arrays(one: Path, other: Path) -> bool:
    first, second = load_arrays(one)[0], load_arrays(other)[0]
    return first.keys() == second.keys() and all(
        np.array_equal(values, second[name]) for name, values in first.items()
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "training ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_learning_rate_asked_for_is_reached_with_a_warm_up_and_without(share: float) -> None:
    training = TrainingConfig(epochs=1, learning_rate=0.01, warmup=share)
    rates = make_optimizer(CopyingConfig(training=training), 100)._learning_rate
    assert max(float(rates(step)) for step in range(100)) == pytest.approx(0.01)
    assert float(rates(100)) == pytest.approx(0.0001)


def test_a_killed_run_goes_on_to_the_very_same_weights(
    scores: Path, options: list[str], finished: Path
) -> None:
    run = scores.with_name("killed")
    words = [sys.executable, "-m", "playbach_train.cli", "--midi", str(scores), "--run", str(run)]
    script = "import sys; from playbach_train.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", script, *words[3:], "--licence", "MIT", *options]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for((run / "checkpoint.npz").exists, process)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    done = len(load_arrays(run / "checkpoint.npz")[1]["history"])
    assert 1 <= done < EPOCHS
    assert train_tiny(scores, run, ["--resume"]) == 0
    assert same_arrays(run / "network.npz", finished / "network.npz")
    assert same_arrays(run / "checkpoint.npz", finished / "checkpoint.npz")
    assert without_speed(history(run)) == without_speed(history(finished))


def test_a_finished_run_is_not_changed_by_resuming(scores: Path, finished: Path) -> None:
    before = (finished / "checkpoint.npz").read_bytes()
    assert train_tiny(scores, finished, ["--resume"]) == 0
    assert (finished / "checkpoint.npz").read_bytes() == before


def test_half_precision_trains_and_keeps_its_weights_in_full(scores: Path) -> None:
    run = scores.with_name("half")
    options = tiny_options(training__mixed_precision="true", training__epochs=1)
    try:
        assert train_tiny(scores, run, options) == 0
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    (row,) = history(run)
    assert math.isfinite(row["held_out"]["total"])
    assert {values.dtype.name for values in load_run(run).weights.values()} == {"float32"}


def test_without_held_out_movements_the_last_epoch_is_kept(scores: Path) -> None:
    run = scores.with_name("all")
    assert train_tiny(scores, run, tiny_options(training__held_out=0)) == 0
    assert [row["held_out"] for row in history(run)] == [None, None]
    assert load_run(run).scores["epoch"] == 2
    assert (run / "curves.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_trains_the_same_network(scores: Path, backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed (pip install {backend})")
    run = scores.with_name(backend)
    script = "import sys; from playbach_train.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", script, "--midi", str(scores), "--run", str(run)]
    done = subprocess.run(
        [*words, *tiny_options(training__epochs=1)],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f" on {backend}, " in done.stdout
    assert 0 < history(run)[0]["held_out"]["total"] < 60


def test_what_was_trained_can_be_measured_on_any_scores(
    scores: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--run", str(finished), "--midi", str(scores), "--json"]) == 0
    pooled = json.loads(capsys.readouterr().out)["pooled"]
    assert pooled["pitch_bits"] > 0
    assert pooled["notes"] > 50
