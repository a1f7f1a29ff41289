"""Bits per note and top-1, of a network in training, of a run and of a bundle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.music.encoding import encode
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import Piece
from playbach.predictor import Predictor
from playbach.predictor.lstm_copy import KIND
from playbach_train.copying.data import MovementArrays, Reading, batches, movement_arrays, share_out
from playbach_train.copying.model import CopyingNetwork
from playbach_train.networks.architecture import HeldOut, PartBits
from playbach_train.networks.distribution import ALONE, Distribution
from playbach_train.runs.checkpoint import load_model_arrays
from playbach_train.runs.run import Run

LogProbs = NDArray[np.float32]
"""A row for each step of a movement: log-probabilities (nats) of the true shift, pitch and
duration, and 1 where the true pitch was the likeliest, else 0: ``(steps, 4)``."""

LEAST_CHANCE = 1e-30
"""Where probabilities are measured, and not logits, none is taken for less, so that no part of a
note costs over 100 bits."""
SEGMENT = 128
"""Notes read at once; the figures are the same with any number."""


@dataclass(frozen=True)
class Bits:
    """What a movement, or several pooled, cost to predict.

    Bits are means over notes 2..n of -log2 of the probability that the truth was given.

    Attributes:
        pitch, shift, duration: bits per note.
        pitch_top1: share of notes whose pitch was the likeliest.
        notes: how many notes the means are over.
    """

    pitch: float
    shift: float
    duration: float
    pitch_top1: float
    notes: int

    @property
    def total(self) -> float:
        """Bits for all three parts of a note."""
        return self.pitch + self.shift + self.duration


def network_log_probs(
    network: CopyingNetwork,
    movements: Sequence[MovementArrays],
    *,
    streams: int,
    segment: int,
    distribution: Distribution = ALONE,
) -> dict[str, LogProbs]:
    """How well the network predicts each movement of N notes, by name: ``(N + 1, 4)``.

    The last row asks for the end.

    Args:
        network: its state is reset at the beginning of each movement.
        movements: all with different names.
        streams: movements read in parallel, as many as ``network`` was made for.
        segment: notes read at once.
        distribution: who takes part, each with a share of the streams.
    """
    shares = share_out([Reading(movement) for movement in movements], streams)
    found: dict[str, list[LogProbs]] = {m.name: [] for m in movements}
    places = [_places(share, segment) for share in shares]
    for batch in batches(shares, segment, network.config.memory, network.encoding):
        del batch["weights"]
        log_probs = np.asarray(network.predict_on_batch(distribution.ours(batch)), np.float32)
        for row, place in zip(log_probs, [next(one, None) for one in places], strict=True):
            if place is not None:
                name, steps = place
                found[name].append(row[:steps])
    return {name: np.concatenate(rows) for name, rows in found.items()}


def predictor_log_probs(predictor: Predictor, piece: Piece) -> LogProbs:
    """How well a bundle's network predicts the N notes of ``piece``, one by one: ``(N, 4)``."""
    heading, events = encode(piece)
    encoding = predictor.encoding
    predictor.begin(heading)
    rows = []
    for event, note in zip(events, piece.notes, strict=True):
        shift = predictor.shift()[encoding.shift_symbol(event.shift)]
        pitches = predictor.pitch(event.shift)
        symbol = encoding.pitch_symbol(event.interval)
        durations = predictor.duration(event.shift, note.pitch)
        duration = durations[encoding.duration_symbol(event.duration)]
        chances = [
            math.log(max(float(p), LEAST_CHANCE)) for p in (shift, pitches[symbol], duration)
        ]
        rows.append([*chances, float(pitches.argmax() == symbol)])
        predictor.advance(event.shift, note.pitch, event.duration)
    return np.array(rows, np.float32).reshape(-1, 4)


def bits_of(rows: Sequence[LogProbs]) -> Bits:
    """Pool the notes of whole movements, each movement's first left out.

    Args:
        rows: of each movement ``(N, 4)``, without the row that asks for the end.
    """
    pooled = np.concatenate([row[1:] for row in rows])
    if not len(pooled):
        return Bits(math.nan, math.nan, math.nan, math.nan, 0)
    shift, pitch, duration, hits = pooled.mean(axis=0, dtype=np.float64).tolist()
    scale = -1 / math.log(2)
    return Bits(pitch * scale, shift * scale, duration * scale, hits, len(pooled))


def _places(share: Sequence[Reading], segment: int) -> Iterator[tuple[str, int]]:
    """For each segment of a stream: its movement, and how many of its steps are no padding."""
    for reading in share:
        for start in range(0, reading.movement.steps, segment):
            yield reading.movement.name, min(segment, reading.movement.steps - start)


@dataclass(frozen=True, eq=False)
class TrainedCopying:
    """The default network as an ``architecture.Trained``."""

    network: CopyingNetwork
    kind: str = KIND

    def log_probs(self, pieces: Mapping[str, Piece]) -> dict[str, LogProbs]:
        """How well the network predicts each note, by name of the piece: ``measure.LogProbs``."""
        encoding = self.network.encoding
        movements = [movement_arrays(name, piece, encoding) for name, piece in pieces.items()]
        found = network_log_probs(self.network, movements, streams=1, segment=SEGMENT)
        # The last row asks for the end.
        return {name: rows[:-1] for name, rows in found.items()}

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut:
        """Bits for each part of a note, over notes 2..n of each movement."""
        bits = bits_of(list(self.log_probs(pieces).values()))
        return HeldOut(
            parts={
                "shift": PartBits(bits.shift),
                "pitch": PartBits(bits.pitch, bits.pitch_top1),
                "duration": PartBits(bits.duration),
            },
            symbols=bits.notes,
            notes=bits.notes,
            quarters=sum(_quarters(piece) for piece in pieces.values()),
        )


def load_copying(run: Run) -> TrainedCopying:
    """The default network as ``run`` has trained it.

    Raises:
        InputError: the weights are not those of the run's own configuration, or not finite.
    """
    network = CopyingNetwork(run.config.network, run.encoding)
    load_model_arrays(network, run.weights, str(run.folder))
    return TrainedCopying(network)


def _quarters(piece: Piece) -> float:
    """How long the music from the second note on is, quarter notes."""
    return sum(float(piece.end - note.onset) for note in piece.notes[1:2]) / TICKS_PER_QUARTER
