"""How different the phrases of a GAN are, and whether it has lost all but a few of them.

A generator may find one phrase that passes for real and make it of any noise: mode collapse
(Goodfellow 2016, "NIPS 2016 Tutorial: Generative Adversarial Networks", arXiv 1701.00160, 5.1.1).
The losses do not show it; what it makes of a fixed set of noise vectors does. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_SHARE = 0.5
"""Share of the difference between real phrases, below which generated ones are too alike."""

EPOCHS = 5
"""In a row in which they must be too alike before the user is told."""


@dataclass(frozen=True)
class Diversity:
    """How different some phrases are.

    Attributes:
        difference: share of rows in which two of them differ, mean over all pairs, 0 to 1.
        distinct: how many there are if copies count once.
        phrases: how many there are.
    """

    difference: float
    distinct: int
    phrases: int


def diversity(phrases: NDArray[np.uint8]) -> Diversity:
    """Of numbers of symbols ``(phrases, rows)``, at least two phrases."""
    count, rows = phrases.shape
    alike = 0
    for column in phrases.T:
        # Ordered pairs that agree in this row, by how often each symbol stands there.
        found = np.unique(column, return_counts=True)[1]
        alike += int((found * (found - 1)).sum())
    difference = 1 - alike / (rows * count * (count - 1))
    return Diversity(difference, len(np.unique(phrases, axis=0)), count)


@dataclass(frozen=True)
class Compared:
    """Phrases made of the same noise after every epoch, beside real ones."""

    generated: Diversity
    real: Diversity

    @property
    def too_alike(self) -> bool:
        """Whether generated phrases differ by less than ``LEAST_SHARE`` of what real ones do."""
        return self.generated.difference < LEAST_SHARE * self.real.difference


def collapse_line(epochs: Sequence[Compared]) -> str | None:
    """What is to be said after the last of ``epochs``: where a collapse begins, and where it ends.

    ``None`` in all other epochs, so that a user reads it once.
    """
    if _streak(epochs) == EPOCHS:
        now = epochs[-1]
        return (
            f"mode collapse: for {EPOCHS} epochs generated phrases have been too much alike; two "
            f"differ in {now.generated.difference:.0%} of their rows, real ones in "
            f"{now.real.difference:.0%}, and {now.generated.distinct} of "
            f"{now.generated.phrases} are distinct; training goes on; if it stays so, try another "
            "--training.seed, fewer --training.discriminator_steps, or a lower "
            "--training.discriminator_rate"
        )
    if epochs and not _streak(epochs) and _streak(epochs[:-1]) >= EPOCHS:
        return "the mode collapse is over: generated phrases differ again"
    return None


def _streak(epochs: Sequence[Compared]) -> int:
    """For how many of the last epochs phrases have been too much alike."""
    different = (n for n, one in enumerate(reversed(epochs)) if not one.too_alike)
    return next(different, len(epochs))
