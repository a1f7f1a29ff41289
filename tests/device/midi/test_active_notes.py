"""What sounds on a synth can be ended, whoever began it."""

from hypothesis import given
from hypothesis import strategies as st

from playbach.midi.active_notes import ActiveNotes, all_notes_off
from playbach.midi.messages import (
    CLOCK,
    START,
    STOP,
    note_off,
    note_on,
    program_change,
    system_message,
)

notes = st.lists(st.tuples(st.booleans(), st.integers(0, 15), st.integers(0, 127)), max_size=50)


def test_hushing_ends_every_key_of_its_channels_whoever_began_it() -> None:
    messages = all_notes_off((3, 0, 3))
    assert [data.hex(" ") for data in messages[:6]] == [
        *("b0 78 00", "b0 7b 00", "b0 79 00"),
        *("b3 78 00", "b3 7b 00", "b3 79 00"),
    ]
    assert messages[6:] == [note_off(channel, key) for channel in (0, 3) for key in range(128)]


def test_clock_and_transport_leave_nothing_sounding() -> None:
    sounding = ActiveNotes()
    for status in (CLOCK, START, STOP):
        sounding.hear(system_message(status))
    assert sounding.release() == []


def test_silencing_ends_each_note_and_then_resets_its_channel() -> None:
    sounding = ActiveNotes()
    for data in (note_on(0, 60, 80), note_on(0, 64, 80), note_off(0, 60), program_change(2, 1)):
        sounding.hear(data)
    assert [data.hex(" ") for data in sounding.release()] == [
        "80 40 40",  # the one note that sounds
        "b0 7b 00",  # all notes off
        "b0 79 00",  # reset all controllers
        "b2 7b 00",
        "b2 79 00",
    ]


def test_a_note_on_of_velocity_zero_ends_a_note() -> None:
    sounding = ActiveNotes()
    sounding.hear(note_on(0, 60, 80))
    sounding.hear(bytes.fromhex("90 3C 00"))
    assert sounding.notes == ()


@given(notes)
def test_after_silencing_nothing_sounds(messages: list[tuple[bool, int, int]]) -> None:
    sounding = ActiveNotes()
    for starts, channel, pitch in messages:
        sounding.hear(note_on(channel, pitch, 64) if starts else note_off(channel, pitch))
    for data in sounding.release():
        sounding.hear(data)
    assert sounding.notes == ()
