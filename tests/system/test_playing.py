"""``playbach play`` over a real JACK server: every note arrives, and none is left hanging."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.fixtures.jack import Receiver, jack_ports, loudness, pitches, record, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.midi.messages import NOTE_OFF, NOTE_ON
from playbach.signals import TABLE, Asked, numbers

PATIENCE = 30
# On a free port: the usual one is for the commands of the documents, tested at the same time.
PLAY = (
    sys.executable, "-m", "playbach", "play", "--bundle", str(TINY_BUNDLE), "--seed", "3",
    "--web", "127.0.0.1:0",
)  # fmt: skip


@contextmanager
def playing(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*PLAY, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def check_silent(receiver: Receiver) -> None:
    """Every note has ended, and the synth was told so once more."""
    assert len(pitches(receiver.heard, NOTE_ON)) > 0
    # Before the first note the synth is told to end whatever a killed process left.
    first = next(n for n, data in enumerate(receiver.heard) if data[0] & 0xF0 == NOTE_ON)
    music = receiver.heard[first:]
    assert sorted(pitches(music, NOTE_ON)) == sorted(pitches(music, NOTE_OFF))
    assert receiver.sounding == ()
    assert [data.hex(" ") for data in receiver.heard[-2:]] == ["b0 7b 00", "b0 79 00"]


def test_four_seconds_of_music_arrive_and_end(receiver: Receiver) -> None:
    words = ("--sink", "jack", "--port", receiver.name, "--seconds", "4", "--tempo", "200")
    with playing(*words) as process:
        out, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")
    assert receiver.name in out
    check_silent(receiver)
    assert f"played {len(pitches(receiver.heard, NOTE_ON))} notes" in out
    assert next(data.hex(" ") for data in receiver.heard if data[0] == 0xC0) == "c0 2a"  # cello


def meaning(asked: Asked) -> list[int]:
    """The signals that mean this to a program at a terminal, on this system."""
    return [number for row in TABLE if row.at_terminal is asked for number in numbers(row)]


@pytest.mark.parametrize("number", meaning(Asked.STOP))
def test_a_signal_leaves_nothing_sounding(receiver: Receiver, number: int) -> None:
    with playing("--port", receiver.name, "--tempo", "300") as process:
        until(lambda: len(receiver.sounding) > 0, "a note")
        process.send_signal(number)
        _, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")
    check_silent(receiver)


def test_all_other_signals_are_no_reason_to_stop(receiver: Receiver) -> None:
    with playing("--port", receiver.name, "--tempo", "300") as process:
        until(lambda: len(receiver.sounding) > 0, "a note")
        for number in meaning(Asked.NOTHING):
            process.send_signal(number)
        before = len(pitches(receiver.heard, NOTE_ON))
        until(lambda: len(pitches(receiver.heard, NOTE_ON)) > before + 3, "further notes")
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")
    check_silent(receiver)


def test_a_suspended_program_leaves_nothing_sounding(receiver: Receiver) -> None:
    with playing("--port", receiver.name, "--tempo", "300") as process:
        until(lambda: len(receiver.sounding) > 0, "a note")
        process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert receiver.sounding == ()
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def test_a_synth_that_goes_and_comes_back_is_said_in_a_line_each(jack: str) -> None:
    assert jack
    with ExitStack() as receivers:
        receivers.callback((receiver := Receiver()).close)
        with playing("--port", receiver.name, "--tempo", "300", "--seconds", "90") as process:
            until(lambda: len(receiver.sounding) > 0, "a note")
            receivers.close()
            assert process.stdout is not None
            lost = next(line for line in process.stdout if "lost" in line)
            receivers.callback((receiver := Receiver()).close)
            found = next(line for line in process.stdout if "found" in line)
            process.send_signal(signal.SIGTERM)
            _, error = process.communicate(timeout=PATIENCE)
    assert lost == f"lost: waiting for JACK port {receiver.name}:in\n"
    assert found == f"found, and playing to JACK port {receiver.name}:in\n"
    assert error == ""


def test_the_same_seed_plays_the_same_notes(receiver: Receiver) -> None:
    heard = []
    for _ in range(2):
        receiver.heard.clear()
        with playing("--port", receiver.name, "--seconds", "2", "--tempo", "300") as process:
            process.communicate(timeout=PATIENCE)
        heard.append(pitches(receiver.heard, NOTE_ON))
    # How many come within two seconds depends on when the first one does.
    shorter, longer = sorted(heard, key=len)
    assert longer[: len(shorter)] == shorter != []


def test_a_port_that_does_not_exist_is_answered_with_those_that_do(receiver: Receiver) -> None:
    for words in (("--sink", "jack"), ()):
        with playing(*words, "--port", "playbach-test-reciever") as process:
            _, error = process.communicate(timeout=PATIENCE)
        assert process.returncode == 2
        assert error.count("\n") == 1
        assert error.startswith("playbach play: port 'playbach-test-reciever': no ")
        assert f"did you mean '{receiver.name}:in'? there are: " in error


def test_a_port_of_jack_asked_of_the_sink_midi_is_answered_with_the_sink_that_has_it(
    receiver: Receiver,
) -> None:
    with playing("--sink", "midi", "--port", receiver.name) as process:
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert error == (
        f"playbach play: sink midi: port '{receiver.name}:in' is one of JACK, to which the sink "
        "jack plays; choose that (--sink jack)\n"
    )


def test_ports_and_check_name_the_receiver(receiver: Receiver) -> None:
    for command in ("ports", "check"):
        done = subprocess.run(
            [*PLAY[:3], command], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.stderr == ""
        assert receiver.name in done.stdout


def test_a_synth_of_our_own_is_heard_and_leaves(jack: str, font: Path, tmp_path: Path) -> None:
    assert jack
    assert font.exists()
    path = tmp_path / "out.wav"
    with playing("--sink", "fluidsynth", "--tempo", "200", "--seconds", "6") as process:
        recorder = record(path, 3, "playbach")
        recorder.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        out, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")
    assert "fluidsynth" in out
    assert loudness(path, slice(0, None)) > 500
    until(lambda: not any(name.startswith("playbach:") for name in jack_ports()), "the synth's end")
