"""MIDI files as chunks and events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.music import smf
from playbach.music.smf import Event, MidiData

# The examples in the specification of Standard MIDI Files.
VARIABLE_LENGTHS = [
    (0x00, "00"),
    (0x40, "40"),
    (0x7F, "7f"),
    (0x80, "81 00"),
    (0x2000, "c0 00"),
    (0x3FFF, "ff 7f"),
    (0x4000, "81 80 00"),
    (0x1FFFFF, "ff ff 7f"),
    (0x200000, "81 80 80 00"),
    (0x0FFFFFFF, "ff ff ff 7f"),
]


@pytest.mark.parametrize(("number", "written"), VARIABLE_LENGTHS)
def test_numbers_of_variable_length_are_as_specified(number: int, written: str) -> None:
    assert smf.variable_bytes(number).hex(" ") == written


channel_messages = st.builds(
    lambda delta, kind, channel, values: (
        delta,
        kind | channel,
        0,
        bytes(values[: smf.CHANNEL_DATA[kind]]),
    ),
    st.integers(0, 0x0FFFFFFF),
    st.sampled_from(sorted(smf.CHANNEL_DATA)),
    st.integers(0, 15),
    st.tuples(st.integers(0, 127), st.integers(0, 127)),
)
meta_events = st.tuples(
    st.integers(0, 1000),
    st.just(smf.META),
    st.integers(0, 127).filter(lambda kind: kind != smf.END_OF_TRACK),
    st.binary(max_size=200),
)


@st.composite
def tracks(draw: st.DrawFn) -> tuple[Event, ...]:
    tick = 0
    events = []
    for delta, status, kind, payload in draw(st.lists(channel_messages | meta_events)):
        tick += delta
        events.append(Event(tick, status, kind, payload))
    return (*events, smf.meta(tick, smf.END_OF_TRACK))


files = st.builds(
    MidiData,
    st.sampled_from([0, 1]),
    st.integers(1, 0x7FFF),
    st.lists(tracks(), min_size=1, max_size=4).map(tuple),
)


@given(files)
def test_any_events_survive_the_round_trip(midi: MidiData) -> None:
    assert smf.parse(smf.serialise(midi)) == midi


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_survives_the_round_trip(words: str) -> None:
    assert smf.words(smf.text(0, smf.TEXT, words).payload) == words
