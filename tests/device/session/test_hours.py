"""Hours: read, written and kept to, over midnight too."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.session.conftest import Play, until

from playbach.errors import InputError
from playbach.session.hours import HoursKeeper, canonical_hours, is_within

MINUTES = 7 * 24 * 60


def at(minute: int) -> time.struct_time:
    """A minute of a week, from Monday at midnight."""
    day, rest = divmod(minute % MINUTES, 24 * 60)
    return time.struct_time((2026, 6, 1 + day, rest // 60, rest % 60, 30, day, 152 + day, 1))


def open_minutes(hours: str) -> set[int]:
    return {minute for minute in range(MINUTES) if is_within(hours, at(minute))}


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@given(st.sets(st.integers(0, 6)), st.integers(0, 1439), st.integers(1, 1440))
def test_hours_are_those_that_a_calendar_would_mark(
    days: set[int], begin: int, lasting: int
) -> None:
    end = (begin + lasting) % 1440
    if end == begin:
        return
    times = f"{begin // 60}:{begin % 60:02}-{end // 60}:{end % 60:02}"
    hours = canonical_hours(f"{' '.join(DAYS[day] for day in days)} {times}")
    assert canonical_hours(hours) == hours
    marked = {
        (day * 1440 + begin + minute) % MINUTES
        for day in (days or range(7))
        for minute in range(lasting)
    }
    assert open_minutes(hours) == marked


def test_days_are_written_as_people_do() -> None:
    said = "SAT-mon 10.00 - 24:00,  Tue Wed thu 9:05-1:00"
    assert canonical_hours(said) == "mon sat-sun 10:00-24:00, tue-thu 9:05-1:00"
    assert is_within(None, at(0))


@pytest.mark.parametrize(
    "text", ["", "9", "9:00", "25:00-26:00", "9:00-9:00", "24:00-1:00", "9:00-24:30", "mon",
             "someday 9:00-10:00", "9:00-10:00,", "mon- 9:00-10:00", "٩:00-10:00", "-" * 999],
)  # fmt: skip
def test_what_are_no_hours_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        canonical_hours(text)
    assert str(refusal.value).isprintable()


def test_the_keeper_says_when_hours_begin_and_end_whatever_the_clock_does() -> None:
    minutes = iter((8 * 60, 9 * 60, 9 * 60 + 1, 3 * 60, 12 * 60, 22 * 60, 22 * 60 + 1))
    said: list[bool] = []
    keeper = HoursKeeper(lambda: "9:00-22:00", said.append, print, lambda: at(next(minutes)))
    for _ in range(7):
        keeper.look()
    assert said == [False, True, False, True, False]


def test_outside_its_hours_nothing_is_played_and_then_another_movement(play: Play) -> None:
    now = time.localtime()
    others = f"{DAYS[(now.tm_wday + 3) % 7]} 9:00-10:00"
    with play({"hours": others}) as (session, listener):
        until(lambda: session.status().resting == "outside its hours", "the reason")
        session.change({"hours": None})
        until(lambda: listener.notes, "a note")
        first = session.status().playing.movement
        session.change({"hours": others})
        until(lambda: session.status().resting == "outside its hours", "the end")
        until(lambda: listener.sounding == (), "silence")
        session.change({"hours": "0:00-24:00"})
        until(lambda: session.status().playing.movement != first, "another movement")
        assert session.status().playing.movement is not None
