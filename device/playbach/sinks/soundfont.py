"""Finding a sound font and a way to the loudspeaker for fluidsynth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playbach.errors import PortAbsentError, PortError
from playbach.files import at_home
from playbach.sinks.jack_server import jack_is_running

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


class Driver(NamedTuple):
    """A way from fluidsynth to the loudspeaker."""

    name: str  # fluidsynth's word for it
    is_there: Callable[[], bool]  # whether it leads anywhere on this machine, now


def _runs(name: str) -> bool:
    """Whether a server of this user has its socket there; ``Path.exists`` raises what this asks."""
    folder = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return os.access(Path(folder) / name, os.W_OK)


def has_sound_card() -> bool:
    """Whether ALSA has a device to play to."""
    return any(Path("/dev/snd").glob("pcmC*D*p"))


# A server that runs holds the card, so servers come before the card itself.
DRIVERS = (
    Driver("jack", jack_is_running),
    Driver("pipewire", lambda: _runs("pipewire-0")),
    Driver("pulseaudio", lambda: "PULSE_SERVER" in os.environ or _runs("pulse/native")),
    Driver("alsa", has_sound_card),
    Driver("coreaudio", lambda: sys.platform == "darwin"),
    Driver("wasapi", lambda: sys.platform == "win32"),
)


def find_program() -> str | None:
    """Path of fluidsynth, ``None`` if it is not installed."""
    return shutil.which("fluidsynth")


def find_font(wanted: str | None = None) -> Path | None:
    """The sound font to use: ``wanted``, else ``$SOUNDFONT``, the system's default, the first.

    Raises:
        PortError: ``wanted`` or ``$SOUNDFONT`` names no file.
    """
    for source, named in (("soundfont ", wanted), ("SOUNDFONT=", os.environ.get("SOUNDFONT"))):
        if named:
            if not Path(named).is_file():
                raise PortError(f"{source}{named}: no such file; name a .sf2 or .sf3 file")
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


def require_font(wanted: str | None = None) -> Path:
    """The sound font to use.

    Raises:
        PortError: there is none, or ``wanted`` or ``$SOUNDFONT`` names no file.
    """
    font = find_font(wanted)
    if font is None:
        raise PortError(
            f"there is no sound font; {INSTALL}, or set SOUNDFONT to a .sf2 or .sf3 file"
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
