"""`playbach page`: the link, and the two doors that it opens and closes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.cli.conftest import Command

from playbach.cli import opening
from playbach.cli.opening import with_address
from playbach.config import load_config

CONFIG = Path(__file__).parents[3] / "systemd" / "config.toml"
BEFORE = ["", "[page]\n", '[page]\nmodels = "a"\n', '[page]\naddress = "off" # no\n[sound]\n']


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board's configuration, as it was installed."""
    config = tmp_path / "config.toml"
    config.write_bytes(CONFIG.read_bytes())
    monkeypatch.setattr(opening, "DROP_IN", tmp_path / "drop-in" / "page.conf")
    monkeypatch.setattr(opening, "_apply", lambda: None)
    monkeypatch.setattr(opening, "_is_active", lambda: False)
    return config


def test_the_page_is_opened_and_closed_in_one_step(
    playbach: Command, installed: Path, tmp_path: Path
) -> None:
    def asked(*words: str) -> str:
        return playbach("page", "--config", installed, "--state", tmp_path / "s", *words).out

    closed = asked()
    assert "http://127.0.0.1:8420/\n" in closed
    assert "sudo playbach page --open" in closed
    opened = asked("--open", "--host", "bach.local")
    assert opened.startswith("http://bach.local:8420/#")
    assert load_config(installed).config.page.address == "0.0.0.0:8420"
    allowed = (tmp_path / "drop-in" / "page.conf").read_text()
    assert "IPAddressAllow=192.168.0.0/16" in allowed
    assert "0.0.0.0/0" not in allowed
    assert asked("--close") == closed
    assert not (tmp_path / "drop-in" / "page.conf").exists()
    # Nothing else of the file changed.
    assert CONFIG.read_text() in installed.read_text()


def test_what_cannot_be_edited_is_said(playbach: Command, installed: Path, tmp_path: Path) -> None:
    text = '[music]\nform = "gigue"\n\n[page.x]\n'
    installed.write_text('page = {models = "a"}\n')
    said = playbach("page", "--config", installed, "--state", tmp_path, "--open").mistake
    assert "by hand" in said
    assert installed.read_text() == 'page = {models = "a"}\n'
    installed.write_text(text)
    assert "x" in playbach("page", "--config", installed, "--open").mistake


@given(st.sampled_from(BEFORE), st.sampled_from(["127.0.0.1:1", "0.0.0.0:8420"]))
def test_an_address_takes_its_place(before: str, address: str) -> None:
    page = tomllib.loads(with_address(before, address))["page"]
    assert page == {**tomllib.loads(before).get("page", {}), "address": address}
