"""The synth of the unit waits for a sound card, and ends when nothing would be heard any more."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fixtures.jack import until

from playbach.sinks.fluidsynth_process import SILENT

SYNTH = Path(__file__).parents[2] / "systemd" / "synth"
PATIENCE = 60
BY_ALSA = [phrase for phrase in SILENT if "JACK" not in phrase and "Pulse" not in phrase]
DEAF = ["Failed to create the MIDI thread", "Failed to load the SoundFont"]
# Says something, and goes on until its commands end: which they never do.
GOES_ON = "#!/bin/sh\necho \"$@\"\necho 'fluidsynth: error: {}: x' >&2\nread -r line\n"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The node of a sound card; there is none yet."""
    (tmp_path / "snd").mkdir()
    return tmp_path / "snd" / "pcmC0D0p"


@contextmanager
def synth(folder: Path, font: Path | str = "font.sf2") -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "DEVICES": str(folder / "snd"),
        "RUNTIME_DIRECTORY": str(folder),
        "ALSA_CARD": "no such card",
    }
    with subprocess.Popen(
        ["sh", str(SYNTH), "default", "0.6", str(font)], env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            # As the service manager ends all that a unit has started.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_without_a_card_it_waits_and_says_so_once(card: Path, font: Path, tmp_path: Path) -> None:
    with synth(tmp_path, font) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting for a sound card\n"
        card.touch()
        said = process.communicate(timeout=PATIENCE)[0]
    # What is there then is no card after all, and on this machine perhaps no sequencer either.
    assert "waiting" not in said
    assert "Failed to create the" in said
    assert process.returncode == 1


@pytest.mark.parametrize("phrase", [*BY_ALSA, *DEAF])
def test_one_that_would_go_on_without_sound_or_notes_is_ended(
    card: Path, tmp_path: Path, phrase: str
) -> None:
    card.touch()
    program = tmp_path / "fluidsynth"
    program.write_text(GOES_ON.format(phrase))
    program.chmod(0o755)
    with synth(tmp_path) as process:
        said = process.communicate(timeout=PATIENCE)[0]
        assert process.returncode == 1
    assert "-o audio.alsa.device=default -g 0.6 font.sf2" in said


def test_one_that_plays_is_left_to_play(card: Path, tmp_path: Path) -> None:
    card.touch()
    program, plays = tmp_path / "fluidsynth", tmp_path / "plays"
    program.write_text(GOES_ON.format("a note too many") + f"touch {plays}.not\n")
    program.chmod(0o755)
    with synth(tmp_path) as process:
        assert process.stdout is not None
        assert any("a note too many" in line for line in iter(process.stdout.readline, ""))
        (tmp_path / "commands").write_text("a command\n")
        until((tmp_path / "plays.not").exists, "its end")
        # It ended by itself, which is no reason to stay either.
        assert process.wait(PATIENCE) == 1
