"""The board's own sound over real JACK and ALSA: on its sample, and waiting for what goes away."""

from __future__ import annotations

import array
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.device.sound.test_synth import FONT, needs_synth
from tests.fixtures.jack import jack_ports, jack_server, until

from playbach.errors import PortAbsentError, PortError
from playbach.midi.messages import TimedMessage, note_off, note_on, program_change
from playbach.sender.process import apart
from playbach.sinks.base import Change
from playbach.sinks.jack_server import detach
from playbach.sinks.microphone import Ear
from playbach.sinks.pcm import Pcm
from playbach.sinks.sound import SoundSink
from playbach.sound.options import SoundOptions
from playbach.stream import Seconds

RATE = 48_000
DRY = SoundOptions(soundfont=str(FONT), reverb=0.0)
pytestmark = needs_synth


class Microphone:
    """A JACK client that keeps what is played to it, with the frame at which each period began."""

    def __init__(self, name: str) -> None:
        jack: Any = pytest.importorskip("jack", reason="JACK-Client or libjack is missing")
        self.heard: list[tuple[int, array.array[float]]] = []
        self.client = jack.Client(name, no_start_server=True)
        self._port = self.client.inports.register("in")
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, frames: int) -> None:
        del frames
        samples = array.array("f", bytes(self._port.get_buffer()))
        self.heard.append((self.client.last_frame_time, samples))

    def listen(self, port: str) -> None:
        self.client.connect(port, self._port)

    def onsets(self) -> list[int]:
        """Frames at which there is sound after silence."""
        found, zeros = [], 0
        for start, samples in list(self.heard):
            for offset, sample in enumerate(samples):
                if sample and zeros > RATE // 100:
                    found.append(start + offset)
                zeros = 0 if sample else zeros + 1
        return found


def test_notes_begin_exactly_as_many_samples_apart_as_they_are_due(jack: str) -> None:
    sink = SoundSink("jack", DRY)
    ear = Microphone(f"ear-{jack}"[:30])
    sink.open()
    try:
        sink.start(lambda error: pytest.fail(repr(error)))
        ear.listen(next(name for name in jack_ports() if name.endswith("playbach:left")))
        first = sink.now() + 0.5
        times = [first, first + 0.62345, first + 1.23217]
        # A drum: it begins with its first sample, and has ended before the next.
        sink.send([TimedMessage(Seconds(time), note_on(9, 76, 120)) for time in times])
        until(lambda: sink.now() > times[-1] + 0.5, "the notes")
        late = sink.lateness
    finally:
        sink.close()
        detach(ear.client.close)
    assert late is not None
    assert late.sent == 3
    onsets = ear.onsets()
    if not late.max:
        assert [frame - onsets[0] for frame in onsets] == [0, 29926, 59144]


def test_a_server_that_goes_and_comes_is_played_to_again() -> None:
    name = f"playbach-sound-{time.monotonic_ns() % 10**6}"
    changes: list[Change] = []
    with jack_server(name):
        sink = SoundSink("jack", DRY)
        sink.open()
        sink.start(lambda error: pytest.fail(repr(error)), changes.append)
        before = sink.now()
    try:
        until(lambda: changes == [Change.LOST], "the loss")
        with jack_server(name):
            until(lambda: changes == [Change.LOST, Change.FOUND], "the return")
            assert sink.reconnect()
            assert sink.now() > before
            sink.send([TimedMessage(Seconds(sink.now() + 0.05), note_on(0, 60, 90))])
            until(lambda: sink.lateness is not None and sink.lateness.sent == 1, "a note")
            sink.close()
    finally:
        sink.close()


@pytest.fixture
def alsa_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A device of ALSA that writes what it plays into this file."""
    out, settings = tmp_path / "out.raw", tmp_path / "asound.conf"
    settings.write_text(
        f'pcm.test {{ type file file "{out}" format raw slave.pcm "null" }}\n'
        "pcm.null { type null }\n"
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(settings))
    return out


def test_over_alsa_a_process_of_its_own_plays_on_time(alsa_file: Path) -> None:
    sink = apart(SoundSink("test", DRY), "test", DRY)
    try:
        sink.open()
        sink.start(lambda error: pytest.fail(repr(error)))
        due = Seconds(sink.now() + 0.3)
        sink.send(
            [
                TimedMessage(due, program_change(0, 42)),
                TimedMessage(due, note_on(0, 48, 90)),
                TimedMessage(Seconds(due + 0.1), note_off(0, 48)),
            ]
        )
        until(lambda: sink.now() > due + 0.5, "the note")
        assert "ALSA" in sink.description
    finally:
        sink.close()
    samples = array.array("f", alsa_file.read_bytes()[: 1 << 22])
    assert len(samples) > RATE
    assert max(samples) > 0.01
    assert samples[0::2] == samples[1::2]


@pytest.mark.usefixtures("alsa_file")
def test_a_card_that_was_not_served_in_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    wholes = iter([True, False, True, False])
    write = Pcm.write

    def gapped(pcm: Pcm, address: int, frames: int) -> bool:
        return write(pcm, address, frames) and next(wholes, True)

    monkeypatch.setattr(Pcm, "write", gapped)
    sink = SoundSink("test", DRY)
    sink.open()
    try:
        sink.start(lambda error: pytest.fail(repr(error)))
        until(lambda: sink.timing.endswith("; gaps: 2"), "the gaps are said")
    finally:
        sink.close()


def test_a_device_that_is_not_there_is_one_line(alsa_file: Path) -> None:
    assert alsa_file
    with pytest.raises(PortAbsentError, match=r"ALSA device nothing: .*; connect a sound card"):
        SoundSink("nothing", DRY).open()
    patient = SoundSink("nothing", DRY)
    patient.open(absent_ok=True)
    assert not patient.connected
    patient.close()


def test_a_sound_font_that_is_not_there_is_one_line() -> None:
    with pytest.raises(PortError, match=r"soundfont /nowhere\.sf2: no such file"):
        SoundSink("default", SoundOptions(soundfont="/nowhere.sf2")).open(absent_ok=True)


def test_a_check_plays_a_phrase_and_hears_it(jack: str, tmp_path: Path) -> None:
    assert jack
    config = tmp_path / "config.toml"
    config.write_text(f'[sound]\nsink = "sound"\nport = "jack"\nsoundfont = "{FONT}"\n')
    command = [sys.executable, "-m", "playbach", "check", "--config", str(config)]
    done = subprocess.run(
        [*command, "--listen", "playbach:left"], capture_output=True, text=True, check=False
    )
    assert "ok      ears: heard" in done.stdout, done.stdout + done.stderr


def test_an_ear_without_its_source_is_one_line(jack: str) -> None:
    assert jack
    with pytest.raises(PortError, match="JACK has no port nowhere to listen to"), Ear("nowhere"):
        pass
