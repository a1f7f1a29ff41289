"""Networks that make a whole phrase out of a vector of noise, as the generator of a GAN does.

The phrase comes as an *image*, a row of logits for each symbol in time.
"""

from __future__ import annotations

import numpy as np

from playbach.bundle import Bundle
from playbach.errors import BundleError
from playbach.music.key import Mode
from playbach.predictor.base import Probabilities, Restore
from playbach.predictor.graph import Backend, Cpu, Floats, softmax
from playbach.predictor.parts import AGAIN, GraphShape, checked_part, open_part, parameter
from playbach.predictor.symbol_tables import CERTAIN, read_homes, symbol_tables

KIND = "noise"
MOST_LINES = 4096
"""Symbols of a phrase."""
WIDEST_NOISE = 4096
"""Numbers of a vector of noise."""


class NoisePredictor:
    """Runs the part ``noise`` of a bundle of kind ``noise``, phrase after phrase."""

    def __init__(self, bundle: Bundle, variant: str, backend: Backend | None = None) -> None:
        """As ``load_predictor``; ``backend`` runs the graphs, ``None`` for the processor."""
        self._lines = parameter(bundle, "lines", MOST_LINES)
        self._width = parameter(bundle, "noise", WIDEST_NOISE)
        tables = symbol_tables(bundle)
        self.vocabulary, self.ticks = tables.vocabulary, tables.ticks
        if len(tables.ticks) > 1:
            raise BundleError(
                f"{bundle.path}: tables/ticks.f32 has {len(tables.ticks)} numbers, and a network "
                f"of kind {KIND} wants one; {AGAIN}"
            )
        (self._homes,) = read_homes(bundle, 1)
        self._backend = backend or Cpu(variant)
        shape = GraphShape(
            {"noise": (1, self._width)}, {"image": (1, self._lines, len(tables.vocabulary))}
        )
        part = checked_part(bundle, variant, "noise", shape)
        self._graph = open_part(bundle, part, shape, self._backend)
        self._image: Floats = np.zeros((0, 0), np.float32)
        self._line = 0

    @property
    def variant(self) -> str:
        """The variant that runs now."""
        return self._backend.running

    def begin(self, mode: Mode, rng: np.random.Generator) -> int:
        """Forget the last piece; the next phrases are made of noise from ``rng``."""
        self._rng = rng
        self._draw()
        return self._homes[mode]

    def symbols(self) -> Probabilities:
        """The probability of each symbol of the vocabulary."""
        return softmax(self._image[self._line])

    def lasts(self) -> Probabilities:
        """Certainty: there is only one length."""
        return CERTAIN

    def advance(self, symbol: int, last: int) -> None:
        """To the next row of the phrase, or the first of a new one, whatever was chosen."""
        del symbol, last
        self._line += 1
        if self._line == self._lines:
            self._draw()

    def snapshot(self) -> Restore:
        """Remember this place in a phrase."""
        image, line = self._image, self._line

        def restore() -> None:
            self._image, self._line = image, line

        return restore

    def _draw(self) -> None:
        """A phrase from a vector of independent normal numbers."""
        vector = self._rng.standard_normal((1, self._width), np.float32)
        (image,) = self._graph.run(vector)
        self._image, self._line = image[0], 0
