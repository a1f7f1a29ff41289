"""Bundles of networks that say symbols are saved, played and looked at as any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.device.cli.conftest import Command
from tests.read_back import read_back

from playbach.music.key import parse_key

NAMES = ("melody", "timed", "phrases")


@pytest.mark.parametrize("name", NAMES)
def test_a_movement_is_saved_in_the_form_and_key_that_were_asked(
    playbach: Command, symbol_bundles: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "out.mid"
    words = ("--bundle", symbol_bundles / f"{name}.bundle", "--seed", "4", "--key", "d minor")
    assert playbach("save", path, "--form", "gigue", *words).status == 0
    piece = read_back(path).piece
    assert (piece.form.name, piece.keys[0][1]) == ("gigue", parse_key("D minor"))
    assert piece.notes
    again = tmp_path / "again.mid"
    assert playbach("save", again, "--form", "gigue", *words).status == 0
    assert again.read_bytes() == path.read_bytes()


def test_a_network_with_a_window_can_be_saved_stepwise(
    playbach: Command, symbol_bundles: Path, tmp_path: Path
) -> None:
    words = ("--bundle", symbol_bundles / "timed.bundle", "--seed", "1", "--notes", "60")
    for path, options in (("a.mid", ()), ("b.mid", ("--stepwise",))):
        assert playbach("save", tmp_path / path, *words, *options).status == 0
    assert (tmp_path / "a.mid").read_bytes() != (tmp_path / "b.mid").read_bytes()


def test_a_network_without_that_form_says_so(playbach: Command, tmp_path: Path) -> None:
    said = playbach("save", tmp_path / "a.mid", "--stepwise")
    assert "of kind lstm-copy, cannot go stepwise" in said.mistake


@pytest.mark.parametrize("name", NAMES)
def test_check_says_what_people_call_the_network(
    playbach: Command, symbol_bundles: Path, name: str
) -> None:
    path = symbol_bundles / f"{name}.bundle"
    said = playbach("check", "--bundle", path)
    assert f"ok      model: {name} from {name}, float32 ({path})" in said.out


@pytest.mark.parametrize("name", NAMES)
def test_it_is_played(playbach: Command, symbol_bundles: Path, name: str) -> None:
    path = symbol_bundles / f"{name}.bundle"
    words = ("--sink", "none", "--no-web", "--seconds", "1", "--tempo", "400", "--seed", "1")
    said = playbach("play", "--bundle", path, *words)
    assert said.status == 0
    played = int(said.out.rsplit("played ", 1)[1].split()[0])
    assert played > 0
