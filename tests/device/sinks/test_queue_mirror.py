"""The books about a queue in the kernel are exact, whatever is sent and taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, TimedMessage, note_off, note_on
from playbach.sinks.alsa_queue import split_time
from playbach.sinks.queue_mirror import QueueMirror, ends_of
from playbach.stream import Seconds


def test_time_is_split_into_seconds_and_nanoseconds() -> None:
    assert split_time(12.000000005) == (12, 5)
    assert split_time(0.9999999999) == (1, 0)
    assert split_time(-0.1) == (0, 0)


@given(st.floats(0, 1e6))
def test_a_split_time_is_the_same_time(time: float) -> None:
    seconds, nanoseconds = split_time(time)
    assert 0 <= nanoseconds < 1_000_000_000
    assert abs(seconds + nanoseconds / 1e9 - time) < 1e-9


@st.composite
def queued(draw: st.DrawFn) -> list[TimedMessage]:
    messages = []
    for pitch in range(draw(st.integers(0, 12))):
        start = draw(st.floats(0, 2))
        end = start + draw(st.floats(0.01, 1))
        messages.append(TimedMessage(Seconds(start), note_on(0, pitch, 80)))
        messages.append(TimedMessage(Seconds(end), note_off(0, pitch)))
    return sorted(messages, key=lambda message: message.time)


class Kernel:
    """What the books are about: holds so much, sends what is due."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.held: list[TimedMessage] = []
        self.sent: list[TimedMessage] = []

    def pass_until(self, now: float) -> None:
        self.sent += sorted((m for m in self.held if m.time <= now), key=lambda m: m.time)
        self.held = [m for m in self.held if m.time > now]

    def take(self, messages: list[TimedMessage]) -> None:
        self.held += messages
        assert len(self.held) <= self.capacity


@given(queued(), st.integers(1, 8), st.lists(st.floats(0, 3), max_size=8).map(sorted))
def test_everything_is_either_sent_or_taken_back_once(
    messages: list[TimedMessage], capacity: int, looks: list[float]
) -> None:
    ledger, kernel = QueueMirror(capacity), Kernel(capacity)
    ledger.add(messages)
    for now in [0.0, *looks]:
        kernel.pass_until(now)
        kernel.take(list(ledger.hand_over(now)))
    # What is due very soon is left to the kernel.
    cut = (looks[-1] if looks else 0.0) + 0.01
    taken = ledger.take_back(cut)
    kernel.held = [message for message in kernel.held if message.time < cut]
    while kernel.held or ledger.waiting:
        kernel.pass_until(9.0)
        kernel.take(list(ledger.hand_over(9.0)))
    assert sorted([*kernel.sent, *taken]) == sorted(messages)
    assert all(message.time >= cut for message in taken)


@given(queued(), st.floats(0, 3))
def test_after_taking_everything_back_silencing_leaves_no_note(
    messages: list[TimedMessage], now: float
) -> None:
    ledger, kernel = QueueMirror(100), Kernel(100)
    ledger.add(messages)
    kernel.take(list(ledger.hand_over(0.0)))
    kernel.pass_until(now)
    cut = now + 0.01
    ledger.take_back(cut)
    kernel.held = [message for message in kernel.held if message.time < cut]
    kernel.pass_until(cut)
    synth = ActiveNotes()
    for message in kernel.sent:
        synth.hear(message.data)
    for data in ledger.release(cut):
        synth.hear(data)
    assert synth.notes == ()
    assert [data for data in ledger.release(cut) if data[0] & 0xF0 == NOTE_ON] == []


def test_each_note_that_may_have_begun_has_an_end() -> None:
    messages = [TimedMessage(Seconds(0.0), data) for data in (note_on(3, 60, 80), note_off(0, 61))]
    assert ends_of(messages) == [note_off(3, 60)]
