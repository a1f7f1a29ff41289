"""Networks that make a whole phrase out of a vector of noise, as the generator of a GAN does.

The phrase comes as an *image*, a row of logits for each symbol in time.
"""

from __future__ import annotations

import numpy as np

from playbach.bundle import Bundle
from playbach.errors import BundleError
from playbach.music.key import Mode
from playbach.music.symbols import Vocabulary
from playbach.predictor.base import Probabilities
from playbach.predictor.opener import Cpu, Opener
from playbach.predictor.parts import AGAIN, GraphShape, checked_part, open_part, parameter
from playbach.predictor.probabilities import softmax
from playbach.predictor.quantised import Floats
from playbach.predictor.symbol_tables import read_homes, symbol_tables

KIND = "noise"
MOST_LINES = 4096
"""Symbols of a phrase."""
WIDEST_NOISE = 4096
"""Numbers of a vector of noise."""

_CERTAIN: Probabilities = np.ones(1, np.float32)


class NoisePredictor:
    """Runs the part ``noise`` of a bundle of kind ``noise``, phrase after phrase."""

    def __init__(self, bundle: Bundle, variant: str, opener: Opener | None = None) -> None:
        """Load the graph of ``variant``.

        Args:
            bundle: where it is.
            variant: one that it has.
            opener: makes it ready to run; ``None`` for the processor.

        Raises:
            BundleError: a part or table is missing, or does not fit what the manifest says.
            PlaybachError: what else the opener raises.
        """
        self._lines = parameter(bundle, "lines", MOST_LINES)
        self._width = parameter(bundle, "noise", WIDEST_NOISE)
        self._tables = tables = symbol_tables(bundle)
        if len(tables.ticks) > 1:
            raise BundleError(
                f"{bundle.path}: tables/ticks.f32 has {len(tables.ticks)} numbers, and a network "
                f"of kind {KIND} wants one; {AGAIN}"
            )
        (self._homes,) = read_homes(bundle, 1)
        self._opener = opener or Cpu(variant)
        shape = GraphShape(
            {"noise": (1, self._width)}, {"image": (1, self._lines, len(tables.vocabulary))}
        )
        part = checked_part(bundle, variant, "noise", shape)
        self._graph = open_part(bundle, part, shape, self._opener)
        self._image: Floats = np.zeros((0, 0), np.float32)
        self._line = 0

    @property
    def variant(self) -> str:
        """The variant that runs now."""
        return self._opener.running

    @property
    def vocabulary(self) -> Vocabulary:
        """What the symbols stand for."""
        return self._tables.vocabulary

    @property
    def ticks(self) -> tuple[int, ...]:
        """How long every symbol lasts: one number."""
        return self._tables.ticks

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
        return _CERTAIN

    def advance(self, symbol: int, last: int) -> None:
        """To the next row of the phrase, or the first of a new one, whatever was chosen."""
        del symbol, last
        self._line += 1
        if self._line == self._lines:
            self._draw()

    def _draw(self) -> None:
        """A phrase from a vector of independent normal numbers."""
        vector = self._rng.standard_normal((1, self._width), np.float32)
        (image,) = self._graph.run(vector)
        self._image, self._line = image[0], 0
