"""Whatever dies, and however: what sounded ends, and the music goes on if anybody is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fixtures.jack import Receiver, pitches, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.midi.messages import NOTE_ON, TimedMessage, note_off, note_on
from playbach.sender.process import SenderSink, apart
from playbach.sinks.base import Change
from playbach.sinks.paced import none_sink
from playbach.sinks.table import find_kind
from playbach.sound.options import DEFAULT
from playbach.stream import Seconds


def sender_of(pid: int) -> int:
    """The process that sends for process ``pid``."""
    found = subprocess.run(
        ["pgrep", "-P", str(pid), "-f", "playbach.sender"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout.split()[0])


@contextmanager
def playing(receiver: Receiver, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = ["play", "--bundle", str(TINY_BUNDLE), "--port", receiver.name, "--no-web"]
    with subprocess.Popen(
        [sys.executable, "-m", "playbach", *command, "--tempo", "60", "--seed", "1", *options],
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            until(lambda: len(receiver.sounding) > 0, "a note")
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_no_death_of_the_program_leaves_a_note(receiver: Receiver, name: str) -> None:
    with playing(receiver, "--channel", "7") as process:
        sender = sender_of(process.pid)
        process.send_signal(getattr(signal, name))
        process.wait()
        until(lambda: receiver.sounding == (), "silence")
        until(lambda: not Path(f"/proc/{sender}").exists(), "the end of the sender")


def test_a_program_that_hangs_leaves_no_note(receiver: Receiver) -> None:
    with playing(receiver) as process:
        process.send_signal(signal.SIGSTOP)
        until(lambda: receiver.sounding == (), "silence")
        before = len(receiver.heard)
        process.send_signal(signal.SIGCONT)
        until(lambda: len(pitches(receiver.heard[before:], NOTE_ON)) > 2, "music again")
        process.terminate()
        process.wait()
    assert receiver.sounding == ()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_a_sender_that_dies_is_replaced_and_what_it_left_ends(
    receiver: Receiver, name: str
) -> None:
    with playing(receiver, "--channel", "3") as process:
        before = sender_of(process.pid)
        heard = len(receiver.heard)
        os.kill(before, getattr(signal, name))
        until(lambda: bytes((0xB2, 123, 0)) in receiver.heard[heard:], "the end of what sounded")
        silenced = receiver.heard.index(bytes((0xB2, 123, 0)), heard)
        until(lambda: len(pitches(receiver.heard[silenced:], 0x92)) > 2, "music again")
        assert sender_of(process.pid) != before
        process.terminate()
        assert process.wait() == 0
    assert receiver.sounding == ()


def test_what_a_terminal_or_a_service_manager_sends_to_all_does_not_end_the_sender(
    receiver: Receiver,
) -> None:
    with playing(receiver) as process:
        sender = sender_of(process.pid)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGTSTP", "SIGUSR1"):
            os.kill(sender, getattr(signal, name))
        before = len(receiver.heard)
        until(lambda: len(pitches(receiver.heard[before:], NOTE_ON)) > 2, "music")
        assert sender_of(process.pid) == sender


def test_messages_are_taken_back_and_sent_as_by_a_sink_in_this_process(receiver: Receiver) -> None:
    changes: list[Change] = []
    sink = apart(find_kind("jack").make(receiver.name, DEFAULT), receiver.name)
    assert isinstance(sink, SenderSink)
    sink.open()
    try:
        sink.start(lambda error: pytest.fail(str(error)), changes.append)
        assert sink.connected
        assert receiver.name in sink.description
        now = sink.now()
        first = TimedMessage(Seconds(now + 0.1), note_on(0, 60, 90))
        later = TimedMessage(Seconds(now + 600), note_off(0, 60))
        sink.send([first, later])
        until(lambda: receiver.sounding == ((0, 60),), "the note")
        assert [message.data for message in sink.cancel(Seconds(now + 300))] == [later.data]
        sink.silence()
        until(lambda: receiver.sounding == (), "silence")
        until(lambda: sink.lateness is not None and sink.lateness.sent > 0, "the lateness")
    finally:
        sink.close()
    assert changes == []


def test_a_sink_without_a_port_needs_no_process_of_its_own() -> None:
    sink = none_sink()
    assert apart(sink, None) is sink


def test_what_is_wrong_with_a_port_is_said_by_whoever_opens_it(jack: str) -> None:
    assert jack
    sink = apart(find_kind("jack").make("no such port", DEFAULT), "no such port")
    with pytest.raises(Exception, match="no such port") as raised:
        sink.open()
    sink.close()
    assert type(raised.value).__name__ == "PortAbsentError"


class Settled(SenderSink):
    """Counts how often the clocks were compared."""

    times = 0

    def _settle_clock(self) -> None:
        self.times += 1
        super()._settle_clock()


def test_the_clock_of_the_sink_is_followed_though_nothing_else_is_new(receiver: Receiver) -> None:
    """That of a sound card drifts from the machine's by more than the horizon within hours."""
    sink = Settled(find_kind("jack").make(receiver.name, DEFAULT), receiver.name)
    sink.open()
    try:
        sink.start(lambda error: pytest.fail(repr(error)))
        until(lambda: sink.times > 4, "a few reports")
    finally:
        sink.close()


def test_the_process_that_sends_imports_little() -> None:
    program = "import sys, playbach.sender.__main__, playbach.sinks.jack; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    # Each of them takes longer to import than all of the sender.
    assert not {"asyncio", "dataclasses", "inspect", "logging", "numpy", "subprocess"} & set(said)
