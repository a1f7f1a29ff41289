"""Networks that read windows, trained for real on little music."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.train.report.pieces import piece

from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach.music.note import Piece
from playbach.music.symbols import BORDER, HOLD, OTHER, REST, vocabulary_from
from playbach_train.corpus import Corpus, ScoreMovement
from playbach_train.corpus.split import Split
from playbach_train.networks.architecture import Job, Tensors
from playbach_train.networks.table import architecture
from playbach_train.networks.window_training import WindowTrained
from playbach_train.runs.checkpoint import load_arrays
from playbach_train.runs.run import CHECKPOINT, CURVES, HISTORY, NETWORK, Run

WINDOW, UNITS = 8, 12
NAMES = ("windowed", "multihead", "grid")
every_network = pytest.mark.parametrize("name", NAMES)
Make = Callable[..., Path]


def movement(number: int) -> Piece:
    """A scale up and down, quicker in the middle, with a chord that returns and one that does not.

    Even numbers are in C, odd ones the same in D.
    """
    steps = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0)
    notes, tick = [], 0
    for n, step in enumerate(steps):
        length = 6 if 3 < n < 10 else 12
        notes.append((tick, 60 + step, length))
        tick += length
    chords = [(tick, 60, 24), (tick, 64, 24), (tick + 24, 59 - number, 24), (tick + 24, 67, 24)]
    found = piece(*notes, *chords)
    return found.transposed(2) if number % 2 else found


def corpus(count: int = 6) -> Corpus:
    return Corpus(
        tuple(
            ScoreMovement(f"movement-{n}", movement(n), "made up", Path("none"))
            for n in range(count)
        )
    )


def job(folder: Path, name: str, *, resume: bool = False, **training: Any) -> Job:
    """A training of two epochs on four movements, a fifth and a sixth held out."""
    config: Any = architecture(name).config
    network = replace(config.network, window=WINDOW, units=UNITS)
    if "dropout" in training:
        network = replace(network, dropout=training.pop("dropout"))
    if name == "multihead":
        network = replace(network, embedding=6, attention=5)
    values = {"epochs": 2, "batch": 16, "learning_rate": 0.01} | training
    found = corpus()
    names = tuple(one.name for one in found.movements)
    folder.mkdir(exist_ok=True)
    return Job(
        folder=folder,
        config=replace(config, network=network, training=replace(config.training, **values)),
        corpus=found,
        split=Split(names[:4], names[4:]),
        resume=resume,
        say=lambda _: None,
    )


def loaded(done: Job, name: str) -> WindowTrained:
    weights, scores = load_arrays(done.folder / NETWORK)
    run = Run(done.folder, name, done.config, DEFAULT_ENCODING, {}, weights, scores)
    trained = architecture(name).load(run)
    assert isinstance(trained, WindowTrained)
    return trained


def history(done: Job) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((done.folder / HISTORY).read_text())
    return [{k: v for k, v in row.items() if k != "windows_per_second"} for row in rows]


def held_out(done: Job) -> dict[str, Piece]:
    return done.pieces(done.split.held_out)


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def done(name: str, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A training that was never interrupted."""
    asked = job(tmp_path_factory.mktemp(name) / "run", name)
    architecture(name).fit(asked)
    return asked


@pytest.fixture(scope="module")
def trained(done: Job, name: str) -> WindowTrained:
    return loaded(done, name)


def test_a_run_keeps_its_history_its_curves_and_what_it_takes_to_go_on(done: Job) -> None:
    assert {path.name for path in done.folder.iterdir()} == {
        NETWORK, CHECKPOINT, CURVES, HISTORY, "tensorboard",
    }  # fmt: skip
    rows = history(done)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert (done.folder / CURVES).read_bytes().startswith(b"\x89PNG")


def test_the_training_bits_of_an_epoch_are_the_mean_of_all_its_batches(tmp_path: Path) -> None:
    # Learning nothing, an epoch costs the same whatever the size of its batches.
    rows = []
    for batch in (1, 4):
        asked = job(
            tmp_path / str(batch), "grid", epochs=1, batch=batch, learning_rate=1e-7, dropout=0.0
        )
        architecture("grid").fit(asked)
        rows.append(history(asked)[0])
    assert rows[0]["train_bits"] == pytest.approx(rows[1]["train_bits"], rel=1e-3)


def test_the_best_weights_cost_what_the_history_says(done: Job, trained: WindowTrained) -> None:
    best = min(history(done), key=lambda row: float(row["held_out"]["total"]))
    found = trained.held_out(held_out(done))
    for part, measured in found.parts.items():
        assert measured.bits == pytest.approx(best["held_out"]["parts"][part]["bits"], rel=1e-5)
    assert found.notes == best["held_out"]["notes"]
    assert found.unknown > 0


