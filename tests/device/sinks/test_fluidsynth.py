"""Messages become lines of fluidsynth's shell; what is missing is named with its remedy."""

from pathlib import Path

import pytest

from playbach.errors import PortError
from playbach.midi_messages import (
    CLOCK,
    control_change,
    note_off,
    note_on,
    pitch_bend,
    program_change,
    system_message,
)
from playbach.sinks import soundfont
from playbach.sinks.fluidsynth import fluidsynth_sink, shell_command


def test_messages_become_lines_of_the_shell() -> None:
    assert shell_command(note_on(0, 60, 80)) == b"noteon 0 60 80\n"
    assert shell_command(note_off(1, 60)) == b"noteoff 1 60\n"
    assert shell_command(control_change(0, 123, 0)) == b"cc 0 123 0\n"
    assert shell_command(program_change(15, 42)) == b"prog 15 42\n"
    assert shell_command(pitch_bend(2, 0)) == b"pitch_bend 2 8192\n"
    assert shell_command(system_message(CLOCK)) == b""


def test_a_missing_fluidsynth_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PortError, match="apt install fluidsynth timgm6mb-soundfont"):
        fluidsynth_sink().open()


def test_a_sound_font_named_in_the_environment_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDFONT", "/no/such.sf2")
    with pytest.raises(PortError, match=r"SOUNDFONT=/no/such\.sf2: no such file"):
        soundfont.find_font()


def test_a_program_that_cannot_run_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "fluidsynth"
    program.write_bytes(b"\x7fELF, but not really")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PortError, match="does not run"):
        soundfont.find_driver(soundfont.require_program())
