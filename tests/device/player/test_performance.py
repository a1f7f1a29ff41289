"""Notes become messages that start and end where the music says."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.streams import note, scales

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.errors import InputError
from playbach.midi_messages import NOTE_OFF, NOTE_ON, TimedMessage
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks
from playbach.player.controls import Controls, Voice
from playbach.player.held import articulated
from playbach.player.performance import Performance
from playbach.player.timeline import Spans
from playbach.silence import Sounding
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

NEVER = Nanoseconds(1 << 62)
START = Movement(1, 1, OTHER, C_MAJOR, Meter(4, 4), 60.0, Ticks(24))
END = MovementEnd(Ticks(120), Seconds(2.0))


@st.composite
def streams(draw: st.DrawFn) -> list[StreamItem]:
    items: list[StreamItem] = [START]
    onset = 0
    for _ in range(draw(st.integers(0, 30))):
        onset += draw(st.integers(0, 24))
        items.append(note(onset, draw(st.integers(50, 56)), draw(st.integers(1, 96))))
    return items


def perform(items: list[StreamItem], voice: Voice | None = None) -> list[TimedMessage]:
    performance = Performance(Controls(voice or Voice()))
    messages = []
    for item in items:
        messages += performance.take(performance.due(item))
        performance.add(item)
    return messages + performance.take(NEVER)


def shown(messages: list[TimedMessage]) -> list[str]:
    return [f"{message.time:.3f} {message.data.hex(' ')}" for message in messages]


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
    messages = perform([START, note(0, 60), END, START], Voice(program=42))
    assert [m.data.hex(" ") for m in messages if m.data[0] == 0xC0] == ["c0 2a", "c0 2a"]


def test_the_next_movement_starts_after_the_last_bar_and_the_rest() -> None:
    messages = perform([START, note(0, 60), END, START, note(0, 62)])
    assert messages[2].time == 5.0 + 2.0


@given(streams())
def test_every_note_starts_once_and_ends_once_in_order(items: list[StreamItem]) -> None:
    messages = perform(items)
    starts = [m.data[1] for m in messages if m.data[0] == NOTE_ON]
    ends = [m.data[1] for m in messages if m.data[0] == NOTE_OFF]
    assert starts == [item.pitch for item in items if isinstance(item, Note)]
    assert sorted(ends) == sorted(starts)
    assert [m.time for m in messages] == sorted(m.time for m in messages)
    sounding = Sounding()
    for message in messages:
        # No pitch is struck while it sounds, so every note-off ends the note it belongs to.
        if message.data[0] == NOTE_ON:
            assert (0, message.data[1]) not in sounding.notes
        sounding.hear(message.data)
    assert sounding.notes == ()


def test_a_delay_moves_what_is_to_come_and_not_what_sounds() -> None:
    performance = Performance(Controls())
    for item in (START, note(0, 60, 24)):
        performance.add(item)
    later = note(24, 62, 24)
    performance.delay(to_nanoseconds(10.0), later)
    performance.add(later)
    assert [m.time for m in performance.take(NEVER)] == [0.0, 0.985, 11.0, 11.985]


def test_nothing_sounds_after_the_cut() -> None:
    performance = Performance(Controls())
    for item in (START, note(0, 60, 240)):
        performance.add(item)
    performance.cut(to_nanoseconds(3.0))
    assert [m.time for m in performance.take(NEVER)] == [0.0, 3.0]


def test_spans_add_up_to_the_time_of_each_item() -> None:
    spans, performance = Spans(), Performance(Controls())
    total = 0.0
    for item in itertools.islice(scales(), 40):
        total += spans.to(item)
        assert abs(to_nanoseconds(total) - performance.due(item)) < 100
        performance.add(item)


def test_a_stream_without_a_movement_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with a Movement"):
        Spans().to(note(0, 60))


@pytest.mark.parametrize(
    "values", [{"channel": 16}, {"program": 128}, {"velocity": 0}, {"accent": 100}]
)
def test_a_voice_that_midi_cannot_say_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        Voice(**values)
