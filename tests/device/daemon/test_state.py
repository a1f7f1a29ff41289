"""What was changed while it played is there after a restart, whatever happened to the file."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbach.daemon.state import MAX_BYTES, NAME, Overrides, state_folder
from playbach.session.settings import Settings

CONFIGURED = Settings(tempo=80.0, program=42)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "playbach"


@pytest.fixture(autouse=True)
def _said(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("playbach"), "propagate", True)
    caplog.set_level("INFO", "playbach")


def written(folder: Path, content: str | bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(content.encode() if isinstance(content, str) else content)


def remembering(folder: Path, **values: dict[str, object]) -> None:
    written(folder, json.dumps({"version": 1, "settings": values}))


def test_changes_survive_a_restart(folder: Path) -> None:
    new = Settings(tempo=120.0, program=None, key="D minor")
    Overrides(folder).keep(CONFIGURED, new)
    assert Overrides(folder).load(CONFIGURED) == new


def test_nothing_changed_writes_nothing(folder: Path) -> None:
    Overrides(folder).keep(CONFIGURED, CONFIGURED)
    assert not folder.exists()


def test_a_change_taken_back_is_forgotten(folder: Path) -> None:
    remembered = Overrides(folder)
    remembered.keep(CONFIGURED, Settings(tempo=120.0))
    remembered.keep(CONFIGURED, CONFIGURED)
    assert json.loads((folder / NAME).read_bytes())["settings"] == {}


def test_an_edit_of_the_configuration_goes_before_an_older_change(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Overrides(folder).keep(CONFIGURED, Settings(tempo=120.0, program=0))
    edited = Settings(tempo=60.0, program=42)
    assert Overrides(folder).load(edited) == Settings(tempo=60.0, program=0)
    assert "the tempo of the configuration is newer, and holds" in caplog.text


def test_what_is_unknown_or_out_of_range_is_dropped_with_a_line(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    remembering(
        folder,
        tempo={"value": 1e9, "instead_of": 80.0},
        warp={"value": 9, "instead_of": 1},
        transpose={"value": 5, "instead_of": 0},
    )
    assert Overrides(folder).load(CONFIGURED) == Settings(tempo=80.0, transpose=5)
    assert "dropped: tempo 1000000000.0: it must be 10 to 400" in caplog.text
    assert 'dropped: setting "warp": there is no such setting' in caplog.text


def test_values_that_are_allowed_only_together_come_back_together(folder: Path) -> None:
    new = Settings(velocity=120, accent=7)
    Overrides(folder).keep(Settings(), new)
    assert Overrides(folder).load(Settings()) == new


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Expecting value"),
        ('{"version": 1, "settings": {"tempo": {"val', "Unterminated string"),
        ("[]", "state a list: it must be an object"),
        ('{"version": 2, "settings": {}}', "state.version 2: it must be 1"),
        ('{"version": 1}', 'state: it has no "settings"'),
        (
            '{"version": 1, "settings": {"tempo": 80}}',
            'state.settings["tempo"] 80: it must be an object',
        ),
        (
            '{"version": 1, "settings": {"tempo": {"value": [], "instead_of": null}}}',
            "a list: it must be one value",
        ),
        ("[" * 60_000, "recursion"),
        (" " * (MAX_BYTES + 1), "larger than 65,536 bytes"),
        (b"\xff\xfe\x00", "decode"),
    ],
)
def test_a_damaged_file_is_set_aside_and_said(
    folder: Path, caplog: pytest.LogCaptureFixture, content: str | bytes, said: str
) -> None:
    written(folder, content)
    remembered = Overrides(folder)
    assert remembered.load(CONFIGURED) == CONFIGURED
    assert said in caplog.text
    assert "set aside as settings.damaged" in caplog.text
    assert sorted(path.name for path in folder.iterdir()) == ["settings.damaged"]
    remembered.keep(CONFIGURED, Settings(tempo=99.0, program=42))
    assert Overrides(folder).load(CONFIGURED).tempo == 99.0


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_the_file_the_music_begins(folder: Path, content: bytes) -> None:
    written(folder, content)
    assert Overrides(folder).load(CONFIGURED) == CONFIGURED


def test_a_folder_that_cannot_be_written_is_said_at_once_and_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remembered = Overrides(tmp_path / "file" / "state")
    assert remembered.load(CONFIGURED) == CONFIGURED
    assert remembered.problem.startswith("what is changed is lost at the next start: ")
    remembered.keep(CONFIGURED, Settings(tempo=99.0))
    assert remembered.problem
    (tmp_path / "file").unlink()
    remembered.keep(CONFIGURED, Settings(tempo=98.0))
    assert remembered.problem == ""
    assert Overrides(tmp_path / "file" / "state").load(CONFIGURED).tempo == 98.0


def test_a_file_that_cannot_be_read_or_replaced_is_said(folder: Path) -> None:
    (folder / NAME).mkdir(parents=True)
    remembered = Overrides(folder)
    assert remembered.load(CONFIGURED) == CONFIGURED
    assert f"{NAME}: this is a folder" in remembered.problem


def test_a_pipe_in_its_place_is_not_waited_for(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / NAME)
    remembered = Overrides(folder)
    assert remembered.load(CONFIGURED) == CONFIGURED
    assert "cannot be read: this is a pipe; going on without" in caplog.text
    assert "this is a device or pipe" in remembered.problem


def test_of_two_on_one_folder_the_second_says_so_and_keeps_nothing(folder: Path) -> None:
    first, second = Overrides(folder), Overrides(folder)
    assert first.load(CONFIGURED) == CONFIGURED
    first.keep(CONFIGURED, Settings(tempo=99.0, program=42))
    assert second.load(CONFIGURED).tempo == 99.0
    assert f"{folder}: another Play Bach that runs has its files here" in second.problem
    second.keep(CONFIGURED, Settings(tempo=60.0, program=42))
    assert second.problem
    assert first.problem == ""
    assert json.loads((folder / NAME).read_bytes())["settings"]["tempo"]["value"] == 99.0
    written(folder, "{")
    assert second.load(CONFIGURED) == CONFIGURED
    assert (folder / NAME).exists()
    del first
    second.keep(CONFIGURED, Settings(tempo=61.0, program=42))
    assert second.problem == ""
    assert json.loads((folder / NAME).read_bytes())["settings"]["tempo"]["value"] == 61.0


def test_the_state_folder_is_the_managers_else_the_users() -> None:
    assert state_folder({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}) == Path("/var/lib/a")
    assert state_folder({"XDG_STATE_HOME": "/home/me/state"}) == Path("/home/me/state/playbach")
    assert state_folder({"STATE_DIRECTORY": "x"}).parts[-3:] == (".local", "state", "playbach")
