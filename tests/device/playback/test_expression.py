"""Played live, music is performed as it is when it is saved, and its clock follows the curve."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.music.strategies import COMMON_METERS, note_lists
from tests.device.playback.listening import Hall
from tests.device.playback.test_schedule import composed

from playbach.clock import Nanoseconds, ns_per_tick
from playbach.midi.messages import CLOCK, CONTROL_CHANGE, EXPRESSION, NOTE_OFF, NOTE_ON
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.music.performed import FULL, MOST_EXPRESSION
from playbach.performer.features import Passage
from playbach.performer.performer import Manner, Performer
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.queue import LookaheadQueue, PlainSource
from playbach.playback.schedule import Schedule
from playbach.playback.sent_notes import Outgoing
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

NEVER = Nanoseconds(1 << 62)
TEMPO = 90.0
amounts = st.floats(0.01, MOST_EXPRESSION)
manners = st.builds(Manner, amounts, amounts, amounts)


@st.composite
def passages(draw: st.DrawFn) -> Passage:
    """Whole movements of a few bars, some with a double bar."""
    meter, notes = draw(st.sampled_from(COMMON_METERS)), draw(note_lists(max_size=20))
    bar = meter.bar_ticks
    end = -(-max(note.end for note in notes) // bar) * bar
    borders = [Ticks(end // bar // 2 * bar)] if draw(st.booleans()) else []
    return Passage(notes, meter, Ticks(draw(st.integers(0, bar - 1))), borders, Ticks(end))


def stream_of(passage: Passage, seed: int = 0) -> list[StreamItem]:
    assert passage.end is not None
    start = Movement(
        1, 1, OTHER, C_MAJOR, passage.meter, TEMPO, passage.pickup,
        seed=seed, borders=tuple(passage.double_bars),
    )  # fmt: skip
    return [start, *passage.notes, MovementEnd(passage.end, Seconds(1.0))]


def sent(passage: Passage, controls: Controls, seed: int = 0) -> list[Outgoing]:
    """All messages of a movement, as they come from queue and schedule."""
    queue = LookaheadQueue(PlainSource(iter(stream_of(passage, seed))), lambda: controls)
    schedule, messages = Schedule(controls), []
    for item in stream_of(passage, seed):
        queue._read(composed(item))
    queue._flush()
    for number, one in enumerate(queue._items):
        if number:
            messages += schedule.take(schedule.due(one))
        schedule.add(one)
    return messages + schedule.take(NEVER)


def of_kind(messages: list[Outgoing], kind: int) -> list[tuple[int, int]]:
    return [(m.time, m.data[1]) for m in messages if m.data[0] & 0xF0 == kind and len(m.data) == 3]


@settings(max_examples=10)
@given(passages(), manners, st.integers(0, 99))
def test_live_it_is_performed_as_when_it_is_saved(
    passage: Passage, manner: Manner, seed: int
) -> None:
    messages = sent(passage, Controls(manner=manner), seed)
    performance = Performer(manner, seed).perform(passage, TEMPO)
    tick = ns_per_tick(TEMPO, passage.meter)

    def at(ticks: int | Fraction) -> int:
        return round(performance.even_ticks(ticks) * tick)

    beats = len(performance.paces)
    notes = [(one.begins(at), one.ends(at), one.note.pitch) for one in performance.notes]
    ons, offs = of_kind(messages, NOTE_ON), of_kind(messages, NOTE_OFF)
    assert [pitch for _, pitch in ons] == [pitch for *_, pitch in notes]
    # Where the tempo changes the map is rounded to a nanosecond.
    assert all(abs(a - b) <= beats + 1 for (a, _), (b, *_) in zip(ons, notes, strict=True))
    ends = sorted((end, pitch) for _, end, pitch in notes)
    assert all(abs(a - b) <= beats + 1 for (a, _), (b, _) in zip(sorted(offs), ends, strict=True))
    velocities = [m.data[2] for m in messages if m.data[0] == NOTE_ON]
    assert velocities == [80 + one.louder for one in performance.notes]


@settings(max_examples=10)
@given(passages(), manners)
def test_notes_begin_in_order_and_no_pitch_while_it_sounds(
    passage: Passage, manner: Manner
) -> None:
    messages = sent(passage, Controls(manner=manner))
    assert [m.time for m in messages] == sorted(m.time for m in messages)
    sounding: set[int] = set()
    expression = FULL
    for message in messages:
        kind, number, value = message.data[0], message.data[1], message.data[2]
        if kind == NOTE_ON:
            assert number not in sounding
            sounding.add(number)
            assert expression == FULL or len(sounding) == 1
        elif kind == NOTE_OFF:
            sounding.remove(number)
        elif kind == CONTROL_CHANGE and number == EXPRESSION:
            expression = value
    assert not sounding
    assert expression == FULL


@settings(max_examples=10)
@given(passages(), manners, st.floats(40.0, 200.0))
def test_a_clock_falls_on_every_tick_of_the_curve(
    passage: Passage, manner: Manner, tempo: float
) -> None:
    controls = Controls(ChannelSettings(), tempo, clock=True, manner=manner)
    messages = sent(passage, controls)
    # After its end, where the silence is, the movement is as fast as usual.
    clocks = [m.time for m in messages if m.data[0] == CLOCK][: passage.end]
    performance = Performer(manner, 0).perform(passage, tempo)
    tick = ns_per_tick(tempo, passage.meter)
    beats = len(performance.paces)
    expected = [round(performance.even_ticks(n) * tick) for n in range(len(clocks))]
    assert all(abs(a - b) <= beats + 1 for a, b in zip(clocks, expected, strict=True))
    assert len(clocks) >= passage.notes[-1].onset


def test_an_external_clock_leaves_out_the_curve_and_nothing_else() -> None:
    notes = [Note(Ticks(12 * i), Pitch(50 + i % 7), Ticks(12)) for i in range(64)]
    passage = Passage(notes, Meter(4, 4), end=Ticks(768))
    messages = sent(passage, Controls(manner=Manner(), is_led=True))
    begun = [time for time, _ in of_kind(messages, NOTE_ON)]
    assert {b - a for a, b in pairwise(begun)} <= {333_333_333, 333_333_334}
    assert len({m.data[2] for m in messages if m.data[0] == NOTE_ON}) > 5


def long_movement(bars: int = 24) -> Iterator[StreamItem]:
    """Eighths with a chord and a long note now and then."""
    yield Movement(1, 1, OTHER, C_MAJOR, Meter(4, 4), TEMPO)
    for bar in range(bars):
        first = 96 * bar
        if bar % 3 == 2:
            yield Note(Ticks(first), Pitch(57), Ticks(96))
            continue
        for pitch in (43, 50, 59) if bar % 3 else (48,):
            yield Note(Ticks(first), Pitch(pitch), Ticks(12))
        for eighth in range(1, 8):
            yield Note(Ticks(first + 12 * eighth), Pitch(55 + eighth % 5), Ticks(12))
    yield MovementEnd(Ticks(96 * bars), Seconds(1.0))


CLOCKED = Controls(clock=True, manner=Manner())


@settings(max_examples=10)
@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=6))
def test_taken_back_and_played_again_it_is_the_same(moments: list[float]) -> None:
    once, again = Hall(long_movement(), CLOCKED), Hall(long_movement(), CLOCKED)
    once.play(sum(moments) + 6.0)
    for seconds in moments:
        again.play(seconds)
        again.engine.control(CLOCKED)
        again.engine.compose_again()
    again.play(once.sink.now() - again.sink.now())
    assert again.said() == once.said()


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.floats(0.05, 1.5), st.floats(40.0, 200.0), st.sampled_from([0.0, 0.5, 1.0, 1.5])
        ),
        max_size=6,
    )
)
def test_however_tempo_and_expression_change_every_note_falls_on_its_clock(
    changes: list[tuple[float, float, float]],
) -> None:
    hall = Hall(long_movement(60), CLOCKED)
    for seconds, tempo, expression in changes:
        hall.play(seconds)
        hall.engine.control(Controls(tempo=tempo, clock=True, manner=Manner(expression)))
    hall.play(2.0)
    assert hall.struck_twice == 0
    times = [heard.time for heard in hall.heard]
    assert times == sorted(times)
    clocks = [heard.time for heard in hall.heard if heard.data[0] == CLOCK]
    onsets = [item.onset for item in long_movement(60) if isinstance(item, Note)]
    begun = [time for time, _ in hall.notes()]
    for number, (onset, time) in enumerate(zip(onsets, begun, strict=False)):
        # The highest note of a chord falls on the beat, the others before it.
        if onsets[number + 1] != onset:
            assert time == pytest.approx(clocks[onset], abs=1e-6)


def test_a_long_note_alone_swells_and_is_let_go_at_full() -> None:
    hall = Hall(long_movement(), Controls(manner=Manner()))
    hall.play(9.0)
    swell = [(h.time, h.data[2]) for h in hall.heard if h.data[:2] == bytes([0xB0, EXPRESSION])]
    values = [value for _, value in swell]
    assert values[0] < 100 < max(values[:-1])
    assert values[-1] == FULL
    # Struck after the first value; halted in the midst of the next, it is put back.
    assert (round(swell[0][0], 6), 57) in hall.notes()
    while hall.sounding.notes != ((0, 57),):
        hall.play(0.05)
    hall.play(0.3)
    hall.engine.panic()
    hall.play(0.1)
    last = [h.data[2] for h in hall.heard if h.data[:2] == bytes([0xB0, EXPRESSION])][-1]
    assert last == FULL


def test_without_dynamics_all_is_equally_loud_and_nothing_swells() -> None:
    hall = Hall(long_movement(), Controls(manner=Manner(1.0, 0.0, 1.0)))
    hall.play(9.0)
    assert {h.data[2] for h in hall.heard if h.data[0] == NOTE_ON} == {80}
    assert not [h for h in hall.heard if h.data[:2] == bytes([0xB0, EXPRESSION])]
