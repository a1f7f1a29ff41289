"""Messages are the bytes of the MIDI specification, and what sounds can be ended."""

from hypothesis import given
from hypothesis import strategies as st

from playbach.midi_messages import (
    Sounding,
    control_change,
    note_off,
    note_on,
    program_change,
)

notes = st.lists(st.tuples(st.booleans(), st.integers(0, 15), st.integers(0, 127)), max_size=50)


def test_messages_are_the_bytes_of_the_specification() -> None:
    assert note_on(0, 60, 80) == bytes.fromhex("90 3C 50")
    assert note_off(3, 60) == bytes.fromhex("83 3C 40")
    assert control_change(0, 123, 0) == bytes.fromhex("B0 7B 00")
    assert program_change(15, 42) == bytes.fromhex("CF 2A")


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
