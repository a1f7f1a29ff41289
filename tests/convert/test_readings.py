"""What of a stream of inputs is looked at, and what is known to have come next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playbach_convert.readings import readings, settled, thinned
from playbach_train.networks.architecture import GraphForm, Tensor, Tensors


def nothing(*_: Any, **__: Any) -> Mapping[str, Any]:
    return {}


WINDOW = GraphForm(
    nothing,
    {"symbols": Tensor((1, 3), "int32"), "ticks": Tensor((1, 3), "int32")},
    ("symbols", "ticks"),
)
STEP = GraphForm(
    nothing,
    {"symbols": Tensor((1, 1), "int32"), "state_0": Tensor((1, 2))},
    ("symbols",),
)


def windows(*rows: tuple[int, int, int]) -> list[Tensors]:
    return [
        {"symbols": np.array([row], np.int32), "ticks": np.array([row], np.int32) + 10}
        for row in rows
    ]


@given(st.integers(0, 300), st.integers(1, 50))
def test_what_is_kept_is_evenly_spread_from_the_first_on(total: int, most: int) -> None:
    kept = thinned(range(total), most)
    assert len(kept) <= most
    assert len(kept) >= min(total, most / 2)
    assert kept[:1] == list(range(total))[:1]
    assert len(set(np.diff(kept))) <= 1


def test_a_stream_without_an_end_is_left_in_time() -> None:
    stream: Iterator[Tensors] = ({"noise": np.array([[n]], np.float32)} for n in count())
    form = GraphForm(nothing, {"noise": Tensor((1, 1))}, ("image",))
    found = readings(stream, form, 10)
    assert 5 <= len(found) <= 10
    assert all(step.truth == {} for step in found)


def test_what_a_window_moves_on_by_was_right() -> None:
    found = readings(windows((0, 0, 1), (0, 1, 2), (1, 2, 3)), WINDOW, 10)
    assert [dict(step.truth) for step in found] == [
        {"symbols": 2, "ticks": 12},
        {"symbols": 3, "ticks": 13},
        {},
    ]


def test_the_first_window_of_the_next_piece_says_nothing_of_the_last_of_this() -> None:
    found = readings(windows((1, 2, 3), (0, 0, 0), (0, 0, 4)), WINDOW, 10)
    assert [dict(step.truth) for step in found] == [{}, {"symbols": 4, "ticks": 14}, {}]


def test_nothing_is_known_of_what_comes_after_a_single_step() -> None:
    steps = [
        {"symbols": np.array([[n]], np.int32), "state_0": np.zeros((1, 2), np.float32)}
        for n in range(3)
    ]
    assert all(step.truth == {} for step in readings(steps, STEP, 10))


@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40))
def test_states_that_are_kept_have_one_range_in_and_out(values: list[float]) -> None:
    def graph(state_0: Any, place: Any) -> Mapping[str, Any]:
        del state_0
        return {"next_state_0": np.array([[values[int(place) + 1]]], np.float32)}

    samples: list[Tensors] = [
        {"state_0": np.array([[value]], np.float32), "place": np.array(place)}
        for place, value in enumerate(values[:-1])
    ]
    kept = settled(samples, graph)
    going_in = [0.0, *(float(one["state_0"].max()) for one in kept)]
    coming_out = [0.0, *(values[int(one["place"]) + 1] for one in kept)]
    assert (min(going_in), max(going_in)) == (min(coming_out), max(coming_out))


def test_a_state_that_only_comes_out_is_left_out_with_the_step_that_led_to_it() -> None:
    values = [0.0, 0.5, -0.5, 0.25, -0.25, 0.5, -0.5, 3.0]
    samples: list[Tensors] = [{"state_0": np.array([[v]], np.float32)} for v in values[:-1]]
    following = iter(values[1:])
    kept = settled(
        samples, lambda state_0: {"next_state_0": np.full_like(state_0, next(following))}
    )
    assert [float(one["state_0"][0, 0]) for one in kept] == values[:-2]
