"""A folder of real movements, a folder of foreign ones, and a page made of both and of a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.midi.files import midi_bytes
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach_train.cli import main

COUNT = 3


def write_movements(folder: Path, first: int) -> None:
    """Four movements whose names and titles would give them away."""
    folder.mkdir()
    for number, form in enumerate(("menuet", "gigue", "courante", "menuet"), first):
        piece = tiny_piece(parse_form(form), Key(number, Mode.MAJOR), bars=24, seed=number)
        (folder / f"work{number}-{form}.mid").write_bytes(midi_bytes(piece, tempo=100))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders ``bach`` and ``foreign``."""
    folder = tmp_path_factory.mktemp("listening")
    write_movements(folder / "bach", 1)
    write_movements(folder / "foreign", 6)
    return folder


def words(sources: Path, out: Path, *more: str | Path) -> list[str]:
    """The command line for a page of three sources."""
    given = ("listen", "--real", sources / "bach", "--bundle", f"net={TINY_BUNDLE}",
             "--midi", sources / "foreign", "--out", out, "--seconds", "6",
             "--excerpts", COUNT, "--seed", "7", *more)  # fmt: skip
    return [str(word) for word in given]


@pytest.fixture(scope="session")
def page(sources: Path) -> Path:
    """The folder of the page; its key is ``page.key.json`` beside it."""
    out = sources / "page"
    assert main(words(sources, out, "--mail", "name@example.org")) == 0
    return out


@pytest.fixture(scope="session")
def key(page: Path) -> dict[str, Any]:
    """What the key says."""
    found: dict[str, Any] = json.loads(page.with_name("page.key.json").read_bytes())
    return found
