"""The network of a run of the default architecture, ready to be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import Piece
from playbach.predictor.lstm_copy import KIND
from playbach_train.arrays import movement_arrays
from playbach_train.checkpoint import load_model_arrays
from playbach_train.measure import Scores, bits_of, network_scores
from playbach_train.network import Network
from playbach_train.networks.architecture import HeldOut, Part
from playbach_train.run import Run

SEGMENT = 128
"""Notes read at once; the figures are the same with any number."""


@dataclass(frozen=True, eq=False)
class TrainedCopying:
    """The default network as an ``architecture.Trained``."""

    network: Network
    kind: str = KIND

    def scores(self, pieces: Mapping[str, Piece]) -> dict[str, Scores]:
        """How well the network predicts each note, by name of the piece: ``measure.Scores``."""
        encoding = self.network.encoding
        movements = [movement_arrays(name, piece, encoding) for name, piece in pieces.items()]
        found = network_scores(self.network, movements, streams=1, segment=SEGMENT)
        # The last row asks for the end.
        return {name: rows[:-1] for name, rows in found.items()}

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut:
        """Bits for each part of a note, over notes 2..n of each movement."""
        bits = bits_of(list(self.scores(pieces).values()))
        return HeldOut(
            parts={
                "shift": Part(bits.shift),
                "pitch": Part(bits.pitch, bits.pitch_top1),
                "duration": Part(bits.duration),
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
    network = Network(run.config.network, run.encoding)
    load_model_arrays(network, run.weights, str(run.folder))
    return TrainedCopying(network)


def _quarters(piece: Piece) -> float:
    """How long the music from the second note on is, quarter notes."""
    return sum(float(piece.end - note.onset) for note in piece.notes[1:2]) / TICKS_PER_QUARTER
