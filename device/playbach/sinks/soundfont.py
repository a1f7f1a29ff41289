"""Finding a sound font and a way to the loudspeaker for fluidsynth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import PortAbsentError, PortError
from playbach.files import at_home
from playbach.sinks.midi_api import api_is_running

_FOLDERS = (
    at_home("~/.local/share/soundfonts"),
    at_home("~/.local/share/sounds/sf2"),
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
    Path("/opt/homebrew/share/soundfonts"),
)
_KINDS = (".sf3", ".sf2")
INSTALL = "apt install fluidsynth timgm6mb-soundfont"
"""What a message says to do about a missing synth or sound font, on Debian and its kin."""
_HELP_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Driver:
    """A way from fluidsynth to the loudspeaker.

    Attributes:
        name: fluidsynth's word for it.
        is_there: whether it leads anywhere on this machine, now.
    """

    name: str
    is_there: Callable[[], bool]


def _runtime(name: str) -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")) / name


def _has_sound_card() -> bool:
    return any(Path("/dev/snd").glob("pcmC*D*p"))


# A server that runs holds the card, so servers come before the card itself.
DRIVERS = (
    Driver("jack", lambda: api_is_running("JACK")),
    Driver("pipewire", lambda: _runtime("pipewire-0").exists()),
    Driver("pulseaudio", lambda: "PULSE_SERVER" in os.environ or _runtime("pulse/native").exists()),
    Driver("alsa", _has_sound_card),
    Driver("coreaudio", lambda: sys.platform == "darwin"),
    Driver("wasapi", lambda: sys.platform == "win32"),
)


def find_program() -> str | None:
    """Path of fluidsynth, ``None`` if it is not installed."""
    return shutil.which("fluidsynth")


def find_font() -> Path | None:
    """The sound font to use: ``$SOUNDFONT``, else the system's default, else the first there is.

    Raises:
        PortError: ``$SOUNDFONT`` names no file.
    """
    named = os.environ.get("SOUNDFONT")
    if named:
        if not Path(named).is_file():
            raise PortError(f"SOUNDFONT={named}: no such file; name a .sf2 or .sf3 file")
        return Path(named)
    fonts = [
        font
        for folder in _FOLDERS
        if folder.is_dir()
        for font in sorted(folder.iterdir())
        if font.suffix.lower() in _KINDS and font.is_file()
    ]
    return min(fonts, key=lambda font: not font.stem.startswith("default"), default=None)


def find_driver(program: str) -> str | None:
    """The audio driver to use: the first that ``program`` was built with and leads anywhere.

    Raises:
        PortError: the program does not run.
    """
    built_in = _built_in(program)
    return next((d.name for d in DRIVERS if d.name in built_in and d.is_there()), None)


def _built_in(program: str) -> str:
    """What ``fluidsynth -a help`` says; it names the drivers in quotes."""
    try:
        return subprocess.run(  # noqa: S603 the program found on the PATH, with constant arguments
            [program, "-a", "help"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_HELP_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PortError(f"sink fluidsynth: {program} does not run: {error}; {INSTALL}") from error


def require_program() -> str:
    """Path of fluidsynth.

    Raises:
        PortError: it is not installed.
    """
    program = find_program()
    if program is None:
        raise PortError(f"sink fluidsynth: fluidsynth is not installed; {INSTALL}")
    return program


def require_font() -> Path:
    """The sound font to use.

    Raises:
        PortError: there is none, or ``$SOUNDFONT`` names no file.
    """
    font = find_font()
    if font is None:
        raise PortError(
            f"sink fluidsynth: there is no sound font; {INSTALL}, or set SOUNDFONT to a .sf2 or "
            ".sf3 file"
        )
    return font


def require_driver(program: str) -> str:
    """The audio driver to use.

    Raises:
        PortAbsentError: nothing here leads to a loudspeaker now.
        PortError: the program does not run.
    """
    driver = find_driver(program)
    if driver is None:
        raise PortAbsentError(
            "sink fluidsynth: there is no sound card and no sound server (JACK, PipeWire or "
            "PulseAudio) that it could play to; connect one, or choose another sink"
        )
    return driver
