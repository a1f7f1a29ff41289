"""Meters: beats and bars in ticks."""

import pytest
from hypothesis import given
from tests.device.music.strategies import meters

from playbach.errors import InputError
from playbach.music.meter import Meter, parse_meter

# A quarter note is 24 ticks.
BARS_AND_BEATS = [
    ("4/4", 96, 24),
    ("3/4", 72, 24),
    ("2/2", 96, 48),
    ("3/2", 144, 48),
    ("6/4", 144, 24),
    ("6/8", 72, 36),  # two dotted quarters
    ("12/8", 144, 36),
    ("3/8", 36, 36),  # felt in one
    ("5/8", 60, 12),
    ("9/16", 54, 18),
    ("1/32", 3, 3),
]


@pytest.mark.parametrize(("text", "bar", "beat"), BARS_AND_BEATS)
def test_bars_and_felt_beats_last_as_long_as_their_notes(text: str, bar: int, beat: int) -> None:
    meter = parse_meter(text)
    assert (meter.bar_ticks, meter.beat_ticks) == (bar, beat)


@given(meters)
def test_a_bar_is_a_whole_number_of_beats(meter: Meter) -> None:
    assert meter.bar_ticks % meter.beat_ticks == 0


@given(meters)
def test_every_meter_reads_its_own_name(meter: Meter) -> None:
    assert parse_meter(str(meter)) == meter


@pytest.mark.parametrize("text", ["", "4", "4/", "/4", "-3/4", "3.5/4", "3/4/4", "C", "9" * 5000])
def test_what_is_no_meter_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="such as 3/4 or 12/8"):
        parse_meter(text)


@pytest.mark.parametrize("text", ["0/4", "33/4", "4/3", "4/64", "4/0"])
def test_a_meter_outside_the_range_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(InputError, match="the upper number is 1 to 32"):
        parse_meter(text)
