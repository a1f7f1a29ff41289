"""Does a bundle do what the Keras network does? The same notes go into both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle
from playbach.errors import PlaybachError
from playbach.music.encoding import encode
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.predictor import Predictor, load_predictor
from playbach_train.checkpoint import load_network_arrays
from playbach_train.measure import log_probabilities
from playbach_train.network import Network
from playbach_train.run import Run
from playbach_train.segments import movement_arrays

# Most that the probability of a true symbol may differ by, in nats of its logarithm, in the mean.
TOLERANCE = {"float32": 1e-4, "dynamic": 0.02}


@dataclass(frozen=True)
class Verification:
    """How near a variant is to the network.

    Attributes:
        variant: which.
        notes: notes compared.
        mean: mean absolute difference of the log-probabilities given to the truth, nats.
        worst: the largest.
    """

    variant: str
    notes: int
    mean: float
    worst: float

    @property
    def line(self) -> str:
        """For the user."""
        return (
            f"{self.variant}: over {self.notes} notes its log-probabilities differ from the "
            f"network's by {self.mean:.6f} nats in the mean, {self.worst:.6f} at most"
        )


class VerificationError(PlaybachError):
    """A variant does not do what the network does."""


def verify(run: Run, bundle: Bundle, variant: str) -> Verification:
    """Feed the same notes to the Keras network and to ``variant``.

    Raises:
        VerificationError: they differ by more than ``TOLERANCE``.
    """
    pieces = probe_pieces()
    wanted = keras_log_probabilities(run, pieces)
    found = bundle_log_probabilities(load_predictor(bundle, variant), pieces)
    differences = np.abs(np.concatenate(wanted) - np.concatenate(found))
    result = Verification(
        variant, len(differences), float(differences.mean()), float(differences.max())
    )
    # Written so that NaN fails too.
    if not result.mean <= TOLERANCE[variant]:
        raise VerificationError(
            f"{variant}: differs from the network by {result.mean:.6f} nats in the mean, more than "
            f"{TOLERANCE[variant]} allowed; leave it out of --quantise, or train again"
        )
    return result


def keras_log_probabilities(run: Run, pieces: Sequence[Piece]) -> list[NDArray[np.float32]]:
    """Nats the Keras network gives each note's true shift, pitch and duration: ``(N, 3)`` each."""
    network = Network(run.config.network, run.encoding)
    movements = [movement_arrays(str(n), piece, run.encoding) for n, piece in enumerate(pieces)]
    log_probabilities(network, movements[:1], streams=1, segment=128)  # creates the weights
    load_network_arrays(network, run.weights, str(run.folder))
    found = log_probabilities(network, movements, streams=1, segment=128)
    return [found[movement.name][:-1] for movement in movements]


def bundle_log_probabilities(
    predictor: Predictor, pieces: Sequence[Piece]
) -> list[NDArray[np.float32]]:
    """The same from a bundle, note by note."""
    return [_teacher_forced(predictor, piece) for piece in pieces]


def _teacher_forced(predictor: Predictor, piece: Piece) -> NDArray[np.float32]:
    heading, events = encode(piece)
    encoding = predictor.encoding
    predictor.begin(heading)
    rows = []
    for event, note in zip(events, piece.notes, strict=True):
        chances = (
            predictor.shift()[encoding.shift_symbol(event.shift)],
            predictor.pitch(event.shift)[encoding.pitch_symbol(event.interval)],
            predictor.duration(event.shift, note.pitch)[encoding.duration_symbol(event.duration)],
        )
        rows.append([math.log(max(float(chance), 1e-30)) for chance in chances])
        predictor.advance(event.shift, note.pitch, event.duration)
    return np.array(rows, np.float32)


def probe_pieces() -> list[Piece]:
    """Music of the network's kind, made here: broken chords, scales and a chord, 1,200 notes."""
    rng = np.random.default_rng(20)
    pieces = []
    for tonic in (48, 50, 55):
        notes, onset = [], 0
        scale = [tonic + step for step in (-5, 0, 2, 4, 5, 7, 9, 11, 12)]
        for bar in range(50):
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
