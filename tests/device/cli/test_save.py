"""``playbach save``: what was asked for, whole, and the same again from the same seed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import mido
import pytest
from tests.device.cli.conftest import Command, Said
from tests.read_back import read_back

from playbach.composer.playable import is_playable
from playbach.music.key import parse_key
from playbach.music.note import Piece
from playbach.session.settings import TABLE


def saved(said: Said, path: Path) -> Piece:
    assert (said.status, said.error) == (0, "")
    assert said.out.startswith(f"{path}: ")
    return read_back(path).piece


def markers(path: Path) -> list[str]:
    return [marker.text for _, marker in read_back(path).meta("marker")]


def test_a_movement_keeps_its_form_key_meter_and_title(playbach: Command, tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    words = ("--form", "gigue", "--key", "d minor", "--meter", "6/8", "--tempo", "120")
    piece = saved(playbach("save", path, *words, "--seed", "5"), path)
    assert piece.form.name == "gigue"
    assert piece.keys[0][1] == parse_key("D minor")
    assert str(piece.meters[0][1]) == "6/8"
    assert piece.pickup == 12
    assert piece.title == "Suite 1 in D minor, I Gigue"
    # Bach's longest has 68 bars; eight bars later an ending is made, over a bar line or two.
    assert 32 <= piece.end / piece.meters[0][1].bar_ticks <= 80


def test_the_same_seed_gives_the_same_bytes_and_another_others(
    playbach: Command, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{n}.mid" for n in range(3)]
    for path, seed in zip(paths, (7, 7, 8), strict=True):
        assert playbach("save", path, "--seed", str(seed)).status == 0
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again != other


def test_a_file_sounds_as_play_would_with_the_same_options(
    playbach: Command, tmp_path: Path
) -> None:
    plain, asked = tmp_path / "plain.mid", tmp_path / "asked.mid"
    words = ("--notes", "30", "--seed", "3", "--key", "D minor")
    played = ("--program", "church organ", "--channel", "4", "--velocity", "33", "--transpose", "2",
              "--accent", "5", "--volume", "77")  # fmt: skip
    even = ("--expression", "0")
    before = saved(playbach("save", plain, *words), plain)
    after = saved(playbach("save", asked, *words, *played, *even), asked)
    assert [note.pitch for note in after.notes] == [note.pitch + 2 for note in before.notes]
    assert after.keys[0][1] == parse_key("E minor")
    assert (before.title, after.title) == (
        "Suite 1 in D minor, I Prelude",
        "Suite 1 in E minor, I Prelude",
    )
    sent = [message for message in mido.MidiFile(asked) if not message.is_meta]
    assert {message.channel for message in sent} == {3}
    assert [message.program for message in sent if message.type == "program_change"] == [19]
    assert {message.velocity for message in sent if message.type == "note_on"} == {33, 38}
    controls = [(one.control, one.value) for one in sent if one.type == "control_change"]
    assert controls == [(7, 77)]


def test_every_setting_of_play_is_taken(playbach: Command, tmp_path: Path) -> None:
    given = [
        word
        for name in ("sink", "port", "clock_in", "control_in", "listen")
        for word in (TABLE[name].option, "none")
    ]
    plain, asked = tmp_path / "plain.mid", tmp_path / "asked.mid"
    words = ("--notes", "20", "--seed", "3")
    saved(playbach("save", plain, *words), plain)
    saved(playbach("save", asked, *words, *given, "--clock-out"), asked)
    assert asked.read_bytes() == plain.read_bytes()
    said = playbach("save", "--help").out
    assert [row.option for row in TABLE.values() if row.option not in said] == []


def test_how_far_it_is_is_told_on_a_terminal_only(
    playbach: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("save", tmp_path / "a.mid", "--notes", "200", "--seed", "3", "--force")
    plain = playbach(*words).out
    assert "\r" not in plain
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    told = playbach(*words).out.split("\r\x1b[K")
    assert told[1] == "composing ..."
    assert any(line.startswith("composed Suite 1 in ") for line in told)
    # Nothing is left of it but what is said without a terminal.
    assert "".join(line for line in told if line.endswith("\n")) == plain


def test_expression_plays_freely_what_is_written_all_the_same(
    playbach: Command, tmp_path: Path
) -> None:
    words = ("--form", "sarabande", "--seed", "3")
    pieces, tempi = [], []
    for expression in ("0", "0.5", "1"):
        path = tmp_path / f"{expression}.mid"
        pieces.append(saved(playbach("save", path, *words, "--expression", expression), path))
        tempi.append(len({one.tempo for _, one in read_back(path).meta("set_tempo")}))
    assert pieces[0] == pieces[1] == pieces[2]
    assert tempi[0] == 1
    assert min(tempi[1:]) > 20
    usual = tmp_path / "usual.mid"
    saved(playbach("save", usual, *words), usual)
    assert usual.read_bytes() == (tmp_path / "1.mid").read_bytes()


def test_scores_have_the_notes_as_written_and_the_slurs_as_played(
    playbach: Command, tmp_path: Path
) -> None:
    scores = {}
    for expression in ("0", "0.5", "1"):
        path = tmp_path / f"{expression}.musicxml"
        words = ("--notes", "50", "--seed", "5", "--expression", expression)
        assert playbach("save", path, *words).status == 0
        scores[expression] = path.read_text()
    assert scores["0"] != scores["0.5"] == scores["1"]
    assert "<slur" in scores["1"]
    assert "<slur" not in scores["0"]
    pitches = re.compile("<(?:step|alter|octave|duration)>.*")
    assert pitches.findall(scores["1"]) == pitches.findall(scores["0"])


def test_without_a_seed_the_one_used_is_said(playbach: Command, tmp_path: Path) -> None:
    said = playbach("save", tmp_path / "a.mid", "--notes", "50")
    seed = said.out.split("seed ")[1].split(",")[0]
    playbach("save", tmp_path / "b.mid", "--notes", "50", "--seed", seed)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


@pytest.mark.parametrize("count", [1, 2000])
def test_so_many_notes_are_so_many_notes(playbach: Command, tmp_path: Path, count: int) -> None:
    path = tmp_path / "out.midi"
    said = playbach("save", path, "--notes", str(count), "--seed", "1")
    assert len(saved(said, path).notes) == count
    assert f": {count} notes in " in said.out
    assert said.out.count("1 movement,") == (count < 2000)


def test_a_suite_is_seven_movements_with_a_marker_each(playbach: Command, tmp_path: Path) -> None:
    path, alone = tmp_path / "out.mid", tmp_path / "alone.mid"
    said = playbach("save", path, "--suite", "--seed", "2", "--jobs", "2")
    saved(said, path)
    # The same music, however many processes composed it.
    saved(playbach("save", alone, "--suite", "--seed", "2", "--jobs", "1"), alone)
    assert path.read_bytes() == alone.read_bytes()
    assert " notes in 7 movements, seed 2, movement 1" in said.out
    found = markers(path)
    assert len(found) == 7
    assert found[0].endswith("I Prelude")
    assert found[6].endswith("VII Gigue")


def test_variants_are_chosen_by_name(playbach: Command, tmp_path: Path) -> None:
    for variant in ("float32", "dynamic"):
        path = tmp_path / f"{variant}.mid"
        said = playbach("save", path, "--variant", variant, "--seed", "1", "--notes", "20")
        assert len(saved(said, path).notes) == 20


def test_temperature_shapes_the_music(playbach: Command, tmp_path: Path) -> None:
    notes = []
    for temperature in ("0.05", "1", "5"):
        path = tmp_path / f"{temperature}.mid"
        said = playbach("save", path, "--temperature", temperature, "--seed", "1", "--notes", "40")
        notes.append(saved(said, path).notes)
    assert len(set(notes)) == 3


def test_each_part_of_a_note_can_have_its_own_temperature(
    playbach: Command, tmp_path: Path
) -> None:
    notes = []
    for number, words in enumerate(("1", "shift=1,pitch=1,duration=1", "1,pitch=5")):
        path = tmp_path / f"{number}.mid"
        said = playbach("save", path, "--temperature", words, "--seed", "1", "--notes", "40")
        notes.append(saved(said, path).notes)
    assert notes[0] == notes[1] != notes[2]


def test_a_meter_that_is_asked_for_is_kept(playbach: Command, tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    said = playbach("save", path, "--form", "gigue", "--meter", "12/8", "--seed", "1")
    assert str(saved(said, path).meters[0][1]) == "12/8"


def test_with_playable_chords_a_cellist_can_play_them_all(
    playbach: Command, tmp_path: Path
) -> None:
    path = tmp_path / "out.mid"
    words = ("--playable", "--temperature", "5", "--seed", "1", "--notes", "400")
    notes = saved(playbach("save", path, *words), path).notes
    for onset in {note.onset for note in notes}:
        begun = [note.pitch for note in notes if note.onset == onset]
        held = [note.pitch for note in notes if note.onset < onset < note.end]
        assert is_playable(begun, held)
