"""Music follows its plan: chords, copied bars, rhythms, stops; and can leave it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest
from tests.device.composer.test_draft import CELLO, drafted, movement, notes_of
from tests.device.scripted import Scripted

from playbach.bundle import PitchRange
from playbach.composer.guide import Guide
from playbach.composer.habits import Habits
from playbach.composer.harmony import CHORDS
from playbach.composer.likenesses import Likeness
from playbach.composer.plan import Bar, Plan
from playbach.composer.rhythms import Rhythm
from playbach.music.encoding import DEFAULT_ENCODING, Encoding
from playbach.music.key import Key, parse_key
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Place

C, G = parse_key("C"), parse_key("G")
THREE = Meter(3, 4)
EIGHTHS = [(0, 48), (12, 50), (24, 52), (36, 53), (48, 55), (60, 52)]
"""C D E F G E in eighths: tick and pitch."""


def bar(key: Key = C, chord: int = 0, like: Likeness | None = None, rhythm: Rhythm = ()) -> Bar:
    return Bar(key, ((0, CHORDS[key.mode][chord]),), like, rhythm=rhythm, span=12)


def plan(*bars: Bar, stops: float = 0.05, pitches: PitchRange = CELLO, peak: int = 1) -> Plan:
    return Plan(bars, 0, pitches, Habits(stops=stops), 0, peak)


def heard(guide: Guide, number: int, notes: Sequence[tuple[int, int]]) -> None:
    """Bar ``number`` is these eighths."""
    for tick, pitch in notes:
        guide.add(Place(number, tick, THREE), pitch, 12, 0)


def favourite(guide: Guide, place: Place, last: int, encoding: Encoding) -> int:
    """The pitch that the plan makes likeliest."""
    factors = guide.pitch(place, last, 0)[1:]
    return last + encoding.interval_of(1 + int(factors.argmax()))


def next_shift(guide: Guide, tick: int, together: int = 1) -> int:
    """The likeliest shift after notes in bar 2, where a network finds all alike."""
    even = np.ones(DEFAULT_ENCODING.shift_symbols, np.float32)
    chances = guide.shift(Place(2, tick, THREE), together, even)
    return int(DEFAULT_ENCODING.shift_of(int(chances.argmax())))


def copied(guide: Guide, number: int) -> list[int]:
    pitches: list[int] = []
    for tick, _ in EIGHTHS:
        place = Place(number, tick, THREE)
        pitches.append(favourite(guide, place, pitches[-1] if pitches else 52, DEFAULT_ENCODING))
        guide.add(place, pitches[-1], 12, 0)
    return pitches


@pytest.mark.parametrize(
    ("likeness", "into", "chord", "pitches"),
    [
        (Likeness(1, 0), C, 0, [48, 50, 52, 53, 55, 52]),
        (Likeness(1, 1), C, 1, [50, 52, 53, 55, 57, 53]),
        (Likeness(1, -1), C, 6, [47, 48, 50, 52, 53, 50]),
        (Likeness(1, 0), G, 0, [43, 45, 47, 48, 50, 47]),
        (Likeness(1, 0), parse_key("c minor"), 0, [48, 50, 51, 53, 55, 51]),
    ],
)
def test_a_bar_like_another_has_its_notes_moved_by_steps(
    likeness: Likeness, into: Key, chord: int, pitches: list[int]
) -> None:
    guide = Guide(plan(bar(), bar(into, chord, likeness)), DEFAULT_ENCODING)
    heard(guide, 1, EIGHTHS)
    assert copied(guide, 2) == pitches


def test_a_copy_that_would_leave_the_register_is_moved_by_an_octave() -> None:
    low = PitchRange(48, 72)
    guide = Guide(plan(bar(), bar(G, 0, Likeness(1, 0)), pitches=low), DEFAULT_ENCODING)
    heard(guide, 1, EIGHTHS)
    assert copied(guide, 2) == [55, 57, 59, 60, 62, 59]


UNEVEN = (0, 24, 30, 66)


@pytest.mark.parametrize("second", [bar(like=Likeness(1, 0)), bar(rhythm=UNEVEN)])
def test_a_bar_goes_on_when_its_rhythm_or_the_bar_that_it_is_like_does(second: Bar) -> None:
    guide = Guide(plan(bar(), second), DEFAULT_ENCODING)
    heard(guide, 1, [(tick, 50) for tick in UNEVEN])
    for tick, following in pairwise([*UNEVEN, 72]):
        assert next_shift(guide, tick) == following - tick


def test_a_note_lasts_until_the_rhythm_has_another_and_the_last_until_the_end() -> None:
    guide = Guide(plan(bar(rhythm=UNEVEN)), DEFAULT_ENCODING)
    count = DEFAULT_ENCODING.duration_symbols
    even = np.full(count, 1 / count, np.float32)
    for tick, rests, lasts in ((0, 0, 24), (24, 0, 6), (66, 0, 6), (66, 48, 48)):
        chances = guide.duration(Place(1, tick, THREE), 0, rests, even)
        assert DEFAULT_ENCODING.duration_of(int(chances.argmax())) == lasts


def test_a_rhythm_is_kept_against_a_network_that_is_sure_of_another() -> None:
    guide = Guide(plan(bar(rhythm=UNEVEN)), DEFAULT_ENCODING)
    sure = np.full(DEFAULT_ENCODING.shift_symbols, 1e-9, np.float32)
    sure[DEFAULT_ENCODING.shift_symbol(12)] = 1
    chances = guide.shift(Place(1, 0, THREE), 1, sure)
    assert DEFAULT_ENCODING.shift_of(int(chances.argmax())) == 24


def test_a_copy_returns_to_its_model_after_it_went_astray() -> None:
    guide = Guide(plan(bar(), bar(like=Likeness(1, 0))), DEFAULT_ENCODING)
    heard(guide, 1, EIGHTHS)
    assert next_shift(guide, 18) == 6


def test_a_copied_chord_is_built_again() -> None:
    guide = Guide(plan(bar(), bar(like=Likeness(1, 0))), DEFAULT_ENCODING)
    for stack, pitch in enumerate((48, 55, 64)):
        guide.add(Place(1, 0, THREE), pitch, 24, stack)
    assert [next_shift(guide, 0, together) for together in (1, 2, 3)] == [0, 0, 72]


def test_stops_are_as_frequent_as_planned() -> None:
    shares = {}
    for wanted in (0.01, 0.3):
        draft = drafted(Scripted(), movement("chaconne"))
        draft.plan = replace(draft.plan, habits=replace(draft.plan.habits, stops=wanted))
        draft._guide.plan = draft.plan
        notes = notes_of(draft)
        counts = Counter(note.onset for note in notes)
        shares[wanted] = fmean(count > 1 for count in counts.values())
    assert shares[0.3] > 2 * shares[0.01]


def in_chord(notes: Sequence[Note], planned: Plan, lines: BarLines) -> float:
    found = []
    for note in notes:
        place = lines.place(note.onset)
        row = planned.bar(place.bar)
        chord = [chord for tick, chord in row.chords if tick <= place.tick][-1]
        found.append((note.pitch - row.key.tonic) % 12 in chord.tones)
    return fmean(found)


def test_a_network_without_a_mind_of_its_own_plays_the_planned_chords() -> None:
    draft = drafted(Scripted(), movement("allemande"))
    notes = notes_of(draft)
    found = in_chord(notes, draft.plan, draft._shape.lines)
    assert found > 0.6


def test_a_copy_of_a_guide_goes_on_by_itself() -> None:
    guide = Guide(plan(bar(), bar(like=Likeness(1, 0))), DEFAULT_ENCODING)
    heard(guide, 1, EIGHTHS[:3])
    twin = guide.copy()
    heard(twin, 1, EIGHTHS[3:])
    assert copied(twin, 2) == [48, 50, 52, 53, 55, 52]
    assert len(guide._heard[1]) == 3


@pytest.mark.parametrize("second", [bar(like=Likeness(1, 0)), bar(rhythm=UNEVEN)])
def test_at_strength_0_the_network_is_left_alone(second: Bar) -> None:
    guide = Guide(plan(bar(), second), DEFAULT_ENCODING)
    heard(guide, 1, EIGHTHS)
    place = Place(2, 0, THREE)
    shifts, durations = DEFAULT_ENCODING.shift_symbols, DEFAULT_ENCODING.duration_symbols
    even = np.full(shifts, 1 / shifts, np.float32)
    assert np.allclose(guide.shift(place, 1, even, 0), even)
    assert np.allclose(guide.pitch(place, 52, 0, 0), 1)
    even = np.full(durations, 1 / durations, np.float32)
    assert np.allclose(guide.duration(place, 0, 0, even, 0), even)


def test_several_notes_together_are_rarer_right_after_others() -> None:
    guide = Guide(plan(bar()), DEFAULT_ENCODING)
    even = np.ones(DEFAULT_ENCODING.shift_symbols, np.float32)
    zero = DEFAULT_ENCODING.shift_symbol(0)
    chances = []
    for tick, chord in ((0, 1), (12, 2), (24, 1)):
        for stack in range(chord):
            guide.add(Place(1, tick, THREE), 48 + 7 * stack, 12, stack)
        chances.append(guide.shift(Place(1, tick, THREE), 1, even)[zero])
    assert chances[2] < 0.8 * chances[0]


def test_the_bar_that_is_the_peak_has_the_highest_note() -> None:
    above = {}
    for peak in (1, 2, 3):
        guide = Guide(plan(bar(), bar(), bar(), peak=peak), DEFAULT_ENCODING)
        heard(guide, 1, EIGHTHS)
        factors = guide.pitch(Place(2, 0, THREE), 52, 0)
        higher, as_high = (DEFAULT_ENCODING.pitch_symbol(by) for by in (5, 3))
        above[peak] = factors[higher], factors[as_high]
    assert above[3][0] < above[2][0] > above[1][0]
    assert above[3][1] == above[2][1] > above[1][1]


def test_two_forms_of_a_step_are_kept_a_beat_apart() -> None:
    minor = parse_key("c minor")
    raised = DEFAULT_ENCODING.pitch_symbol(59 - 55)
    chances = []
    for before in (0, 48):
        guide = Guide(plan(bar(minor), bar(minor), peak=2), DEFAULT_ENCODING)
        guide.add(Place(1, before, THREE), 58, 6, 0)
        guide.add(Place(1, 54, THREE), 55, 12, 0)
        chances.append(guide.pitch(Place(1, 66, THREE), 55, 0)[raised])
    assert chances[0] > chances[1]
