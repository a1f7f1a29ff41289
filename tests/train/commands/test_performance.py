"""``playbach-train performance``: fitted to players made up here, and measured on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.train.performance.made_up import folder_of_performances

from playbach.bundle import default_bundle_path
from playbach.performer.model import included, read_performer
from playbach.performer.performer import Manner, Performer
from playbach_train.cli import main
from playbach_train.performance.alignments import read_performances


def performance(*words: object) -> int:
    return main(["performance", *map(str, words)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folder_of_performances(tmp_path / "data")


def test_what_is_fitted_slows_where_its_players_did_and_says_whose_it_is(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.json"
    words = ("--data", data, "--out", out, "--trees", 5, "--source", "nobody, public domain")
    assert performance("fit", *words) == 0
    said = capsys.readouterr().out
    assert "movements and players left out:" in said
    assert "mean of the others" in said
    assert "fitted to 315 beats of 9 performances" in said
    model = read_performer(out)
    assert model.slurs == included().slurs
    assert model.tempo.made_from["players"] == "Anna, Bea, Carl"
    assert model.tempo.made_from["source"] == "nobody, public domain"
    assert "correlation" in model.tempo.made_from["figures"]
    passage = read_performances(data)[0].passage
    paces = Performer(Manner(), 1, model).perform(passage, 60.0).paces
    assert paces[-2].stretch > 1.1


def test_figures_are_told_for_each_performance_and_in_the_middle(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.json"
    assert performance("fit", "--data", data, "--out", out, "--unmeasured") == 0
    capsys.readouterr()
    assert performance("evaluate", "--data", data, "--performer", out, "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["pooled"]) == {"correlation", "bar_correlation", "r2"}
    assert len(figures["performances"]) == 9
    assert set(figures["performances"]["anna_1"]) == set(figures["pooled"])
    assert figures["pooled"]["correlation"] > 0.5
    assert figures["beside"]["constant tempo"]["correlation"] == 0
    assert figures["beside"]["one player predicts another"]["correlation"] > 0.5
    likely = figures["log_likelihood"]
    assert likely["this performer"] > likely["constant tempo"]
    assert performance("evaluate", "--data", data) == 0
    said = capsys.readouterr().out
    assert "rules by hand" in said
    assert performance("evaluate", "--data", data, "--bundle", default_bundle_path()) == 0
    assert capsys.readouterr().out == said


def test_mistakes_are_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.json"
    out.write_text("mine")
    for words in (
        ("fit", "--data", data, "--out", out),
        ("fit", "--data", tmp_path / "none", "--out", tmp_path / "new.json"),
        ("fit", "--data", data, "--out", tmp_path / "new.json", "--trees", 501),
        ("evaluate", "--data", data, "--performer", out),
        ("evaluate", "--data", data, "--bundle", out),
        ("evaluate",),
        ("slurs", "--out", tmp_path / "new.json"),
    ):
        assert performance(*words) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert out.read_text() == "mine"
