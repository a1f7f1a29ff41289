"""Graphs of int8 used as if they were of float32: real numbers in, real numbers out.

What is carried from note to note stays in the integers it came in, so that it loses nothing on the
way; everything else is converted here. See Jacob et al. 2018, arXiv 1712.05877, for the arithmetic.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Quantisation, TensorSpec

Array = NDArray[Any]
Floats = NDArray[np.float32]
LOWEST, HIGHEST = -128, 127


class Runnable(Protocol):
    """A graph: arrays in, arrays out, in a fixed order."""

    def run(self, *tensors: Array) -> list[Array]:
        """One invocation."""


class Codes:
    """Real numbers as int8 and back: ``real = scale * (code - zero_point)``."""

    def __init__(self, quantisation: Quantisation) -> None:
        self._step = np.float32(quantisation.scale)
        self._per_unit = np.float32(1 / quantisation.scale)
        self._zero = np.float32(quantisation.zero_point)

    def of(self, values: Floats) -> Array:
        """The nearest codes, int8; what is beyond their range becomes -128 or 127."""
        codes = values * self._per_unit
        codes += self._zero
        np.rint(codes, out=codes)
        # Twice as fast as np.clip on arrays of this size.
        np.maximum(codes, LOWEST, out=codes)
        np.minimum(codes, HIGHEST, out=codes)
        return codes.astype(np.int8)

    def values(self, codes: Array) -> Floats:
        """The real numbers that the codes stand for."""
        values: Floats = codes.astype(np.float32)
        values -= self._zero
        values *= self._step
        return values


class QuantisedGraph:
    """A graph of int8 tensors that takes and gives float32, but for the ``raw`` ones."""

    def __init__(
        self,
        graph: Runnable,
        inputs: Collection[TensorSpec],
        outputs: Collection[TensorSpec],
        raw: Collection[str],
    ) -> None:
        """Wrap ``graph``, whose tensors are these in this order; all of them have a scale."""
        self._graph = graph
        self._inputs = [_codes(spec, raw) for spec in inputs]
        self._outputs = [_codes(spec, raw) for spec in outputs]

    def run(self, *tensors: Array) -> list[Array]:
        """One invocation."""
        given = [
            tensor if codes is None else codes.of(tensor)
            for codes, tensor in zip(self._inputs, tensors, strict=True)
        ]
        return [
            tensor if codes is None else codes.values(tensor)
            for codes, tensor in zip(self._outputs, self._graph.run(*given), strict=True)
        ]


def _codes(spec: TensorSpec, raw: Collection[str]) -> Codes | None:
    if spec.name in raw or spec.quantisation is None:
        return None
    return Codes(spec.quantisation)
