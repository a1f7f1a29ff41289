"""The convolutional GAN of a 2022 thesis on folk ballads: phrases out of noise, no steps in time.

The generator makes an image of 64 sixteenths by 64 symbols out of a vector of noise, a softmax in
each row; the discriminator learns to tell it from phrases of real music, and the generator learns
from what gives it away. It assigns no probability to a piece, so it has no bits per note.

Chosen here: kernels of 3, a slope of 0.2, dropout of 0.3, and a momentum of 0.5 for Adam (Radford,
Metz and Chintala 2016, arXiv 1511.06434). An epoch reads every phrase once: in a round, the
discriminator is trained twice on one batch of real phrases and new noise, the generator once. See
``gan_phrases`` for what a phrase is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.note import MAX_PITCH, Piece
from playbach_train.networks.architecture import GraphForm, HeldOut, Job, Tensors
from playbach_train.networks.gan_models import ROLE, GanConfig, GanNetwork, generator, graph
from playbach_train.networks.gan_phrases import LINES, PITCHES, vocabulary
from playbach_train.networks.gan_training import LOWEST, fit
from playbach_train.networks.sequences import SIXTEENTH
from playbach_train.runs.checkpoint import Arrays, load_model_arrays
from playbach_train.runs.run import NETWORK, Run

HOMES = (0, 9)
"""Pitch classes of the tonics that all training music was moved to: C in major, A in minor."""

VECTORS = 256
"""Of noise, on which variants are calibrated and compared."""

_SEED = 1
_NO_PITCH = -1


@dataclass(frozen=True)
class GanTrained:
    """A trained generator."""

    config: GanNetwork  # sizes of the network
    weights: Arrays  # of the generator, by name
    lowest: int  # pitch of the lowest symbol, MIDI note number
    kind = "noise"

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        """Name, rows of an image, width of the noise."""
        return {"network": "gan", "lines": LINES, "noise": self.config.noise}

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        """Symbols, how long each lasts, and the tonics of a major and of a minor piece."""
        return {
            "symbols": vocabulary(self.lowest).table(),
            "ticks": np.array([SIXTEENTH], np.float32),
            "homes": np.array([HOMES], np.float32),
        }

    @property
    def graphs(self) -> Mapping[str, GraphForm]:
        """The only one: all of a phrase at once."""
        return {ROLE: graph(self.config)}

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        """Noise; music has nothing to do with it."""
        del role, pieces
        rng = np.random.default_rng(_SEED)
        for _ in range(VECTORS):
            yield {"noise": rng.standard_normal((1, self.config.noise), np.float32)}

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut | None:
        """``None``: it does not say how likely a piece is."""
        del pieces
        return None


class Gan:
    """The architecture's row."""

    about = "phrases of 64 sixteenths out of noise: a convolutional GAN"
    config = GanConfig()

    def fit(self, job: Job) -> None:
        """Train; raises as ``Architecture.fit``."""
        fit(job)

    def load(self, run: Run) -> GanTrained:
        """The last generator of a run; raises as ``Architecture.load``."""
        config: GanNetwork = run.config.network
        where = str(run.folder / NETWORK)
        weights = dict(run.weights)
        lowest = weights.pop(LOWEST, np.array(_NO_PITCH))
        if lowest.shape or lowest not in range(MAX_PITCH - PITCHES + 2):
            raise InputError(f"{where}: no lowest pitch in it; train again")
        load_model_arrays(generator(config, _SEED), weights, where)
        return GanTrained(config, weights, int(lowest))


ARCHITECTURE = Gan()
