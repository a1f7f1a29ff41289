"""``playbach-train cross-validate`` holds every movement out once and learns from the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import tiny_options

from playbach_train.cli import main
from playbach_train.commands.cross_validate import splits_of
from playbach_train.commands.evaluate import COLUMNS
from playbach_train.copying.training import CopyingTrainer
from playbach_train.corpus import Request, load

Capture = pytest.CaptureFixture[str]


def test_every_movement_is_measured_once_by_a_network_that_never_saw_it(
    scores: Path, capsys: Capture, tmp_path: Path
) -> None:
    words = ["cross-validate", "--midi", str(scores), "--folds", "2", "--json", "--jobs", "1"]
    words += ["--keep", str(tmp_path), *tiny_options(training__epochs=1)]
    assert main(words) == 0
    out, said = capsys.readouterr()
    assert main([*words, "--vary", "training.streams=2"]) == 0
    again, kept = capsys.readouterr()
    result = json.loads(out)
    assert list(result) == ["pooled", "movements", "ngram"]
    assert len(result["movements"]) == 6
    for row in (result["pooled"], *result["movements"].values()):
        assert tuple(row) == COLUMNS
        assert 0 < row["total_bits"] < 60
    assert result["pooled"]["notes"] == sum(row["notes"] for row in result["movements"].values())
    assert 0 < result["ngram"]["pitch_bits"] < 10
    assert "fold-2: done" in said
    # Nothing is done twice, and one value to try is what was tried.
    assert kept.count("kept from before") == 2
    assert json.loads(again)["varied"] == [{"values": {"training.streams": "2"}, **result}]


def test_further_music_is_learned_from_first_and_never_what_is_held_out(
    scores: Path, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in sorted(scores.glob("*.mid")):
        (tmp_path / f"line-{path.name}").write_bytes(path.read_bytes())
    learned: list[tuple[list[str], int, list[str]]] = []

    class Watched(CopyingTrainer):
        def train(self, epoch: int, progress: Callable[[int, float], None]) -> tuple[float, int]:
            del progress
            names = [sorted(m.name for m in side) for side in (self.training, self.held_out)]
            learned.append((names[0], epoch, names[1]))
            return 1.0, 1

    monkeypatch.setattr("playbach_train.copying.training.CopyingTrainer", Watched)
    words = ["cross-validate", "--midi", str(scores), "--folds", "2", "--json", "--jobs", "1"]
    first = ["--first-midi", str(tmp_path), "--first-epochs", "2"]
    assert main([*words, *first, *tiny_options(training__epochs=1)]) == 0
    assert "pooled" in json.loads(capsys.readouterr().out)
    # Two epochs on everything, one on the scores alone, for each fold.
    assert [epoch for _, epoch, _ in learned] == [1, 2, 1] * 2
    for names, _, held_out in (learned[0], learned[3]):
        lines = {f"line-{name}" for name in names if not name.startswith("line-")}
        assert lines == {name for name in names if name.startswith("line-")}
        assert not {f"line-{name}" for name in held_out} & set(names)
    assert not [name for name in learned[2][0] if name.startswith("line-")]


def test_movements_that_are_not_measured_are_always_learned_from(scores: Path) -> None:
    corpus = load([scores], Request(), report=lambda _: None)
    names = {movement.name for movement in corpus.movements}
    measured = {name for name in names if name.startswith(("1", "2", "3"))}
    splits = splits_of(corpus, 3, 1, ["1*", "2*", "3*"])
    assert sorted(name for split in splits for name in split.held_out) == sorted(measured)
    for split in splits:
        assert set(split.train) == names - set(split.held_out)


def test_a_copy_of_what_is_held_out_is_not_learned_from(scores: Path, tmp_path: Path) -> None:
    first = min(scores.glob("*.mid"))
    for path in scores.glob("*.mid"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "copy.mid").write_bytes(first.read_bytes())
    corpus = load([tmp_path], Request(), report=lambda _: None)
    measured = sorted(m.name for m in corpus.movements if m.name != "copy")[:2]
    for split in splits_of(corpus, 2, 1, measured):
        assert ("copy" in split.train) == (first.stem not in split.held_out)


def test_what_cannot_be_divided_is_refused(scores: Path, capsys: Capture, tmp_path: Path) -> None:
    for words, message in (
        ([], "nothing to train on; give --midi DIR or --corpus NAME"),
        (["--midi", str(scores), "--measure", "zzz"], "--measure zzz: matches none of 6"),
        (["--midi", str(scores), "--folds", "1"], "1 folds: there must be from 2 to 6"),
        (["--midi", str(scores), "--folds", "7"], "7 folds: there must be from 2 to 6"),
        (["--midi", str(tmp_path)], "no music in"),
        (["--vary", "streams"], "--vary streams: write it as training.streams=8,16"),
        (["--vary", "training.streams=0"], "training.streams"),
    ):
        assert main(["cross-validate", *words]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
