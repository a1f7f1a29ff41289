"""``playbach-train cross-validate`` holds every movement out once and learns from the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import tiny_options

from playbach_train.cli import main
from playbach_train.commands.cross_validate import splits_of
from playbach_train.commands.evaluate import COLUMNS
from playbach_train.corpus import Request, load

Capture = pytest.CaptureFixture[str]


def test_every_movement_is_measured_once_by_a_network_that_never_saw_it(
    scores: Path, capsys: Capture
) -> None:
    words = ["cross-validate", "--midi", str(scores), "--folds", "2", "--json"]
    assert main([*words, *tiny_options(training__epochs=1)]) == 0
    out, said = capsys.readouterr()
    result = json.loads(out)
    assert list(result) == ["pooled", "movements", "ngram"]
    assert len(result["movements"]) == 6
    for row in (result["pooled"], *result["movements"].values()):
        assert tuple(row) == COLUMNS
        assert 0 < row["total_bits"] < 60
    assert result["pooled"]["notes"] == sum(row["notes"] for row in result["movements"].values())
    assert 0 < result["ngram"]["pitch_bits"] < 10
    assert "fold 2 of 2: 3 movements held out" in said


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
    ):
        assert main(["cross-validate", *words]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
