"""What of the music a conversion reads, and with which states."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playbach_convert.calibration import evenly_spread, same_range, synthetic_pieces


@given(st.integers(0, 300), st.integers(1, 50))
def test_what_is_kept_is_evenly_spread_from_the_first_on(total: int, most: int) -> None:
    kept = evenly_spread(range(total), most)
    assert len(kept) <= most
    assert len(kept) >= min(total, most / 2)
    assert kept[:1] == list(range(total))[:1]
    assert len(set(np.diff(kept))) <= 1


@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40))
def test_states_that_are_kept_have_one_range_in_and_out(values: list[float]) -> None:
    before, after = values[:-1], values[1:]
    kept = same_range([[np.array([[v]])] for v in before], [[np.array([[v]])] for v in after])
    going_in = [0.0, *(before[n] for n in kept)]
    coming_out = [0.0, *(after[n] for n in kept)]
    assert (min(going_in), max(going_in)) == (min(coming_out), max(coming_out))


def test_a_state_that_only_comes_out_is_left_out_with_the_step_that_led_to_it() -> None:
    values = [0.0, 0.5, -0.5, 0.25, -0.25, 0.5, -0.5, 3.0]
    assert same_range([[v] for v in values[:-1]], [[v] for v in values[1:]]) == list(range(6))


def test_made_up_music_is_enough_to_measure_on() -> None:
    assert sum(len(piece.notes) for piece in synthetic_pieces()) >= 2000
