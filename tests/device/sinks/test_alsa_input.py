"""An input on a real ALSA sequencer."""

from __future__ import annotations

import itertools
import queue
import time

import pytest
from tests.fixtures.jack import PATIENCE, until
from tests.fixtures.sequencer import REAL_DEVICE

from playbach.midi.messages import (
    CLOCK,
    START,
    STOP,
    note_on,
    song_position,
    system_message,
)
from playbach.sinks.midi_input import Received, midi_input

MASTER = "playbach-test-master"


@pytest.mark.skipif(not REAL_DEVICE.exists(), reason=f"no {REAL_DEVICE} (modprobe snd-seq)")
def test_a_master_on_a_real_sequencer_is_stamped_by_the_kernel() -> None:
    alsa_midi = pytest.importorskip("alsa_midi")
    heard: queue.Queue[Received] = queue.Queue()
    failures: list[BaseException] = []
    clock = midi_input(MASTER)
    clock.open(heard.put, failures.append, absent_ok=True)
    for _ in range(2):
        master = alsa_midi.SequencerClient(MASTER)
        port = master.create_port("out", alsa_midi.READ_PORT)
        until(lambda: clock.connected, "the master")
        before = time.monotonic()
        sent = [song_position(16), note_on(2, 60, 80), *map(system_message, (START, CLOCK, STOP))]
        for data in sent:
            master.event_output(alsa_midi.MidiBytesEvent(data), port=port)
        master.drain_output()
        events = [heard.get(timeout=PATIENCE) for _ in sent]
        assert [event.data for event in events] == sent
        assert all(before - 0.05 <= event.time <= time.monotonic() + 0.05 for event in events)
        assert all(a.time <= b.time for a, b in itertools.pairwise(events))
        master.close()
        until(lambda: not clock.connected, "its end")
    clock.close()
    assert failures == []
