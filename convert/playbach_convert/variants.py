"""The numeric forms that this converter makes: a row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A numeric form of the network, and how near to the network it must be.

    Attributes:
        meaning: for the user.
        calibrated: whether the conversion must hear real music first.
        divergence: the most that all distributions of a step may diverge from the network's, nats.
        probability: the most that any probability may differ.
        bits: the most bits per step that it may be worse by.
    """

    meaning: str
    calibrated: bool = False
    divergence: float = 1.0
    probability: float = 1.0
    bits: float = 1.0

    @property
    def limits(self) -> str:
        """For the user."""
        return (
            f"{self.divergence:g} nats, {self.probability:g} of a probability, "
            f"{self.bits:g} bits per step"
        )


REFERENCE = "float32"
"""What the others are compared with when they are left to themselves."""

VARIANTS = {
    REFERENCE: Variant("as trained", divergence=1e-6, probability=1e-4, bits=1e-4),
    "dynamic": Variant("int8 weights", divergence=0.002, bits=0.01),
    "int8": Variant(
        "int8 weights and arithmetic, for the Edge TPU", calibrated=True, divergence=0.02, bits=0.05
    ),
    "float16": Variant("float16 weights", divergence=0.001, bits=0.01),
}
