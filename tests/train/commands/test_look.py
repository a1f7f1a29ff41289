"""A folder is looked at before it is trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.train.corpus.scores import ABC, KERN, MUSICXML, write

from playbach.midi.files import midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.cli import main


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    folder = tmp_path / "scores"
    write(folder, "b/sarabande.musicxml", MUSICXML)
    write(folder, "broken.xml", "<no")
    write(folder, "edition.mscz", "")
    write(folder, "tunes.abc", ABC)
    write(folder, "gigue/1.krn", KERN)
    return folder


def look(*arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["look", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"files", "totals"}
    return {row["file"]: row for row in found["files"]} | {"totals": found["totals"]}


def test_json_has_a_row_for_each_movement_and_totals(
    scores: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = look(str(scores), capsys=capsys)
    assert list(found) == [
        "b/sarabande.musicxml", "broken.xml", "edition.mscz", "gigue/1.krn", "tunes.abc#0001",
        "tunes.abc#0002", "totals",
    ]  # fmt: skip
    assert found["b/sarabande.musicxml"] == {
        "file": "b/sarabande.musicxml", "form": "sarabande", "key": "D minor", "meter": "3/4",
        "upbeat": "1/4", "bars": 2, "notes": 8, "guessed": [],
        "changed": ["grace notes left out: 1"], "skipped": None,
    }  # fmt: skip
    skipped = found["edition.mscz"]
    assert isinstance(skipped, dict)
    assert "export it as MusicXML" in skipped["skipped"]
    assert skipped["form"] is None
    totals = found["totals"]
    assert isinstance(totals, dict)
    assert (totals["movements"], totals["skipped"]) == (4, 2)


def test_the_table_says_what_was_guessed_below_each_row(
    scores: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", str(scores)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", "form", "key", "meter", "upbeat", "bars", "notes"]
    at = next(n for n, line in enumerate(lines) if line.startswith("gigue/1.krn"))
    assert lines[at].split()[1:] == ["gigue", "G", "major", "3/4", "-", "3", "7"]
    assert lines[at + 1] == "    form: gigue, by the folder gigue"
    assert any(line.startswith(f"skipped {scores}/broken.xml: ") for line in lines)
    assert lines[-3].startswith("4 movements, ")


def test_a_table_of_the_users_says_what_files_do_not(
    scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "path,form,key,meter\ntunes.abc,menuet,,\ntunes-0002,,A minor,2/2\nnowhere.mid,gigue,,\n"
    table = write(tmp_path, "forms.csv", rows)
    assert main(["look", str(scores), "--labels", str(table), "--json"]) == 0
    out, err = capsys.readouterr()
    found = {row["file"]: row for row in json.loads(out)["files"]}
    assert found["tunes.abc#0001"]["form"] == "menuet"
    assert (found["tunes.abc#0002"]["key"], found["tunes.abc#0002"]["meter"]) == ("A minor", "2/2")
    assert err == "--labels: no score is called nowhere.mid\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("file,form\n", "its first line is 'file,form'"),
        (
            "path,form\na.mid,jigg\n",
            "line 2: form 'jigg': there is no such form (did you mean jig?)",
        ),
        ("path,meter\na.mid,3\n", "line 2: meter '3'"),
        ("path,key\n\na.mid,H\n", "line 3: key 'H'"),
    ],
)
def test_a_table_with_a_mistake_is_one_line(
    scores: Path, tmp_path: Path, rows: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path, "forms.csv", rows)
    assert main(["look", str(scores), "--labels", str(table)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{table}: {message}" in line


def test_upbeats_and_repeats_are_folded_by_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pitches = [50 + n * 7 % 24 for n in range(64)] * 2
    notes = (Note(Ticks(84 + 12 * n), Pitch(p), Ticks(12)) for n, p in enumerate(pitches))
    piece = Piece(tuple(notes))
    (tmp_path / "x.mid").write_bytes(midi_bytes(piece, tempo=60))
    found = look(str(tmp_path), capsys=capsys)["x.mid"]
    assert isinstance(found, dict)
    assert (found["upbeat"], found["bars"], found["changed"]) == ("1/8", 17, [])
    assert "repeats: 8 bars are written out twice" in found["guessed"]
    folds = ("--fold-upbeats", "--fold-repeats")
    once = look(str(tmp_path), *folds, capsys=capsys)["x.mid"]
    assert isinstance(once, dict)
    assert (once["upbeat"], once["bars"], len(once["changed"])) == ("1/8", 8, 2)


def test_a_movement_is_engraved_as_it_was_read(
    scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("verovio")
    page = tmp_path / "page.svg"
    assert main(["look", str(scores), "--page", "b/sarabande", str(page)]) == 0
    drawn = page.read_text(encoding="utf-8")
    assert "as read from b/sarabande.musicxml" in drawn
    assert "Play Bach" not in drawn
    assert main(["look", str(scores), "--page", "b/sarabande", str(page)]) == 2
    assert main(["look", str(scores), "--page", "c", str(tmp_path / "c.svg")]) == 2
    assert main(["look", str(scores), "--page", "b/sarabande", str(tmp_path / "c.txt")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("playbach-train: ") for line in lines] == [True] * 3


def test_an_empty_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["look", str(tmp_path)]) == 2
    assert "no score in it; those read end in .mid" in capsys.readouterr().err
