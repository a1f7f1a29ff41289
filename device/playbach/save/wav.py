"""Movements as sound: the MIDI file as fluidsynth renders it, faster than it would be played."""

from __future__ import annotations

import os
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

from playbach.clock import NS_PER_SECOND, ns_per_tick
from playbach.errors import OutputError
from playbach.music.midi_write import Placed
from playbach.save.midi import midi_file
from playbach.save.needs import require_program, run_program
from playbach.sinks.fluidsynth_process import GAIN
from playbach.sinks.soundfont import INSTALL, find_font

RATE = 44_100
"""Samples per second and channel, as on a CD; 16 bits each."""
BYTES_PER_SECOND = RATE * 2 * 2
MOST_BYTES = 2**32 - 2**20
"""The sizes in a WAV file have 32 bits."""
_TAIL = 8.0
"""Seconds after the last note in which its echo must have come to an end."""
_PATIENCE = 60.0
"""Seconds that rendering may take beyond the length of the music."""


def check() -> None:
    """Check that a synthesiser and its sound font are installed.

    Raises:
        OutputError: fluidsynth or a sound font is not installed.
        PortError: ``$SOUNDFONT`` names no file.
    """
    _synthesiser()


def write(movements: Sequence[Placed], path: Path) -> None:
    """Render into ``path``.

    Raises:
        OutputError: as ``check``, or the music is too long, or fluidsynth fails.
        PortError: as ``check``.
    """
    program, font = _synthesiser()
    length = seconds(movements)
    if (length + _TAIL) * BYTES_PER_SECOND > MOST_BYTES:
        most = int(MOST_BYTES / BYTES_PER_SECOND / 3600)
        raise OutputError(
            f"the music takes more than the {most} hours that a WAV file holds; ask for fewer notes"
        )
    with tempfile.TemporaryDirectory(prefix="playbach-") as folder:
        midi = Path(folder, "music.mid")
        midi.write_bytes(midi_file(movements))
        said = _run(_command(program, font, midi, path), length + _PATIENCE)
    if not length <= _length(path) <= length + _TAIL:
        raise OutputError(
            f"fluidsynth wrote no whole WAV file with {font}{said}; set SOUNDFONT to another font"
        )


def seconds(movements: Sequence[Placed]) -> float:
    """How many seconds the movements take, with the rests between them but not after the last."""
    return sum(
        _played(one, one.piece.end if is_last else max(one.length, one.piece.end))
        + (0.0 if is_last else one.rest)
        for one, is_last in ((one, one is movements[-1]) for one in movements)
    )


def _played(movement: Placed, end: int) -> float:
    meters = movement.piece.meters
    ends = [*(tick for tick, _ in meters[1:]), end]
    lengths = (
        (min(until, end) - tick) * ns_per_tick(movement.tempo, meter)
        for (tick, meter), until in zip(meters, ends, strict=True)
        if tick < end
    )
    return float(sum(lengths)) / NS_PER_SECOND


def _synthesiser() -> tuple[str, Path]:
    program = require_program("fluidsynth", INSTALL)
    font = find_font()
    if font is None:
        raise OutputError(
            f"there is no sound font; run: {INSTALL}, or set SOUNDFONT to a .sf2 or .sf3 file"
        )
    return program, font


def _command(program: str, font: Path, midi: Path, out: Path) -> list[str]:
    rendering = ["-F", str(out), "-T", "wav", "-O", "s16", "-r", str(RATE), "-g", str(GAIN)]
    # Without -f the user's own settings would change the sound.
    loading = ["-o", "synth.dynamic-sample-loading=1", "-f", os.devnull]
    return [program, "-n", "-i", "-q", *loading, *rendering, str(font), str(midi)]


def _run(command: list[str], patience: float) -> str:
    """Run fluidsynth; what it complained about, as the end of a message, or no text."""
    done = run_program(command, INSTALL, patience)
    lines = [line.strip() for line in done.stderr.splitlines()]
    faults = [line for line in lines if "error" in line.lower()]
    said = f": {faults[0]}" if faults else ""
    if done.returncode or faults:
        raise OutputError(
            f"fluidsynth failed (status {done.returncode}){said}; set SOUNDFONT to another font, "
            "or check whether the disk is full"
        )
    return said


def _length(path: Path) -> float:
    """Seconds of sound in a WAV file, 0 for what is none."""
    try:
        with wave.open(str(path)) as sound:
            frames: int = sound.getnframes()
            return frames / RATE
    except (wave.Error, EOFError):
        return 0.0
