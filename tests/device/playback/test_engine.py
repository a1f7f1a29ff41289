"""Changes act on the very next note, and whatever was begun ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.device.playback.listening import Hall
from tests.device.streams import note, scales
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import PitchRange, read_bundle
from playbach.composer import composer
from playbach.composer.composer import Composer
from playbach.composer.settings import Sampling, Wishes
from playbach.midi.messages import CONTROL_CHANGE, EXPRESSION, NOTE_OFF
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Ticks
from playbach.music.performed import FULL
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.engine import Halt, PlaybackEngine
from playbach.playback.output import NullListener
from playbach.predictor import AnyPredictor, load_predictor
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
    hall.engine.control(Controls(ChannelSettings(transpose=12)))
    hall.play(1.0)
    assert hall.notes() == [
        (0.1, 48), (0.6, 49), (1.1, 50), (1.6, 51), (2.1, 52), (2.6, 65), (3.1, 66),
    ]  # fmt: skip
    assert hall.struck_twice == 0


def test_a_note_ends_at_the_pitch_and_channel_at_which_it_began() -> None:
    hall = Hall(long_scale(step=48))
    hall.play(1.0)
    hall.engine.control(Controls(ChannelSettings(transpose=5, channel=3)))
    hall.play(2.0)
    offs = [h.data.hex(" ") for h in hall.heard if h.data[0] & 0xF0 == NOTE_OFF]
    assert offs == ["80 30 40"]
    assert hall.sounding.notes == ((3, 54),)


def test_a_tempo_is_heard_from_now_on_and_what_sounds_ends_with_it() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.control(Controls(tempo=120.0))
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
    hall = Hall(long_scale(), Controls(ChannelSettings(program=42, volume=100)))
    hall.play(2.3)
    hall.engine.control(Controls(ChannelSettings(program=24, volume=60)))
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
    hall.engine.halt(Halt.PAUSED)
    hall.play(5.0)
    assert hall.sounding.notes == ()
    assert hall.notes()[-1] == (2.1, 52)
    assert hall.engine.status().resting == "paused"
    hall.engine.release(Halt.PAUSED)
    hall.play(1.0)
    assert pitches_after(hall, 3.0) == [53, 54]
    assert hall.notes(since=3.0)[0][0] == pytest.approx(7.4, abs=0.011)
    assert hall.engine.status().rests == 0


def loudness_of(hall: Hall, since: float) -> list[tuple[float, int]]:
    is_said = bytes((CONTROL_CHANGE, EXPRESSION))
    return [(h.time, h.data[2]) for h in hall.heard if h.time >= since and h.data[:2] == is_said]


def test_a_pause_fades_over_a_beat_and_leaves_the_synth_as_it_was() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.halt(Halt.PAUSED, softly=True)
    hall.play(0.5)
    assert not hall.engine.is_halted
    hall.play(4.5)
    assert hall.engine.is_halted
    assert hall.sounding.notes == ()
    # The music goes on meanwhile: a beat lasts a second, a fade 0.9 at most.
    assert [time for time, _ in hall.notes(since=2.2)] == [2.6, 3.1]
    said = loudness_of(hall, 0.0)
    assert [value for _, value in said] == [*range(119, 0, -8), 0, 127][-len(said) :]
    times = [time for time, _ in said]
    assert times[-2] == pytest.approx(3.21, abs=0.011)
    assert times[-1] == pytest.approx(3.46, abs=0.011)
    hall.engine.release(Halt.PAUSED)
    hall.play(1.0)
    assert pitches_after(hall, 3.5) == [55, 56]


def test_who_goes_on_in_the_midst_of_a_fade_hears_nothing_missing() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.halt(Halt.PAUSED, softly=True)
    hall.play(0.4)
    hall.engine.release(Halt.PAUSED)
    hall.play(2.0)
    assert hall.notes()[:10] == [(round(0.1 + n / 2, 6), 48 + n) for n in range(10)]
    assert [value for _, value in loudness_of(hall, 2.705)] == [127]


def test_a_movement_that_is_left_fades_and_panic_cuts_at_once() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.leave(at_bar=False, softly=True)
    hall.play(0.3)
    # Whoever is in a hurry does not wait longer for it.
    hall.engine.leave(at_bar=False, softly=True)
    hall.play(0.65)
    assert hall.sounding.notes == ()
    assert loudness_of(hall, 0.0)[-1][1] == 0
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.halt(Halt.PAUSED, softly=True)
    hall.play(0.2)
    hall.engine.panic()
    hall.play(0.02)
    assert hall.sounding.notes == ()
    assert hall.engine.is_halted


def test_leaving_a_movement_begins_the_next_after_a_breath() -> None:
    hall = Hall(scales(rest=5.0))
    hall.play(0.25)
    hall.engine.leave(at_bar=False)
    left = hall.sink.now() + 0.011  # what is leaving is not held back
    hall.play(0.35)
    assert hall.notes(since=left) == []
    assert hall.sounding.notes == ()
    hall.play(0.2)
    assert pitches_after(hall, left)[:3] == [60, 64, 67]
    assert hall.engine.status().title == "Suite 2 in C major, II Allemande"


def test_leaving_again_and_again_before_anything_is_heard_is_leaving_once() -> None:
    hall = Hall(scales(rest=5.0))
    hall.play(0.25)
    hall.engine.halt(Halt.PAUSED)
    for _ in range(2000):
        hall.engine.leave(at_bar=False)
    hall.engine.release(Halt.PAUSED)
    hall.play(2.0)
    assert hall.engine.status().movement is not None
    assert hall.engine.status().title.startswith("Suite 2 ")


def test_leaving_for_another_form_waits_for_a_bar_line_that_is_near() -> None:
    hall = Hall(long_scale())
    hall.play(3.5)  # the bar line is at 4.1 s
    hall.engine.leave(at_bar=True)
    hall.play(3.0)
    assert hall.notes()[-1] == (3.6, 55)
    assert hall.sounding.notes == ()
    hall = Hall(long_scale())
    hall.play(2.3)  # it is too far
    hall.engine.leave(at_bar=True)
    hall.play(3.0)
    assert hall.notes()[-1] == (2.1, 52)
    assert hall.sounding.notes == ()


def test_after_the_last_note_the_rest_is_cut_short() -> None:
    hall = Hall(scales(rest=60.0))
    hall.play(2.0)
    assert hall.engine.status().resting == "between movements"
    hall.engine.leave(at_bar=True)
    hall.play(0.6)
    assert len(hall.notes(since=2.0)) > 0


def test_a_synth_that_was_away_is_told_everything_again_and_hears_whole_bars() -> None:
    hall = Hall(long_scale(), Controls(ChannelSettings(program=42, volume=100)))
    hall.play(5.3)
    hall.sink.connected = False
    hall.engine.sink_changed(hall.sink, Change.LOST)
    hall.play(7.0)
    assert hall.engine.status().resting == "waiting for the synth"
    hall.engine.sink_changed(hall.sink, Change.FOUND)
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
    hall.engine.sink_changed(hall.sink, Change.LOST)
    hall.play(0.2)
    hall.engine.sink_changed(hall.sink, Change.FOUND)
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
    hall.engine.sink_changed(hall.sink, Change.LOST)
    hall.play(0.5)
    hall.engine.sink_changed(hall.sink, Change.FOUND)
    hall.play(4.0)
    assert hall.notes()[count][1] == 60


def test_a_suspended_machine_ends_what_sounds_and_goes_on_with_a_bar() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.slept()
    assert hall.sounding.notes == ()
    hall.play(3.0)
    assert pitches_after(hall, 2.3)[0] == 56


def test_panic_ends_what_others_began() -> None:
    hall = Hall(long_scale())
    hall.play(1.0)
    hall.sounding.hear(bytes((0x95, 60, 90)))  # another program's note, on another channel
    hall.engine.panic()
    assert hall.sounding.notes == ()
    hall.play(2.0)
    assert hall.sounding.notes == ()


CHANGES: dict[str, Callable[[Hall, int], None]] = {
    "transpose": lambda hall, n: hall.engine.control(
        Controls(ChannelSettings(transpose=n % 25 - 12))
    ),
    "tempo": lambda hall, n: hall.engine.control(Controls(tempo=20.0 + n % 381)),
    "channel": lambda hall, n: hall.engine.control(
        Controls(ChannelSettings(channel=n % 16, program=n % 128))
    ),
    "clock": lambda hall, n: hall.engine.control(Controls(clock=bool(n % 2))),
    "pause": lambda hall, _: hall.engine.halt(Halt.PAUSED),
    "fade": lambda hall, _: hall.engine.halt(Halt.PAUSED, softly=True),
    "resume": lambda hall, _: hall.engine.release(Halt.PAUSED),
    "leave": lambda hall, n: hall.engine.leave(at_bar=bool(n % 2)),
    "leave softly": lambda hall, n: hall.engine.leave(at_bar=bool(n % 2), softly=True),
    "compose again": lambda hall, _: hall.engine.compose_again(),
    "slept": lambda hall, _: hall.engine.slept(),
    "lost": lambda hall, _: hall.engine.sink_changed(hall.sink, Change.LOST),
    "found": lambda hall, _: hall.engine.sink_changed(hall.sink, Change.FOUND),
    "nothing": lambda *_: None,
}
changes = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 999), st.floats(0.0, 0.8)),
    max_size=8,
)


# A note that is leaving at the very moment of the second of two halts.
@example([("channel", 0, 0.34375), ("lost", 0, 0.0), ("slept", 0, 0.0)])
@example([("channel", 0, 0.5859375), ("channel", 1, 0.0), ("found", 0, 0.0)])
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
    hall.engine.halt(Halt.PAUSED)
    hall.play(0.3)
    assert hall.sounding.notes == ()
    hall.play(1.2)
    loudness = {
        h.data[0]: h.data[2]
        for h in hall.heard
        if h.data[0] & 0xF0 == CONTROL_CHANGE and h.data[1] == EXPRESSION
    }
    assert set(loudness.values()) <= {FULL}


@settings(max_examples=40)
@given(changes)
def test_after_whatever_was_done_music_goes_on(done: list[tuple[str, int, float]]) -> None:
    hall = Hall(scales(rest=0.3))
    for name, number, seconds in done:
        CHANGES[name](hall, number)
        hall.play(seconds)
    hall.engine.control(Controls(tempo=480.0))
    hall.engine.sink_changed(hall.sink, Change.FOUND)
    hall.engine.release(Halt.PAUSED)
    since = hall.sink.now()
    hall.play(6.0)
    assert len(hall.notes(since=since)) > 20


def test_an_external_clock_counts_in_quarters_whatever_the_beat() -> None:
    gigue = Movement(1, 1, parse_form("gigue"), C_MAJOR, Meter(6, 8), 60.0)
    assert Controls(tempo=90.0, quarters=120.0).tempo_of(gigue) == 80.0
    hall = Hall(long_scale())
    hall.play(2.3)
    hall.engine.control(Controls(quarters=120.0))
    hall.play(1.0)
    onsets = [time for time, _ in hall.notes(since=2.4)]
    steps = [b - a for a, b in pairwise(onsets)]
    assert steps == pytest.approx([0.25] * len(steps))


@pytest.fixture(scope="module")
def network() -> AnyPredictor:
    return load_predictor(read_bundle(TINY_BUNDLE))


def composer_of(network: AnyPredictor, sampling: Callable[[], Sampling] = Sampling) -> Composer:
    return Composer(
        network,
        PitchRange(36, 76),
        1,
        lambda: composer.ComposerSettings(Wishes(parse_form("menuet"), tempo=400.0), sampling()),
    )


@settings(max_examples=20)
@given(moments=st.lists(st.floats(0.01, 2.0), max_size=8))
def test_composed_again_with_nothing_changed_it_is_the_same_music(
    network: AnyPredictor, moments: list[float]
) -> None:
    once = Hall(composer_of(network))
    once.play(sum(moments) + 5.0)
    once.close()
    again = Hall(composer_of(network))
    for seconds in moments:
        again.play(seconds)
        again.engine.compose_again()
    again.play(once.sink.now() - again.sink.now())
    again.close()
    assert again.said() == once.said()


def test_what_is_changed_is_heard_a_moment_later_and_nothing_before_is_different(
    network: AnyPredictor,
) -> None:
    once = Hall(composer_of(network))
    once.play(9.0)
    once.close()
    bold = False
    changed = Hall(composer_of(network, lambda: Sampling(3.0 if bold else 1.0)))
    changed.play(3.0)
    bold = True
    changed.engine.compose_again()
    changed.play(6.0)
    changed.close()
    same = [a == b for a, b in zip(changed.notes(), once.notes(), strict=False)]
    first = changed.notes()[same.index(False)][0]
    assert 3.25 <= first < 3.25 + 0.6
    assert changed.struck_twice == 0


def test_composed_again_by_a_slow_sink_only_what_is_near_stays() -> None:
    hall = Hall(long_scale())
    hall.sink.horizon = Seconds(1.0)
    hall.play(2.4)  # the notes of 2.6 and 3.1 were handed over
    hall.engine.compose_again()
    left = [round(message.time, 3) for message in hall.sink.cancel(Seconds(2.4))]
    assert left == [2.585, 2.6]


def test_notes_that_are_near_together_are_handed_over_together() -> None:
    hall = Hall(long_scale(step=3))  # eight notes a second, and their ends
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        hall.sink.pause(seconds)

    engine = PlaybackEngine(
        hall.queue, hall.output, Controls(), NullListener(), limit=20, pause=pause
    )
    engine.run()
    assert len(hall.notes()) > 150
    assert len(pauses) < 150
    assert hall.sounding.notes == ()
