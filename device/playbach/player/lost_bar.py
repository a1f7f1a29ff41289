"""The bar in which a synth was lost: when it is back the music goes on with a whole bar."""

from __future__ import annotations

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.music.note import Note, Ticks
from playbach.player.timeline import Timeline
from playbach.stream import MovementEnd, StreamItem

_FAR = to_nanoseconds(1.5)
"""Nanoseconds: a bar line further off is not waited for by a synth that is back."""


class LostBar:
    """The bar that was interrupted, if one was and the music has not gone on since."""

    def __init__(self) -> None:
        self._bar: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is such a bar."""
        return self._bar is not None

    def remember(self, timeline: Timeline, now: Nanoseconds) -> None:
        """The synth is lost now; between two movements nothing is interrupted."""
        place = None
        if not timeline.is_between:
            place = timeline.place(max(timeline.next_tick(now), Ticks(0)))
        self._bar = None if place is None else place.bar

    def forget(self) -> None:
        """The music goes on."""
        self._bar = None

    def holds(self, item: StreamItem, timeline: Timeline) -> bool:
        """Whether ``item``, which comes next, is a note of that bar or of one before."""
        if self._bar is None or not isinstance(item, Note):
            return False
        place = timeline.place(item.onset)
        return place is not None and place.bar <= self._bar

    def is_far_from(self, item: StreamItem, due: Nanoseconds, now: Nanoseconds) -> bool:
        """Whether a synth that is back would wait too long for ``item``, the first to be heard."""
        return self.is_known and not isinstance(item, MovementEnd) and due > now + _FAR
