"""A synth that is switched off and on while music plays, and a sound server that is too."""

from __future__ import annotations

import os
import queue
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from tests.fixtures.jack import PATIENCE, Receiver, fluidsynth, jack_server, rtmidi_sink, until

from playbach.errors import PortAbsentError, PortError
from playbach.midi.active_notes import all_notes_off
from playbach.midi.messages import TimedMessage, note_off, note_on
from playbach.sinks.base import Change, Sink
from playbach.sinks.jack_server import opened
from playbach.stream import Seconds

pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")


class Told:
    """What a sink has said."""

    def __init__(self) -> None:
        self.changes: queue.Queue[Change] = queue.Queue()
        self.failures: queue.Queue[BaseException] = queue.Queue()

    def next(self) -> Change:
        return self.changes.get(timeout=PATIENCE)


@contextmanager
def running(sink: Sink, *, absent_ok: bool = False) -> Iterator[Told]:
    told = Told()
    sink.open(absent_ok=absent_ok)
    try:
        sink.start(told.failures.put, told.changes.put)
        yield told
        assert told.failures.empty()
    finally:
        sink.silence()
        sink.close()


def connected_to(port: str) -> list[str]:
    listing = subprocess.run(["jack_lsp", "-c"], capture_output=True, text=True, check=False)
    lines = listing.stdout.split("\n")
    start = lines.index(port) + 1
    ends = (i for i, line in enumerate(lines[start:], start) if not line.startswith(" "))
    return [line.strip() for line in lines[start : next(ends)]]


@pytest.mark.usefixtures("jack")
def test_a_synth_that_is_switched_off_and_on_is_lost_and_found(font: Path) -> None:
    sink = rtmidi_sink("hotplug-synth*")
    with fluidsynth(font, "hotplug-synth"):
        sink.open()
    told = Told()
    sink.start(told.failures.put, told.changes.put)
    assert told.next() is Change.LOST
    assert not sink.connected
    # Nothing that is sent now is an error, and it is not kept for later.
    sink.send([TimedMessage(sink.now(), note_on(0, 60, 80))])
    with fluidsynth(font, "hotplug-synth"):
        assert told.next() is Change.FOUND
        assert not sink.connected
        assert sink.reconnect()
        assert sink.connected
        ports = connected_to("hotplug-synth:midi_00")
        assert len(ports) == 1
        assert ports[0].startswith("Play Bach")
    assert told.next() is Change.LOST
    sink.silence()
    sink.close()
    assert told.failures.empty()


@pytest.mark.usefixtures("jack")
def test_a_synth_that_is_not_there_yet_is_waited_for_by_option_only() -> None:
    with pytest.raises(PortAbsentError, match="no MIDI output port has that in its name"):
        rtmidi_sink(Receiver.name).open()
    sink = rtmidi_sink(f"no-such-synth,{Receiver.name}")
    with running(sink, absent_ok=True) as told:
        assert not sink.connected
        receiver = Receiver()
        try:
            assert told.next() is Change.FOUND
            assert sink.reconnect()
            assert Receiver.name in sink.description
            sink.all_notes_off([0])
            later = sink.now() + 0.05
            sink.send([TimedMessage(Seconds(later), note_on(0, 64, 80))])
            until(lambda: receiver.music == [note_on(0, 64, 80)], "the note")
            assert receiver.heard[:-1] == all_notes_off([0])
            sink.send([TimedMessage(Seconds(later), note_off(0, 64))])
            until(lambda: receiver.sounding == (), "its end")
        finally:
            receiver.close()
        assert told.next() is Change.LOST


@pytest.mark.usefixtures("jack")
def test_for_a_player_that_does_not_listen_a_loss_is_a_failure() -> None:
    receiver = Receiver()
    sink = rtmidi_sink(Receiver.name)
    sink.open()
    told = Told()
    sink.start(told.failures.put)
    receiver.close()
    assert isinstance(told.failures.get(timeout=PATIENCE), PortError)
    with pytest.raises(PortError, match="it has gone; switch it on and start again"):
        sink.send([TimedMessage(sink.now(), note_on(0, 60, 80))])
    sink.silence()
    sink.close()


@pytest.mark.usefixtures("jack")
def test_a_synth_that_is_killed_is_lost_and_found(font: Path) -> None:
    sink = rtmidi_sink("hotplug-killed*")
    with fluidsynth(font, "hotplug-killed") as process:
        sink.open()
        told = Told()
        sink.start(told.failures.put, told.changes.put)
        process.kill()
        assert told.next() is Change.LOST
    with fluidsynth(font, "hotplug-killed"):
        assert told.next() is Change.FOUND
        assert sink.reconnect()
        assert len(connected_to("hotplug-killed:midi_00")) == 1
        sink.silence()
        sink.close()
    assert told.failures.empty()


LISTEN = """
import time
from tests.fixtures.jack import Receiver

receiver = Receiver()
while not receiver.music:
    time.sleep(0.05)
print(receiver.music[0].hex(" "), flush=True)
time.sleep(60)
"""


@contextmanager
def listening() -> Iterator[IO[str]]:
    """A receiver in a process of its own: what is left of a client may not outlive its server."""
    command = [sys.executable, "-c", LISTEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()


def first_heard(sink: Sink, heard: IO[str]) -> str:
    """Play until something is heard: on a busy machine a server leaves out clients for a moment."""
    deadline = time.monotonic() + PATIENCE
    sink.send([TimedMessage(sink.now(), note_on(0, 64, 80))])
    while not select.select([heard], [], [], 1)[0]:
        assert time.monotonic() < deadline, f"nothing is heard within {PATIENCE:.0f} s"
        sink.send([TimedMessage(sink.now(), note_on(0, 64, 80))])
    return heard.readline()


def test_a_sound_server_that_dies_and_is_started_again_is_lost_and_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("jack", reason="without JACK-Client nobody notices")
    name = f"playbach-server-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    sink = rtmidi_sink(Receiver.name)
    with running(sink, absent_ok=True) as told:
        for end in ("kill", "terminate"):
            with jack_server(name) as process, listening() as heard:
                assert told.next() is Change.FOUND
                assert sink.reconnect()
                assert first_heard(sink, heard) == "90 40 50\n"
                getattr(process, end)()
                assert told.next() is Change.LOST


def test_a_sound_server_that_hangs_is_one_line_and_keeps_no_client_when_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = pytest.importorskip("jack", reason="needs JACK-Client")
    name = f"playbach-hanging-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    closed: queue.Queue[str] = queue.Queue()

    def close(client: Any) -> None:
        closed.put(client.name)
        client.close()

    with jack_server(name) as process:
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(PortError, match=r"^JACK: its library opens no client within 0.5 s"):
                opened(lambda: library.Client("late", no_start_server=True), close, patience=0.5)
        finally:
            process.send_signal(signal.SIGCONT)
        assert closed.get(timeout=PATIENCE) == "late"
