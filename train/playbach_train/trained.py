"""A run's network, ready to be measured."""

from __future__ import annotations

from collections.abc import Mapping

from playbach.music.note import Piece
from playbach_train.arrays import movement_arrays
from playbach_train.checkpoint import load_model_arrays
from playbach_train.measure import Scores, network_scores
from playbach_train.network import Network
from playbach_train.run import Run

SEGMENT = 128


def run_scores(run: Run, pieces: Mapping[str, Piece]) -> dict[str, Scores]:
    """What the network of ``run`` makes of each piece, by name; a row a note.

    Raises:
        InputError: the weights are not those of the run's own configuration.
    """
    network = Network(run.config.network, run.encoding)
    movements = [movement_arrays(name, piece, run.encoding) for name, piece in pieces.items()]
    load_model_arrays(network, run.weights, str(run.folder))
    found = network_scores(network, movements, streams=1, segment=SEGMENT)
    return {name: rows[:-1] for name, rows in found.items()}
