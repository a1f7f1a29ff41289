"""The music that a conversion reads, and the samples of it that int8 is calibrated on.

Ranges must come from states that real pieces lead to. From a state of zeros, or from noise, they
come out so wrong that the network no longer composes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_convert.tflite import Samples, Traced
from playbach_train.corpus import Request, load
from playbach_train.networks.architecture import Convertible, Tensors
from playbach_train.runs.pieces import kept_scores
from playbach_train.runs.run import SCORES, Run

T = TypeVar("T")

FEWEST_STEPS = 2_000
"""Notes needed to calibrate on, and to measure on."""
LONGEST_PIECE = 500
"""Notes of one piece that count for calibration, so that it hears many pieces."""
ENOUGH_STEPS = 8_000
"""Notes after which no further piece is read."""
ENOUGH_WINDOWS = 200
"""Steps of a graph without a state; windows overlap, so a few hundred hold thousands of symbols."""
ENOUGH_STATES = 500
"""Steps of a graph that carries a state: one after another."""
MOST_READ = 20_000
"""Steps that are looked at, even of a stream that never ends."""
STATE = "state_"


@dataclass(frozen=True)
class Music:
    """Pieces that variants are measured on."""

    pieces: tuple[Piece, ...]  # each begins with a state of zeros
    meaning: str  # what they are, for the user

    @property
    def notes(self) -> int:
        """Number of notes in all pieces."""
        return sum(len(piece.notes) for piece in self.pieces)


NOISE = Music((), "random noise")


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
    return Music((*held_out, *synthetic_pieces()), meaning)


def _movements(pieces: Sequence[Piece]) -> str:
    return f"{len(pieces)} movement{'s' * (len(pieces) != 1)}"


def synthetic_pieces() -> list[Piece]:
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


def evenly_spread(items: Iterable[T], most: int) -> list[T]:
    """At most ``most`` of the first ``MOST_READ``, evenly spread, and at least half as many."""
    kept: list[T] = []
    every = 1
    for n, item in enumerate(islice(items, MOST_READ)):
        if n % every == 0:
            kept.append(item)
        if len(kept) > most:
            kept = kept[::2]
            every *= 2
    return kept


def calibration_samples(
    trained: Convertible, graphs: Mapping[str, Traced], pieces: Sequence[Piece]
) -> Samples:
    """Inputs of each graph of ``trained`` while it reads ``pieces``."""
    found: dict[str, NDArray[Any]] = {}
    for role, form in trained.graphs.items():
        stream = trained.inputs(role, pieces)
        states = [name for name in form.inputs if name.startswith(STATE)]
        if states:
            steps = list(islice(stream, ENOUGH_STATES))
            led_to = [graphs[role](**step) for step in steps]
            kept = same_range(
                [[step[name] for name in states] for step in steps],
                [[after[f"next_{name}"] for name in states] for after in led_to],
            )
            steps = [steps[n] for n in kept] or steps
        else:
            steps = evenly_spread(stream, ENOUGH_WINDOWS)
        found |= stacked({f"{role}/{name}": step[name] for name in form.inputs} for step in steps)
    return found


def stacked(steps: Iterable[Tensors]) -> Samples:
    """By name, the rows of N steps ``(1, ...)`` below each other: ``(N, ...)``."""
    rows = list(steps)
    return {name: np.concatenate([step[name] for step in rows]) for name in rows[0]}


def same_range(before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> list[int]:
    """Indices of steps whose states have one range as inputs and as outputs.

    So both get the same scale in int8, and the board can hand the integers on as they are. Left out
    are steps from or to a state that is the most extreme of all on its side.

    Args:
        before: by step, the states that went in, any arrays.
        after: by step, the same states as they came out.
    """
    sides = [np.array([_ranges(states) for states in side]) for side in (before, after)]
    kept = np.ones(len(before), bool)
    while kept.any():
        low = np.max([side[kept, :, 0].min(axis=0) for side in sides], axis=0)
        high = np.min([side[kept, :, 1].max(axis=0) for side in sides], axis=0)
        inside = np.logical_and(*(
            np.all((side[..., 0] >= low) & (side[..., 1] <= high), axis=1) for side in sides
        ))  # fmt: skip
        if inside[kept].all():
            break
        kept &= inside
    return np.flatnonzero(kept).tolist()


def _ranges(states: Sequence[Any]) -> list[tuple[float, float]]:
    """Minimum and maximum of each array and 0, which every int8 scale can represent."""
    arrays = [np.asarray(state) for state in states]
    return [(min(float(one.min()), 0.0), max(float(one.max()), 0.0)) for one in arrays]
