"""Tables of plans, counted in music whose harmony is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import tiny_piece

from playbach.composer.harmony import CHORDS
from playbach.midi.files import midi_bytes
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.cli import main
from playbach_train.planning import plan_tables

ARPEGGIOS = {"I": (48, 52, 55), "IV": (53, 57, 60), "V": (55, 59, 62), "ii": (50, 53, 57)}


def broken(*chords: str) -> Piece:
    """A bar of 3/4 for each chord, in eighths, each tone twice."""
    pitches = [pitch for chord in chords for pitch in 2 * ARPEGGIOS[chord]]
    notes = tuple(Note(Ticks(12 * n), Pitch(pitch), Ticks(12)) for n, pitch in enumerate(pitches))
    return Piece(notes, meters=((Ticks(0), Meter(3, 4)),), form=parse_form("menuet"))


def test_chords_that_are_played_are_counted() -> None:
    music = broken(*["I", "IV", "V"] * 40, "I")
    tables = plan_tables([music] * 3)
    follows = tables["chords"]["major"]
    assert max(follows["I"], key=follows["I"].get) == "IV"
    assert max(follows["IV"], key=follows["IV"].get) == "V"
    assert max(follows["V"], key=follows["V"].get) == "I"
    assert tables["rhythm"]["3/4"][0][0] == [0]


def test_habits_of_forms_are_counted() -> None:
    music = broken(*["I", "V"] * 20, "I")
    habits = plan_tables([music] * 3)["movements"]["menuet"]
    assert len(habits) == 3
    assert habits[0]["alike"] == habits[0]["joined"] == habits[0]["final"] == 1
    assert habits[0]["stops"] == 0
    assert habits[0]["rhythms"] == ["0 12 24 36 48 60"]
    assert habits[0]["bars"] == " ".join("0" * 41)


def test_the_command_prints_tables_that_the_composer_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for work in range(2):
        music = tiny_piece(parse_form("menuet"), Key(2 * work, Mode.MINOR), bars=16, seed=work)
        (tmp_path / f"work{work}-1-menuet.mid").write_bytes(midi_bytes(music, tempo=100))
    assert main(["plan", "--midi", str(tmp_path)]) == 0
    tables = json.loads(capsys.readouterr().out)
    for mode in Mode:
        names = {chord.name for chord in CHORDS[mode]}
        assert set(tables["chords"][mode.value]) == names
        assert all(set(row) <= names for row in tables["chords"][mode.value].values())
    assert set(tables["movements"]) == {"menuet"}


def test_scores_that_change_their_meter_are_none_to_learn_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    music = broken("I", "V", "I")
    changing = Piece(music.notes, meters=(*music.meters, (Ticks(72), Meter(2, 4))))
    (tmp_path / "a-1-menuet.mid").write_bytes(midi_bytes(changing, tempo=100))
    assert main(["plan", "--midi", str(tmp_path)]) == 2
    assert "no movement that keeps its meter" in capsys.readouterr().err
