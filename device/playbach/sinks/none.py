"""Keeps time and sends nowhere: for trying things out without a synth."""

from __future__ import annotations

from playbach.sinks.base import OnFailure
from playbach.sinks.paced import PacedSink
from playbach.stream import Seconds


class Nowhere:
    """An output that takes bytes and does nothing with them."""

    name = "none"
    description = "nowhere (time is kept, nothing sounds)"
    drain = Seconds(0.0)

    def open(self, on_failure: OnFailure) -> None:
        """Nothing to take hold of, nothing that can fail."""

    def write(self, data: bytes) -> None:
        """Gone."""

    def close(self) -> None:
        """Nothing to let go of."""


def none_sink() -> PacedSink:
    """A sink that keeps time and sends nowhere."""
    return PacedSink(Nowhere())
