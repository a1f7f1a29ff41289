"""``playbach save``: the suffix says the format; the same seed is the same music in each."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.device.cli.conftest import Command
from tests.device.save import score
from tests.device.sound.test_synth import has_synth, needs_synth
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.read_back import read_back

from playbach.errors import OutputError
from playbach.midi.files import Placed
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save.formats import FORMATS, SUFFIXES, save

PIECE = Piece((Note(Ticks(0), Pitch(48), Ticks(24)),))
ONE = (Placed(PIECE, 80, PIECE.end),)
MISSING = {
    *([] if shutil.which("rsvg-convert") else [".pdf"]),
    *([] if has_synth() else [".wav"]),
}
WRITABLE = [suffix for suffix in SUFFIXES if suffix not in MISSING]


def test_every_format_has_a_suffix_of_its_own() -> None:
    assert len(set(SUFFIXES)) == len(SUFFIXES) == sum(len(row.suffixes) for row in FORMATS)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_every_suffix_makes_a_file_of_its_kind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"Out{suffix.upper()}"
    save(ONE, path, force=False)
    starts = {
        ".mid": b"MThd", ".midi": b"MThd", ".wav": b"RIFF", ".pdf": b"%PDF", ".png": b"\x89PNG",
        ".mxl": b"PK", ".ly": b"\\version", ".abc": b"%abc-2.1",
    }  # fmt: skip
    assert path.read_bytes().startswith(starts.get(suffix, b"<?xml"))
    assert list(tmp_path.iterdir()) == [path]


def test_several_files_in_one_command_hold_the_same_music(
    playbach: Command, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a.mid", "a.musicxml", "a.svg", "a.png")]
    said = playbach("save", *paths, "--seed", "3", "--notes", "60", "--force")
    assert (said.status, said.error) == (0, "")
    assert said.out.splitlines() == [
        f"{path}: 60 notes in 1 movement, seed 3, movement 1" for path in paths
    ]
    notes = read_back(paths[0]).notes
    assert len(notes) == 60
    assert score.notes(score.read(paths[1].read_bytes())) == notes


def test_the_same_seed_is_the_same_music_in_another_command(
    playbach: Command, tmp_path: Path
) -> None:
    words = ("--seed", "3", "--form", "sarabande", "--temperature", "0.8")
    playbach("save", tmp_path / "a.mid", *words)
    playbach("save", tmp_path / "a.musicxml", *words)
    notes = read_back(tmp_path / "a.mid").notes
    assert score.notes(score.read((tmp_path / "a.musicxml").read_bytes())) == notes


def test_a_whole_suite_of_the_included_model_is_a_score(tmp_path: Path) -> None:
    path = tmp_path / "suite.musicxml"
    command = [sys.executable, "-m", "playbach", "save", str(path), "--suite", "--seed", "1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    root = score.tree(path.read_bytes())
    assert len(list(root.iter("words"))) == 7
    # What the included model composes is written in at most two voices, nearly everywhere.
    voices = [note.findtext("voice") for note in root.iter("note")]
    assert voices.count("1") + voices.count("2") > 0.97 * len(voices)


def test_a_name_given_twice_is_a_mistake(playbach: Command, tmp_path: Path) -> None:
    same = tmp_path / "x" / ".." / "a.mid"
    (tmp_path / "x").mkdir()
    said = playbach("save", tmp_path / "a.mid", same)
    assert "named twice; give each file a name of its own" in said.mistake


def test_all_names_are_checked_before_anything_is_written(
    playbach: Command, tmp_path: Path
) -> None:
    said = playbach("save", tmp_path / "a.mid", tmp_path / "a.mp3")
    assert f"{tmp_path / 'a.mp3'}: the name of the file must end in .mid, .midi, " in said.mistake
    said = playbach("save", tmp_path / "a.mid", tmp_path / "missing" / "a.png")
    assert "make it first" in said.mistake
    assert list(tmp_path.iterdir()) == []


@needs_synth
def test_what_is_missing_is_said_before_composing(
    playbach: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDFONT", "/nowhere.sf2")
    said = playbach("save", tmp_path / "a.wav")
    assert "a.wav: SOUNDFONT=/nowhere.sf2: no such file; name a .sf2" in said.mistake


def test_help_lists_every_suffix_and_what_it_needs(playbach: Command) -> None:
    # Lines are broken at spaces and after hyphens.
    said = "".join(playbach("save", "--help").out.split())
    for row in FORMATS:
        for words in (f"{' '.join(row.suffixes)}: {row.name}", row.needs):
            assert "".join(words.split()) in said


@needs_synth
def test_a_writer_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    font = tmp_path / "a.sf2"
    font.write_bytes(b"no sound font")
    monkeypatch.setenv("SOUNDFONT", str(font))
    with pytest.raises(OutputError, match=r"a\.wav: .*a\.sf2: this is not a sound font"):
        save(ONE, path, force=True)
    assert path.read_bytes() == b"old"
    assert {one.name for one in tmp_path.iterdir()} == {"a.wav", "a.sf2"}


def test_midi_alone_loads_nothing_that_other_formats_need() -> None:
    code = (
        "import sys; from playbach.cli import main; "
        f"main(['save', '/dev/null/x.mid', '--bundle', {str(TINY_BUNDLE)!r}]); "
        "print(*({'verovio', 'PIL', 'music21', 'lxml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
