"""A movement that is left ends at once or at a bar line, and nothing in it sounds longer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.streams import note

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks
from playbach.playback.interruptions import BREATH, early_ending
from playbach.playback.queue import Composed, Continuation
from playbach.playback.timeline import Timeline
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

PRELUDE = Movement(1, 1, parse_form("prelude"), C_MAJOR, Meter(4, 4), 60.0)
TIMELINE = Timeline().after(PRELUDE)  # a quarter of 24 ticks a second, a bar of 96
HELD: list[StreamItem] = [note(12 * index, 60, 18) for index in range(100)]
THEN = Continuation(None)


def ending(
    held: list[StreamItem], since: Nanoseconds, *, at_bar: bool
) -> tuple[list[Note], MovementEnd]:
    composed = [Composed(item, Nanoseconds(0), Continuation(lambda: None)) for item in held]
    ending = early_ending(composed, TIMELINE, since, THEN, at_bar=at_bar)
    assert all(one.is_final and one.then is THEN for one in ending)
    *notes, end = (one.item for one in ending)
    assert isinstance(end, MovementEnd)
    return [note for note in notes if isinstance(note, Note)], end


def at(seconds: float) -> Nanoseconds:
    return to_nanoseconds(seconds)


@pytest.mark.parametrize(
    ("seconds", "at_bar", "end"),
    [
        (2.0, False, 48),  # at once
        (2.0, True, 48),  # the bar line of 4 s is too far
        (3.0, True, 96),  # it is near
        (3.0, False, 72),
    ],
)
def test_it_ends_at_a_bar_line_that_is_near_if_that_is_wished(
    seconds: float, at_bar: bool, end: int
) -> None:
    notes, over = ending(HELD, at(seconds), at_bar=at_bar)
    assert over == MovementEnd(Ticks(end), BREATH)
    assert len(notes) == end // 12
    assert notes[-1].end == end  # written six ticks longer


def test_it_never_lasts_longer_than_it_was_composed() -> None:
    held: list[StreamItem] = [*HELD[:2], MovementEnd(Ticks(30), Seconds(9.0))]
    notes, over = ending(held, at(3.0), at_bar=True)
    assert over == MovementEnd(Ticks(30), BREATH)
    assert notes == held[:2]


@given(st.floats(0.0, 60.0), st.booleans())
def test_what_was_heard_by_then_stays_and_nothing_sounds_after_the_end(
    seconds: float, at_bar: bool
) -> None:
    notes, over = ending(HELD, at(seconds), at_bar=at_bar)
    assert TIMELINE.at(over.length) >= at(seconds)
    assert [n.onset for n in notes] == [
        n.onset for n in HELD if isinstance(n, Note) and n.onset < over.length
    ]
    assert all(n.end <= over.length for n in notes)
