"""The numeric forms that this converter makes, a row each, and graphs in such a form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from playbach.bundle import Part


@dataclass(frozen=True)
class Variant:
    """A numeric form of the network, and how near to the network it must be."""

    meaning: str  # for the user
    calibrated: bool = False  # whether the conversion must hear real music first
    # largest Kullback-Leibler divergence of a step's distributions, added up, from the network's,
    # mean over steps, nats
    divergence: float = 1.0
    probability: float = 1.0  # largest difference of any probability, 0 to 1
    bits: float = 1.0  # most bits per step by which it may be worse

    @property
    def limits(self) -> str:
        """For the user."""
        return (
            f"{self.divergence:g} nats, {self.probability:g} of a probability, "
            f"{self.bits:g} bits per step"
        )


REFERENCE = "float32"
"""What the others are compared with while they compose by themselves."""
EDGETPU, EDGETPU_SOURCE = "edgetpu", "int8"
"""What is compiled for the Edge TPU, and what it is made from."""

VARIANTS = {
    REFERENCE: Variant("as trained", divergence=1e-6, probability=1e-4, bits=1e-4),
    "dynamic": Variant("int8 weights", divergence=0.002, bits=0.01),
    EDGETPU_SOURCE: Variant(
        "int8 weights and arithmetic, for the Edge TPU", calibrated=True, divergence=0.02, bits=0.05
    ),
    "float16": Variant("float16 weights", divergence=0.001, bits=0.01),
}


@dataclass(frozen=True)
class Graphs:
    """Parts of a bundle, and their bytes by name."""

    parts: tuple[Part, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def __add__(self, other: Graphs) -> Graphs:
        return Graphs((*self.parts, *other.parts), {**self.contents, **other.contents})

    def without(self, variants: Collection[str]) -> Graphs:
        """All but those of some variants."""
        parts = tuple(part for part in self.parts if part.variant not in variants)
        return Graphs(parts, {part.name: self.contents[part.name] for part in parts})
