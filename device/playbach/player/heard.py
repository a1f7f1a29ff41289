"""What is heard now, told ahead of time by the player's thread and asked for by any."""

from __future__ import annotations

import threading
from dataclasses import replace

from playbach.clock import Nanoseconds, to_seconds
from playbach.music.note import Note, Place
from playbach.player.marks import Mark, Marks
from playbach.status import Status
from playbach.stream import Movement, StreamItem

_BETWEEN = "between movements"


class Heard:
    """The music as a listener hears it. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks = Marks()
        self._rests = 0
        self._rested = Nanoseconds(0)

    @property
    def has_begun(self) -> bool:
        """Whether a note was added, even if it is still to come."""
        with self._lock:
            return bool(self._marks.last.notes)

    def add(self, item: StreamItem, due: Nanoseconds, place: Place | None) -> Mark:
        """An item is going to be heard; returns what is true from then on.

        Args:
            item: not earlier than those before.
            due: when it happens.
            place: its place in the bar, ``None`` where there are no bars.
        """
        with self._lock:
            mark = _after(self._marks.last, item, due, place)
            self._marks.add(mark)
            return mark

    def withdraw(self, since: Nanoseconds) -> None:
        """What was to happen at ``since`` or later does not."""
        with self._lock:
            self._marks.withdraw(since)

    def settle(self, now: Nanoseconds) -> None:
        """Forget what is past, so that little is kept with nobody asking."""
        with self._lock:
            self._marks.at(now)

    def rest(self, by: Nanoseconds) -> None:
        """Count a rest because composing did not keep up; silence before the first note is none."""
        with self._lock:
            if by > 0 and self._marks.last.notes:
                self._rests += 1
                self._rested = Nanoseconds(self._rested + by)

    def status(self, now: Nanoseconds) -> Status:
        """What is heard at ``now``; how it is played is for others to add."""
        with self._lock:
            mark = self._marks.at(now)
            return Status(
                time=to_seconds(now),
                movement=mark.movement,
                bar=mark.bar,
                notes=mark.notes,
                resting=mark.resting,
                rests=self._rests,
                rested=to_seconds(self._rested),
            )


def _after(last: Mark, item: StreamItem, due: Nanoseconds, place: Place | None) -> Mark:
    if isinstance(item, Movement):
        return Mark(due, item, 0, last.notes, "")
    if isinstance(item, Note):
        bar = place.bar if place else 0
        return replace(last, time=due, bar=bar, notes=last.notes + 1, resting="")
    return replace(last, time=due, resting=_BETWEEN)
