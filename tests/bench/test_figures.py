"""The pictures of the documentation."""

from __future__ import annotations

import json
import shutil
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from bench.figures.__main__ import FOLDER, PICTURES, figures_in, main
from bench.figures.attention import Bars, looks, pairs
from bench.figures.engraved import bar_of
from bench.figures.modules import ABOVE, BELOW, measure, package_arrows
from bench.figures.picture import Sources
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece
from tests.read_back import read_back

from playbach.bundle import read_bundle
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.predictor import load_predictor
from playbach.predictor.lstm_copy import LstmCopyPredictor

MOST_BYTES = 150_000
ENGRAVES = {"rsvg-convert": "librsvg2-bin"}
NEEDS = {"attention": ENGRAVES, "sample": ENGRAVES, "modules": {"dot": "graphviz"}}
NOWHERE = Sources(Path("none"), None, 1)
PIECE = tiny_piece(parse_form("allemande"), C_MAJOR, bars=12)


def kept(name: str) -> Path:
    return FOLDER / "data" / f"{name}.json"


@pytest.fixture(scope="module")
def seen() -> list[tuple[int, int, float]]:
    predictor = load_predictor(read_bundle(TINY_BUNDLE))
    assert isinstance(predictor, LstmCopyPredictor)
    return looks(predictor, PIECE)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_kept_with_its_figures_and_is_of_modest_size(name: str) -> None:
    assert figures_in(kept(name))
    assert 1_000 < (FOLDER / PICTURES[name].file).stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_can_be_drawn_from_its_figures_alone(name: str, tmp_path: Path) -> None:
    if name in {"attention", "sample"}:
        pytest.importorskip("verovio", reason="verovio, which engraves, is not installed")
    for program, package in NEEDS.get(name, {}).items():
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt install {package}")
    (tmp_path / "data").mkdir()
    shutil.copy(kept(name), tmp_path / "data")
    assert main([name, "--out", str(tmp_path)]) == 0
    assert (tmp_path / PICTURES[name].file).stat().st_size > 1_000


def test_the_page_says_of_every_picture_what_it_shows() -> None:
    rows = (FOLDER / "README.md").read_text().splitlines()
    assert [row.split("`")[1] for row in rows if row.startswith("| `")] == list(PICTURES)


def test_the_sample_is_the_music_that_its_picture_shows() -> None:
    shown = figures_in(kept("sample"))
    notes = read_back(FOLDER / "sample.mid").notes
    remake = "run: playbach save docs/figures/sample.mid --suite --seed 1 --force"
    assert len(notes) == shown["notes"], remake
    first = [(onset, pitch) for onset, pitch, _ in shown["beginnings"][0]["notes"]]
    assert [(note.onset, note.pitch) for note in notes[: len(first)]] == first, remake


def test_the_map_is_that_of_the_code() -> None:
    pytest.importorskip("grimp", reason="import-linter is not installed")
    # Through JSON, as it was kept.
    found = json.loads(json.dumps(measure(NOWHERE)))
    assert found == figures_in(kept("modules")), 'run: make figures ARGS="modules --measure"'


def test_no_package_imports_one_above_it() -> None:
    TopologicalSorter(figures_in(kept("modules"))["arrows"]).prepare()


def test_modules_in_no_package_are_told_apart_by_whether_they_know_music() -> None:
    modules = {
        "playbach": set[str](),
        "playbach.__main__": {"playbach.cli"},
        "playbach.cli": {"playbach.clock", "playbach"},
        "playbach.cli.play": {"playbach.cli", "playbach.music.note"},
        "playbach.clock": {"playbach.stream", "playbach.errors"},
        "playbach.errors": set[str](),
        "playbach.music": set[str](),
        "playbach.music.note": {"playbach.errors"},
        "playbach.stream": {"playbach.music.note"},
        "playbach_train": {"playbach.stream"},
        "playbach_train.cli": {"playbach_train", "playbach.cli.play"},
    }
    assert package_arrows(modules) == {
        "cli": {ABOVE, "music"},
        ABOVE: {BELOW, "music"},
        BELOW: set(),
        "music": {BELOW},
        "playbach_train": {ABOVE, "cli"},
    }


def test_notes_look_back_to_earlier_ones_only(seen: list[tuple[int, int, float]]) -> None:
    assert seen
    for note, earlier, share in seen:
        assert 0 <= earlier < note < len(PIECE.notes)
        assert 0 < share <= 1


def test_a_note_spends_no_more_than_all_its_attention(seen: list[tuple[int, int, float]]) -> None:
    for number in range(len(PIECE.notes)):
        assert sum(share for note, _, share in seen if note == number) <= 1.01


def test_of_two_bars_shown_the_first_is_repeated_and_the_second_varied() -> None:
    bars = Bars(PIECE)
    pitches = {
        bar: [PIECE.notes[note].pitch for note in bars.notes(bar)] for bar in set(bars.numbers)
    }
    everything = [
        (bars.notes(lower)[0], bars.notes(upper)[0], 0.5)
        for upper in pitches
        for lower in pitches
        if upper < lower
    ]
    found = list(pairs(PIECE, everything))
    assert [pitches[upper] == pitches[lower] for upper, lower in found] == [True, False]
    assert all(lower - upper >= 3 for upper, lower in found)


def test_a_bar_by_itself_keeps_its_notes_and_its_length() -> None:
    bars = Bars(PIECE)
    bar = bar_of(PIECE, 5)
    assert [note.pitch for note in bar.notes] == [PIECE.notes[at].pitch for at in bars.notes(5)]
    assert bar.notes[0].onset == 0
    assert bar.end <= bar.meters[0][1].bar_ticks


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["tempo"], "no picture 'tempo'; there are sample, modules, attention"),
        (["onset-error", "--notes", "0"], "--notes 0: it is a whole number from 1"),
        (["attention"], "needs a movement; give a MIDI file with --midi"),
        (["attention", "--midi", "none.mid"], "none.mid"),
        (["sample", "--bundle", "none.bundle"], "none.bundle"),
    ],
)
def test_a_mistake_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert not list(tmp_path.glob("*.*"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"figures": 5}'])
def test_figures_that_are_damaged_are_a_mistake_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sizes.json").write_text(content)
    assert main(["sizes", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_that_is_kept_names_files_and_not_where_they_are() -> None:
    for path in (FOLDER / "data").glob("*.json"):
        assert "/" not in json.loads(path.read_text())["command"]
