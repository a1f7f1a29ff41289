"""``playbach daemon`` over a real JACK server: it waits for its synth, and leaves nothing sounding.

A service that is killed cannot silence anything; the next one does, before its first note.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.device.daemon.test_service import CONFIG, service
from tests.fixtures.jack import PATIENCE, Receiver, pitches, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.midi.messages import NOTE_OFF, NOTE_ON
from playbach.signals import TABLE, Asked, numbers

OVER_JACK = CONFIG.replace('sink = "none"', f'sink = "jack"\nport = "{Receiver.name}"')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(OVER_JACK)
    return tmp_path


def test_it_waits_for_its_synth_and_finds_it(folder: Path, jack: str) -> None:
    assert jack
    with service(folder) as daemon:
        daemon.until("READY=1")
        daemon.until("STATUS=waiting for the synth")
        receiver = Receiver()
        try:
            daemon.until(f"STATUS=Suite 1 in .*{receiver.name}")
            until(lambda: len(pitches(receiver.heard, NOTE_ON)) > 2, "music")
            status, said = daemon.stop()
            assert status == 0
            assert receiver.sounding == ()
        finally:
            receiver.close()
    lines = [line.split(" ", 1)[1] for line in said.splitlines() if "JACK port" in line]
    assert lines == [
        f"warning: waiting for JACK port {receiver.name}",
        f"info: found, and playing to JACK port {receiver.name}:in",
    ]


def meaning(asked: Asked) -> list[int]:
    """The signals that mean this to a service, on this system."""
    return [number for row in TABLE if row.of_service is asked for number in numbers(row)]


@pytest.mark.parametrize("number", meaning(Asked.STOP))
def test_a_signal_leaves_nothing_sounding(folder: Path, receiver: Receiver, number: int) -> None:
    with service(folder) as daemon:
        until(lambda: len(receiver.sounding) > 0, "a note")
        daemon.process.send_signal(number)
        assert daemon.ended()[0] == 0
    assert receiver.sounding == ()
    assert sorted(pitches(receiver.music, NOTE_ON)) == sorted(pitches(receiver.music, NOTE_OFF))


def test_all_other_signals_are_no_reason_to_stop(folder: Path, receiver: Receiver) -> None:
    with service(folder) as daemon:
        until(lambda: len(receiver.sounding) > 0, "a note")
        for number in meaning(Asked.NOTHING):
            daemon.process.send_signal(number)
        before = len(pitches(receiver.heard, NOTE_ON))
        until(lambda: len(pitches(receiver.heard, NOTE_ON)) > before + 3, "further notes")
        assert daemon.stop()[0] == 0
    assert receiver.sounding == ()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGABRT"])
def test_what_a_killed_service_left_sounding_the_next_one_ends_first(
    folder: Path, receiver: Receiver, name: str
) -> None:
    """SIGABRT is what the watchdog of a service manager sends."""
    with service(folder) as daemon:
        until(lambda: len(receiver.sounding) > 0, "a note")
        daemon.process.send_signal(getattr(signal, name))
        assert daemon.ended()[0] == -getattr(signal, name)
    left = receiver.sounding
    before = len(receiver.heard)
    with service(folder) as daemon:
        until(lambda: len(pitches(receiver.heard[before:], NOTE_ON)) > 0, "music")
        heard = receiver.heard[before:]
        first = next(index for index, data in enumerate(heard) if data[0] & 0xF0 == NOTE_ON)
        ended = set(pitches(heard[:first], NOTE_OFF))
        assert {pitch for _, pitch in left} <= ended
        assert bytes((0xB0, 123, 0)) in heard[:first]
        assert daemon.stop()[0] == 0
    assert receiver.sounding == ()


def test_two_on_one_synth_say_so_and_both_play(folder: Path, receiver: Receiver) -> None:
    shared = "another Play Bach plays to it, too"
    said = f"JACK port {receiver.name}:in: {shared}"
    with service(folder) as daemon:
        until(lambda: len(receiver.sounding) > 0, "a note")
        words = ("--bundle", TINY_BUNDLE, "--port", receiver.name, "--no-web")
        # It ends by itself if it never says so.
        with subprocess.Popen(
            (sys.executable, "-m", "playbach", "play", "--seconds", "90", *map(str, words)),
            stdout=subprocess.PIPE,
            text=True,
        ) as player:
            try:
                assert player.stdout is not None
                wanted = f"problem: {said}"
                assert any(line.startswith(wanted) for line in player.stdout)
                assert f"error: {said}" in daemon.said("another Play Bach")
                player.terminate()
                assert player.wait(PATIENCE) == 0
            finally:
                player.kill()
        assert said in daemon.said("no longer so: ")
        before = len(receiver.heard)
        until(lambda: len(pitches(receiver.heard[before:], NOTE_ON)) > 2, "music")
        assert daemon.stop()[0] == 0
    assert receiver.sounding == ()


def test_a_reload_to_another_instrument_cuts_no_note_off(folder: Path, receiver: Receiver) -> None:
    with service(folder) as daemon:
        until(lambda: len(pitches(receiver.heard, NOTE_ON)) > 2, "music")
        (folder / "config.toml").write_text(OVER_JACK.replace("tempo", "transpose = 3\ntempo"))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("RELOADING=1")
        daemon.until("READY=1")
        before = len(receiver.heard)
        until(lambda: len(pitches(receiver.heard[before:], NOTE_ON)) > 2, "music")
        assert daemon.stop()[0] == 0
    assert receiver.sounding == ()
