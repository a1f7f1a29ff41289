"""Real parts: a JACK server without a sound card, and a fluidsynth that listens on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

JACK_PROGRAMS = ("jackd", "jack_lsp", "jack_rec", "jack_connect")
FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
PATIENCE = 20.0


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.05)


def jack_ports() -> list[str]:
    listing = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False)
    return listing.stdout.split("\n")


@pytest.fixture(scope="session")
def jack() -> Iterator[str]:
    """Name of a running server, which is also the default of this process."""
    missing = [name for name in JACK_PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt install jackd2)")
    name = f"playbach-test-{os.getpid()}"
    # Synchronous: asynchronous jackd loses events.
    command = ["jackd", "--no-mlock", "-r", "-S", "-n", name, "-d", "dummy", "-r", "48000"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JACK_DEFAULT_SERVER", name)
        environment.setenv("JACK_NO_START_SERVER", "1")
        server = subprocess.Popen(
            [*command, "-p", "256"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until(lambda: "system:playback_1" in jack_ports(), "jackd")
            yield name
        finally:
            server.terminate()
            server.wait(PATIENCE)


@pytest.fixture
def font() -> Path:
    if shutil.which("fluidsynth") is None or not FONT.exists():
        pytest.skip(f"no fluidsynth or no {FONT} (apt install fluidsynth timgm6mb-soundfont)")
    return FONT


@pytest.fixture
def synth(jack: str, font: Path) -> Iterator[str]:
    """JACK client name of a fluidsynth of its own."""
    name = f"synth-{jack}"[:30]
    options = {"midi.autoconnect": "0", "midi.jack.id": name}
    process = subprocess.Popen(
        [
            *("fluidsynth", "-a", "jack", "-m", "jack"),
            *(part for key, value in options.items() for part in ("-o", f"{key}={value}")),
            str(font),
        ],
        # Its shell waits for a command that never comes.
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: f"{name}:midi_00" in jack_ports(), "fluidsynth")
        yield name
    finally:
        process.communicate(b"quit\n", PATIENCE)
