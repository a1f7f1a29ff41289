"""What a listener hears when: entered as notes are sent ahead, looked up as they sound."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from playbach.clock import Nanoseconds
from playbach.stream import Movement


@dataclass(frozen=True, slots=True)
class Mark:
    """What is true from a moment on.

    Attributes:
        time: the moment.
        movement: what plays.
        bar: its bar, from 1; 0 in a pickup or before the first note.
        notes: notes begun since the start.
        resting: why nothing new sounds, or ``""``.
    """

    time: Nanoseconds
    movement: Movement | None
    bar: int
    notes: int
    resting: str


_BEFORE = Mark(Nanoseconds(0), None, 0, 0, "starting")


class Marks:
    """The mark that holds now and those to come. Its owner holds a lock."""

    def __init__(self) -> None:
        self._present = _BEFORE
        self._coming: deque[Mark] = deque()

    @property
    def last(self) -> Mark:
        """The latest mark, perhaps still to come."""
        return self._coming[-1] if self._coming else self._present

    def add(self, mark: Mark) -> None:
        """Enter a mark not earlier than those before."""
        self._coming.append(mark)

    def withdraw(self, since: Nanoseconds) -> None:
        """What was to hold from ``since`` or later does not come."""
        while self._coming and self._coming[-1].time >= since:
            self._coming.pop()

    def at(self, now: Nanoseconds) -> Mark:
        """The mark that holds at ``now``; earlier ones are forgotten."""
        while self._coming and self._coming[0].time <= now:
            self._present = self._coming.popleft()
        return self._present
