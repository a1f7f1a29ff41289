"""A synth that heard a program die is silent once the program is there again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.fixtures.jack import Receiver, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON

# On a free port: the usual one is for the commands of the documents, tested at the same time.
PLAY = (
    sys.executable, "-m", "playbach", "play", "--bundle", str(TINY_BUNDLE), "--tempo", "300",
    "--web", "127.0.0.1:0",
)  # fmt: skip


@contextmanager
def playing(port: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*PLAY, "--port", port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGABRT"])
def test_what_a_killed_program_left_sounding_ends_before_the_next_note(
    receiver: Receiver, name: str
) -> None:
    with playing(receiver.name) as process:
        until(lambda: receiver.sounding != (), "a note")
        process.send_signal(getattr(signal, name))
        process.wait()
    left = receiver.sounding
    before = len(receiver.heard)
    with playing(receiver.name):
        until(
            lambda: any(data[0] & 0xF0 == NOTE_ON for data in receiver.heard[before:]),
            "music again",
        )
        sounding = ActiveNotes()
        for key in left:
            sounding.hear(bytes((NOTE_ON | key[0], key[1], 64)))
        for data in receiver.heard[before:]:
            if data[0] & 0xF0 == NOTE_ON:
                break
            sounding.hear(data)
        assert sounding.notes == ()
