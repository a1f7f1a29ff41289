"""The pipeline of any network that says of its graphs what flows into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Network
from playbach.music.encoding import DEFAULT_ENCODING, Encoding
from playbach_convert.form_verifier import FormVerifier
from playbach_convert.graphs import Traced, traced
from playbach_convert.music import Music, calibration_pieces, verification_music
from playbach_convert.pipeline import Rollouts
from playbach_convert.readings import MOST_READ, carries_state, settled, thinned
from playbach_train.networks.architecture import Convertible, Tensors
from playbach_train.runs.run import Run

ENOUGH_SAMPLES = 200
"""Steps that int8 is calibrated on; windows overlap, so a few hundred hold thousands of symbols."""
ENOUGH_STATES = 500
"""The same of graphs that carry a state: one after another."""
NOISE = Music((), "random noise")


class General:
    """The ``Pipeline`` of any ``Convertible``."""

    def __init__(self, run: Run, trained: Convertible) -> None:
        """``trained`` is the network of ``run``."""
        self._run = run
        self._trained = trained

    @property
    def network(self) -> Network:
        return Network(self._trained.kind, self._trained.parameters)

    @property
    def encoding(self) -> Encoding:
        return DEFAULT_ENCODING

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        return self._trained.tables

    def graphs(self) -> Mapping[str, Traced]:
        return self._graphs

    def rollouts(self, folder: Path | None) -> Rollouts:
        pieces = calibration_pieces(self._run, folder) if self._reads_music else ()
        found: dict[str, NDArray[Any]] = {}
        for role in self._trained.graphs:
            samples = self._samples(role, self._trained.inputs(role, pieces))
            for name in self._trained.graphs[role].inputs:
                found[f"{role}/{name}"] = np.concatenate([sample[name] for sample in samples])
        return found

    def verifier(self) -> FormVerifier:
        music = verification_music(self._run) if self._reads_music else NOISE
        return FormVerifier(self._trained, self._graphs, music)

    @cached_property
    def _graphs(self) -> Mapping[str, Traced]:
        weights = self._trained.weights
        return {role: traced(form, weights) for role, form in self._trained.graphs.items()}

    @property
    def _reads_music(self) -> bool:
        """Whether any input is a symbol's index; else its inputs are noise."""
        forms = self._trained.graphs.values()
        return any(tensor.dtype == "int32" for form in forms for tensor in form.inputs.values())

    def _samples(self, role: str, stream: Iterable[Tensors]) -> list[Tensors]:
        if not carries_state(self._trained.graphs[role]):
            return thinned(islice(stream, MOST_READ), ENOUGH_SAMPLES)
        samples = list(islice(stream, ENOUGH_STATES))
        return settled(samples, self._graphs[role]) or samples
