"""Messages become lines of fluidsynth's shell; what is missing is named with its remedy."""

import itertools
import os
import sys
from pathlib import Path

import pytest
from tests.fixtures.jack import jack_server, until

from playbach.errors import PortAbsentError, PortError
from playbach.midi.messages import (
    CLOCK,
    control_change,
    note_off,
    note_on,
    program_change,
    system_message,
)
from playbach.sinks import soundfont
from playbach.sinks.base import Change
from playbach.sinks.fluidsynth import Backoff, FluidsynthOutput, fluidsynth_sink, shell_command
from playbach.sinks.fluidsynth_process import SILENT
from playbach.sound.options import SoundOptions

GOES_ON = """#!{0}
import os, select, sys
print("{1}", "playbach-is-ready", sep="\\n", flush=True)
while not (select.select([0], [], [], 0.05)[0] and b"quit" in os.read(0, 4096)):
    if os.path.exists("{2}"):
        os.remove("{2}")
        print("fluidsynth: error: {3}: x", file=sys.stderr, flush=True)
"""


def test_messages_become_lines_of_the_shell() -> None:
    assert shell_command(note_on(0, 60, 80)) == b"noteon 0 60 80\n"
    assert shell_command(note_off(1, 60)) == b"noteoff 1 60\n"
    assert shell_command(control_change(0, 123, 0)) == b"cc 0 123 0\n"
    assert shell_command(program_change(15, 42)) == b"prog 15 42\n"
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


def test_a_start_that_keeps_failing_is_tried_less_and_less_often() -> None:
    patience, tries = Backoff(), []
    for tenths in range(3000):
        now = tenths / 10 + tenths * 1e-6
        if patience.is_over(now):
            tries.append(tenths)
            patience.begun(now)
            patience.failed(now)
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert gaps[:4] == [1, 2, 4, 8]
    assert gaps[-1] == 300
    # After a long run the next start is prompt again.
    patience.begun(400.0)
    patience.failed(500.0)
    assert patience.is_over(500.2)


def test_a_synth_that_cannot_be_started_any_more_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A program that ends at once stands for a sound card that is away."""
    font = tmp_path / "font.sf2"
    font.touch()
    program = tmp_path / "fluidsynth"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    output = FluidsynthOutput(SoundOptions(soundfont=str(font)), "alsa")
    with pytest.raises(PortError, match=r"fluidsynth ended \(status 1\)"):
        output.open()
    seen = []
    until(lambda: seen.append(output.present()) or len(seen) > 5, "some looks")  # type: ignore[func-returns-value]
    if any(seen):
        with pytest.raises(PortError):
            output.connect()
    output.close()


def test_a_synth_without_a_sound_card_is_one_that_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, font: Path
) -> None:
    monkeypatch.setenv("ALSA_CARD", "no such card")
    with pytest.raises(PortAbsentError, match="nothing would be heard: Failed to open the"):
        FluidsynthOutput(SoundOptions(soundfont=str(font)), "alsa").open()
    sink = fluidsynth_sink(SoundOptions(soundfont=str(font)), "alsa")
    sink.open(absent_ok=True)
    try:
        assert not sink.connected
    finally:
        sink.close()


def test_where_nothing_leads_to_a_loudspeaker_that_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, font: Path
) -> None:
    assert font.exists()
    monkeypatch.setattr(soundfont, "DRIVERS", ())
    sink = fluidsynth_sink()
    with pytest.raises(PortAbsentError, match="there is no sound card and no sound server"):
        sink.open()
    sink = fluidsynth_sink()
    sink.open(absent_ok=True)
    assert not sink.connected
    sink.close()


@pytest.mark.parametrize("phrase", SILENT)
def test_a_synth_that_is_heard_no_more_is_lost_and_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, phrase: str
) -> None:
    """The program goes on, as fluidsynth does whose card was pulled out."""
    font, gone, program = tmp_path / "font.sf2", tmp_path / "gone", tmp_path / "fluidsynth"
    font.touch()
    program.write_text(GOES_ON.format(sys.executable, font, gone, phrase))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    sink = fluidsynth_sink(SoundOptions(soundfont=str(font)), "alsa")
    changes: list[Change] = []
    sink.open()
    try:
        sink.start(lambda _: None, changes.append)
        assert sink.connected
        gone.touch()
        until(lambda: Change.LOST in changes, "the loss")
        until(lambda: Change.FOUND in changes, "the next start")
        assert sink.reconnect()
    finally:
        sink.close()


def test_a_synth_whose_sound_server_dies_is_lost(font: Path) -> None:
    name = f"playbach-dying-{os.getpid()}"
    changes: list[Change] = []
    with jack_server(name) as server:
        sink = fluidsynth_sink(SoundOptions(soundfont=str(font)), "jack")
        sink.open()
        try:
            sink.start(lambda _: None, changes.append)
            server.kill()
            until(lambda: changes != [], "the loss")
            assert changes[0] is Change.LOST
        finally:
            sink.close()
