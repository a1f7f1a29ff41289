"""What the player says about itself, frozen at a moment."""

from __future__ import annotations

from dataclasses import dataclass

from playbach.stream import Movement
from playbach.timing import Lateness, Seconds

COMPOSING = "waiting for the composer"
"""A reason why the music rests, in ``Status.resting``."""


@dataclass(frozen=True, slots=True)
class Status:
    """The player at one moment, as a listener hears it."""

    time: Seconds = Seconds(0.0)  # seconds since the sink's origin
    movement: Movement | None = None  # what is playing, or played last; ``None`` before the first
    tempo: float = 0.0  # felt beats per minute at which it is played; 0 before the first
    bar: int = 0  # its bar, from 1; 0 in a pickup or before the first note
    notes: int = 0  # notes begun since the start
    resting: str = ""  # why nothing new sounds; ``""`` while there is music
    rests: int = 0  # times the music rested because composing did not keep up
    rested: Seconds = Seconds(0.0)  # seconds it rested for that reason
    # seconds of music composed and not yet handed to the sink
    composed_ahead: Seconds = Seconds(0.0)
    lateness: Lateness | None = None  # how late messages left, ``None`` where the sink cannot tell
    running: bool = False  # whether the player plays

    @property
    def title(self) -> str:
        """Title of what is playing, ``""`` before the first movement."""
        return self.movement.title if self.movement else ""
