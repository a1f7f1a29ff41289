"""``playbach-train report`` on the tiny bundle: what it writes, and what it refuses."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.midi.files import midi_bytes
from playbach.music.form import FORMS
from playbach.music.key import Key, Mode
from playbach_train.cli import main
from playbach_train.report.distributions import DISTRIBUTIONS

MENUET = next(form for form in FORMS if form.name == "menuet")
PNG = b"\x89PNG\r\n\x1a\n"


class Page(HTMLParser):
    """Which elements a page has, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.references: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.references += [str(to) for name, to in attributes if name in ("src", "href")]


@pytest.fixture(scope="module")
def menuets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two movements of two works."""
    folder = tmp_path_factory.mktemp("menuets")
    for seed in (1, 2):
        written = tiny_piece(MENUET, Key(2 * seed, Mode.MAJOR), bars=16, seed=seed)
        (folder / f"work{seed}-1-menuet.mid").write_bytes(midi_bytes(written, tempo=100))
    return folder


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(menuets: Path, out: Path, *words: str | Path) -> int:
    given = ("report", "--bundle", TINY_BUNDLE, "--midi", menuets, "-o", out, *words)
    return main([*map(str, given), "--movements", "2"])


@pytest.fixture(scope="module")
def written(menuets: Path) -> Path:
    out = menuets.with_name("report")
    assert report(menuets, out, "--seed", "5") == 0
    return out


def test_the_report_says_what_was_compared_and_measures_everything(written: Path) -> None:
    found: dict[str, Any] = json.loads((written / "report.json").read_bytes())
    assert found["settings"]["forms"] == {"menuet": {"generated": 2, "real": 2}}
    assert found["settings"]["seed"] == 5
    assert set(found["distributions"]) == {distribution.name for distribution in DISTRIBUTIONS}
    for row in found["distributions"].values():
        assert sum(row["generated"]) == pytest.approx(1)
        assert sum(row["real"]) == pytest.approx(1)
        assert 0 <= row["against_form"]["overlap"]["real"] <= 1
    assert set(found["repetition"]) == {"4", "8", "16"}
    assert set(found["originality"]["real"]) == {"work1", "work2"}
    assert found["on_tonic"]["real"] == 1
    assert [row["form"] for row in found["movements"]] == ["menuet", "menuet"]
    assert found["bars_by_form"]["menuet"]["real"] == {"least": 16, "median": 16, "most": 16}
    assert [set(row) for row in found["headline"]] == [{"about", "figure", "target", "met"}] * 12


def test_the_page_needs_nothing_but_the_pictures_beside_it(written: Path) -> None:
    page = Page((written / "index.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert len(page.references) == len(DISTRIBUTIONS) + 3
    for reference in page.references:
        content = (written / reference).read_bytes()
        assert content.startswith(PNG) == reference.endswith(".png")
    assert {path.name for path in written.iterdir()} == {*page.references, "index.html"}


def test_the_same_seed_gives_the_same_figures(
    menuets: Path, written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(menuets, tmp_path / "again", "--seed", "5", "--json") == 0
    again = capsys.readouterr().out
    assert again == (written / "report.json").read_text()
    assert again == (tmp_path / "again" / "report.json").read_text()


def test_the_targets_are_printed_and_another_seed_gives_other_music(
    menuets: Path, written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(menuets, tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("movements that end on the tonic (target: at least 0.9)")
               for line in lines)  # fmt: skip
    assert lines[-1].endswith("index.html: 2 movements, seed 1")
    movements = [
        json.loads((folder / "report.json").read_text())["movements"]
        for folder in (written, tmp_path / "out")
    ]
    assert movements[0] != movements[1]


REFUSED = {
    ("--movements", "0"): "--movements 0: it must be from 1 to 1000",
    ("--seed", "-1"): "--seed -1: it must be from 0",
    ("--temperature", "warm"): "temperature 'warm': write a number",
    ("--temperature", "9"): "temperature 9.0: it must be 0.05 to 5",
    ("--bundle", "none.bundle"): "none.bundle",
    ("--variant", "x"): "variant 'x'",
    ("--midi", "nowhere"): "nowhere",
    ("--out", "no/where"): "there is no folder",
    ("--out", "."): "exists; give --force",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_what_cannot_be_reported_is_refused_in_a_line(
    menuets: Path,
    in_empty_folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, str],
) -> None:
    given = ["--bundle", str(TINY_BUNDLE), "--midi", str(menuets), "-o", "out", "--json"]
    assert main(["report", *given, *words]) == 2
    error = capsys.readouterr().err
    assert REFUSED[words] in error
    assert error.count("\n") == 1
    assert not list(in_empty_folder.iterdir())


def test_with_nothing_to_compare_with_what_to_give_is_said(
    in_empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--bundle", str(TINY_BUNDLE), "-o", "out"]) == 2
    assert "nothing to compare with; give --midi DIR or --corpus NAME" in capsys.readouterr().err
    assert not list(in_empty_folder.iterdir())


def test_one_movement_has_nothing_to_be_compared_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    only = tiny_piece(MENUET, Key(0, Mode.MAJOR))
    (folder / "1-menuet.mid").write_bytes(midi_bytes(only, tempo=100))
    assert report(folder, tmp_path / "out") == 2
    assert "1 movements, fewer than 2 of them" in capsys.readouterr().err
