"""Changes act on the very next note, and whatever was begun ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.device.player.listening import Hall
from tests.device.streams import note, scales

from playbach.midi_messages import NOTE_OFF
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Ticks
from playbach.player.controls import Controls, Voice
from playbach.player.stage import Halt
from playbach.sinks.base import Change
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

EIGHTH = 12


def long_scale(notes: int = 400, step: int = EIGHTH) -> Iterator[StreamItem]:
    """One movement of eighth notes at 60 beats per minute, two a second, bars of four seconds."""
    yield Movement(1, 1, parse_form("prelude"), C_MAJOR, Meter(4, 4), 60.0)
    for index in range(notes):
        yield note(index * step, 48 + index % 24, step)
    yield MovementEnd(Ticks(notes * step), Seconds(1.0))


def pitches_after(hall: Hall, since: float) -> list[int]:
    return [pitch for _, pitch in hall.notes(since=since)]


def test_a_transposition_is_heard_in_the_very_next_note() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)  # lead 0.1 s: onsets at 0.1, 0.6, 1.1, 1.6, 2.1; the sink holds 0.25 s
    hall.play(0.2)  # the note of 2.6 was handed over
    hall.stage.control(Controls(Voice(transpose=12)))
    hall.play(1.0)
    assert hall.notes() == [
        (0.1, 48), (0.6, 49), (1.1, 50), (1.6, 51), (2.1, 52), (2.6, 65), (3.1, 66),
    ]  # fmt: skip
    assert hall.struck_twice == 0


def test_a_note_ends_at_the_pitch_and_channel_at_which_it_began() -> None:
    hall = Hall(long_scale(step=48))
    hall.play(1.0)
    hall.stage.control(Controls(Voice(transpose=5, channel=3)))
    hall.play(2.0)
    offs = [h.data.hex(" ") for h in hall.heard if h.data[0] & 0xF0 == NOTE_OFF]
    assert offs == ["80 30 40"]
    assert hall.sounding.notes == ((3, 54),)


def test_a_tempo_is_heard_from_now_on_and_what_sounds_ends_with_it() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.stage.control(Controls(tempo=120.0))
    hall.play(1.0)
    onsets = [time for time, _ in hall.notes(since=2.0)]
    # Of the eighth of 2.1 s 0.21 s have passed at 60; the rest of 0.29 s takes half as long.
    assert onsets[0] == 2.1
    assert onsets[1] == pytest.approx(2.455, abs=0.025)
    steps = [b - a for a, b in pairwise(onsets[1:])]
    assert steps == pytest.approx([0.25] * len(steps))
    # Each note ends before the next begins.
    ends = [time for time, _ in hall.notes(NOTE_OFF, since=2.0)]
    assert all(end < begin for end, begin in zip(ends[1:], onsets[1:], strict=False))


def test_an_instrument_and_a_volume_come_before_the_next_note() -> None:
    hall = Hall(long_scale(), Controls(Voice(program=42, volume=100)))
    hall.play(2.3)
    hall.stage.control(Controls(Voice(program=24, volume=60)))
    hall.play(0.4)
    assert hall.said(since=2.2) == [
        "2.310 c0 18",  # program 24
        "2.310 b0 07 3c",  # volume 60
        "2.585 80 34 40",
        "2.600 90 35 50",
    ]


def test_a_pause_is_silence_and_going_on_is_at_the_same_note() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.stage.halt(Halt.PAUSED)
    hall.play(5.0)
    assert hall.sounding.notes == ()
    assert hall.notes()[-1] == (2.1, 52)
    assert hall.stage.status().resting == "paused"
    hall.stage.release(Halt.PAUSED)
    hall.play(1.0)
    assert pitches_after(hall, 3.0) == [53, 54]
    assert hall.notes(since=3.0)[0][0] == pytest.approx(7.4, abs=0.011)
    assert hall.stage.status().rests == 0


def test_leaving_a_movement_begins_the_next_after_a_breath() -> None:
    hall = Hall(scales(rest=5.0))
    hall.play(0.25)
    hall.stage.leave(at_bar=False)
    left = hall.sink.now() + 0.011  # what is leaving is not held back
    hall.play(0.35)
    assert hall.notes(since=left) == []
    assert hall.sounding.notes == ()
    hall.play(0.2)
    assert pitches_after(hall, left)[:3] == [60, 64, 67]
    assert hall.stage.status().title == "Suite 2 in C major, II Allemande"


def test_leaving_for_another_form_waits_for_a_bar_line_that_is_near() -> None:
    hall = Hall(long_scale())
    hall.play(3.5)  # the bar line is at 4.1 s
    hall.stage.leave(at_bar=True)
    hall.play(3.0)
    assert hall.notes()[-1] == (3.6, 55)
    assert hall.sounding.notes == ()
    hall = Hall(long_scale())
    hall.play(2.3)  # it is too far
    hall.stage.leave(at_bar=True)
    hall.play(3.0)
    assert hall.notes()[-1] == (2.1, 52)
    assert hall.sounding.notes == ()


def test_after_the_last_note_the_rest_is_cut_short() -> None:
    hall = Hall(scales(rest=60.0))
    hall.play(2.0)
    assert hall.stage.status().resting == "between movements"
    hall.stage.leave(at_bar=True)
    hall.play(0.6)
    assert len(hall.notes(since=2.0)) > 0


def test_a_synth_that_was_away_is_told_everything_again_and_hears_whole_bars() -> None:
    hall = Hall(long_scale(), Controls(Voice(program=42, volume=100)))
    hall.play(5.3)
    hall.sink.connected = False
    hall.stage.sink_changed(hall.sink, Change.LOST)
    hall.play(7.0)
    assert hall.stage.status().resting == "waiting for the synth"
    hall.stage.sink_changed(hall.sink, Change.FOUND)
    back = hall.sink.now()
    hall.play(2.0)
    said = hall.said(since=back)
    # CC120, CC123, CC121 and a note-off for each key, then program and volume.
    assert [line[-8:] for line in said[:3]] == ["b0 78 00", "b0 7b 00", "b0 79 00"]
    assert len(said[3:131]) == 128
    assert [line.split(" ", 1)[1] for line in said[131:133]] == ["c0 2a", "b0 07 64"]
    first, second = hall.notes(since=back)[:2]
    assert first[0] - back == pytest.approx(0.1, abs=0.011)
    # It was lost in the second bar: the third begins with its seventeenth note, 48 + 16.
    assert (first[1], second[1]) == (64, 65)


def test_a_synth_that_was_away_for_a_moment_need_not_wait_for_a_bar_line_that_is_far() -> None:
    hall = Hall(long_scale())
    hall.play(4.4)  # the second bar has just begun, the third is almost four seconds off
    hall.stage.sink_changed(hall.sink, Change.LOST)
    hall.play(0.2)
    hall.stage.sink_changed(hall.sink, Change.FOUND)
    back = hall.sink.now()
    hall.play(2.0)
    first = hall.notes(since=back)[0]
    assert first[0] - back < 0.2
    assert first[1] == 64
    assert hall.struck_twice == 0


def test_a_synth_that_was_away_in_a_long_rest_misses_nothing() -> None:
    hall = Hall(scales(rest=3.0))
    hall.play(1.0)
    count = len(hall.notes())
    hall.stage.sink_changed(hall.sink, Change.LOST)
    hall.play(0.5)
    hall.stage.sink_changed(hall.sink, Change.FOUND)
    hall.play(4.0)
    assert hall.notes()[count][1] == 60


def test_a_suspended_machine_ends_what_sounds_and_goes_on_with_a_bar() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.stage.slept()
    assert hall.sounding.notes == ()
    hall.play(3.0)
    assert pitches_after(hall, 2.3)[0] == 56


def test_panic_ends_what_others_began() -> None:
    hall = Hall(long_scale())
    hall.play(1.0)
    hall.sounding.hear(bytes((0x95, 60, 90)))  # another program's note, on another channel
    hall.stage.panic()
    assert hall.sounding.notes == ()
    hall.play(2.0)
    assert hall.sounding.notes == ()


CHANGES: dict[str, Callable[[Hall, int], None]] = {
    "transpose": lambda hall, n: hall.stage.control(Controls(Voice(transpose=n % 25 - 12))),
    "tempo": lambda hall, n: hall.stage.control(Controls(tempo=20.0 + n % 381)),
    "channel": lambda hall, n: hall.stage.control(Controls(Voice(channel=n % 16, program=n % 128))),
    "clock": lambda hall, n: hall.stage.control(Controls(clock=bool(n % 2))),
    "pause": lambda hall, _: hall.stage.halt(Halt.PAUSED),
    "resume": lambda hall, _: hall.stage.release(Halt.PAUSED),
    "leave": lambda hall, n: hall.stage.leave(at_bar=bool(n % 2)),
    "slept": lambda hall, _: hall.stage.slept(),
    "lost": lambda hall, _: hall.stage.sink_changed(hall.sink, Change.LOST),
    "found": lambda hall, _: hall.stage.sink_changed(hall.sink, Change.FOUND),
    "nothing": lambda *_: None,
}
changes = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 999), st.floats(0.0, 0.8)),
    max_size=8,
)


# A note that is leaving at the very moment of the second of two halts.
@example([("channel", 0, 0.34375), ("lost", 0, 0.0), ("slept", 0, 0.0)])
@settings(max_examples=40)
@given(changes)
def test_whatever_is_done_no_note_is_struck_twice_late_or_left(
    done: list[tuple[str, int, float]],
) -> None:
    hall = Hall(scales(rest=0.3))
    for name, number, seconds in done:
        CHANGES[name](hall, number)
        hall.play(seconds)
    assert hall.struck_twice == 0
    times = [heard.time for heard in hall.heard]
    assert times == sorted(times)
    hall.stage.halt(Halt.PAUSED)
    hall.play(0.3)
    assert hall.sounding.notes == ()


@settings(max_examples=40)
@given(changes)
def test_after_whatever_was_done_music_goes_on(done: list[tuple[str, int, float]]) -> None:
    hall = Hall(scales(rest=0.3))
    for name, number, seconds in done:
        CHANGES[name](hall, number)
        hall.play(seconds)
    hall.stage.control(Controls(tempo=480.0))
    hall.stage.sink_changed(hall.sink, Change.FOUND)
    hall.stage.release(Halt.PAUSED)
    since = hall.sink.now()
    hall.play(6.0)
    assert len(hall.notes(since=since)) > 20


def test_an_external_clock_counts_in_quarters_whatever_the_beat() -> None:
    gigue = Movement(1, 1, parse_form("gigue"), C_MAJOR, Meter(6, 8), 60.0)
    assert Controls(tempo=90.0, quarters=120.0).tempo_of(gigue) == 80.0
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.stage.control(Controls(quarters=120.0))
    hall.play(1.0)
    onsets = [time for time, _ in hall.notes(since=2.4)]
    steps = [b - a for a, b in pairwise(onsets)]
    assert steps == pytest.approx([0.25] * len(steps))
