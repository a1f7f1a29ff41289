"""Signs of life for the service manager, given only while the player gets on with its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playbach.stream import Seconds

PATIENCE = Seconds(120.0)
"""How long the music may wait for the composer before that counts as a hang. On the slowest board a
note takes milliseconds; loading another model, some seconds."""
_SHARE = 4
"""Signs of life are given so many times as often as the manager wants them."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the player is.

    Attributes:
        beat: a number that grows whenever the thread that hands notes over goes round.
        notes: a number that grows with each note handed over.
        waits: whether music is wanted and only the composer keeps it waiting.
    """

    beat: int
    notes: int
    waits: bool


class Watchdog:
    """Feeds the service manager's watchdog with the player's progress, never with mere time.

    Called from one thread.
    """

    def __init__(
        self, period: float, progress: Callable[[], Progress], feed: Callable[[], None]
    ) -> None:
        """``period``: seconds within which the manager wants to be fed."""
        self._interval = period / _SHARE
        self._progress = progress
        self._feed = feed
        self._fed_at = -period
        self._last = Progress(-1, -1, waits=False)
        self._notes_since = 0.0

    def look(self, now: float) -> None:
        """Feed if the player got on since the last time; ``now`` in seconds of any steady clock."""
        if now - self._fed_at < self._interval:
            return
        progress = self._progress()
        if progress.notes != self._last.notes or not progress.waits:
            self._notes_since = now
        moves = progress.beat != self._last.beat and now - self._notes_since < PATIENCE
        self._last = progress
        if moves:
            self._feed()
            self._fed_at = now
