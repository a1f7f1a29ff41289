"""Sinks that keep time themselves: an output that takes bytes, and the deadline sender."""

from __future__ import annotations

from typing import Protocol

from playbach.errors import PortError
from playbach.sinks.connection_monitor import Reconnectable
from playbach.sinks.port import Destination, PortSink
from playbach.sinks.sender import DeadlineSender
from playbach.timing import Lateness, Seconds

HORIZON = Seconds(0.25)
"""How far ahead of their time messages are given to the sender."""


class Output(Destination, Protocol):
    """Something that takes MIDI bytes now."""

    @property
    def name(self) -> str:
        """The word that chooses the sink it makes."""

    @property
    def drain(self) -> Seconds:
        """How long after ``write`` the last bytes have surely left this process."""

    def write(self, data: bytes) -> None:
        """Send one message now, without blocking; ``PortError`` if it cannot be sent."""


class PacedSink(PortSink):
    """A sink over any ``Output``; see ``playbach.sinks.base.Sink`` for its methods."""

    horizon = HORIZON

    def __init__(self, output: Output) -> None:
        super().__init__(output, output if isinstance(output, Reconnectable) else None)
        self._output = output
        self._sender: DeadlineSender | None = None
        self.name = output.name
        self.drain = output.drain

    @property
    def queue(self) -> DeadlineSender | None:
        return self._sender

    @property
    def timing(self) -> str:
        return self._sender.timing if self._sender else ""

    @property
    def lateness(self) -> Lateness | None:  # type: ignore[override] # read only
        return self._sender.lateness if self._sender else None

    def now(self) -> Seconds:
        return self._sender.now() if self._sender else Seconds(0.0)

    def _begin(self) -> None:
        self._sender = DeadlineSender(self._write, self._fail)

    def _end(self) -> None:
        if self._sender:
            self._sender.end()

    def _write(self, data: bytes) -> None:
        if self._monitor is None:
            self._output.write(data)
        elif self._monitor.connected:
            try:
                self._output.write(data)
            except PortError:
                self._monitor.suspect()


class Nowhere:
    """An output that takes bytes and does nothing with them."""

    name = "none"
    description = "nowhere (time is kept, nothing sounds)"
    drain = Seconds(0.0)

    def open(self) -> None:
        """Nothing to take hold of, nothing that can fail."""

    def write(self, data: bytes) -> None:
        """Gone."""

    def close(self) -> None:
        """Nothing to let go of."""


def none_sink() -> PacedSink:
    """A sink that keeps time and sends nowhere."""
    return PacedSink(Nowhere())
