"""A run of the GAN: what it leaves, that it can be gone on with, and what the board gets."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fixtures.make_tiny_bundle import tiny_piece

from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach.music.symbols import vocabulary_from
from playbach_train.corpus import Corpus, ScoreMovement
from playbach_train.corpus.split import Split
from playbach_train.networks.architecture import Convertible, Job
from playbach_train.networks.gan import ARCHITECTURE
from playbach_train.networks.gan_models import GanConfig, GanNetwork, GanTraining
from playbach_train.networks.table import load_run
from playbach_train.runs.run import NETWORK, start_run

CONFIG = GanConfig(GanNetwork(noise=6), GanTraining(epochs=2, batch=8))
PNG = b"\x89PNG\r\n\x1a\n"


def corpus(bars: int = 12) -> Corpus:
    keys = [Key(0, Mode.MAJOR), Key(2, Mode.MINOR), Key(7, Mode.MAJOR)]
    return Corpus(
        tuple(
            ScoreMovement(
                f"{n}", tiny_piece(parse_form("allemande"), key, bars, n), "tiny", Path("tiny.mid")
            )
            for n, key in enumerate(keys)
        )
    )


def job(folder: Path, config: GanConfig = CONFIG, *, resume: bool = False, bars: int = 12) -> Job:
    said: list[str] = []
    names = Split(("0", "1"), ("2",))
    return Job(folder, config, corpus(bars), names, resume=resume, say=said.append)


def said(one: Job) -> list[str]:
    lines: list[str] = one.say.__self__  # type: ignore[attr-defined] # of the list it fills
    return lines


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("gan") / "run"
    start_run(folder, CONFIG, DEFAULT_ENCODING, {"network": "gan"})
    one = job(folder)
    ARCHITECTURE.fit(one)
    return one


@pytest.fixture(scope="module")
def run(done: Job) -> Path:
    return done.folder


def test_a_run_keeps_a_row_for_each_epoch_and_the_last_generator(run: Path) -> None:
    rows = json.loads((run / "history.json").read_text())
    assert [row["epoch"] for row in rows] == [1, 2]
    for row in rows:
        assert row["generator_loss"] > 0
        assert row["discriminator_loss"] > 0
        assert 0 <= row["watched"]["generated"]["difference"] <= 1
        assert 0 < row["watched"]["real"]["difference"] <= 1
        assert row["too_alike"] in {True, False}
    assert (run / "curves.png").read_bytes().startswith(PNG)
    assert any("tfevents" in path.name for path in (run / "tensorboard").rglob("*"))
    assert load_run(run).scores["epoch"] == 2


def test_each_epoch_is_said_in_a_line(done: Job) -> None:
    lines = said(done)
    assert re.fullmatch(
        r"training on 18 phrases of 2 movements, pitches from \d+ up "
        r"\(generator [\d,]+, discriminator [\d,]+ parameters\)", lines[0]
    )  # fmt: skip
    assert [line.partition("  loss")[0] for line in lines[1:]] == ["epoch   1", "epoch   2"]


def test_a_corpus_too_small_for_a_batch_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^2 phrases .* a batch takes 8: give more music"):
        ARCHITECTURE.fit(job(tmp_path, bars=4))


def test_the_board_gets_symbols_of_sixteenths_and_noise_to_make_them_of(run: Path) -> None:
    trained = ARCHITECTURE.load(load_run(run))
    assert isinstance(trained, Convertible)
    assert trained.kind == "noise"
    assert trained.parameters == {"network": "gan", "lines": 64, "noise": 6}
    tables = trained.tables
    assert len(vocabulary_from(tables["symbols"])) == 64
    assert tables["ticks"].tolist() == [6]
    assert tables["homes"].tolist() == [[0, 9]]
    (role,) = trained.graphs
    vectors = list(trained.inputs(role, []))
    assert {vector["noise"].shape for vector in vectors} == {(1, 6)}
    again = trained.inputs(role, [])
    assert all(np.array_equal(one["noise"], next(again)["noise"]) for one in vectors)
    form = trained.graphs[role]
    image = np.asarray(form.function(trained.weights, **vectors[0])["image"])
    assert image.shape == (1, 64, 64)
    assert np.isfinite(image).all()


def test_no_bits_are_measured(run: Path) -> None:
    assert ARCHITECTURE.load(load_run(run)).held_out({"0": corpus().movements[0].piece}) is None


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"lowest": None}, "no lowest pitch in it"),
        ({"lowest": np.array(98)}, "no lowest pitch in it"),
        ({"lowest": np.array([3, 4])}, "no lowest pitch in it"),
        ({"lowest": np.array(40.5)}, "no lowest pitch in it"),
        ({"generator/dense/bias": np.zeros(3)}, "made with other hyperparameters"),
        ({"generator/dense/bias": np.full(2048, np.nan)}, "values that are not finite"),
        ({"generator/dense/bias": None}, "made with other hyperparameters"),
    ],
)
def test_weights_that_are_not_of_the_run_are_refused(
    run: Path, fault: dict[str, Any], message: str
) -> None:
    found = load_run(run)
    weights = {n: a for n, a in (found.weights | fault).items() if a is not None}
    with pytest.raises(InputError, match=f"^{run / NETWORK}: .*{message}") as caught:
        ARCHITECTURE.load(replace(found, weights=weights))
    assert "\n" not in str(caught.value)
