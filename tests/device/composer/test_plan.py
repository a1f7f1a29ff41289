"""Plans have the habits of Bach's movements, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.composer.test_draft import CELLO, PITCH, movement
from tests.device.music.strategies import keys, meters

from playbach.bundle import PitchRange
from playbach.composer.harmony import CHORDS, DOMINANT, TONIC
from playbach.composer.phrases import OPEN
from playbach.composer.plan import Plan, draw_plan
from playbach.composer.rhythms import CLOSES, ENDS, GOES_ON, draw_rhythms
from playbach.composer.shape import Shape
from playbach.music.form import FORMS, Form
from playbach.music.key import parse_key
from playbach.music.meter import Meter
from playbach.music.note import Ticks

DANCES = [form for form in FORMS if form.is_binary]
SUITE = ("prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue")


def plan_of(form: str, seed: int, key: str = "C", pitches: PitchRange = CELLO) -> Plan:
    asked = movement(form, key=parse_key(key))
    rng = np.random.default_rng(seed)
    shape = Shape(asked, rng)
    return draw_plan(asked, shape.goal, shape.double_bar, pitches, rng)


def plans(key: str, *forms: str) -> Iterator[Plan]:
    return (plan_of(form, seed, key) for form in forms for seed in range(20))


@given(st.sampled_from(FORMS), st.integers(1, 300), st.data())
def test_anything_can_be_planned(form: Form, bars: int, data: st.DataObject) -> None:
    key, meter = data.draw(keys), data.draw(meters)
    asked = movement(form.name, key=key, meter=meter, pickup=Ticks(0))
    pitches = PitchRange(*sorted(data.draw(st.tuples(PITCH, PITCH))))
    double_bar = bars // 2 if form.is_binary and bars >= 8 else 0
    plan = draw_plan(asked, bars, double_bar, pitches, np.random.default_rng(len(str(key))))
    assert len(plan.bars) == bars
    assert pitches.lowest <= plan.pitches.lowest <= plan.pitches.highest <= pitches.highest
    for number, bar in enumerate(plan.bars, 1):
        ticks = [tick for tick, _ in bar.chords]
        assert ticks[0] == 0
        assert ticks == sorted(set(ticks))
        assert bar.like is None or 1 <= bar.like.bar < number
        assert all(0 <= tick < meter.bar_ticks for tick in bar.rhythm)
        assert all(chord in CHORDS[bar.key.mode] for _, chord in bar.chords)
    assert plan.bars[-1].chords[-1][1].degree == TONIC


@pytest.mark.parametrize("key", ["C", "c minor"])
def test_a_plan_begins_and_ends_on_the_tonic_at_home(key: str) -> None:
    for plan in plans(key, *SUITE):
        first, last = plan.bars[0], plan.bars[-1]
        assert first.key == last.key == parse_key(key)
        assert first.chords[0][1].degree == last.chords[-1][1].degree == TONIC


@pytest.mark.parametrize(("key", "goals"), [("C", {7}), ("c minor", {7, 3})])
def test_the_first_part_of_a_dance_never_ends_on_the_tonic(key: str, goals: set[int]) -> None:
    found = {plan.rests_on(plan.double_bar)[0] for plan in plans(key, *SUITE[1:])}
    assert found == goals


def test_the_double_bar_lies_before_the_middle_and_after_a_group_of_four() -> None:
    dances = list(plans("D", *SUITE[1:]))
    assert all(plan.double_bar % 4 == 0 for plan in dances)
    assert 0.36 < fmean(plan.double_bar / len(plan.bars) for plan in dances) < 0.44


def test_the_middle_is_mostly_away_from_home() -> None:
    for key in ("G", "g minor"):
        away = [
            bar.key != parse_key(key)
            for plan in plans(key, *SUITE)
            for bar in plan.bars[len(plan.bars) // 4 : -len(plan.bars) // 4]
        ]
        assert 0.6 < fmean(away) < 0.95


def test_bars_return_more_in_forms_in_which_they_do() -> None:
    shares = {
        form: fmean(bar.like is not None for plan in plans("D", form) for bar in plan.bars)
        for form in ("allemande", "gigue")
    }
    assert shares["allemande"] < 0.2
    assert 0.25 < shares["gigue"] < 0.5


def test_a_phrase_closes_on_the_tonic_after_the_dominant_or_on_that() -> None:
    for plan in plans("F", *SUITE):
        for number, bar in enumerate(plan.bars, 1):
            assert bar.closes in (TONIC, DOMINANT, OPEN)
            if bar.closes != OPEN:
                assert bar.chords[0][1].degree == bar.closes, (number, str(plan))


def test_the_same_seed_gives_the_same_plan() -> None:
    assert plan_of("gigue", 3) == plan_of("gigue", 3)
    assert plan_of("gigue", 3) != plan_of("gigue", 4)


def test_what_cannot_be_planned_is_said() -> None:
    rng = np.random.default_rng(1)
    short = draw_plan(movement("menuet"), 3, 0, PitchRange(60, 70), rng)
    assert short.given_up == (
        "no double bar: too few bars, 3",
        "a register of 10 semitones, the instrument has no more",
    )
    assert str(short).endswith("given up: a register of 10 semitones, the instrument has no more")
    assert plan_of("menuet", 1).given_up == ()
    odd = draw_plan(movement("menuet", meter=Meter(7, 8)), 24, 8, CELLO, rng)
    assert odd.given_up == ("no rhythms: Bach has none in 7/8",)


def test_phrases_close_and_parts_end_with_rhythms_that_do() -> None:
    order = [(0, tick) for tick in range(1, 10)]
    places = [GOES_ON, GOES_ON, GOES_ON, CLOSES, GOES_ON, GOES_ON, GOES_ON, ENDS]
    found = draw_rhythms(order, places, [0, 0, 0, 0, 1, 0, 0, 0], np.random.default_rng(1))
    assert found[3] in (order[3], order[7])
    assert found[4] == found[0]
    assert found[0] in (order[0], order[4])
    assert found[-1] == order[-1]
    assert order[-1] not in found[:-1]


def test_a_fugue_opens_with_one_voice() -> None:
    assert all(plan.alone >= 2 for plan in plans("D", "fugue"))
    assert all(plan.alone == 0 for plan in plans("D", "menuet"))


def test_a_plan_reads_as_a_line_a_bar() -> None:
    lines = str(plan_of("menuet", 1, "G")).splitlines()
    assert lines[0].startswith("  1 G major: I")
    assert "    :||:" in lines


def test_forms_without_habits_of_their_own_are_planned_as_well() -> None:
    song = draw_plan(movement("song"), 8, 0, CELLO, np.random.default_rng(1))
    assert song.habits.stops > 0
    assert song.given_up == ()
