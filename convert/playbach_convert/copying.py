"""The pipeline of the default network: three graphs for each note, its state carried on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Network
from playbach.music.encoding import Encoding
from playbach.predictor.lstm_copy import KIND
from playbach_convert.calibration import rollouts
from playbach_convert.distributions import load_network
from playbach_convert.graphs import Traced
from playbach_convert.music import calibration_pieces, verification_music
from playbach_convert.pipeline import Rollouts
from playbach_convert.steps import ROLES, traced_step
from playbach_convert.verify import Verifier
from playbach_train.runs.run import Run

SIZES = (
    "embedding", "units", "layers", "head", "pointers", "pointer_width", "memory",
)  # fmt: skip
"""Attributes of the configuration that the board must know."""

TABLES = MappingProxyType({
    "note": "rows/embeddings",
    "pitch": "pitch_head/rows/embeddings",
    "duration": "duration_head/rows/embeddings",
    "match": "pointers/match_bias",
    "place": "pointers/place_bias",
    "gates": "pointers/gate_bias",
    "gain": "pointers/similarity_gain",
})  # fmt: skip
"""Tables of the bundle, and the weights they are."""


class Copying:
    """The ``Pipeline`` of networks of the kind ``lstm_copy.KIND``."""

    def __init__(self, run: Run) -> None:
        """Load the network of ``run``.

        Raises:
            InputError: its weights are not those of its configuration, or not finite.
        """
        self._run = run
        self._network = load_network(run)

    @property
    def network(self) -> Network:
        sizes = {name: getattr(self._run.config.network, name) for name in SIZES}
        return Network(KIND, sizes)

    @property
    def encoding(self) -> Encoding:
        return self._run.encoding

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        weights = self._run.weights
        return {
            name: np.atleast_2d(weights[source]).astype(np.float32)
            for name, source in TABLES.items()
        }

    def graphs(self) -> Mapping[str, Traced]:
        return {role: traced_step(role, self._run.weights) for role in ROLES}

    def rollouts(self, folder: Path | None) -> Rollouts:
        pieces = calibration_pieces(self._run, folder)
        return rollouts(self._run.weights, self._run.encoding, pieces)

    def verifier(self) -> Verifier:
        return Verifier(self._network, verification_music(self._run))
