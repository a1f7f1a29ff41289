"""An effect is learned, whatever the method; what is interrupted goes on as if it had not been."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy.io import wavfile
from tests.train.sound.test_pairs import sound

from playbach.errors import InputError
from playbach.sound.effect import EffectGraph, read_effect
from playbach_convert.cli import main as convert
from playbach_convert.effect import FUSED, operations, through
from playbach_train.cli import main as train
from playbach_train.commands import say_nothing
from playbach_train.runs.loop import begun, train_epochs
from playbach_train.sound.effect import EffectTrainer, arrays_of, weights_of
from playbach_train.sound.methods import METHODS
from playbach_train.sound.pairs import Pair, error_to_signal
from playbach_train.sound.pedal import pedal
from playbach_train.sound.run import read_effect_run
from playbach_train.sound.settings import EffectConfig

RATE = 8_000
SMALL = EffectConfig(units=4, taps=8, rate=RATE, epochs=2, streams=8, steps=128)


@pytest.fixture(scope="module")
def parts() -> tuple[Pair, Pair]:
    dry = 3 * sound(12)
    pair = Pair(dry, pedal(dry, 48_000), RATE)
    return pair.part(0, 0.7), pair.part(0.75, 1)


def test_the_gradient_is_that_of_the_loss(parts: tuple[Pair, Pair]) -> None:
    trainer = EffectTrainer(SMALL, *parts)
    dry, wet = next(trainer._pieces())
    given = (tf.constant(dry), tf.constant(wet), tf.constant(trainer.scale), trainer.model.state(8))
    gradient = np.asarray(trainer.model.gradient(tf.constant(trainer.weights), *given)[1])
    rng = np.random.default_rng(1)
    for name, shape in ((name, part.shape) for name, part in arrays_of(gradient, SMALL).items()):
        way = {key: np.zeros_like(part) for key, part in arrays_of(gradient, SMALL).items()}
        way[name] = rng.standard_normal(shape).astype(np.float32)
        step = 0.02 * weights_of(way, SMALL, "way") * (0.05 if name == "filter" else 1.0)
        losses = [
            float(trainer.model.loss(tf.constant(trainer.weights + sign * step), *given)[0])
            for sign in (1, -1)
        ]
        expected = float(gradient @ step)
        assert (losses[0] - losses[1]) / 2 == pytest.approx(expected, rel=0.05, abs=2e-6), name


@pytest.mark.parametrize("method", METHODS)
def test_every_method_makes_the_error_smaller(parts: tuple[Pair, Pair], method: str) -> None:
    trainer = EffectTrainer(replace(SMALL, method=method), *parts)
    before = trainer.model.render(trainer.weights, parts[1].dry, trainer.scale)
    first = error_to_signal(parts[1].wet, before)
    assert any(trainer.run_epoch(epoch)["esr"] < first for epoch in (1, 2))


def test_a_run_that_is_resumed_is_one_that_never_stopped(
    parts: tuple[Pair, Pair], tmp_path: Path
) -> None:
    config = replace(SMALL, method="rprop")
    whole = EffectTrainer(config, *parts)
    train_epochs(whole, [], tmp_path, epochs=2, patience=0, say=say_nothing)
    (tmp_path / "b").mkdir()
    one = EffectTrainer(config, *parts)
    train_epochs(one, [], tmp_path / "b", epochs=1, patience=0, say=say_nothing)
    other = EffectTrainer(config, *parts)
    history = begun(other, tmp_path / "b", resume=True)
    train_epochs(other, history, tmp_path / "b", epochs=2, patience=0, say=say_nothing)
    assert np.array_equal(other.weights, whole.weights)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the commands, and the effect that was made of it: ``pedal.effect``."""
    folder = tmp_path_factory.mktemp("effect")
    wavfile.write(folder / "dry.wav", RATE, sound(14))
    config = {"units": 4, "taps": 16, "rate": 8000, "epochs": 2, "streams": 8, "steps": 256}
    words = [word for name, value in config.items() for word in (f"--{name}", str(value))]
    command = ["effect", "--dry", str(folder / "dry.wav"), "--pedal", "--run", str(folder / "run")]
    assert train([*command, *words]) == 0
    assert convert([str(folder / "run"), "-o", str(folder / "pedal.effect")]) == 0
    return folder


def test_a_trained_effect_is_converted_into_one_fused_operation(run: Path) -> None:
    file = read_effect(run / "pedal.effect")
    found = operations(file.graph)
    assert found.count(FUSED) == 1
    assert "WHILE" not in found
    test = read_effect_run(run / "run").test()
    out = through(file.graph, file.manifest.taps, test.dry)
    assert error_to_signal(test.output[RATE // 4 :], out[RATE // 4 :]) < 1e-3
    assert set(file.manifest.baselines) == {
        "dry", "best gain", "filter of 256 taps", "static curve",
    }  # fmt: skip
    assert (run / "run" / "effect.png").stat().st_size > 10_000


def test_silence_stays_silence(run: Path) -> None:
    file = read_effect(run / "pedal.effect")
    graph = EffectGraph(file.graph, file.manifest.taps, "effect")
    for _ in range(100):
        graph.run()
    assert np.abs(graph.output).max() < 1e-4


def test_a_run_of_something_else_is_no_effect(run: Path, tmp_path: Path) -> None:
    record = json.loads((run / "run" / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**record, "kind": "song"}))
    with pytest.raises(InputError, match="is no run of 'playbach-train effect'"):
        read_effect_run(tmp_path)
    assert convert([str(run / "run"), "-o", str(tmp_path / "a.bundle")]) == 2
