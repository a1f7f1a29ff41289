"""Real numbers as int8 and back, and graphs that hide it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from playbach.bundle import Quantisation, TensorSpec
from playbach.predictor.graph import QuantisedGraph, Quantizer

ALL = np.arange(-128, 128, dtype=np.int8)
QUANTISATIONS = st.builds(Quantisation, st.floats(2**-13, 8), st.integers(-128, 127))

REALS = st.lists(st.floats(-1e4, 1e4, allow_subnormal=False), min_size=1, max_size=20)


@given(QUANTISATIONS)
def test_every_code_survives_the_round_trip(quantisation: Quantisation) -> None:
    quantizer = Quantizer(quantisation)
    assert (quantizer.quantize(quantizer.dequantize(ALL)) == ALL).all()


@given(
    QUANTISATIONS, st.lists(st.floats(-1e4, 1e4, allow_subnormal=False), min_size=1, max_size=20)
)
def test_a_value_is_at_most_half_a_step_off_or_beyond_the_range(
    quantisation: Quantisation, values: list[float]
) -> None:
    quantizer = Quantizer(quantisation)
    lowest, highest = quantizer.dequantize(ALL[[0, -1]])
    wanted = np.array(values, np.float32)
    found = quantizer.dequantize(quantizer.quantize(wanted))
    inside = np.clip(wanted, lowest, highest)
    rounding = 1e-5 * (np.abs(inside) + 128 * quantisation.scale)
    assert (np.abs(found - inside) <= quantisation.scale / 2 + rounding).all()


def test_codes_mean_what_the_format_says() -> None:
    quantizer = Quantizer(Quantisation(0.5, -3))
    assert quantizer.dequantize(np.array([-128, -3, 127], np.int8)).tolist() == [-62.5, 0.0, 65.0]
    reals = np.array([-99, -62.4, 0.2, 0.3, 99], np.float32)
    assert quantizer.quantize(reals).tolist() == [-128, -128, -3, -2, 127]


class Doubler:
    """A graph of integers: the state goes through, the note comes out doubled."""

    def run(self, *tensors: NDArray[Any]) -> list[NDArray[Any]]:
        note, state = tensors
        assert note.dtype == state.dtype == np.int8
        return [state, note * np.int8(2)]


def test_raw_tensors_go_through_as_they_are_and_others_as_real_numbers() -> None:
    half = Quantisation(0.5, 0)
    note, state = (TensorSpec(name, "int8", (1, 2), half) for name in ("note", "state"))
    after, told = (TensorSpec(name, "int8", (1, 2), half) for name in ("next_state", "told"))
    graph = QuantisedGraph(Doubler(), [note, state], [after, told], {"state", "next_state"})
    kept = np.array([[7, -7]], np.int8)
    found, doubled = graph.run(np.array([[1.0, -2.0]], np.float32), kept)
    assert found is kept
    assert doubled.dtype == np.float32
    assert doubled.tolist() == [[2.0, -4.0]]
