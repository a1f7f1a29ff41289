"""A further network, all of it: pitches counted after pitches. Its row is put in by a test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.note import Piece
from playbach.schema import Setting
from playbach_train.networks.architecture import Architecture, HeldOut, Job, PartBits
from playbach_train.runs.checkpoint import Arrays, load_arrays, save_arrays
from playbach_train.runs.run import CHECKPOINT, NETWORK, Run

PITCHES = 128
FEWEST_PIECES = 3


@dataclass(frozen=True)
class Counting:
    """How pitches are counted."""

    epochs: Annotated[int, Setting("times all pieces are read", low=1, high=10)] = 2
    doubt: Annotated[float, Setting("added to each count", low=0.01, high=10)] = 0.5
    held_out: Annotated[
        float, Setting("share of the movements that are not counted", low=0, high=0.9)
    ] = 0.2
    seed: Annotated[int, Setting("of their choice", low=0, high=1000)] = 1
    silent: Annotated[bool, Setting("give no probabilities")] = False


@dataclass(frozen=True)
class Config:
    training: Counting = field(default_factory=Counting)


@dataclass(frozen=True)
class Counted:
    counts: NDArray[np.float64]
    silent: bool
    kind: str = "bigrams"

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut | None:
        if self.silent:
            return None
        chances = self.counts / self.counts.sum(axis=1, keepdims=True)
        rows = [pitches(piece) for piece in pieces.values()]
        before, after = (np.concatenate(side) for side in zip(*map(pairs, rows), strict=True))
        bits = -np.log2(chances[before, after])
        top1 = float((chances[before].argmax(axis=1) == after).mean())
        return HeldOut(
            parts={"pitch": PartBits(float(bits.mean()), top1), "nothing": PartBits(0.25)},
            symbols=len(bits),
            notes=2 * len(bits),
            quarters=4 * len(bits),
            unknown=0.125,
        )


class Bigrams:
    about = "pitches after pitches"
    config = Config()

    def fit(self, job: Job) -> None:
        training: Counting = job.config.training
        read = [pitches(piece) for piece in job.pieces(job.split.train).values()]
        if len(read) < FEWEST_PIECES:
            raise InputError(f"{len(read)} movements: too few; give at least {FEWEST_PIECES}")
        counts = np.full((PITCHES, PITCHES), training.doubt)
        began = 0
        if job.resume:
            arrays, notes = load_arrays(job.folder / CHECKPOINT)
            counts, began = arrays["counts"], int(notes["epoch"])
        for epoch in range(began + 1, training.epochs + 1):
            for before, after in map(pairs, read):
                np.add.at(counts, (before, after), 1)
            kept: Arrays = {"counts": counts}
            save_arrays(job.folder / NETWORK, kept, {"epoch": epoch})
            save_arrays(job.folder / CHECKPOINT, kept, {"epoch": epoch})
            job.say(f"epoch {epoch}: {math.log2(counts.max()):.1f}")

    def load(self, run: Run) -> Counted:
        return Counted(run.weights["counts"], run.config.training.silent)


def pitches(piece: Piece) -> NDArray[np.int64]:
    return np.array([note.pitch for note in piece.notes])


def pairs(row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return row[:-1], row[1:]


ARCHITECTURE: Architecture = Bigrams()
