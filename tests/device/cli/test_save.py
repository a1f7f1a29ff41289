"""``playbach save``: what was asked for, whole, and the same again from the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.device.cli.conftest import Command, Said
from tests.read_back import read_back

from playbach.composer.playable import is_playable
from playbach.music.key import parse_key
from playbach.music.note import Piece


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


def test_without_a_seed_the_one_used_is_said(playbach: Command, tmp_path: Path) -> None:
    said = playbach("save", tmp_path / "a.mid", "--notes", "50")
    seed = said.out.split("seed ")[1].strip()
    playbach("save", tmp_path / "b.mid", "--notes", "50", "--seed", seed)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


@pytest.mark.parametrize("count", [1, 60, 2000])
def test_so_many_notes_are_so_many_notes(playbach: Command, tmp_path: Path, count: int) -> None:
    path = tmp_path / "out.midi"
    said = playbach("save", path, "--notes", str(count), "--seed", "1")
    assert len(saved(said, path).notes) == count
    assert f": {count} notes in " in said.out
    assert said.out.count("1 movement,") == (count < 2000)


def test_a_suite_is_seven_movements_with_a_marker_each(playbach: Command, tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    said = playbach("save", path, "--suite", "--seed", "2")
    saved(said, path)
    assert " notes in 7 movements, seed 2" in said.out
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
