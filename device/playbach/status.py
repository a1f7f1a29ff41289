"""What the player says about itself, frozen at a moment."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from playbach.stream import Movement, Seconds

COMPOSING = "waiting for the composer"
"""A reason why the music rests, in ``Status.resting``."""
_KEPT = 1_000
"""Few, because whoever sorts them keeps the sending thread waiting."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late messages left for the synth, against their nominal times.

    Attributes:
        count: messages sent since the start.
        p50: median of the last 1,000, in seconds.
        p99: 99th percentile of the last 1,000, in seconds.
        max: the worst since the start, in seconds.
    """

    count: int = 0
    p50: Seconds = Seconds(0.0)
    p99: Seconds = Seconds(0.0)
    max: Seconds = Seconds(0.0)


class LatenessMeter:
    """Collects lateness in bounded memory. Not safe between threads; its owner holds a lock."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_KEPT)
        self._count = 0
        self._max = 0.0

    def record(self, late: float) -> None:
        """One message left ``late`` seconds after its nominal time."""
        self._recent.append(late)
        self._count += 1
        self._max = max(self._max, late)

    def read(self) -> Lateness:
        """The figures so far."""
        if not self._recent:
            return Lateness()
        ranked = sorted(self._recent)
        p50, p99 = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.99))
        return Lateness(self._count, Seconds(p50), Seconds(p99), Seconds(self._max))


@dataclass(frozen=True, slots=True)
class Status:
    """The player at one moment, as a listener hears it.

    Attributes:
        time: seconds since the sink's origin.
        movement: what is playing, or played last; ``None`` before the first.
        tempo: felt beats per minute at which it is played; 0 before the first.
        bar: its bar, from 1; 0 in a pickup or before the first note.
        notes: notes begun since the start.
        resting: why nothing new sounds; ``""`` while there is music.
        rests: times the music rested because composing did not keep up.
        rested: seconds it rested for that reason.
        composed_ahead: seconds of music composed and not yet handed to the sink.
        lateness: how late messages left, ``None`` where the sink cannot tell.
        running: whether the player plays.
    """

    time: Seconds = Seconds(0.0)
    movement: Movement | None = None
    tempo: float = 0.0
    bar: int = 0
    notes: int = 0
    resting: str = ""
    rests: int = 0
    rested: Seconds = Seconds(0.0)
    composed_ahead: Seconds = Seconds(0.0)
    lateness: Lateness | None = None
    running: bool = False

    @property
    def title(self) -> str:
        """Title of what is playing, ``""`` before the first movement."""
        return self.movement.title if self.movement else ""
