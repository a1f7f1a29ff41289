"""Interruptions: a movement that is left, a synth that is lost, a machine that slept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.music.note import Note, Ticks
from playbach.playback.queue import Composed, Continuation
from playbach.playback.timeline import Timeline
from playbach.stream import MovementEnd, Seconds, StreamItem

BREATH = Seconds(0.4)
"""Silence after a movement that was left before its end."""
_NEAR = to_nanoseconds(1.2)
"""Nanoseconds: a bar line nearer than this is waited for when another form or key is wanted."""
_FAR = to_nanoseconds(1.5)
"""Nanoseconds: a bar line further off is not waited for by a synth that is back."""
_NOTICED = 1.0
"""Seconds of suspension that a synth's notes are worth ending for."""


def early_ending(
    held: Sequence[Composed],
    timeline: Timeline,
    since: Nanoseconds,
    then: Continuation,
    *,
    at_bar: bool,
    rest: Seconds = BREATH,
    fade: Nanoseconds = Nanoseconds(0),
) -> list[Composed]:
    """What is still played of a movement that is left, its end included.

    Args:
        held: what was composed and not played yet, in order.
        timeline: the place before that.
        since: nothing is changed before this moment.
        then: how composing goes on after it.
        at_bar: whether a bar line that is near is waited for.
        rest: silence after it.
        fade: so long it is played on, where no bar line is.
    """
    end = timeline.next_bar(since)
    if not at_bar or timeline.at(end) > since + _NEAR:
        end = timeline.next_tick(Nanoseconds(since + fade))
    lengths = (one.item.length for one in held if isinstance(one.item, MovementEnd))
    end = max(min(end, next(lengths, end)), Ticks(0))
    ending: list[Composed] = []
    for one in held:
        note = one.item
        if not isinstance(note, Note) or note.onset >= end:
            break
        cut = replace(note, duration=Ticks(min(note.end, end) - note.onset))
        ending.append(replace(one, item=cut, then=then, is_final=True))
    last = Composed(MovementEnd(end, rest), ending[-1].at if ending else since, then, True)
    return [*ending, last]


class ResumePoint:
    """The bar in which a synth was lost: when it is back the music goes on with a whole bar."""

    def __init__(self) -> None:
        self._bar: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether a bar was interrupted and the music has not gone on since."""
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

    def is_before(self, item: StreamItem, timeline: Timeline) -> bool:
        """Whether ``item``, which comes next, is a note of that bar or of one before."""
        if self._bar is None or not isinstance(item, Note):
            return False
        place = timeline.place(item.onset)
        return place is not None and place.bar <= self._bar

    def is_far_from(self, item: StreamItem, due: Nanoseconds, now: Nanoseconds) -> bool:
        """Whether a synth that is back would wait too long for ``item``, the first to be heard."""
        return self.is_known and not isinstance(item, MovementEnd) and due > now + _FAR


def time_asleep() -> float:
    """Seconds this machine has been suspended since it was started; 0 where that is not known.

    On Linux CLOCK_MONOTONIC stands still during suspension and CLOCK_BOOTTIME does not. Neither
    follows the time of day.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


class SleepWatch:
    """Notices a suspension after the fact."""

    def __init__(self, asleep: Callable[[], float] = time_asleep) -> None:
        self._asleep = asleep
        self._seen = asleep()

    def slept(self) -> bool:
        """Whether the machine was suspended since this was last asked."""
        before, self._seen = self._seen, self._asleep()
        return self._seen - before > _NOTICED
