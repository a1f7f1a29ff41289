"""``playbach-train tell-apart`` on the tiny bundle: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.midi.files import midi_bytes
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach_train.cli import main
from playbach_train.report.features import FEATURES
from playbach_train.report.told_apart import FEWEST_GROUPS


def write_menuets(folder: Path, works: int) -> Path:
    folder.mkdir()
    for work in range(works):
        music = tiny_piece(parse_form("menuet"), Key(2 * work, Mode.MAJOR), bars=24, seed=work)
        (folder / f"work{work}-1-menuet.mid").write_bytes(midi_bytes(music, tempo=100))
    return folder


@pytest.fixture(scope="module")
def menuets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_menuets(tmp_path_factory.mktemp("scores") / "menuets", FEWEST_GROUPS)


def tell_apart(*words: str | Path) -> int:
    return main(["tell-apart", *map(str, words)])


def test_what_a_bundle_composes_is_told_apart_and_what_gives_it_away_is_listed(
    menuets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell_apart("--bundle", TINY_BUNDLE, "--midi", menuets, "--movements", "4") == 0
    lines = capsys.readouterr().out.splitlines()
    whole = next(line for line in lines if line.startswith("told apart, whole movements: "))
    assert f"{FEWEST_GROUPS} against {FEWEST_GROUPS}; two halves of the real works: " in whole
    assert any(line.startswith("told apart, eight bars: ") for line in lines)
    titles = [feature.title for feature in FEATURES if feature.listed]
    table = lines[lines.index(next(line for line in lines if "middle half" in line)) + 1 :]
    assert table
    assert all(any(line.startswith(title[:64]) for title in titles) for line in table)


def test_a_folder_is_told_apart_as_what_a_bundle_composes(
    menuets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_menuets(tmp_path / "other", FEWEST_GROUPS)
    assert tell_apart("--generated", other, "--midi", menuets, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["movements"]["generated"] == FEWEST_GROUPS
    assert {row["delta"] for row in found["given_away_by"]} <= {0, None}
    listed = [feature.name for feature in FEATURES if feature.listed]
    assert [row["name"] for row in found["given_away_by"]] == listed


REFUSED = {
    ("--bundle", str(TINY_BUNDLE), "--movements", "0"): "--movements 0: it must be from 1 to 1000",
    ("--bundle", str(TINY_BUNDLE), "--movements", "3"): "too few to hold some back: at least 4",
    ("--bundle", "none.bundle"): "none.bundle",
    ("--generated", "nowhere"): "nowhere",
    ("--generated", "gigues"): "gigues: none of 1 movements is of a form to compare with (menuet)",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_what_cannot_be_told_apart_is_refused_in_a_line(
    menuets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gigues").mkdir()
    gigue = tiny_piece(parse_form("gigue"), Key(0, Mode.MAJOR))
    Path("gigues/1-gigue.mid").write_bytes(midi_bytes(gigue, tempo=100))
    assert tell_apart("--midi", menuets, *words, "--json") == 2
    error = capsys.readouterr().err
    assert REFUSED[words] in error
    assert error.count("\n") == 1
