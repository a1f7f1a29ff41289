"""Messages are the bytes of the MIDI specification, and what sounds can be ended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.midi_messages import (
    CLOCK,
    CONTINUE,
    KINDS,
    NOTE_ON,
    START,
    STOP,
    Kind,
    Sounding,
    channel_message,
    control_change,
    hushing,
    kind_of,
    note_off,
    note_on,
    pitch_bend,
    program_change,
    song_position,
    system_message,
    values_of,
    volume,
)

notes = st.lists(st.tuples(st.booleans(), st.integers(0, 15), st.integers(0, 127)), max_size=50)


def test_messages_are_the_bytes_of_the_specification() -> None:
    assert note_on(0, 60, 80) == bytes.fromhex("90 3C 50")
    assert note_off(3, 60) == bytes.fromhex("83 3C 40")
    assert control_change(0, 123, 0) == bytes.fromhex("B0 7B 00")
    assert program_change(15, 42) == bytes.fromhex("CF 2A")
    assert volume(1, 100) == bytes.fromhex("B1 07 64")
    assert pitch_bend(0, 0) == bytes.fromhex("E0 00 40")
    assert pitch_bend(0, -8192) == bytes.fromhex("E0 00 00")
    assert pitch_bend(0, 8191) == bytes.fromhex("E0 7F 7F")
    assert song_position(200) == bytes.fromhex("F2 48 01")
    assert [system_message(status) for status in (CLOCK, START, CONTINUE, STOP)] == [
        bytes.fromhex(byte) for byte in ("F8", "FA", "FB", "FC")
    ]


@st.composite
def any_message(draw: st.DrawFn) -> tuple[Kind, tuple[int, ...], bytes]:
    kind = draw(st.sampled_from(list(KINDS.values())))
    values = tuple(draw(st.integers(field.low, field.high)) for field in kind.fields)
    if kind.has_channel:
        return kind, values, channel_message(kind.status, draw(st.integers(0, 15)), *values)
    return kind, values, system_message(kind.status, *values)


@given(any_message())
def test_every_kind_of_message_is_read_as_it_was_written(
    message: tuple[Kind, tuple[int, ...], bytes],
) -> None:
    kind, values, data = message
    assert len(data) == kind.size
    assert max(data[1:], default=0) < 0x80
    assert kind_of(data) is kind
    assert values_of(data) == values


@given(st.binary(max_size=5))
def test_what_is_no_message_is_of_no_kind(data: bytes) -> None:
    kind = kind_of(data)
    assert kind is None or (len(data) == kind.size and max(data[1:], default=0) < 0x80)


@pytest.mark.parametrize(
    ("status", "channel", "values", "said"),
    [
        (NOTE_ON, 0, (60, 0), "velocity 0: it must be 1 to 127"),
        (NOTE_ON, 0, (128, 80), "key 128: it must be 0 to 127"),
        (NOTE_ON, 16, (60, 80), "channel 16: it must be 0 to 15"),
        (NOTE_ON, 0, (-1, 80), "key -1"),
    ],
)
def test_a_number_outside_its_range_is_refused(
    status: int, channel: int, values: tuple[int, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        channel_message(status, channel, *values)


def test_a_song_position_has_fourteen_bits() -> None:
    with pytest.raises(ValueError, match="sixteenths 16384: it must be 0 to 16383"):
        song_position(16384)


def test_hushing_ends_every_key_of_its_channels_whoever_began_it() -> None:
    messages = hushing((3, 0, 3))
    assert [data.hex(" ") for data in messages[:6]] == [
        *("b0 78 00", "b0 7b 00", "b0 79 00"),
        *("b3 78 00", "b3 7b 00", "b3 79 00"),
    ]
    assert messages[6:] == [note_off(channel, key) for channel in (0, 3) for key in range(128)]


def test_clock_and_transport_leave_nothing_sounding() -> None:
    sounding = Sounding()
    for status in (CLOCK, START, STOP):
        sounding.hear(system_message(status))
    assert sounding.silencing() == []


def test_silencing_ends_each_note_and_then_resets_its_channel() -> None:
    sounding = Sounding()
    for data in (note_on(0, 60, 80), note_on(0, 64, 80), note_off(0, 60), program_change(2, 1)):
        sounding.hear(data)
    assert [data.hex(" ") for data in sounding.silencing()] == [
        "80 40 40",  # the one note that sounds
        "b0 7b 00",  # all notes off
        "b0 79 00",  # reset all controllers
        "b2 7b 00",
        "b2 79 00",
    ]


def test_a_note_on_of_velocity_zero_ends_a_note() -> None:
    sounding = Sounding()
    sounding.hear(note_on(0, 60, 80))
    sounding.hear(bytes.fromhex("90 3C 00"))
    assert sounding.notes == ()


@given(notes)
def test_after_silencing_nothing_sounds(messages: list[tuple[bool, int, int]]) -> None:
    sounding = Sounding()
    for starts, channel, pitch in messages:
        sounding.hear(note_on(channel, pitch, 64) if starts else note_off(channel, pitch))
    for data in sounding.silencing():
        sounding.hear(data)
    assert sounding.notes == ()
