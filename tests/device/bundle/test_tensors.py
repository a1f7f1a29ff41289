"""Tensors of a graph are held against what the manifest says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playbach.bundle import Quantisation, TensorSpec, check_tensors
from playbach.errors import BundleError

NOTE = TensorSpec("note", "float32", (1, 16))
STATE = TensorSpec("state", "int8", (1, 300), Quantisation(0.1, -4))
SPECS = (NOTE, STATE)


def test_the_same_tensors_agree_in_any_order() -> None:
    check_tensors(SPECS, (STATE, NOTE))
    check_tensors((), ())


def test_a_scale_agrees_after_its_way_through_float32() -> None:
    scale = float(np.float32(0.1))
    check_tensors(SPECS, (NOTE, replace(STATE, quantisation=Quantisation(scale, -4))))


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ((NOTE,), 'it has no tensor "state"'),
        (
            (replace(NOTE, name="notes"), STATE),
            'it has no tensor "note" (did you mean notes?)',
        ),
        (
            (replace(NOTE, shape=(1, 8)), STATE),
            'tensor "note" is float32[1, 8], and the manifest lists float32[1, 16]',
        ),
        (
            (replace(NOTE, dtype="int8"), STATE),
            'tensor "note" is int8[1, 16], and the manifest lists float32[1, 16]',
        ),
        (
            (NOTE, replace(STATE, quantisation=None)),
            'tensor "state" has no scale, and the manifest lists scale 0.1, zero point -4',
        ),
        (
            (NOTE, replace(STATE, quantisation=Quantisation(0.1, 0))),
            "zero point 0, and the manifest lists scale 0.1, zero point -4",
        ),
        (
            (NOTE, replace(STATE, quantisation=Quantisation(0.2, -4))),
            '"state" has scale 0.2, zero point -4, and the manifest lists scale 0.1, zero point -4',
        ),
        (
            (NOTE, STATE, TensorSpec("memory", "float32", (1,))),
            'its tensor "memory" is none that the manifest lists',
        ),
    ],
)
def test_the_first_mismatch_is_named(actual: tuple[TensorSpec, ...], expected: str) -> None:
    with pytest.raises(BundleError) as refusal:
        check_tensors(SPECS, actual, where="a.bundle: int8/step.tflite inputs")
    message = str(refusal.value)
    assert message.startswith("a.bundle: int8/step.tflite inputs: ")
    assert expected in message
    assert message.endswith("make the bundle again with playbach-convert")
