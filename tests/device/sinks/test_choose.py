"""The best sink is chosen and explained; an explicit wish is never replaced by something else."""

import sys
from pathlib import Path

import pytest

from playbach.errors import InputError, PortError
from playbach.quiet import quiet_stderr
from playbach.sinks import alsa_client, base, choose, midi_api
from playbach.sinks.choose import checks, choose_sink, list_inputs, list_ports
from playbach.sinks.jack_server import open_client
from playbach.sinks.soundfont import DRIVERS
from playbach.sinks.table import SINK_NAMES, Check


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without sequencer, JACK server, fluidsynth."""
    for module in (alsa_client, choose, midi_api):
        monkeypatch.setattr(module, "ALSA_DEVICE", tmp_path / "seq")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "playbach-no-such-server")
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("nothing_here")
def test_on_a_bare_machine_it_still_plays_and_says_what_would_make_it_audible(
    capfd: pytest.CaptureFixture[str],
) -> None:
    choice = choose_sink(None)
    assert choice.sink.name == "none"
    said = "\n".join(choice.explanation)
    assert "no ALSA sequencer" in said
    assert "no MIDI output port" in said or "python-rtmidi cannot be imported" in said
    assert "fluidsynth is not installed" in said
    assert "playing to: nowhere" in said
    assert "apt install fluidsynth timgm6mb-soundfont" in said
    assert list_ports() == []
    assert list_inputs() == []
    # libjack and libasound keep quiet.
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("nothing_here")
def test_without_rtmidi_the_midi_sink_says_so_and_the_rest_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    choice = choose_sink(None)
    assert choice.sink.name == "none"
    assert "midi: python-rtmidi cannot be imported" in "\n".join(choice.explanation)
    assert list_ports() == []
    with pytest.raises(
        PortError,
        match=r"^sink midi: python-rtmidi cannot be imported .*; (not needed on|use Python)",
    ):
        choose_sink("midi").sink.open()


@pytest.mark.usefixtures("nothing_here")
def test_each_check_that_fails_says_what_to_do() -> None:
    rows = checks()
    assert [row.thing for row in rows] == [
        *("sink alsa", "sink jack", "sink midi", "sink fluidsynth", "sink sound"),
    ]
    for row in rows:
        assert isinstance(row, Check)
        assert not row.found
        assert row.detail
        assert row.remedy


def test_a_sound_font_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nothing_here: None
) -> None:
    del nothing_here
    program = tmp_path / "fluidsynth"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("SOUNDFONT", "/nowhere.sf2")
    row = checks()[-1]
    assert row.detail == "SOUNDFONT=/nowhere.sf2: no such file"
    assert row.remedy == "name a .sf2 or .sf3 file"


@pytest.mark.skipif(base.ALSA_DEVICE.exists(), reason="the sequencer here can be opened")
def test_a_sequencer_that_cannot_be_opened_is_said_with_what_to_do(
    tmp_path: Path, nothing_here: None
) -> None:
    del nothing_here
    (tmp_path / "seq").touch()
    row = checks()[0]
    assert row.detail.startswith(f"{tmp_path / 'seq'} cannot be opened: ")
    assert row.remedy == "add this user to the group audio"


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize("name", ["alsa", "midi", "fluidsynth"])
def test_a_sink_that_was_asked_for_fails_with_the_reason(name: str) -> None:
    with pytest.raises(PortError, match=f"sink {name}: "):
        choose_sink(name).sink.open()


@pytest.mark.usefixtures("nothing_here")
def test_a_port_that_was_asked_for_is_not_replaced_by_something_else() -> None:
    with pytest.raises(PortError, match="port 'piano': no MIDI port has that in its name"):
        choose_sink(None, "piano")


def test_an_unknown_sink_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match=", ".join(SINK_NAMES)):
        choose_sink("loudspeaker")


@pytest.mark.parametrize("name", ["none", "fluidsynth"])
def test_a_port_for_a_sink_without_ports_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="has no ports"):
        choose_sink(name, "x")


def test_the_file_sink_wants_a_file() -> None:
    with pytest.raises(InputError, match="--port"):
        choose_sink("file")


def test_c_code_keeps_quiet_only_meanwhile(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        Path("/dev/stderr").write_text("noise")
    assert choose.__doc__
    assert capfd.readouterr().err == ""


class _Forbidden:
    """JACK-Client where memory that is written must not be executed, as in the service's unit."""

    @staticmethod
    def set_error_function(_callback: object) -> None:
        raise MemoryError("Cannot allocate write+execute memory for ffi.callback()")

    set_info_function = set_error_function


def test_jack_is_out_of_reach_where_callbacks_are_forbidden_and_that_is_a_line() -> None:
    with pytest.raises(PortError, match="MemoryDenyWriteExecute=no"):
        open_client(_Forbidden(), "look")


def test_a_folder_of_sockets_that_may_not_be_seen_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As systemd's ProtectHome hides /run/user, whoever asks; here a file is in the way.
    (tmp_path / "pulse").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    assert not next(driver for driver in DRIVERS if driver.name == "pulseaudio").is_there()
    (tmp_path / "pipewire-0").touch()
    assert next(driver for driver in DRIVERS if driver.name == "pipewire").is_there()