def test_the_same_seed_gives_the_same_weights_also_when_a_run_is_stopped_and_resumed(
    name: str, done: Job, tmp_path: Path
) -> None:
    architecture(name).fit(job(tmp_path / "run", name, epochs=1))
    resumed = job(tmp_path / "run", name, resume=True)
    architecture(name).fit(resumed)
    assert history(resumed) == history(done)
    same(resumed.folder / CHECKPOINT, done.folder / CHECKPOINT)
    same(resumed.folder / NETWORK, done.folder / NETWORK)


def test_another_seed_gives_other_weights(name: str, done: Job, tmp_path: Path) -> None:
    other = job(tmp_path / "other", name, seed=7, epochs=1)
    architecture(name).fit(other)
    assert history(other)[0] != history(done)[0]


def same(one: Path, other: Path) -> None:
    found, wanted = load_arrays(one)[0], load_arrays(other)[0]
    assert found.keys() == wanted.keys()
    for key, array in found.items():
        np.testing.assert_array_equal(array, wanted[key], key)


def test_graphs_and_model_agree_on_real_music(done: Job, trained: WindowTrained) -> None:
    music = list(held_out(done).values())
    form = trained.graphs["window"]
    for read in islice(trained.inputs("window", music), 12):
        wanted = trained.model.predict_on_batch(dict(read))
        found = form.function(trained.weights, **read)
        for part in form.distributions:
            np.testing.assert_allclose(np.asarray(found[part]), wanted[part], atol=1e-5)


def test_inputs_are_of_the_shapes_that_the_graphs_declare(
    done: Job, trained: WindowTrained
) -> None:
    music = list(held_out(done).values())
    for role, form in trained.graphs.items():
        given = list(islice(trained.inputs(role, music), 5))
        assert len(given) == 5
        for read in given:
            assert read.keys() == form.inputs.keys()
            for one, tensor in form.inputs.items():
                assert read[one].shape == tensor.shape
                assert read[one].dtype == tensor.dtype


def test_states_are_those_that_the_music_before_leads_to(done: Job, trained: WindowTrained) -> None:
    music = list(held_out(done).values())
    steps, form = trained.inputs("step", music), trained.graphs["step"]
    first, second = next(steps), next(steps)
    assert all(not first[one].any() for one in first if one.startswith("state_"))
    assert int(first["symbols"][0, 0]) == trained.alphabet.border
    outputs = form.function(trained.weights, **first)
    for one in second:
        if one.startswith("state_"):
            np.testing.assert_array_equal(second[one], np.asarray(outputs[f"next_{one}"]))
    assert sum(1 for _ in begins(trained.inputs("step", music), first)) == 2


def begins(steps: Iterator[Tensors], first: Tensors) -> Iterator[Tensors]:
    """Those steps that read what ``first`` does, from nothing."""
    for step in steps:
        if all(np.array_equal(step[one], first[one]) for one in first):
            yield step


def test_tables_say_what_the_board_has_to_know(name: str, trained: WindowTrained) -> None:
    tables = trained.tables
    assert all(table.dtype == np.float32 for table in tables.values())
    vocabulary = vocabulary_from(tables["symbols"].tolist())
    assert vocabulary == trained.alphabet.vocabulary
    assert {BORDER, OTHER} <= set(vocabulary)
    assert ({HOLD, REST} <= set(vocabulary)) == (name == "grid")
    ticks = {"windowed": [12], "multihead": [6, 12, 24], "grid": [6]}[name]
    assert tables["ticks"].tolist() == ticks
    assert trained.parameters == {"network": name, "window": WINDOW}
    assert trained.kind == "window"


def test_music_goes_on_from_openings_in_their_keys_or_begins_with_borders(
    name: str, trained: WindowTrained
) -> None:
    seeds, homes = trained.tables["seeds"], trained.tables["homes"]
    parts = len(trained.alphabet.parts)
    if name == "grid":
        assert seeds.shape == (1, WINDOW, 1)
        assert (seeds == trained.alphabet.border).all()
        assert homes.tolist() == [[0, 9]]
    else:
        assert seeds.shape == (4, WINDOW, parts)
        assert homes.tolist() == [[0, 9], [2, 11], [0, 9], [2, 11]]
        symbols = tuple(trained.alphabet.vocabulary)
        scale = [symbols[int(number)] for number in seeds[0, :, 0]]
        assert scale == [(60,), (62,), (64,), (65,), (67,), (69,), (71,), (72,)]


