"""An output that remembers what it was sent."""

from __future__ import annotations

from playbach.errors import PortError
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, SYSTEM
from playbach.stream import Seconds


class Listener:
    """Hears everything up to a moment at which it goes away, if it does."""

    name = "listener"
    description = "a listener"
    drain = Seconds(0.0)

    def __init__(self, deaf_after: int = 1 << 30) -> None:
        self.heard: list[bytes] = []
        self.closed = False
        self._deaf_after = deaf_after

    def open(self) -> None: ...

    def write(self, data: bytes) -> None:
        if len(self.heard) >= self._deaf_after:
            raise PortError("the synth has gone")
        self.heard.append(data)

    def close(self) -> None:
        self.closed = True

    @property
    def notes(self) -> list[bytes]:
        """Note-ons."""
        return [data for data in self.heard if data[0] & 0xF0 == NOTE_ON and data[0] < SYSTEM]

    @property
    def pitches(self) -> list[int]:
        return [data[1] for data in self.notes]

    @property
    def sounding(self) -> tuple[tuple[int, int], ...]:
        sounding = ActiveNotes()
        for data in self.heard:
            sounding.hear(data)
        return sounding.notes
