"""What makes the graphs of a bundle ready to run: the interface, and the way of the processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from playbach.bundle import Part
from playbach.predictor.graph import Graph
from playbach.predictor.quantised import Runnable


class Opener(Protocol):
    """Makes the graphs of a bundle ready to run."""

    @property
    def running(self) -> str:
        """The variant that runs now."""

    def open(
        self, content: bytes, part: Part, where: str, inputs: list[str], outputs: list[str]
    ) -> Runnable:
        """A graph, ready to run; arguments as of ``Graph``.

        Raises:
            BundleError: as ``Graph``.
            PlaybachError: what the device adds.
        """


@dataclass(frozen=True)
class Cpu:
    """Opens graphs for the processor.

    Attributes:
        running: the variant they are of.
    """

    running: str

    def open(
        self, content: bytes, part: Part, where: str, inputs: list[str], outputs: list[str]
    ) -> Runnable:
        """A graph, ready to run; arguments as of ``Graph``.

        Raises:
            BundleError: as ``Graph``.
        """
        return Graph(content, part, where, inputs, outputs)
