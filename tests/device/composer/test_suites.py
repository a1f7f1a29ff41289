"""Suites follow one another without end, and wishes act from the next movement on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from playbach.composer.settings import Wishes
from playbach.composer.suites import (
    BREATH,
    DANCE_PAIRS,
    PAUSE,
    draw_meter,
    movement_at,
    rest_after,
    suite_forms,
)
from playbach.errors import InputError
from playbach.music.form import FORMS, Form, parse_form
from playbach.music.key import parse_key
from playbach.music.meter import Meter
from playbach.stream import Movement, Place, Seconds

ORDER = ("prelude", "allemande", "courante", "sarabande", "", "", "gigue")


def first(
    count: int, wishes: Callable[[], Wishes] = Wishes, seed: int = 1
) -> list[tuple[Movement, Seconds]]:
    movements = [movement_at(Place(seed, number + 1), wishes()) for number in range(count)]
    return [(movement, rest_after(movement)) for movement in movements]


def test_a_suite_has_seven_movements_in_the_usual_order() -> None:
    for movement, _ in first(35):
        usual = ORDER[movement.position - 1]
        assert movement.form.name == usual or (not usual and movement.form.name in DANCE_PAIRS)


def test_all_three_pairs_of_dances_come_and_each_pair_is_of_one_kind() -> None:
    rng = np.random.default_rng(1)
    pairs = [tuple(form.name for form in suite_forms(rng)[4:6]) for _ in range(40)]
    assert set(pairs) == {(name, name) for name in DANCE_PAIRS}


def test_a_suite_stays_in_its_key_and_the_next_has_its_own() -> None:
    played = [movement for movement, _ in first(70)]
    keys = [{m.key for m in played if m.suite == suite} for suite in range(1, 11)]
    assert all(len(found) == 1 for found in keys)
    assert len({key for found in keys for key in found}) > 3


def test_a_breath_between_movements_and_a_pause_after_the_last() -> None:
    for movement, rest in first(14):
        assert movement.is_last == (movement.position == 7)
        assert rest == (PAUSE if movement.is_last else BREATH)


def test_titles_count_suites_and_movements() -> None:
    titles = [movement.title for movement, _ in first(9)]
    assert titles[0].startswith("Suite 1 in ")
    assert titles[0].endswith(", I Prelude")
    assert titles[8].startswith("Suite 2 in ")
    assert titles[8].endswith(", II Allemande")


def test_each_movement_is_as_its_form_usually_is() -> None:
    for movement, _ in first(14):
        assert movement.meter in movement.form.meters
        assert movement.tempo == movement.form.tempo
        assert movement.pickup == movement.form.upbeat_ticks(movement.meter)


def test_wishes_shape_every_movement() -> None:
    wishes = Wishes(parse_form("gigue"), parse_key("f# minor"), 33.0)
    for movement, _ in first(9, lambda: wishes):
        assert (movement.form, movement.key, movement.tempo) == (
            wishes.form,
            wishes.key,
            wishes.tempo,
        )


def test_a_wish_acts_from_the_next_movement_on_and_the_suites_key_comes_back() -> None:
    wishes = [Wishes(), Wishes(key=parse_key("B")), Wishes()]
    one, two, three = (m.key for m, _ in first(3, lambda: wishes.pop(0)))
    assert two == parse_key("B")
    assert one == three != two


def test_the_same_seed_gives_the_same_suites() -> None:
    assert first(20, seed=3) == first(20, seed=3) != first(20, seed=4)


@pytest.mark.parametrize("tempo", [0, -60, 9.99, 400.1, 1e9, math.nan, math.inf])
def test_a_tempo_outside_its_range_is_refused(tempo: float) -> None:
    with pytest.raises(InputError, match=r"tempo .*: it must be 10 to 400 felt beats per minute"):
        Wishes(tempo=tempo)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_form_can_be_wished_for(form: Form) -> None:
    wished = Wishes(form=form)
    (movement, _), *_ = first(1, lambda: wished)
    assert movement.form is form
    assert 0 <= movement.pickup < movement.meter.bar_ticks


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_meters_come_as_often_as_bach_has_them(form: Form) -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_meter(form, rng) for _ in range(400)]
    of_bach = sum(usual.count for usual in form.usual)
    for usual in form.usual:
        assert drawn.count(usual.meter) / 400 == pytest.approx(usual.count / of_bach, abs=0.08)


def test_a_meter_can_be_wished_for_whatever_the_form() -> None:
    wished = Wishes(parse_form("menuet"), meter=Meter(7, 8))
    (movement, _), *_ = first(1, lambda: wished)
    assert movement.meter == Meter(7, 8)


@pytest.mark.parametrize("meter", [Meter(1, 8), Meter(32, 1)])
def test_a_bar_too_short_or_too_long_is_refused(meter: Meter) -> None:
    with pytest.raises(InputError, match=r"meter .*: a bar must last from 1/4 to 2/1"):
        Wishes(meter=meter)
