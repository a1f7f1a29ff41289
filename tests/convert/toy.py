"""What networks too small to be of use have in common: weights that are drawn, not learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from playbach.music.symbols import BORDER, OTHER, Vocabulary
from playbach.schema import Setting
from playbach_train.networks.architecture import Convertible, Job
from playbach_train.runs.checkpoint import Arrays, save_arrays
from playbach_train.runs.run import NETWORK, Run

VOCABULARY = Vocabulary((BORDER, OTHER, *((pitch,) for pitch in range(36, 77))))


@dataclass(frozen=True)
class ToyTraining:
    seed: Annotated[int, Setting("seed of it", low=0, high=1000)] = 1
    held_out: Annotated[float, Setting("share of the movements held out", low=0, high=0.9)] = 0.2


@dataclass(frozen=True)
class ToyNetwork:
    units: Annotated[int, Setting("units of the layer", low=1, high=64)] = 12


@dataclass(frozen=True)
class ToyConfig:
    network: ToyNetwork = field(default_factory=ToyNetwork)
    training: ToyTraining = field(default_factory=ToyTraining)


@dataclass(frozen=True)
class Toy:
    """An ``Architecture``."""

    shapes: Callable[[ToyNetwork], Mapping[str, tuple[int, ...]]]
    trained: Callable[[Arrays], Convertible]
    about: str = "a toy"
    config: ToyConfig = field(default_factory=ToyConfig)

    def fit(self, job: Job) -> None:
        rng = np.random.default_rng(job.config.training.seed)
        # Large enough to have opinions.
        drawn = {
            name: rng.normal(0, 0.5, shape).astype(np.float32)
            for name, shape in self.shapes(job.config.network).items()
        }
        save_arrays(job.folder / NETWORK, drawn, {"epoch": 1})

    def load(self, run: Run) -> Convertible:
        return self.trained(run.weights)
