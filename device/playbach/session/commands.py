"""What can be asked of a session beside its settings."""

from __future__ import annotations

from enum import Enum


class Command(Enum):
    """What can be asked of a session; each takes effect within a tenth of a second.

    Where it ends music, that fades over a beat, at most 0.9 seconds; only ``PANIC`` cuts it off.
    """

    PLAY = "play"
    """Begin, or go on where the music was paused."""
    PAUSE = "pause"
    """Silence; ``PLAY`` goes on at the same place."""
    STOP = "stop"
    """Silence; ``PLAY`` begins with the next movement."""
    NEXT_MOVEMENT = "next_movement"
    """Leave the movement for the one that comes next."""
    NEXT_SUITE = "next_suite"
    """Leave the suite for the one that comes next."""
    AGAIN = "again"
    """Play the movement once more, from its beginning."""
    NOW = "now"
    """Leave the movement, at a bar line, for one of the form and key that are wished, unless it is
    one: those wishes otherwise wait for the next movement."""
    PANIC = "panic"
    """End whatever sounds on every channel, whoever began it, and pause."""
