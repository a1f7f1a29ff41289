"""The sending thread sends everything in order, and silence is never overtaken."""

import threading

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import TimedMessage, note_off, note_on
from playbach.sinks.sender import DeadlineSender
from playbach.stream import Seconds


class Wire:
    """Remembers what is written, and lets a test wait for so many messages."""

    def __init__(self, enough: int) -> None:
        self.written: list[bytes] = []
        self.failures: list[BaseException] = []
        self.full = threading.Event()
        self._enough = enough

    def write(self, data: bytes) -> None:
        self.written.append(data)
        if len(self.written) >= self._enough:
            self.full.set()


def messages(count: int, start: float) -> list[TimedMessage]:
    return [
        TimedMessage(Seconds(start + step * 0.001), note_on(0, step % 128, 80))
        for step in range(count)
    ]


def test_messages_leave_in_order_of_time_and_none_before_it() -> None:
    wire = Wire(200)
    sender = DeadlineSender(wire.write, wire.failures.append)
    later, earlier = messages(100, 0.15), messages(100, 0.05)
    sender.send(later)
    sender.send(earlier)
    assert wire.full.wait(10)
    assert sender.now() >= later[-1].time
    assert wire.written == [message.data for message in earlier + later]
    sender.end()
    assert sender.lateness.sent == 200
    assert 0 <= sender.lateness.p50 <= sender.lateness.p99 <= sender.lateness.max
    assert wire.failures == []


def test_a_cancelled_message_never_leaves() -> None:
    wire = Wire(1)
    sender = DeadlineSender(wire.write, wire.failures.append)
    sender.send(messages(10, 60.0))
    sender.take_back()
    sender.send([TimedMessage(Seconds(0.0), note_off(0, 1))])
    assert wire.full.wait(10)
    sender.end()
    assert wire.written == [note_off(0, 1)]


def test_what_is_taken_back_is_exactly_what_does_not_leave() -> None:
    wire = Wire(5)
    sender = DeadlineSender(wire.write, wire.failures.append)
    soon, later = messages(5, 0.0), messages(5, 60.0)
    sender.send(later[:3])
    sender.send([*soon, *later[3:]])
    assert sender.take_back(later[2].time) == later[2:]
    assert wire.full.wait(10)
    assert sender.take_back() == later[:2]
    assert sender.take_back() == []
    sender.end()
    assert wire.written == [message.data for message in soon]


def test_what_is_sent_now_does_not_wait_for_the_queue_and_is_ended_by_silence() -> None:
    wire = Wire(1)
    sender = DeadlineSender(wire.write, wire.failures.append)
    sender.send(messages(3, 60.0))
    sender.send_now([note_on(0, 60, 80)])
    assert wire.written == [note_on(0, 60, 80)]
    sender.silence()
    assert wire.written[1] == note_off(0, 60)
    sender.end()


def test_silence_ends_what_sounds_before_it_returns() -> None:
    wire = Wire(20)
    sender = DeadlineSender(wire.write, wire.failures.append)
    sender.send(messages(20, 0.0) + messages(20, 60.0))
    assert wire.full.wait(10)
    sender.silence()
    sounding = ActiveNotes()
    for data in wire.written:
        sounding.hear(data)
    assert sounding.notes == ()
    count = len(wire.written)
    sender.end()
    assert len(wire.written) == count


def test_a_write_that_fails_is_reported_once() -> None:
    failures: list[BaseException] = []
    reported = threading.Event()

    def fail(_: bytes) -> None:
        raise OSError("the wire is cut")

    def report(error: BaseException) -> None:
        failures.append(error)
        reported.set()

    sender = DeadlineSender(fail, report)
    sender.send(messages(3, 0.0))
    assert reported.wait(10)
    sender.end()
    assert [str(error) for error in failures] == ["the wire is cut"]


def test_what_waited_while_the_program_stood_still_makes_no_burst() -> None:
    wire = Wire(3)
    sender = DeadlineSender(wire.write, wire.failures.append)
    program = b"\xc0\x2a"
    stale = [program, note_on(0, 60, 80), note_off(0, 60)]
    sender.send([TimedMessage(Seconds(-5.0), data) for data in stale])
    sender.send([TimedMessage(Seconds(sender.now() + 0.01), note_on(0, 62, 80))])
    assert wire.full.wait(10)
    sender.end()
    assert wire.written == [program, note_off(0, 60), note_on(0, 62, 80)]
