"""Messages are the bytes of the MIDI specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.midi.messages import (
    CLOCK,
    CONTINUE,
    KINDS,
    NOTE_ON,
    START,
    STOP,
    SYSTEM,
    Kind,
    MessageParser,
    channel_message,
    control_change,
    kind_of,
    note_off,
    note_on,
    program_change,
    song_position,
    system_message,
    values_of,
    volume,
)


def test_messages_are_the_bytes_of_the_specification() -> None:
    assert note_on(0, 60, 80) == bytes.fromhex("90 3C 50")
    assert note_off(3, 60) == bytes.fromhex("83 3C 40")
    assert control_change(0, 123, 0) == bytes.fromhex("B0 7B 00")
    assert program_change(15, 42) == bytes.fromhex("CF 2A")
    assert volume(1, 100) == bytes.fromhex("B1 07 64")
    assert song_position(200) == bytes.fromhex("F2 48 01")
    assert [system_message(status) for status in (CLOCK, START, CONTINUE, STOP)] == [
        bytes.fromhex(byte) for byte in ("F8", "FA", "FB", "FC")
    ]


@st.composite
def any_message(draw: st.DrawFn) -> tuple[Kind, tuple[int, ...], bytes]:
    kind = draw(st.sampled_from(list(KINDS.values())))
    values = tuple(draw(st.integers(field.low, field.high)) for field in kind.fields)
    if kind.status < SYSTEM:
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


@given(st.lists(any_message(), max_size=20), st.data())
def test_messages_are_found_however_they_are_cut(
    messages: list[tuple[Kind, tuple[int, ...], bytes]], data: st.DataObject
) -> None:
    """With running status, active sensing between any two bytes, and system exclusive between."""
    parser, sent, last = MessageParser(), bytearray(), -1
    for _, _, message in messages:
        may_run = message[0] == last
        sent += message[1:] if may_run and data.draw(st.booleans()) else message
        last = message[0] if message[0] < SYSTEM else last if message[0] >= CLOCK else -1
        if message[0] < CLOCK and data.draw(st.booleans()):
            sent += b"\xf0\x7e\x01\xf7"
            last = -1
    noisy = b"".join(bytes([byte]) + data.draw(st.sampled_from((b"", b"\xfe"))) for byte in sent)
    cut = data.draw(st.integers(0, len(noisy)))
    found = [*parser.feed(noisy[:cut]), *parser.feed(noisy[cut:])]
    assert found == [message for _, _, message in messages]


def test_a_note_on_without_velocity_is_a_note_off() -> None:
    assert list(MessageParser().feed(bytes.fromhex("90 3C 50 3C 00"))) == [
        note_on(0, 60, 80), note_off(0, 60)
    ]  # fmt: skip


@given(st.binary(max_size=100))
def test_of_rubbish_only_messages_come_out(data: bytes) -> None:
    assert all(kind_of(message) for message in MessageParser().feed(data))


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
