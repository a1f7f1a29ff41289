"""Nominal time is arithmetic: exact, and the same whichever way it is asked for."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.clock import (
    Nanoseconds,
    TempoMap,
    ns_per_tick,
    to_nanoseconds,
    to_seconds,
)
from playbach.errors import InputError
from playbach.music.meter import Meter
from playbach.music.note import Ticks

tempi = st.floats(10.0, 400.0)
meters = st.sampled_from([Meter(4, 4), Meter(3, 2), Meter(6, 8), Meter(2, 2)])
paces = st.builds(ns_per_tick, tempi, meters)
ticks = st.integers(0, 10_000_000)
starts = st.integers(0, 10**15).map(Nanoseconds)


@st.composite
def tempo_maps(draw: st.DrawFn) -> TempoMap:
    tempo_map = TempoMap.steady(draw(starts), draw(paces))
    for tick in sorted(draw(st.sets(ticks, max_size=5))):
        tempo_map = tempo_map.with_pace(Ticks(tick), draw(paces))
    return tempo_map


def test_a_beat_lasts_what_the_tempo_says() -> None:
    assert ns_per_tick(60.0, Meter(4, 4)) * 24 == 1_000_000_000
    assert ns_per_tick(60.0, Meter(6, 8)) * 36 == 1_000_000_000
    assert ns_per_tick(120.0, Meter(2, 2)) * 48 == 500_000_000


@given(starts, paces)
def test_a_million_notes_gather_no_drift(start: Nanoseconds, pace: Fraction) -> None:
    tempo_map = TempoMap.steady(start, pace)
    for note in (1, 10, 1_000, 999_999, 1_000_000):
        assert abs(tempo_map.time_at(7 * note) - (start + 7 * note * pace)) <= Fraction(1, 2)


def test_a_million_seconds_are_sent_to_the_tenth_of_a_microsecond() -> None:
    time = Nanoseconds(1_000_000 * 1_000_000_000 + 123_456_789)
    assert abs(to_nanoseconds(to_seconds(time)) - time) <= 100


@given(tempo_maps(), ticks)
def test_a_tick_is_found_again_by_its_time(tempo_map: TempoMap, tick: int) -> None:
    assert tempo_map.tick_at(tempo_map.time_at(tick)) == tick


@given(tempo_maps(), ticks, st.integers(0, 10**9))
def test_the_tick_at_a_time_is_the_last_not_later(
    tempo_map: TempoMap, tick: int, after: int
) -> None:
    time = Nanoseconds(tempo_map.time_at(tick) + after)
    found = tempo_map.tick_at(time)
    assert tempo_map.time_at(found) <= time < tempo_map.time_at(found + 1)


@given(tempo_maps(), ticks)
def test_time_never_stands_still(tempo_map: TempoMap, tick: int) -> None:
    assert tempo_map.time_at(tick) < tempo_map.time_at(tick + 1)


@given(tempo_maps(), ticks, paces)
def test_a_change_of_tempo_leaves_the_past_as_it_was(
    tempo_map: TempoMap, tick: int, pace: Fraction
) -> None:
    changed = tempo_map.with_pace(Ticks(tick), pace)
    for earlier in (0, tick // 2, tick):
        assert changed.time_at(earlier) == tempo_map.time_at(earlier)
    expected = changed.time_at(tick) + 1000 * pace
    assert abs(changed.time_at(tick + 1000) - expected) <= Fraction(1, 2)


@given(tempo_maps(), ticks, st.integers(0, 10**12).map(Nanoseconds))
def test_a_delay_moves_everything_alike(tempo_map: TempoMap, tick: int, by: Nanoseconds) -> None:
    assert tempo_map.delayed(by).time_at(tick) == tempo_map.time_at(tick) + by


@pytest.mark.parametrize("tempo", [0.0, -1.0, float("nan"), float("inf")])
def test_a_tempo_that_is_no_tempo_is_refused(tempo: float) -> None:
    with pytest.raises(InputError, match="beats per minute above 0"):
        ns_per_tick(tempo, Meter(4, 4))
