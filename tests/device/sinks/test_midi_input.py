"""What arrives at an input is in order, with a time that our own delays do not touch."""

from __future__ import annotations

import itertools
import queue
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.jack import PATIENCE, until
from tests.fixtures.midi_source import GivenSource

from playbach.errors import PortAbsentError
from playbach.midi.messages import (
    CLOCK,
    CONTINUE,
    STOP,
    note_on,
    song_position,
    system_message,
)
from playbach.sinks.jack_server import detach
from playbach.sinks.midi_input import (
    MOST_AT_A_LOOK,
    MidiInput,
    Received,
    RtMidiSource,
    Stamps,
)

MASTER = "playbach-test-master"


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
    heard: queue.Queue[Received] = queue.Queue()
    failures: list[BaseException] = []
    with pytest.raises(PortAbsentError, match="no MIDI input port has that in its name"):
        MidiInput(RtMidiSource(MASTER)).open(heard.put, failures.append)
    clock = MidiInput(RtMidiSource(MASTER))
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
        assert [event.data for event in events] == sent
        assert all(before - 0.1 <= event.time <= time.monotonic() for event in events)
        assert all(a.time <= b.time for a, b in itertools.pairwise(events))
        detach(master.delete)  # type: ignore[attr-defined]
        until(lambda: not clock.connected, "its end")
    clock.close()
    assert failures == []


class Flood(GivenSource):
    """There is always more."""

    def read(self, most: int) -> list[Received]:
        return [Received(0.0, note_on(0, 60, 80))] * most


def test_of_a_flood_a_part_is_read_and_it_is_said() -> None:
    heard: list[Received] = []
    port = MidiInput(Flood())
    failures: list[BaseException] = []
    port.open(heard.append, failures.append)
    until(lambda: port.is_flooded, "the flood")
    port.close()
    assert failures == []
    assert len(heard) % MOST_AT_A_LOOK == 0
