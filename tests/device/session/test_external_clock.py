"""Ticks of an external clock become a steady tempo."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.midi.messages import CLOCK, CONTINUE, START, STOP, song_position
from playbach.session.commands import Command
from playbach.session.external_clock import FASTEST, SLOWEST, Advice, ClockTracker
from playbach.sinks.midi_input import Received


def ticks(quarters: float, count: int, start: float = 0.0, jitter: float = 0.0) -> Iterator[float]:
    rng = random.Random(1685)
    for index in range(count):
        yield start + index * 60 / quarters / 24 + rng.uniform(-jitter, jitter)


def advised(tracker: ClockTracker, times: Iterable[float]) -> list[float]:
    found = (tracker.hear(Received(time, bytes([CLOCK]))).quarters for time in times)
    return [quarters for quarters in found if quarters is not None]


@given(st.floats(20, 300))
def test_a_steady_clock_is_told_once_and_exactly(quarters: float) -> None:
    found = advised(ClockTracker(), ticks(quarters, 500))
    assert found == [pytest.approx(quarters, rel=1e-6)]


@pytest.mark.parametrize("quarters", [60.0, 120.0, 180.0])
def test_jitter_of_two_milliseconds_is_smoothed_away(quarters: float) -> None:
    found = advised(ClockTracker(), ticks(quarters, 2000, jitter=0.002))
    assert found[-1] == pytest.approx(quarters, rel=0.01)
    # After the first bars it is left alone but for a hair now and then.
    later = advised_after(quarters, skipped=400)
    assert all(abs(tempo / quarters - 1) < 0.01 for tempo in later)
    assert len(later) < 100


def advised_after(quarters: float, skipped: int) -> list[float]:
    tracker = ClockTracker()
    times = list(ticks(quarters, 2000, jitter=0.002))
    advised(tracker, times[:skipped])
    return advised(tracker, times[skipped:])


def test_a_change_of_tempo_is_followed_within_two_seconds() -> None:
    tracker = ClockTracker()
    first = list(ticks(100, 240))
    assert advised(tracker, first) == [pytest.approx(100)]
    faster = ticks(125, 24 * 4, start=first[-1] + 60 / 125 / 24)
    assert advised(tracker, faster)[-1] == pytest.approx(125, rel=0.02)


def test_a_clock_that_was_away_is_believed_again_after_a_quarter() -> None:
    tracker = ClockTracker()
    advised(tracker, ticks(100, 240))
    assert advised(tracker, ticks(60, 24, start=100.0)) == []
    assert advised(tracker, ticks(60, 100, start=101.0))[-1] == pytest.approx(60)


def test_start_stop_and_continue_are_commands() -> None:
    tracker = ClockTracker()
    said = [tracker.hear(Received(1.0, bytes([status]))) for status in (START, STOP, CONTINUE)]
    commands = (Command.PLAY, Command.PAUSE, Command.PLAY)
    assert said == [Advice(command=command) for command in commands]
    assert tracker.hear(Received(1.0, song_position(16))) == Advice()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=200))
def test_whatever_arrives_whenever_a_tempo_is_one_that_can_be_played(times: list[float]) -> None:
    assert all(SLOWEST <= tempo <= FASTEST for tempo in advised(ClockTracker(), times))
