"""Over a real JACK server: what is sent arrives, and a real synth sounds and falls silent."""

from __future__ import annotations

import queue
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.device.streams import pitches_of_scale, scales
from tests.fixtures.jack import Receiver, jack_ports, loudness, pitches, record, rtmidi_sink, until

from playbach.errors import PortError
from playbach.midi.messages import NOTE_OFF, NOTE_ON, TimedMessage, note_on
from playbach.playback.player import Player
from playbach.sinks import midi_api
from playbach.sinks.base import Change
from playbach.sinks.choose import choose_sink, list_inputs, list_ports
from playbach.sinks.fluidsynth import fluidsynth_sink
from playbach.sinks.jack_server import JackServer, detach, opened
from playbach.sinks.midi import midi_sink
from playbach.sinks.table import check, find_kind
from playbach.sound.options import SoundOptions
from playbach.stream import Seconds

pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")


def test_every_note_arrives_in_order_and_ends(receiver: Receiver) -> None:
    with Player(scales(3), rtmidi_sink(receiver.name)) as player:
        player.wait()
    assert pitches(receiver.heard, NOTE_ON) == pitches_of_scale() * 3
    assert sorted(pitches(receiver.music, NOTE_OFF)) == sorted(pitches_of_scale() * 3)
    assert receiver.sounding == ()
    assert [data.hex(" ") for data in receiver.heard[-2:]] == ["b0 7b 00", "b0 79 00"]


def test_nothing_sounds_after_a_stop_in_the_middle(receiver: Receiver) -> None:
    with Player(scales(), rtmidi_sink(receiver.name)) as player:
        until(lambda: len(receiver.sounding) > 0, "a note")
        assert player.status().running
    assert receiver.sounding == ()
    assert receiver.heard[-1].hex(" ") == "b0 79 00"


def test_a_synth_plays_what_it_is_sent_and_is_silent_after_the_stop(
    synth: str, tmp_path: Path
) -> None:
    path = tmp_path / "out.wav"
    with Player(scales(), rtmidi_sink(f"{synth}*")) as player:
        recorder = record(path, 4, synth)
        player.wait(Seconds(1.5))
    recorder.wait(30)
    assert loudness(path, slice(0, 96_000)) > 500
    # The last quarter second, in which the last note has long died away.
    assert loudness(path, slice(-24_000, None)) < 50


