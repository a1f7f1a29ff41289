"""How a movement ends that is left before its end. Pure: no clock, no thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.music.note import Note, Ticks
from playbach.player.timeline import Timeline
from playbach.stream import MovementEnd, Seconds, StreamItem

BREATH = Seconds(0.4)
"""Silence after a movement that was left before its end."""
_NEAR = to_nanoseconds(1.2)
"""Nanoseconds: a bar line nearer than this is waited for when another form or key is wanted."""


def ending(
    held: Sequence[StreamItem], timeline: Timeline, since: Nanoseconds, *, at_bar: bool
) -> tuple[list[Note], MovementEnd]:
    """What is still played of the present movement, and its end.

    Args:
        held: what was composed of it and not played yet, in order.
        timeline: the place before that.
        since: nothing is changed before this moment.
        at_bar: whether a bar line that is near is waited for.
    """
    end = timeline.next_bar(since)
    if not at_bar or timeline.at(end) > since + _NEAR:
        end = timeline.next_tick(since)
    lengths = (item.length for item in held if isinstance(item, MovementEnd))
    end = max(min(end, next(lengths, end)), Ticks(0))
    notes = takewhile(lambda item: isinstance(item, Note) and item.onset < end, held)
    cut = [
        replace(note, duration=Ticks(min(note.end, end) - note.onset))
        for note in notes
        if isinstance(note, Note)
    ]
    return cut, MovementEnd(end, BREATH)
