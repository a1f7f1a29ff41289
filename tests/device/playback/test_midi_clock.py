"""MIDI clock keeps the music's time, whatever happens to that."""

from __future__ import annotations

import itertools
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.playback.listening import Hall
from tests.device.playback.test_engine import long_scale
from tests.device.playback.test_schedule import composed
from tests.device.streams import scales

from playbach.clock import Nanoseconds, ns_per_tick, to_nanoseconds
from playbach.midi.messages import CLOCK
from playbach.music.meter import Meter
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.engine import Halt
from playbach.playback.midi_clock import MidiClock
from playbach.playback.schedule import Schedule
from playbach.playback.sent_notes import Outgoing

CLOCKED = Controls(clock=True)


def clocks(hall: Hall, since: float = 0.0) -> list[float]:
    return [h.time for h in hall.heard if h.data[0] == CLOCK and h.time >= since]


def transport(hall: Hall, since: float = 0.0) -> list[str]:
    """Song position, start, continue and stop, as bytes in hexadecimal with their moments."""
    return [
        f"{h.time:.3f} {h.data.hex(' ')}"
        for h in hall.heard
        if h.data[0] > 0xF0 and h.data[0] != CLOCK and h.time >= since
    ]


def test_a_quarter_note_has_24_clocks_and_a_movement_begins_with_start() -> None:
    hall = Hall(long_scale(), CLOCKED)
    hall.play(3.0)
    assert transport(hall) == ["0.100 f2 00 00", "0.100 fa"]
    steps = [b - a for a, b in pairwise(clocks(hall))]
    assert steps == pytest.approx([1 / 24] * len(steps))
    # A clock falls on every note.
    assert {time for time, _ in hall.notes()} <= {round(time, 6) for time in clocks(hall)}


def test_without_the_option_nothing_of_it_is_sent() -> None:
    hall = Hall(long_scale())
    hall.play(3.0)
    assert clocks(hall) == []
    assert transport(hall) == []


def test_a_movement_ends_with_stop_and_clocks_run_on_until_the_next() -> None:
    hall = Hall(scales(rest=2.0), CLOCKED)
    hall.play(3.0)  # a bar of four beats at 480 a minute lasts half a second
    assert transport(hall) == [
        "0.100 f2 00 00", "0.100 fa", "0.600 fc", "2.600 f2 00 00", "2.600 fa",
    ]  # fmt: skip
    assert max(b - a for a, b in pairwise(clocks(hall))) < 0.01


def test_clocks_follow_a_change_of_tempo_without_a_gap() -> None:
    hall = Hall(long_scale(), CLOCKED)
    hall.play(2.3)
    hall.engine.control(Controls(tempo=120.0, clock=True))
    hall.play(2.0)
    steps = [b - a for a, b in pairwise(clocks(hall))]
    assert max(steps) == pytest.approx(1 / 24)
    assert min(steps) == pytest.approx(1 / 48)
    assert {time for time, _ in hall.notes()} <= {round(time, 6) for time in clocks(hall)}


def test_a_pause_is_a_stop_and_going_on_says_where() -> None:
    hall = Hall(long_scale(), CLOCKED)
    hall.play(2.3)
    hall.engine.halt(Halt.PAUSED)
    hall.play(1.0)
    hall.engine.release(Halt.PAUSED)
    hall.play(1.0)
    said = transport(hall, since=1.0)
    assert said[0] == "2.310 fc"
    # The next note is the sixth eighth: ten sixteenths from the start.
    assert [line.split(" ", 1)[1] for line in said[1:]] == ["f2 0a 00", "fb"]
    assert float(said[1].split()[0]) == pytest.approx(hall.notes(since=3.0)[0][0], abs=0.001)


def test_switched_on_in_the_middle_it_says_where_the_music_is() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.control(CLOCKED)
    hall.play(1.0)
    said = [line.split(" ", 1)[1] for line in transport(hall)]
    assert said == ["f2 09 00", "fb"]
    assert {time for time, _ in hall.notes(since=2.5)} <= {round(t, 6) for t in clocks(hall)}


def test_clocks_end_with_the_last_note_where_nothing_limits_them() -> None:
    schedule = Schedule(CLOCKED)
    for item in itertools.islice(scales(), 5):
        schedule.add(composed(item))
    messages = schedule.take(Nanoseconds(1 << 62))
    assert messages[-1].time <= schedule.last


def test_other_changes_leave_the_clocks_alone() -> None:
    hall = Hall(long_scale(), CLOCKED)
    for transpose in range(12):
        hall.play(0.23)
        hall.engine.control(Controls(ChannelSettings(transpose=transpose), clock=True))
    steps = [b - a for a, b in pairwise(clocks(hall))]
    assert steps == pytest.approx([1 / 24] * len(steps))


@given(
    st.lists(st.integers(1, 3_000_000_000), max_size=8),
    st.floats(20, 300),
    st.integers(0, 10),
)
def test_taken_in_any_steps_and_back_again_it_is_the_same(
    steps: list[int], tempo: float, back: int
) -> None:
    pace = ns_per_tick(tempo, Meter(4, 4))
    whole, parts = MidiClock(), MidiClock()
    for clock in (whole, parts):
        clock.start(to_nanoseconds(0.5), pace)
    taken: list[Outgoing] = []
    until = Nanoseconds(0)
    for step in steps:
        until = Nanoseconds(until + step)
        taken += parts.take(until)
        since = Nanoseconds(until - back * 10_000_000)
        if since > to_nanoseconds(0.5):
            parts.rewind(since)
            taken = [message for message in taken if message.time < since]
            taken += parts.take(until)
    assert taken == whole.take(until)