def test_an_untrained_network_knows_next_to_nothing(trained: WindowTrained, done: Job) -> None:
    model = trained.layers.model(done.config.network, trained.alphabet.parts)
    fresh = replace(trained, model=model)
    # Without the last chord, which has no number and is charged its spelling.
    known = {one: replace(p, notes=p.notes[:-2]) for one, p in held_out(done).items()}
    found = fresh.held_out(known)
    assert found.unknown == 0
    for part, size in trained.alphabet.parts.items():
        assert found.parts[part].bits == pytest.approx(math.log2(size), abs=0.7)


def test_random_windows_are_not_learned_from_and_measured_beside_the_movements(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    asked = replace(
        job(tmp_path / "run", "windowed", epochs=1, random_windows=True), say=said.append
    )
    architecture("windowed").fit(asked)
    windows = sum(len({n.onset for n in one.notes}) + 1 for one in train(asked).values())
    apart = round(windows / 10)
    assert f"training on {windows - apart} windows of 4 movements" in said[0]
    row = history(asked)[0]
    assert row["random_windows"]["windows"] == apart
    assert row["random_windows"]["parts"].keys() == row["held_out"]["parts"].keys() == {"symbols"}
    assert row["random_windows"]["total"] != row["held_out"]["total"]


def train(asked: Job) -> Mapping[str, Piece]:
    return asked.pieces(asked.split.train)


def test_training_stops_when_the_held_out_bits_stop_falling(tmp_path: Path) -> None:
    said: list[str] = []
    asked = job(tmp_path / "run", "windowed", epochs=40, patience=1, learning_rate=0.9)
    architecture("windowed").fit(replace(asked, say=said.append))
    assert said[-1] == "no better for 1 epochs; stopping"
    assert len(history(asked)) < 40


def test_movements_off_the_grid_are_left_out_and_counted(tmp_path: Path) -> None:
    said: list[str] = []
    asked = job(tmp_path / "run", "grid", epochs=1)
    triplets = piece((0, 60, 8), (8, 62, 8), (16, 64, 8))
    first = replace(asked.corpus.movements[0], piece=triplets)
    movements = (first, *asked.corpus.movements[1:])
    asked = replace(asked, corpus=replace(asked.corpus, movements=movements), say=said.append)
    architecture("grid").fit(asked)
    assert said[0] == "1 of 4 movements left out: they do not fit a grid of sixteenths"


def test_a_grid_that_no_movement_fits_is_refused(tmp_path: Path) -> None:
    asked = job(tmp_path / "run", "grid")
    triplets = piece((0, 60, 8), (8, 62, 8), (16, 64, 8))
    movements = tuple(replace(one, piece=triplets) for one in asked.corpus.movements)
    asked = replace(asked, corpus=replace(asked.corpus, movements=movements))
    with pytest.raises(InputError, match="the longest of 0 training movements has 0"):
        architecture("grid").fit(asked)


@every_network
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch": 4096}, "too little music for batches of 4096 windows"),
        ({"window": 400}, "too little music for windows of 400 symbols"),
    ],
)
def test_too_little_music_is_refused_before_anything_is_written(
    name: str, values: dict[str, int], message: str, tmp_path: Path
) -> None:
    asked = job(tmp_path / "run", name)
    if "window" in values:
        network = replace(asked.config.network, **values)
        asked = replace(asked, config=replace(asked.config, network=network))
    else:
        training = replace(asked.config.training, **values)
        asked = replace(asked, config=replace(asked.config, training=training))
    with pytest.raises(InputError, match=message):
        architecture(name).fit(asked)
    assert not list(asked.folder.iterdir())


def test_a_run_of_another_kind_of_network_is_refused(done: Job, name: str) -> None:
    arrays, _ = load_arrays(done.folder / NETWORK)
    weights = {key: array for key, array in arrays.items() if not key.startswith("alphabet/")}
    refuse(done, name, weights, "of another kind of network")
    larger = replace(done.config.network, units=UNITS + 1)
    refuse(replace(done, config=replace(done.config, network=larger)), name, arrays, "other hyper")
    broken: NDArray[Any] = np.full_like(arrays["lstm_0/lstm_cell/bias"], np.nan)
    refuse(done, name, arrays | {"lstm_0/lstm_cell/bias": broken}, "not finite")


def refuse(done: Job, name: str, weights: dict[str, Any], message: str) -> None:
    run = Run(done.folder, name, done.config, DEFAULT_ENCODING, {}, weights, {})
    with pytest.raises(InputError, match=message):
        architecture(name).load(run)
