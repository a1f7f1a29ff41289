"""Over a real JACK server, by our own client: at the very frame, and never to nobody unnoticed."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.device.streams import pitches_of_scale, scales
from tests.fixtures.jack import jack_ports, jack_server, until

from playbach.errors import PortAbsentError
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_OFF, NOTE_ON, TimedMessage, note_off, note_on
from playbach.playback.player import Player
from playbach.sinks.base import CLIENT_NAME, Change
from playbach.sinks.choose import choose_sink, list_ports
from playbach.sinks.jack import JackSink
from playbach.sinks.jack_queue import frames_between
from playbach.sinks.jack_server import detach
from playbach.sinks.midi import RtMidiOutput
from playbach.sinks.midi_api import JACK
from playbach.stream import Seconds

jack_client = pytest.importorskip("jack", reason="JACK-Client or libjack is missing")
RATE = 48_000


def test_frames_are_counted_over_the_end_of_32_bits_and_back() -> None:
    # A period that began before the clock was looked at is not a day later.
    assert [frames_between(5, other) for other in (1, 5, 9, (1 << 32) - 3)] == [-4, 0, 4, -8]
    assert frames_between((1 << 32) + 5, 9) == 4


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
        detach(self._client.close)

    def frames(self, kind: int = NOTE_ON) -> list[int]:
        return [frame for frame, data in self.heard if data[0] & 0xF0 == kind]

    @property
    def sounding(self) -> tuple[tuple[int, int], ...]:
        sounding = ActiveNotes()
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
        sink.all_notes_off(range(16))
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


def plays_on(receiver: FrameReceiver, beyond: int) -> bool:
    return len(receiver.frames()) > beyond


def test_nothing_hangs_after_a_pause_however_long_the_periods_of_the_server_are() -> None:
    name = f"playbach-long-{os.getpid()}"
    with jack_server(name, period=4096):
        receiver = FrameReceiver("ear-long")
        pauses = random.Random(1)
        with Player(scales(), JackSink(receiver.name)) as player:
            for _ in range(8):
                until(partial(plays_on, receiver, len(receiver.frames()) + 3), "music")
                time.sleep(pauses.uniform(0.0, 0.2))
                player.pause()
                until(lambda: player.status().resting == "paused", "the pause")
                until(lambda: receiver.sounding == (), "silence")
                player.resume()
        struck = ActiveNotes()
        for _, data in receiver.heard:
            assert data[0] & 0xF0 != NOTE_ON or (data[0] & 0x0F, data[1]) not in struck.notes
            struck.hear(data)
        receiver.close()


def connect(source: str, target: str, *, undo: bool = False) -> None:
    program = "jack_disconnect" if undo else "jack_connect"
    subprocess.run([program, source, target], check=True, capture_output=True, timeout=30)


def test_a_port_of_its_own_plays_whether_anybody_is_connected_or_not(
    receiver: FrameReceiver,
) -> None:
    with open_sink("own") as (sink, changes):
        assert sink.connected
        source = f"{CLIENT_NAME}:out"
        assert sink.description == f"a JACK port of its own, {source}"
        assert source in jack_ports()
        assert receiver.frames() == []
        for connected in (True, False):
            connect(source, f"{receiver.name}:in", undo=not connected)
            sink.send([TimedMessage(sink.now(), note_on(0, 64, 80))])
            if connected:
                until(lambda: receiver.frames() != [], "the note")
        # Long enough for the loss of a synth to be noticed.
        time.sleep(1.0)
        assert sink.connected
        assert changes == []
        assert len(receiver.frames()) == 1


def test_a_port_of_its_own_is_there_again_after_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"playbach-own-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    with jack_server(name):
        sink = JackSink("own")
        sink.open()
        changes: list[Change] = []
        sink.start(lambda error: pytest.fail(repr(error)), changes.append)
    try:
        until(lambda: changes == [Change.LOST], "the loss")
        with jack_server(name):
            until(lambda: changes[-1] is Change.FOUND, "the return")
            assert sink.reconnect()
            assert f"{CLIENT_NAME}:out" in jack_ports()
    finally:
        sink.close()


@pytest.mark.usefixtures("jack")
def test_rtmidi_has_a_port_of_its_own_too() -> None:
    pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    output = RtMidiOutput("own", [JACK])
    output.open()
    try:
        assert output.present()
        assert any(name.startswith(f"{CLIENT_NAME}:") for name in jack_ports())
        output.write(note_on(0, 64, 80))
    finally:
        output.close()


@pytest.mark.usefixtures("jack")
def test_without_a_synth_the_best_there_is_has_a_port_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("playbach.sinks.choose.ALSA_DEVICE", tmp_path / "none")
    monkeypatch.setattr("playbach.sinks.alsa_client.ALSA_DEVICE", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    for choice in (choose_sink(None), choose_sink(None, "own")):
        assert (choice.sink.name, choice.port) == ("jack", "own")
    assert not choose_sink(None).is_heard
