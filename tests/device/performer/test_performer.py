"""A performer is a pure function of what is written: in order, within bounds, the same again."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import meters, note_lists

from playbach.errors import InputError
from playbach.music.meter import Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.music.performed import (
    FASTEST,
    MOST_EXPRESSION,
    SLOWEST,
    Performance,
    PerformedNote,
)
from playbach.performer.features import LOOK_AHEAD_BARS, Passage
from playbach.performer.performer import Manner, Performer

TEMPO = 60.0


@st.composite
def passages(draw: st.DrawFn) -> Passage:
    """Whole movements, some with a double bar."""
    meter = draw(meters)
    notes = draw(note_lists())
    bar = meter.bar_ticks
    end = -(-max(note.end for note in notes) // bar) * bar
    lines = draw(st.lists(st.integers(1, max(1, end // bar)), max_size=1))
    double_bars = [Ticks(line * bar) for line in lines if line * bar < end]
    return Passage(notes, meter, Ticks(draw(st.integers(0, bar - 1))), double_bars, Ticks(end))


amounts = st.floats(0, MOST_EXPRESSION)
performers = st.builds(
    Performer, st.builds(Manner, amounts, amounts, amounts), st.integers(0, 1 << 32)
)


def times(
    passage: Passage, performance: Performance
) -> list[tuple[PerformedNote, list[tuple[Pitch, int, int]]]]:
    """What each note sounds, with when it begins and ends, in nanoseconds."""
    tick = Fraction(60_000_000_000) / (Fraction(TEMPO) * passage.meter.beat_ticks)

    def at(ticks: int | Fraction) -> int:
        return round(performance.even_ticks(ticks) * tick)

    return [(one, list(one.sounds(at))) for one in performance.notes]


def scale(bars: int) -> Passage:
    """Quavers up and down in 3/4, one bar after another, the last note a bar long."""
    beat = 12
    notes = [
        Note(Ticks(i * beat), Pitch(55 + abs(i % 12 - 6)), Ticks(beat)) for i in range(6 * bars - 6)
    ]
    notes.append(Note(Ticks(72 * (bars - 1)), Pitch(50), Ticks(72)))
    return Passage(tuple(notes), Meter(3, 4), end=Ticks(72 * bars))


@given(passages(), st.integers(0, 1 << 32))
def test_without_expression_everything_is_as_written(passage: Passage, seed: int) -> None:
    performance = Performer(Manner(0.0), seed).perform(passage, TEMPO)
    assert performance == Performance(tuple(PerformedNote(note) for note in passage.notes))


@given(passages(), performers)
def test_notes_begin_in_order_last_and_end_before_they_begin_again(
    passage: Passage, performer: Performer
) -> None:
    performance = performer.perform(passage, TEMPO)
    played = times(passage, performance)
    assert [one.note for one, _ in played] == list(passage.notes)
    begins = [sounds[0][1] for _, sounds in played]
    assert begins == sorted(begins)
    assert begins[0] >= 0
    sounding: dict[int, int] = {}
    for pitch, begin, end in (sound for _, sounds in played for sound in sounds):
        assert end > begin
        assert sounding.get(pitch, 0) <= begin
        sounding[pitch] = end


@given(passages(), performers)
def test_every_tempo_and_weight_is_within_bounds(passage: Passage, performer: Performer) -> None:
    performance = performer.perform(passage, TEMPO)
    assert all(0.999 * FASTEST <= pace.stretch <= SLOWEST for pace in performance.paces)
    assert all(-30 <= one.louder <= 30 for one in performance.notes)
    assert all(0 < one.share <= 1 for one in performance.notes)


@given(passages(), performers)
def test_the_same_seed_plays_the_same_and_another_does_not(
    passage: Passage, performer: Performer
) -> None:
    first = performer.perform(passage, TEMPO)
    assert first == Performer(performer.manner, performer.seed).perform(passage, TEMPO)


def test_another_seed_plays_otherwise() -> None:
    one, other = (Performer(Manner(1.0), seed).perform(scale(8), TEMPO) for seed in (1, 2))
    assert one.paces != other.paces


@pytest.mark.parametrize("seed", range(5))
def test_what_is_known_of_the_music_to_come_is_two_bars(seed: int) -> None:
    """Played while it is composed, it is played as when all of it is known."""
    whole = scale(16)
    known = 9 * 72
    part = Passage([note for note in whole.notes if note.onset <= known], whole.meter)
    performer = Performer(Manner(1.0), seed)
    final = known - LOOK_AHEAD_BARS * 72
    all_of_it, some_of_it = performer.perform(whole, TEMPO), performer.perform(part, TEMPO)
    paces = [pace for pace in all_of_it.paces if pace.tick < final]
    assert len(paces) == 3 * 7
    assert paces == list(some_of_it.paces[: len(paces)])
    assert len(some_of_it.notes) < len(part.notes)
    # Until when a note sounds is known when it is known when the next one comes.
    notes = [one for one in all_of_it.notes if one.note.onset < final - 24]
    assert notes == list(some_of_it.notes[: len(notes)])


def test_the_last_bar_is_broader_and_the_one_before_a_little() -> None:
    last, before = [], []
    for seed in range(20):
        paces = Performer(Manner(1.0), seed).perform(scale(16), TEMPO).paces
        usual = median(float(pace.stretch) for pace in paces)
        bars = [fmean(float(p.stretch) for p in paces[i : i + 3]) for i in range(0, 48, 3)]
        last.append(usual / bars[-1])
        before.append(usual / bars[-2])
    assert fmean(last) == pytest.approx(0.8, abs=0.08)
    assert fmean(last) < fmean(before) < 0.97


def test_an_inner_double_bar_is_slowed_for() -> None:
    plain = scale(16)
    halves = Passage(plain.notes, plain.meter, double_bars=[Ticks(8 * 72)], end=plain.end)
    for seed in range(5):
        even, parted = (
            Performer(Manner(1.0), seed).perform(one, TEMPO).paces for one in (plain, halves)
        )
        assert parted[23].stretch > even[23].stretch


@pytest.mark.parametrize("count", [2, 3, 4])
def test_chords_that_no_bow_strikes_at_once_are_broken_from_below(count: int) -> None:
    chord = [Note(Ticks(48), Pitch(43 + 7 * i), Ticks(48)) for i in range(count)]
    notes = [Note(Ticks(0), Pitch(60), Ticks(48)), *chord, Note(Ticks(96), Pitch(55), Ticks(48))]
    performance = Performer(Manner(1.0), 3).perform(
        Passage(notes, Meter(4, 4), end=Ticks(192)), TEMPO
    )
    offsets = [one.offset for one in performance.notes[1 : 1 + count]]
    assert offsets == sorted(offsets)
    assert offsets[-1] == 0, "the highest is on the beat"
    if count == 2:
        assert offsets == [0, 0]
    else:
        assert len(set(offsets)) == count
        assert 60_000_000 <= -offsets[0] <= 150_000_000


def test_a_chord_at_the_very_beginning_is_broken_after_it() -> None:
    chord = [Note(Ticks(0), Pitch(43 + 7 * i), Ticks(96)) for i in range(4)]
    performance = Performer(Manner(1.0), 1).perform(
        Passage(chord, Meter(4, 4), end=Ticks(96)), TEMPO
    )
    assert [one.offset > 0 for one in performance.notes] == [False, True, True, True]


def test_slurred_notes_overlap_and_a_figure_is_bowed_alike() -> None:
    for seed in range(10):
        performance = Performer(Manner(1.0), seed).perform(scale(16), TEMPO)
        notes = performance.notes
        for before, one in pairwise(notes):
            assert (before.overlap > 0) == one.is_slurred
            assert before.overlap <= 30_000_000
        bows = [tuple(one.is_slurred for one in notes[i : i + 12]) for i in (12, 24, 36)]
        assert len(set(bows)) == 1


def test_louder_upwards_and_hardly_on_the_downbeat() -> None:
    up: list[int] = []
    down: list[int] = []
    on: list[int] = []
    off: list[int] = []
    for seed in range(30):
        for one in Performer(Manner(1.0), seed).perform(scale(16), TEMPO).notes[:-1]:
            (up if one.note.pitch >= 58 else down).append(one.louder)
            (off if one.note.onset % 72 else on).append(one.louder)
    assert fmean(up) > fmean(down) + 1
    assert abs(fmean(on) - fmean(off)) < 6


@pytest.mark.parametrize("expression", [-0.1, 1.6, math.nan, math.inf])
def test_expression_outside_its_range_is_refused(expression: float) -> None:
    with pytest.raises(InputError, match=r"it must be 0 to 1\.5"):
        Manner(expression)


def test_nothing_written_is_nothing_played() -> None:
    performance = Performer(Manner(1.0)).perform(Passage((), Meter(4, 4)), TEMPO)
    assert performance == Performance(())
