"""How a movement opens and when it may end: the rules of its form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.music.key import PITCH_CLASSES, Mode
from playbach.music.note import BarLines, Place, Ticks
from playbach.stream import Movement

BARS_IN_GROUP = 4
"""In a dance: the group of bars that a listener expects to be completed."""

BARS_OVER = 8
"""Bars beyond the form's most in which an ending is waited for before one is forced."""

LAST_ON = 12
"""Ticks: the last notes begin on a multiple of an eighth after the bar line."""

LAST_LASTS = 18
"""Ticks: the last notes last for a dotted eighth or more.

Both are so in 64 of the 71 movements that the included model learned from.
"""

TO_THE_END = 4.0
"""How many times likelier still a last note becomes that lasts to the end of the bar, or to the
next upbeat, as the last notes of 34 of the 46 dances do."""

URGENCY = 32.0
"""How many times as likely a cadence becomes in the bar that is the goal, and as many times again
in each bar after it."""

MOST_URGENT = 6
"""The highest power of ``URGENCY``: bars after which a cadence becomes no likelier."""
HALFWAY_URGENCY = 32.0
"""The same as ``URGENCY``, for the end of the first half."""

HALFWAY = {Mode.MAJOR: (0, 7, 9), Mode.MINOR: (0, 7, 3)}
"""On what a first half ends: the tonic, the dominant or the tonic of the relative key, in semitones
above the tonic."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Where the music is to come to rest.

    Attributes:
        degrees: semitones above the tonic of a bass to rest on.
        urgency: factor by which resting there becomes likelier than the network has it.
        room: ticks until the rest must be over.
    """

    degrees: tuple[int, ...]
    urgency: float
    room: int

    def favour(self, durations: NDArray[np.int64]) -> NDArray[np.float32]:
        """For durations in ticks ``(n,)``, how many times likelier each becomes ``(n,)``."""
        rests = (durations >= max(self.room / 2, LAST_LASTS)) & (durations <= self.room)
        favour = np.where(rests, self.urgency, 1).astype(np.float32)
        favour[rests & (durations == self.room)] *= TO_THE_END
        return favour


class Shape:
    """Opening and end of one movement.

    Attributes:
        lines: where its bars begin.
        goal: the bar in which it is to end, drawn from those in which movements of its form do.
        half: the bar in which its first half is to end, 0 if it has no halves.
    """

    def __init__(self, movement: Movement, rng: np.random.Generator) -> None:
        self.lines = BarLines(((Ticks(0), movement.meter),), movement.pickup)
        self._form = form = movement.form
        self._tonic = movement.key.tonic
        self._third = 3 if movement.key.mode is Mode.MINOR else 4
        self._pickup = movement.pickup
        self._fewest, self._most = form.bars(movement.meter)
        self._group = BARS_IN_GROUP if form.is_binary else 1
        self.goal = self._draw_goal(rng)
        self.half = round(self.goal / 2 / self._group) * self._group if form.is_binary else 0
        self._halfway = HALFWAY[movement.key.mode]

    def _draw_goal(self, rng: np.random.Generator) -> int:
        groups = range(-(-self._fewest // self._group), self._most // self._group + 1)
        if not groups:
            return self._most
        # Not the very longest, so that there is time to find an ending.
        longest = max(groups.stop - 1 - max(len(groups) // 4, 1), groups.start)
        return int(rng.integers(groups.start, longest + 1)) * self._group

    def degree(self, pitch: int) -> int:
        """Semitones of ``pitch`` above the tonic, 0 to 11."""
        return (pitch - self._tonic) % PITCH_CLASSES

    def latest_next(self, onset: int, *, first: bool) -> int | None:
        """The last tick at which the next note of the opening may begin; ``None`` for any.

        The first note begins before the first bar line or, without a pickup, within the first bar;
        a pickup leads to a note on the bar line.
        """
        if first:
            return (self._pickup or self.lines.place(0).meter.bar_ticks) - 1
        return self._pickup if onset < self._pickup else None

    def opening(self, onset: int, shift: int, first: int) -> tuple[int, ...]:
        """Degrees of which the next bass must be one; empty for any.

        A pickup begins with a note of the tonic chord; unless that is the tonic, the bar it leads
        to begins on the tonic. Without a pickup the movement begins on the tonic.

        Args:
            onset: tick of the last note.
            shift: ticks from there to the bass.
            first: pitch of the movement's first note, -1 if the bass is it.
        """
        if first < 0:
            return (0, self._third, 7) if self._pickup else self._form.opens
        leads_in = onset < self._pickup <= onset + shift
        if leads_in and self.degree(first) not in self._form.opens:
            return self._form.opens
        return ()

    def may_end(self, bass: int, place: Place, lasts: int) -> bool:
        """Whether the movement may end with notes over ``bass`` at ``place``.

        Args:
            bass: pitch of the lowest of them.
            place: where they begin.
            lasts: ticks until nothing sounds any more.
        """
        return (
            place.bar >= self._fewest
            and lasts >= LAST_LASTS
            and place.tick % LAST_ON == 0
            and self.degree(bass) == 0
        )

    def urgency(self, place: Place) -> float:
        """Factor by which an ending here becomes likelier than the network has it, at least 1.

        The network knows a cadence when it hears one but does not steer for it.
        """
        over = place.bar - self.goal
        if over < 0 or (over % self._group and over < 2 * self._group):
            return 1.0
        return float(URGENCY ** min(over + 1, MOST_URGENT))

    def cadence(self, place: Place) -> Cadence | None:
        """The rest that is to be made at ``place``, ``None`` where the music is to go on."""
        wanted = place.bar >= self.goal or place.bar == self.half
        # Dances end on any beat, other movements nearly always with a bar line.
        beat = place.meter.beat_ticks if self._form.is_binary else place.meter.bar_ticks
        if not wanted or place.tick % beat:
            return None
        room = place.meter.bar_ticks - place.tick - self._pickup
        if room < LAST_LASTS:
            return None
        if place.bar == self.half:
            return Cadence(self._halfway, HALFWAY_URGENCY, room)
        urgency = self.urgency(place)
        return Cadence((0,), urgency, room) if urgency > 1 else None

    def is_overdue(self, place: Place) -> bool:
        """Whether an ending must be forced."""
        return place.bar > self.last_bar

    @property
    def last_bar(self) -> int:
        """The last bar in which an ending is waited for."""
        return self._most + BARS_OVER
