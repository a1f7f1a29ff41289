"""The music that a conversion is calibrated on, and the music that it is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from playbach.errors import InputError
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus import Request, load
from playbach_train.runs.pieces import kept_scores
from playbach_train.runs.run import SCORES, Run

FEWEST_STEPS = 2_000
"""Notes needed to calibrate on, and to measure on."""
LONGEST_PIECE = 500
"""Notes of one piece that count for calibration, so that it hears many pieces."""
ENOUGH_STEPS = 8_000
"""Notes after which no further piece is read."""


@dataclass(frozen=True)
class Music:
    """What variants are measured on.

    Attributes:
        pieces: each begins with a state of zeros.
        meaning: what they are, for the user.
    """

    pieces: tuple[Piece, ...]
    meaning: str

    @property
    def notes(self) -> int:
        """Of all pieces."""
        return sum(len(piece.notes) for piece in self.pieces)


def calibration_pieces(run: Run, folder: Path | None) -> list[Piece]:
    """Music to calibrate on: the scores in ``folder``, else those the run was trained on.

    Raises:
        InputError: there are none, or too few notes.
    """
    where, pieces = (run.folder, _trained_on(run)) if folder is None else (folder, _read(folder))
    notes = sum(min(len(piece.notes), LONGEST_PIECE) for piece in pieces)
    if notes < FEWEST_STEPS:
        raise InputError(
            f"{where}: {notes:,} notes to calibrate int8 on (of a piece at most {LONGEST_PIECE} "
            f"count), at least {FEWEST_STEPS:,} are needed; give more scores with --calibration DIR"
        )
    return pieces


def verification_music(run: Run) -> Music:
    """Music to measure on: what the run held out.

    If that is too little, what it was trained on, for a variant is held against the network and not
    against the scores; if there is none of that either, made-up music.

    Raises:
        InputError: the scores kept in the run are damaged.
    """
    held_out: Sequence[Piece] = ()
    if (run.folder / SCORES).exists():
        kept = kept_scores(run.folder)
        held_out = _enough(list(kept.held_out.values()))
        known = _enough(list(kept.training.values()))
        for pieces, what in ((held_out, "held out"), (known, "that it was trained on")):
            if sum(len(piece.notes) for piece in pieces) >= FEWEST_STEPS:
                return Music(tuple(pieces), f"{_movements(pieces)} {what}")
    made = "broken chords made for the purpose"
    meaning = f"{_movements(held_out)} held out and {made}" if held_out else made
    return Music((*held_out, *made_up()), meaning)


def _movements(pieces: Sequence[Piece]) -> str:
    return f"{len(pieces)} movement{'s' * (len(pieces) != 1)}"


def made_up() -> list[Piece]:
    """Music of the network's kind: broken chords, at times in two voices, over 2,000 notes."""
    rng = np.random.default_rng(20)
    pieces = []
    for tonic in (48, 50, 55):
        notes, onset = [], 0
        scale = [tonic + step for step in (-5, 0, 2, 4, 5, 7, 9, 11, 12)]
        for bar in range(84):
            figure = rng.integers(0, len(scale), 4)
            for place in range(8):
                pitch = scale[int(figure[place % 4])] - (12 if bar % 8 == 0 else 0)
                notes.append(Note(Ticks(onset), Pitch(pitch), Ticks(12)))
                onset += 12
            if bar % 10 == 9:  # noqa: PLR2004 every tenth bar ends in a chord
                notes.append(Note(Ticks(onset), Pitch(tonic), Ticks(24)))
                notes.append(Note(Ticks(onset), Pitch(tonic + 4), Ticks(24)))
                onset += 24
        pieces.append(Piece(tuple(notes)))
    return pieces


def _trained_on(run: Run) -> list[Piece]:
    try:
        return list(kept_scores(run.folder).training.values())
    except InputError as error:
        raise InputError(f"{error}; --calibration DIR gives scores to calibrate on") from error


def _read(folder: Path) -> list[Piece]:
    corpus = load([folder], Request(), report=lambda _: None)
    return [movement.piece for movement in corpus.movements]


def _enough(pieces: Sequence[Piece]) -> list[Piece]:
    kept: list[Piece] = []
    for piece in pieces:
        if sum(len(one.notes) for one in kept) >= ENOUGH_STEPS:
            break
        kept.append(piece)
    return kept
