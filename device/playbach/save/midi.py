"""Movements as a MIDI file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playbach.music.midi_write import Placed, midi_bytes, suite_midi_bytes

CELLO = 42
"""General MIDI program, counted from 0: a cello."""


def midi_file(placed: Sequence[Placed]) -> bytes:
    """The movements, at least one, as a MIDI file; one by itself keeps its form and pickup."""
    first = placed[0]
    if len(placed) == 1:
        return midi_bytes(first.piece, tempo=first.tempo, program=CELLO)
    return suite_midi_bytes(placed, title=first.piece.title, program=CELLO)


def write(movements: Sequence[Placed], path: Path) -> None:
    """``midi_file`` into a file."""
    path.write_bytes(midi_file(movements))
