"""Movements as a MIDI file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from playbach.midi.files import Placed, placed_midi_bytes, suite_midi_bytes
from playbach.music.note import Ticks
from playbach.performer.features import Passage
from playbach.performer.model import PerformerModel
from playbach.performer.performer import Manner, Performer


def midi_file(placed: Sequence[Placed]) -> bytes:
    """The movements, at least one, as a MIDI file; one by itself keeps its form and pickup."""
    first = placed[0]
    if len(placed) == 1:
        return placed_midi_bytes(first)
    return suite_midi_bytes(placed, title=first.piece.title)


def performed(
    placed: Sequence[Placed], manner: Manner, seed: int, model: PerformerModel | None = None
) -> list[Placed]:
    """The movements as a player plays them; of that scores and pages have slurs and trills.

    Args:
        placed: each of them whole, in one meter.
        manner: how they are played.
        seed: of what no model of players predicts.
        model: of the player; ``None`` for the one included.
    """
    players = (Performer(manner, seed + number, model) for number in range(len(placed)))
    if not manner.expression:
        return list(placed)
    return [
        replace(movement, performance=player.perform(_passage(movement), movement.tempo))
        for movement, player in zip(placed, players, strict=True)
    ]


def _passage(movement: Placed) -> Passage:
    piece = movement.piece
    end = Ticks(max(movement.length, piece.end))
    return Passage(piece.notes, piece.meters[0][1], piece.pickup, movement.borders, end)


def write(movements: Sequence[Placed], path: Path) -> None:
    """``midi_file`` into a file."""
    path.write_bytes(midi_file(movements))
