"""What a kind of network brings to its conversion; the rest is the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle, Network, VariantFigures, Verification
from playbach.music.encoding import Encoding
from playbach_convert.graphs import Traced

Rollouts: TypeAlias = Mapping[str, NDArray[Any]]
"""By ``role/input``, such as ``step/note``: what the input was at each of N steps ``(N, ...)``."""


class Verifying(Protocol):
    """The predictions of the network as trained over some music, to compare variants with."""

    @property
    def bits(self) -> float | None:
        """Bits per step of the network as trained; ``None`` if it is not known what was right."""

    @property
    def measures(self) -> str:
        """What is measured on, and how many steps of it, for the user."""

    def figures(self, bundle: Bundle, variant: str, drift_steps: int) -> VariantFigures:
        """How near ``variant`` of ``bundle``, which has the reference too, is on the same music.

        Networks that can compose by themselves do so for ``drift_steps`` steps.
        """

    def verification(self, rows: tuple[VariantFigures, ...]) -> Verification:
        """What the bundle says of it."""


class Pipeline(Protocol):
    """A trained network on its way to a bundle."""

    @property
    def network(self) -> Network:
        """What the manifest says of it."""

    @property
    def encoding(self) -> Encoding:
        """What the manifest says of events."""

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        """Of the bundle, such as ``note``."""

    def graphs(self) -> Mapping[str, Traced]:
        """By role."""

    def rollouts(self, folder: Path | None) -> Rollouts:
        """Inputs of the graphs while real music is read: int8 is calibrated on them.

        Args:
            folder: of scores; ``None`` for those that the run was trained on.

        Raises:
            InputError: there are too few.
        """

    def verifier(self) -> Verifying:
        """Let the network as trained read music, which takes a while.

        Raises:
            InputError: the scores kept in the run are damaged.
        """
