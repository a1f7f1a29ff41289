"""Notes become messages that start and end where the music says."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.streams import note

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.errors import InputError
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_OFF, NOTE_ON
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks
from playbach.music.performed import PerformedNote
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.queue import Composed, Continuation
from playbach.playback.schedule import Schedule
from playbach.playback.sent_notes import Outgoing, SentNote, SentNotes, articulated
from playbach.playback.timeline import Timeline
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

NEVER = Nanoseconds(1 << 62)
START = Movement(1, 1, OTHER, C_MAJOR, Meter(4, 4), 60.0, Ticks(24))
END = MovementEnd(Ticks(120), Seconds(2.0))


@st.composite
def streams(draw: st.DrawFn) -> list[StreamItem]:
    items: list[StreamItem] = [START]
    onset = 0
    for _ in range(draw(st.integers(0, 30))):
        # Few values, so that notes often begin and end together, and are often struck again.
        onset += draw(st.sampled_from((0, 0, 1, 12, 24)))
        length = draw(st.sampled_from((1, 12, 24, 25, 96)))
        items.append(note(onset, draw(st.integers(50, 53)), length))
    return items


def composed(item: StreamItem) -> Composed:
    return Composed(item, Nanoseconds(0), Continuation(None))


def perform(items: list[StreamItem], voice: ChannelSettings | None = None) -> list[Outgoing]:
    schedule = Schedule(Controls(voice or ChannelSettings()))
    messages = []
    for item in items:
        messages += schedule.take(schedule.due(composed(item)))
        schedule.add(composed(item))
    return messages + schedule.take(NEVER)


def shown(messages: list[Outgoing]) -> list[str]:
    return [f"{message.time / 1e9:.3f} {message.data.hex(' ')}" for message in messages]


def test_a_chord_starts_together_and_an_upbeat_is_not_accented() -> None:
    messages = perform([START, note(0, 60, 24), note(24, 48, 48), note(24, 64, 24)])
    assert shown(messages) == [
        "0.000 90 3c 50",  # velocity 80
        "0.985 80 3c 40",  # 15 ms before its end
        "1.000 90 30 58",  # first beat of the bar: velocity 88
        "1.000 90 40 58",
        "1.985 80 40 40",
        "2.985 80 30 40",
    ]


def test_a_repeated_pitch_ends_before_it_starts_again() -> None:
    times = [m.time for m in perform([START, note(0, 60, 1), note(1, 60, 1)])]
    assert times == sorted(set(times))


@given(st.integers(0, 10**12), st.integers(2, 10**12))
def test_a_note_keeps_nine_tenths_of_its_length_at_least(onset: int, length: int) -> None:
    off = articulated(Nanoseconds(onset), Nanoseconds(onset + length))
    assert onset + length * 0.9 - 1 <= off <= onset + length
    assert off > onset


def test_an_instrument_is_chosen_at_the_start_of_each_movement() -> None:
    messages = perform([START, note(0, 60), END, START], ChannelSettings(program=42))
    assert [m.data.hex(" ") for m in messages if m.data[0] == 0xC0] == ["c0 2a", "c0 2a"]


def test_the_next_movement_starts_after_the_last_bar_and_the_rest() -> None:
    messages = perform([START, note(0, 60), END, START, note(0, 62)])
    assert messages[2].time == to_nanoseconds(5.0 + 2.0)


@given(streams())
def test_every_note_starts_once_and_ends_once_in_order(items: list[StreamItem]) -> None:
    messages = perform(items)
    starts = [m.data[1] for m in messages if m.data[0] == NOTE_ON]
    ends = [m.data[1] for m in messages if m.data[0] == NOTE_OFF]
    assert starts == [item.pitch for item in items if isinstance(item, Note)]
    assert sorted(ends) == sorted(starts)
    assert [m.time for m in messages] == sorted(m.time for m in messages)
    sounding = ActiveNotes()
    for message in messages:
        # No pitch is struck while it sounds, so every note-off ends the note it belongs to.
        if message.data[0] == NOTE_ON:
            assert (0, message.data[1]) not in sounding.notes
        sounding.hear(message.data)
    assert sounding.notes == ()


@given(streams(), st.randoms(use_true_random=False))
def test_what_is_sent_does_not_depend_on_when_it_is_asked_for(
    items: list[StreamItem], random: Random
) -> None:
    schedule = Schedule(Controls())
    messages = []
    for item in items:
        if random.random() < 0.5:
            messages += schedule.take(schedule.due(composed(item)))
        schedule.add(composed(item))
    messages += schedule.take(NEVER)

    # Of one moment, what concerns one pitch is in order.
    def place(message: Outgoing) -> tuple[int, int]:
        return message.time, message.data[1]

    assert sorted(messages, key=place) == sorted(perform(items), key=place)


def test_a_note_that_is_struck_again_does_not_last_longer_in_a_slower_tempo() -> None:
    played = PerformedNote(note(0, 60, 24), louder=0)
    notes = SentNotes()
    first, second = (SentNote(0, 60, 80, Nanoseconds(on), Nanoseconds(on + 90), played, 1)
                     for on in (0, 50))  # fmt: skip
    notes.begin(first)
    notes.begin(second)
    notes.retime(1, lambda tick: Nanoseconds(int(tick) * 10), Nanoseconds(0))
    assert first.off == 50
    # It is not, when that is taken back.
    notes.rewind(Nanoseconds(50))
    notes.retime(1, lambda tick: Nanoseconds(int(tick) * 10), Nanoseconds(0))
    assert first.off > 50


def test_a_note_that_is_struck_again_ends_before_that_is_sent_ahead() -> None:
    schedule = Schedule(Controls())
    for item in (START, note(0, 60, 24), note(24, 60, 24)):
        schedule.add(composed(item))
    sent = schedule.take(Nanoseconds(0))
    assert [message.data[0] for message in sent] == [NOTE_ON, NOTE_OFF, NOTE_ON]


class Ahead:
    """Whoever sends what was taken from a schedule, and gives back what has not left."""

    def __init__(self) -> None:
        self.schedule = Schedule(Controls())
        self.now = Nanoseconds(0)
        self.left: list[bytes] = []
        self._waiting: list[Outgoing] = []
        self._coming: list[StreamItem] = []

    def take(self, until: int) -> None:
        self._waiting += self.schedule.take(Nanoseconds(max(until, self.now)))
        self._waiting.sort(key=lambda message: message.time)

    def advance(self, by: int) -> None:
        self.now = Nanoseconds(self.now + by)
        self.left += [message.data for message in self._waiting if message.time < self.now]
        self._waiting = [message for message in self._waiting if message.time >= self.now]
        self.schedule.settle(self.now)

    def withdraw(self) -> None:
        self._waiting = []
        again = [one.item for one in self.schedule.rewind(self.now)]
        self._coming = [*again, *self._coming]

    def add(self, item: StreamItem) -> None:
        self._coming.append(item)
        while self._coming:
            if self.schedule.is_surprised_by(composed(self._coming[0])):
                self.withdraw()
            self.schedule.add(composed(self._coming.pop(0)))


@given(streams(), st.integers(0, 1 << 32))
def test_no_pitch_is_struck_while_it_sounds_however_late_it_is_composed(
    items: list[StreamItem], seed: int
) -> None:
    ahead, random = Ahead(), Random(seed)
    for item in items:
        ahead.add(item)
        if random.random() < 0.7:
            ahead.take(ahead.now + random.randrange(3_000_000_000))
        ahead.advance(random.randrange(1_000_000_000))
    ahead.take(NEVER)
    ahead.advance(NEVER)
    sounding = ActiveNotes()
    for data in ahead.left:
        if data[0] == NOTE_ON:
            assert (0, data[1]) not in sounding.notes
        sounding.hear(data)
    assert sounding.notes == ()


def test_a_delay_moves_what_is_to_come_and_not_what_sounds() -> None:
    schedule = Schedule(Controls())
    for item in (START, note(0, 60, 24)):
        schedule.add(composed(item))
    later = note(24, 62, 24)
    schedule.delay(to_nanoseconds(10.0), later)
    schedule.add(composed(later))
    assert [m.time for m in schedule.take(NEVER)] == [
        0,
        985_000_000,
        11_000_000_000,
        11_985_000_000,
    ]


def test_nothing_sounds_after_the_cut() -> None:
    schedule = Schedule(Controls())
    for item in (START, note(0, 60, 240)):
        schedule.add(composed(item))
    schedule.cut(to_nanoseconds(3.0))
    assert [m.time for m in schedule.take(NEVER)] == [0, 3_000_000_000]


def test_a_stream_without_a_movement_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with a Movement"):
        Timeline().due(note(0, 60))


@pytest.mark.parametrize(
    "values", [{"channel": 16}, {"program": 128}, {"velocity": 0}, {"accent": 100}]
)
def test_a_voice_that_midi_cannot_say_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        ChannelSettings(**values)
