"""What an external clock sends arrives in order, with a time that our own delays do not touch."""

from __future__ import annotations

import itertools
import queue
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.jack import PATIENCE, until

from playbach.errors import PortAbsentError
from playbach.midi_messages import (
    CLOCK,
    CONTINUE,
    SONG_POSITION,
    START,
    STOP,
    note_on,
    song_position,
    system_message,
)
from playbach.sinks.clock_input import ClockEvent, ClockInput, Stamps, clock_event
from playbach.sinks.clock_sources import RtMidiSource
from playbach.sinks.jack_server import let_go

MASTER = "playbach-test-master"


def test_clock_and_transport_are_events_and_nothing_else_is() -> None:
    for status in (CLOCK, START, CONTINUE, STOP):
        assert clock_event(system_message(status), 2.5) == ClockEvent(status, 2.5)
    assert clock_event(song_position(200), 1.0) == ClockEvent(SONG_POSITION, 1.0, 200)
    for data in (note_on(0, 60, 80), b"", b"\xfe", b"\xf2\x01", b"\xf8\x00"):
        assert clock_event(data, 0.0) is None


@given(st.lists(st.floats(0.001, 0.1), min_size=1, max_size=200), st.integers(0, 1000))
def test_stamps_keep_the_intervals_however_late_we_look(intervals: list[float], seed: int) -> None:
    """The first look is prompt, later ones come up to 50 ms late."""
    late = random.Random(seed)
    stamps, at = Stamps(), 100.0
    for index, interval in enumerate(intervals):
        at += interval
        stamp = stamps.stamp(interval, at + (late.uniform(0, 0.05) if index else 0.0))
        assert at - 1e-6 <= stamp <= at + 1e-3 * sum(intervals) + 1e-6


def test_stamps_follow_a_clock_that_runs_at_another_rate() -> None:
    stamps = Stamps()
    for step in range(1, 100_001):
        stamp = stamps.stamp(0.02, 0.02 * 1.0002 * step)
    assert stamp == pytest.approx(0.02 * 1.0002 * 100_000, abs=0.001)


def rtmidi_master() -> object:
    rtmidi = pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    client = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=MASTER)
    client.open_virtual_port("out")
    return client


@pytest.mark.usefixtures("jack")
def test_a_master_on_a_real_server_is_heard_in_order_and_again_after_its_return() -> None:
    heard: queue.Queue[ClockEvent] = queue.Queue()
    failures: list[BaseException] = []
    with pytest.raises(PortAbsentError, match="no MIDI input port has that in its name"):
        ClockInput(RtMidiSource(MASTER)).open(heard.put, failures.append)
    clock = ClockInput(RtMidiSource(MASTER))
    clock.open(heard.put, failures.append, absent_ok=True)
    assert not clock.connected
    sent = [song_position(16), *map(system_message, (CONTINUE, CLOCK, CLOCK, STOP))]
    for _ in range(2):
        master = rtmidi_master()
        until(lambda: clock.connected, "the master")
        assert MASTER in clock.description
        before = time.monotonic()
        for data in sent:
            master.send_message(data)  # type: ignore[attr-defined]
        events = [heard.get(timeout=PATIENCE) for _ in sent]
        assert [event.status for event in events] == [
            *(SONG_POSITION, CONTINUE, CLOCK, CLOCK, STOP)
        ]
        assert events[0].position == 16
        assert all(before - 0.1 <= event.time <= time.monotonic() for event in events)
        assert all(a.time <= b.time for a, b in itertools.pairwise(events))
        let_go(master.delete)  # type: ignore[attr-defined]
        until(lambda: not clock.connected, "its end")
    clock.close()
    assert failures == []
