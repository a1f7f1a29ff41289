"""Symbols are drawn from what is allowed, as boldly as asked, and the same seed draws the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer.sampling import choose
from playbach.composer.settings import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    PARTS,
    Sampling,
    parse_temperatures,
)
from playbach.errors import InputError

temperatures = st.sampled_from([LOWEST_TEMPERATURE, 0.5, 1.0, HIGHEST_TEMPERATURE])
samplings = st.builds(Sampling, temperatures, st.sampled_from([0.01, 0.5, 0.97, 1.0]))
weights = st.one_of(st.just(0.0), st.floats(2**-100, 1, width=32), st.just(1.0))


class Draws(np.random.Generator):
    """A generator whose every draw is the same."""

    def __init__(self, draw: float) -> None:
        super().__init__(np.random.PCG64(1))
        self._draw = draw

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        return self._draw


def draw_many(chances: list[float], sampling: Sampling, count: int = 4000) -> list[float]:
    rng = np.random.default_rng(1)
    probabilities = np.array(chances, np.float32)
    allowed = np.ones(len(chances), np.bool_)
    drawn = [
        choose(probabilities, allowed, sampling.temperature, sampling.top_p, rng)
        for _ in range(count)
    ]
    return [drawn.count(symbol) / count for symbol in range(len(chances))]


@given(
    st.lists(st.tuples(weights, st.booleans()), min_size=1, max_size=70),
    samplings,
    st.sampled_from([0.0, 0.5, 1 - 2**-25, math.nextafter(1, 0)]),
)
def test_only_what_is_allowed_is_drawn_whatever_the_draw(
    rows: list[tuple[float, bool]], sampling: Sampling, draw: float
) -> None:
    probabilities = np.array([weight for weight, _ in rows], np.float32)
    allowed = np.array([free for _, free in rows], np.bool_)
    if not allowed.any():
        with pytest.raises(ValueError, match="no symbol is allowed"):
            choose(probabilities, allowed, sampling.temperature, sampling.top_p, Draws(draw))
        return
    symbol = choose(probabilities, allowed, sampling.temperature, sampling.top_p, Draws(draw))
    assert allowed[symbol]
    if (probabilities * allowed).any():
        assert probabilities[symbol] > 0


def test_frequencies_are_the_probabilities() -> None:
    found = draw_many([0.5, 0.3, 0.2], Sampling(1, 1))
    assert found == pytest.approx([0.5, 0.3, 0.2], abs=0.04)


def test_a_temperature_of_a_half_squares_the_odds() -> None:
    found = draw_many([0.5, 0.25, 0.25], Sampling(0.5, 1))
    assert found == pytest.approx([4 / 6, 1 / 6, 1 / 6], abs=0.04)


def test_the_lowest_temperature_takes_the_likeliest() -> None:
    assert draw_many([0.3, 0.4, 0.3], Sampling(LOWEST_TEMPERATURE, 1), 200)[1] > 0.95


def test_the_highest_temperature_gives_the_unlikely_a_chance() -> None:
    assert min(draw_many([0.98, 0.01, 0.01], Sampling(HIGHEST_TEMPERATURE, 1))) > 0.15


def test_top_p_leaves_out_the_tail() -> None:
    assert draw_many([0.05, 0.6, 0.3, 0.05], Sampling(1, 0.9)) == pytest.approx(
        [0, 2 / 3, 1 / 3, 0], abs=0.04
    )


def test_the_smallest_top_p_keeps_the_likeliest() -> None:
    assert draw_many([0.3, 0.4, 0.3], Sampling(1, 0.01), 50) == [0, 1, 0]


def test_where_the_network_gives_nothing_any_allowed_symbol_will_do() -> None:
    rng = np.random.default_rng(1)
    allowed = np.array([False, True, True, False])
    for chances in ([1, 0, 0, 1], [math.nan] * 4):
        probabilities = np.array(chances, np.float32)
        drawn = {choose(probabilities, allowed, 1.0, 0.97, rng) for _ in range(50)}
        assert drawn == {1, 2}


def test_the_same_seed_draws_the_same() -> None:
    chances = [0.1] * 10
    assert draw_many(chances, Sampling(), 50) == draw_many(chances, Sampling(), 50)


@pytest.mark.parametrize("temperature", [0, -1, 0.049, 5.01, math.nan, math.inf])
def test_a_temperature_outside_its_range_is_refused(temperature: float) -> None:
    with pytest.raises(InputError, match=r"temperature .*: it must be 0\.05 to 5"):
        Sampling(temperature=temperature)


@pytest.mark.parametrize("top_p", [0, -0.1, 1.01, math.nan])
def test_a_top_p_outside_its_range_is_refused(top_p: float) -> None:
    with pytest.raises(InputError, match=r"top_p .*: it must be 0\.01 to 1"):
        Sampling(top_p=top_p)


@pytest.mark.parametrize("memory", [-0.1, 2.1, math.nan])
def test_a_memory_outside_its_range_is_refused(memory: float) -> None:
    with pytest.raises(InputError, match=r"memory .*: it must be 0 to 2"):
        Sampling(memory=memory)


@given(st.floats(0, 2), st.floats(0, 1.5))
def test_boredom_takes_memory_and_nothing_else(memory: float, repetition: float) -> None:
    asked = Sampling(memory=memory)
    assert asked.memory_when(repetition) <= memory
    if repetition >= 1:
        assert asked.memory_when(repetition) == 0
    if repetition == 0:
        assert asked.memory_when(0) == memory


def test_one_temperature_holds_for_all_parts_that_have_none_of_their_own() -> None:
    assert [Sampling(0.7, pitch_temperature=0.9).of(part) for part in PARTS] == [0.7, 0.9, 0.7]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("temperature", [0, 5.01, math.nan])
def test_a_part_has_a_temperature_of_the_same_range(part: str, temperature: float) -> None:
    with pytest.raises(InputError, match=rf"{part}_temperature .*: it must be 0\.05 to 5"):
        Sampling(**parse_temperatures(f"{part}={temperature}"), playable=False)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("1", {"temperature": 1.0}),
        ("pitch=0.9,duration=0.7", {"pitch_temperature": 0.9, "duration_temperature": 0.7}),
        ("0.8, shift = 0.5", {"temperature": 0.8, "shift_temperature": 0.5}),
    ],
)
def test_temperatures_are_read_from_text(text: str, fields: dict[str, float]) -> None:
    assert parse_temperatures(text) == fields


@pytest.mark.parametrize(
    "text", ["", "warm", "pitch", "pitch=", "tempo=1", "1,1", "pitch=1,pitch=2"]
)
def test_a_text_that_names_no_temperatures_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"write a number, .* such as 0\.9 or 1,pitch=0\.9"):
        parse_temperatures(text)
