"""``playbach check`` and ``playbach config``: what holds, what is wrong, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.device.cli.conftest import Command
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.config import default_text
from playbach.daemon.state import NAME, Overrides
from playbach.session.settings import Settings


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


def of(out: str, thing: str) -> str:
    return next(line for line in out.splitlines() if line[8:].startswith(f"{thing}: "))


def test_check_says_which_configuration_model_and_state_hold(
    playbach: Command, state: Path, tmp_path: Path
) -> None:
    path = tmp_path / "my.toml"
    path.write_text(f'[sound]\nsink = "alsa"\nport = "FLUID"\n[model]\nbundle = "{TINY_BUNDLE}"\n')
    said = playbach("check", "--config", path)
    assert of(said.out, "configuration") == (
        f"ok      configuration: {path}, 3 keys; plays to alsa, port FLUID"
    )
    assert str(TINY_BUNDLE) in of(said.out, "model")
    assert of(said.out, "state") == f"ok      state: changes are remembered in {state}"
    assert "priority" in of(said.out, "timing")


def test_check_without_a_file_speaks_of_defaults(playbach: Command, state: Path) -> None:
    assert state
    said = playbach("check")
    assert "configuration: defaults; plays to the best sink there is" in said.out


def test_check_looks_at_the_variant_that_is_configured(
    playbach: Command, state: Path, tmp_path: Path
) -> None:
    assert state
    path = tmp_path / "my.toml"
    path.write_text('[model]\nvariant = "edgetpu"\n')
    said = playbach("check", "--config", path)
    assert of(said.out, "model").startswith("missing model: variant 'edgetpu'")
    assert said.status == 1


def test_check_says_where_state_cannot_be_kept(
    playbach: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file" / "state"))
    assert of(playbach("check").out, "state").startswith("missing state: ")


def test_every_mistake_of_a_configuration_is_a_line(playbach: Command, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[music]\ntempo = 9\nkeey = 'd'\n")
    for words in (("check",), ("config", "--effective"), ("config",)):
        said = playbach(*words, "--config", path)
        assert said.status == 2
        first, second = said.error.splitlines()
        assert first.startswith(f"playbach {words[0]}: {path}:2: tempo 9: it must be 10 to 400")
        assert second == (
            f'playbach {words[0]}: {path}:3: [music] has no key "keey" (did you mean key?)'
        )


def test_config_prints_all_there_is(playbach: Command) -> None:
    said = playbach("config")
    assert (said.status, said.out, said.error) == (0, default_text(), "")


def test_what_holds_comes_with_where_it_comes_from(playbach: Command, state: Path) -> None:
    own = state.with_name("config") / "playbach" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[music]\nkey = 'd'\n")
    said = playbach("config", "--effective")
    assert f'key = "D minor"  # {own}:2\n' in said.out
    assert 'tempo = "auto"  # default\n' in said.out


def test_what_holds_includes_what_was_changed_while_it_played(
    playbach: Command, state: Path
) -> None:
    Overrides(state).keep(Settings(), Settings(tempo=66.0))
    said = playbach("config", "--effective")
    assert f"tempo = 66.0  # {state / NAME}\n" in said.out


def test_looking_leaves_a_damaged_state_where_it_is(playbach: Command, state: Path) -> None:
    state.mkdir()
    (state / NAME).write_text("{")
    assert playbach("config", "--effective").status == 0
    assert [path.name for path in state.iterdir()] == [NAME]
