"""Over a real JACK server, by our own client: at the very frame, and never to nobody unnoticed."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.device.streams import pitches_of_scale, scales
from tests.fixtures.jack import jack_ports, until

from playbach.errors import PortAbsentError
from playbach.midi_messages import NOTE_OFF, NOTE_ON, TimedMessage, note_off, note_on
from playbach.player.player import Player
from playbach.silence import Sounding
from playbach.sinks.base import Change
from playbach.sinks.choose import list_ports
from playbach.sinks.jack import JackSink
from playbach.sinks.jack_server import let_go
from playbach.stream import Seconds

jack_client = pytest.importorskip("jack", reason="JACK-Client or libjack is missing")
RATE = 48_000


class FrameReceiver:
    """A client with a MIDI input that keeps each message with the frame of its arrival."""

    def __init__(self, name: str) -> None:
        self.heard: list[tuple[int, bytes]] = []
        self._client = jack_client.Client(name, no_start_server=True)
        self.name = self._client.name
        self._port = self._client.midi_inports.register("in")
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        del frames
        start = self._client.last_frame_time
        for offset, data in self._port.incoming_midi_events():
            self.heard.append((start + offset, bytes(data)))

    def close(self) -> None:
        let_go(self._client.close)

    def frames(self, kind: int = NOTE_ON) -> list[int]:
        return [frame for frame, data in self.heard if data[0] & 0xF0 == kind]

    @property
    def sounding(self) -> tuple[tuple[int, int], ...]:
        sounding = Sounding()
        for _, data in list(self.heard):
            sounding.hear(data)
        return sounding.notes


@pytest.fixture
def receiver(jack: str) -> Iterator[FrameReceiver]:
    receiver = FrameReceiver(f"ear-{jack}"[:30])
    yield receiver
    receiver.close()


@contextmanager
def open_sink(pattern: str) -> Iterator[tuple[JackSink, list[Change]]]:
    changes: list[Change] = []
    sink = JackSink(pattern)
    sink.open(absent_ok=True)
    try:
        sink.start(lambda error: pytest.fail(repr(error)), changes.append)
        yield sink, changes
    finally:
        sink.close()


def test_messages_arrive_exactly_as_many_frames_apart_as_they_are_due(
    receiver: FrameReceiver,
) -> None:
    with open_sink(receiver.name) as (sink, _):
        first = sink.now() + 0.5
        times = [Seconds(first + number * 0.1) for number in range(20)]
        sink.send([TimedMessage(time, note_on(0, 60 + n, 90)) for n, time in enumerate(times)])
        until(lambda: len(receiver.frames()) == 20, "all notes")
        late = sink.lateness
        assert late is not None
    steps = [b - a for a, b in itertools.pairwise(receiver.frames())]
    # A machine that is too busy for JACK delays whole periods, which the sink then says.
    if not late.max:
        assert steps == [RATE // 10] * 19


def test_every_note_arrives_in_order_and_ends(receiver: FrameReceiver) -> None:
    with Player(scales(3), JackSink(receiver.name)) as player:
        player.wait()
    ons = [data[1] for _, data in receiver.heard if data[0] & 0xF0 == NOTE_ON]
    assert ons == pitches_of_scale() * 3
    assert len(receiver.frames(NOTE_OFF)) >= len(ons)
    assert receiver.sounding == ()
    assert [data.hex(" ") for _, data in receiver.heard[-2:]] == ["b0 7b 00", "b0 79 00"]


def test_nothing_sounds_after_a_stop_in_the_middle(receiver: FrameReceiver) -> None:
    with Player(scales(), JackSink(receiver.name)):
        until(lambda: receiver.sounding != (), "a note")
    until(lambda: receiver.sounding == (), "silence")


def test_what_is_taken_back_is_not_sent(receiver: FrameReceiver) -> None:
    with open_sink(receiver.name) as (sink, _):
        due = Seconds(sink.now() + 60)
        sink.send([TimedMessage(due, note_on(0, 60, 90))])
        taken = sink.cancel(Seconds(due - 1))
        assert [message.data for message in taken] == [note_on(0, 60, 90)]
        assert taken[0].time == pytest.approx(due, abs=1 / RATE)
        assert sink.cancel() == []


def test_more_than_a_period_holds_leaves_in_the_next_ones(receiver: FrameReceiver) -> None:
    with open_sink(receiver.name) as (sink, _):
        sink.hush(range(16))
        until(lambda: len(receiver.heard) == 16 * 131, "all of it")


def test_a_connection_that_is_cut_is_a_loss_and_one_made_by_anybody_a_return(
    receiver: FrameReceiver,
) -> None:
    port = f"{receiver.name}:in"
    with open_sink(receiver.name) as (sink, changes):
        assert sink.connected
        own = next(
            name for name in jack_ports() if name.startswith("Play Bach") and name.endswith(":out")
        )
        subprocess.run(["jack_disconnect", own, port], check=True)
        until(lambda: changes == [Change.LOST], "the loss")
        assert not sink.connected
        # Who cut it wanted it so: it is not connected again behind their back.
        time.sleep(0.5)
        assert changes == [Change.LOST]
        subprocess.run(["jack_connect", own, port], check=True)
        until(lambda: changes == [Change.LOST, Change.FOUND], "the return")
        assert sink.reconnect()
        assert sink.connected


def test_a_synth_that_is_gone_for_a_moment_is_connected_again(jack: str) -> None:
    name = f"blink-{jack}"[:30]
    receiver = FrameReceiver(name)
    with open_sink(name) as (sink, changes):
        receiver.close()
        receiver = FrameReceiver(name)
        until(lambda: changes == [Change.LOST, Change.FOUND], "loss and return")
        assert sink.reconnect()
        sink.send([TimedMessage(Seconds(sink.now() + 0.1), note_on(0, 60, 90))])
        until(lambda: receiver.frames() != [], "a note")
        receiver.close()


def test_another_play_bach_on_the_same_port_is_noticed_until_it_goes(
    receiver: FrameReceiver,
) -> None:
    with open_sink(receiver.name) as (first, _):
        with open_sink(receiver.name) as (second, _):
            until(lambda: first.is_shared and second.is_shared, "both notice")
        until(lambda: not first.is_shared, "it is alone again")


def test_a_port_that_is_not_there_is_answered_with_those_there_are(receiver: FrameReceiver) -> None:
    sink = JackSink("no such port")
    with pytest.raises(PortAbsentError, match=receiver.name):
        sink.open()


def test_ports_of_jack_are_reached_by_the_sink_that_is_exact(receiver: FrameReceiver) -> None:
    rows = {row.name: row for row in list_ports()}
    assert rows[f"{receiver.name}:in"].sink == "jack"


def test_a_command_ends_what_others_left_sounding_on_any_channel(receiver: FrameReceiver) -> None:
    command = [sys.executable, "-m", "playbach", "silence", "--port", receiver.name]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.startswith("silenced: JACK port")
    heard = [data for _, data in receiver.heard]
    assert all(bytes((0xB0 | channel, 123, 0)) in heard for channel in range(16))
    assert all(note_off(channel, 60) in heard for channel in range(16))


def test_a_port_that_is_not_there_cannot_be_silenced(jack: str) -> None:
    assert jack
    command = [sys.executable, "-m", "playbach", "silence", "--sink", "jack", "--port", "nobody"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "nobody" in said.stderr