def test_our_own_fluidsynth_sounds_and_ends(jack: str, font: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    assert jack
    with Player(scales(), fluidsynth_sink(SoundOptions(soundfont=str(font)), "jack")) as player:
        recorder = record(path, 1, "playbach")
        recorder.wait(30)
        assert player.status().running
    assert loudness(path, slice(0, None)) > 500
    assert not any(name.startswith("playbach:") for name in jack_ports())


def test_what_is_no_sound_font_is_refused(jack: str, font: Path, tmp_path: Path) -> None:
    assert jack
    false_font = tmp_path / "false.sf2"
    false_font.write_bytes(font.read_bytes()[:50_000])
    sink = fluidsynth_sink(SoundOptions(soundfont=str(false_font)), "jack")
    with pytest.raises(PortError, match=r"false\.sf2 is not a sound font"):
        Player(scales(), sink).start()


def test_a_missing_port_is_answered_with_those_there_are(receiver: Receiver) -> None:
    with pytest.raises(PortError, match="did you mean 'playbach-test-receiver:in'"):
        Player(scales(), rtmidi_sink("playbach-test-reciever")).start()
    assert receiver.heard == []


@pytest.mark.parametrize("named", [True, False])
def test_a_port_of_jack_is_left_to_the_sink_jack(receiver: Receiver, named: bool) -> None:
    with pytest.raises(PortError, match=r"^sink midi: port '.*' is one of JACK, .*\(--sink jack\)"):
        midi_sink(receiver.name if named else None).open(absent_ok=True)
    assert "midi" not in {row.sink for row in list_ports() if row.api == "JACK"}
    assert "no MIDI output port" in check(find_kind("midi")).detail


def test_ports_are_listed_and_one_of_them_is_taken_by_itself(receiver: Receiver) -> None:
    assert f"{receiver.name}:in" in {row.name for row in list_ports() if row.api == "JACK"}
    assert receiver.name not in {row.name for row in list_inputs()}
    choice = choose_sink(None, "*test-receiver*")
    assert choice.sink.name == "jack"
    assert receiver.name in choice.explanation[-1]


# Last, because the server is slow for some seconds after a client was killed.
def test_a_fluidsynth_that_dies_is_started_again_and_plays(
    jack: str, font: Path, tmp_path: Path
) -> None:
    assert jack
    changes: queue.Queue[Change] = queue.Queue()
    failures: list[BaseException] = []
    sink = fluidsynth_sink(SoundOptions(soundfont=str(font)), "jack")
    sink.open()
    sink.start(failures.append, changes.put)
    process: Any = sink._output._process  # type: ignore[attr-defined]
    process._process.kill()
    assert changes.get(timeout=20) is Change.LOST
    sink.send([TimedMessage(sink.now(), note_on(0, 60, 100))])
    assert changes.get(timeout=30) is Change.FOUND
    assert sink.reconnect()
    path = tmp_path / "out.wav"
    recorder = record(path, 1, "playbach")
    until(lambda: "jackrec" in " ".join(jack_ports()), "the recorder")
    sink.send([TimedMessage(sink.now(), note_on(0, 60, 100))])
    recorder.wait(30)
    sink.silence()
    sink.close()
    assert loudness(path, slice(0, None)) > 500
    assert failures == []


def test_for_a_player_that_does_not_listen_a_fluidsynth_that_dies_is_a_failure(
    jack: str, font: Path
) -> None:
    assert jack
    failures: queue.Queue[BaseException] = queue.Queue()
    sink = fluidsynth_sink(SoundOptions(soundfont=str(font)), "jack")
    sink.open()
    sink.start(failures.put)
    process: Any = sink._output._process  # type: ignore[attr-defined]
    process._process.kill()
    assert "fluidsynth with TimGM6mb.sf2 (audio: jack): it has gone" in str(
        failures.get(timeout=20)
    )
    sink.silence()
    sink.close()


def test_a_client_that_never_closes_holds_nobody_up() -> None:
    never = threading.Event()
    detach(never.wait)
    done = threading.Event()
    detach(done.set)
    assert done.is_set()
    never.set()


def test_a_client_that_never_opens_is_a_mistake_in_one_line() -> None:
    never = threading.Event()
    with pytest.raises(PortError, match=r"^JACK: its library opens no client within 0.1 seconds"):
        opened(never.wait, lambda _: None, patience=0.1)
    never.set()


def test_a_client_that_opens_after_all_is_closed() -> None:
    opens = threading.Event()
    closed: queue.Queue[bool] = queue.Queue()
    with pytest.raises(PortError, match=r"^JACK: its library opens no client"):
        opened(lambda: opens.wait(60), closed.put, patience=0.1)
    assert closed.empty()
    opens.set()
    assert closed.get(timeout=60)


def test_what_opening_a_client_gives_or_raises_is_given_or_raised() -> None:
    closed: queue.Queue[int] = queue.Queue()
    assert opened(lambda: 5, closed.put) == 5
    with pytest.raises(ValueError, match="no server"):
        opened(lambda: int("no server"), closed.put)
    assert closed.empty()


@pytest.mark.parametrize("ports", [PortError("JACK: no answer"), None])
def test_the_client_that_watches_the_server_is_closed_where_that_for_ports_does_not_open(
    jack: str, monkeypatch: pytest.MonkeyPatch, ports: PortError | None
) -> None:
    """The second client, made to fail: no server fails it just after it let the first one in."""
    pytest.importorskip("jack", reason="without JACK-Client nobody watches")
    assert jack
    closed: list[JackServer] = []
    close = JackServer.close

    def closing(server: JackServer) -> None:
        closed.append(server)
        close(server)

    def failing(*_: object) -> None:
        raise ports or SystemError("no such server")

    monkeypatch.setattr(JackServer, "close", closing)
    monkeypatch.setattr(midi_api, "opened", failing)
    with nullcontext() if ports is None else pytest.raises(PortError, match="no answer"):
        assert midi_api.open_api("JACK", "MidiIn") is None
    assert len(closed) == 1
