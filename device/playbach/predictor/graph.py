"""TFLite graphs in the runtime; int8 from and to float32.

What is carried from note to note stays in the integers it came in, so that it loses nothing on the
way; everything else is converted here. See Jacob et al. 2018, arXiv 1712.05877, for the arithmetic.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Part, Quantisation, TensorSpec, check_tensors
from playbach.errors import BundleError
from playbach.music.encoding import MAX_SYMBOLS
from playbach.predictor.base import Probabilities
from playbach.quiet import quiet_stderr
from playbach.runtime import first_line, runtime

Array = NDArray[Any]
Floats = NDArray[np.float32]
_LOWEST, _HIGHEST = -128, 127
"""Of int8."""


class Graph:
    """A graph ready to run."""

    def __init__(
        self,
        content: bytes,
        part: Part,
        where: str,
        inputs: list[str],
        outputs: list[str],
        *,
        delegate: Any = None,
    ) -> None:
        """Load ``content`` and compare its tensors with what ``part`` says.

        Args:
            content: of a TFLite file.
            part: its row of the manifest.
            where: the start of every message.
            inputs: names of all its inputs in the order in which ``run`` takes them.
            outputs: names of all its outputs in the order in which ``run`` returns them.
            delegate: of the runtime, to run what it can; the processor runs the rest.

        Raises:
            BundleError: there is no runtime, this is not a graph that it takes, or its tensors are
                not those of ``part``.
        """
        interpreter = runtime().Interpreter
        self._what = f"{where}: {part.name}"
        # The runtime's C code announces its XNNPACK delegate there.
        with self._damage_explained(), quiet_stderr():
            self._interpreter = interpreter(
                model_content=content,
                num_threads=1,
                experimental_delegates=None if delegate is None else [delegate],
            )
            self._interpreter.allocate_tensors()
            sides = _signature(self._interpreter)
        for specs, found in zip((part.inputs, part.outputs), sides, strict=True):
            check_tensors(specs, list(found), where=self._what)
        self._inputs, self._outputs = (
            _places(found, names) for found, names in zip(sides, (inputs, outputs), strict=True)
        )
        # Bound once: looked up for each of thousands of notes a second otherwise.
        self._set = self._interpreter.set_tensor
        self._get = self._interpreter.get_tensor
        self._invoke = self._interpreter.invoke
        # Some damage shows only when the graph is run.
        with self._damage_explained():
            shapes = {spec.name: spec for spec in part.inputs}
            self.run(*(np.zeros(shapes[name].shape, shapes[name].dtype) for name in inputs))

    @contextlib.contextmanager
    def _damage_explained(self) -> Iterator[None]:
        try:
            yield
        # The runtime raises ValueError for a damaged graph or a missing signature, RuntimeError
        # for an operation it does not have.
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"{self._what} is not a graph this runtime can run ({first_line(error)}); "
                "make the bundle again with playbach-convert"
            ) from error

    def run(self, *tensors: Array) -> list[Array]:
        """One invocation; the outputs are the caller's own."""
        for index, tensor in zip(self._inputs, tensors, strict=True):
            self._set(index, tensor)
        self._invoke()
        return [self._get(index) for index in self._outputs]


def graph_specs(content: bytes) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of a graph, as a manifest lists them.

    Args:
        content: of a TFLite file; the runtime's own errors come through if it is none.
    """
    interpreter = runtime().Interpreter
    with quiet_stderr():
        inputs, outputs = _signature(interpreter(model_content=content, num_threads=1))
    return tuple(inputs), tuple(outputs)


def _signature(interpreter: Any) -> tuple[dict[TensorSpec, int], dict[TensorSpec, int]]:
    """Inputs and outputs, and their tensor indices.

    Copied out, because the runtime refuses to run while anyone holds what it returns here.
    """
    runner = interpreter.get_signature_runner("serving_default")
    inputs, outputs = (
        {_spec(name, detail): int(detail["index"]) for name, detail in details.items()}
        for details in (runner.get_input_details(), runner.get_output_details())
    )
    return inputs, outputs


def _places(found: dict[TensorSpec, int], names: list[str]) -> list[int]:
    by_name = {spec.name: index for spec, index in found.items()}
    return [by_name[name] for name in names]


def _spec(name: str, detail: dict[str, Any]) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    return TensorSpec(
        name=name,
        dtype=np.dtype(detail["dtype"]).name,
        shape=tuple(int(size) for size in detail["shape"]),
        quantisation=Quantisation(float(scale), int(zero_point)) if scale else None,
    )


class Runnable(Protocol):
    """A graph: arrays in, arrays out, in a fixed order."""

    def run(self, *tensors: Array) -> list[Array]:
        """One invocation."""


class Quantizer:
    """Real numbers as int8 and back: ``real = scale * (code - zero_point)``."""

    def __init__(self, quantisation: Quantisation) -> None:
        self._step = np.float32(quantisation.scale)
        self._per_unit = np.float32(1 / quantisation.scale)
        self._zero = np.float32(quantisation.zero_point)

    def quantize(self, values: Floats) -> Array:
        """The nearest int8 codes; what is beyond their range becomes -128 or 127."""
        codes = values * self._per_unit
        codes += self._zero
        np.rint(codes, out=codes)
        # Twice as fast as np.clip on arrays of this size.
        np.maximum(codes, _LOWEST, out=codes)
        np.minimum(codes, _HIGHEST, out=codes)
        return codes.astype(np.int8)

    def dequantize(self, codes: Array) -> Floats:
        """The real numbers of int8 codes."""
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
        self._inputs = [_quantizer(spec, raw) for spec in inputs]
        self._outputs = [_quantizer(spec, raw) for spec in outputs]

    def run(self, *tensors: Array) -> list[Array]:
        """One invocation."""
        given = [
            tensor if quantizer is None else quantizer.quantize(tensor)
            for quantizer, tensor in zip(self._inputs, tensors, strict=True)
        ]
        return [
            tensor if quantizer is None else quantizer.dequantize(tensor)
            for quantizer, tensor in zip(self._outputs, self._graph.run(*given), strict=True)
        ]


def _quantizer(spec: TensorSpec, raw: Collection[str]) -> Quantizer | None:
    if spec.name in raw or spec.quantisation is None:
        return None
    return Quantizer(spec.quantisation)


class Backend(Protocol):
    """What runs the graphs of a bundle: the processor, or an Edge TPU."""

    @property
    def running(self) -> str:
        """The variant that runs now."""

    def open(
        self, content: bytes, part: Part, where: str, inputs: list[str], outputs: list[str]
    ) -> Runnable:
        """A graph, ready to run; arguments as of ``Graph``.

        Raises:
            BundleError: as ``Graph``.
            PlaybachError: what the device adds.
        """


@dataclass(frozen=True)
class Cpu:
    """The processor."""

    running: str  # the variant they are of

    def open(
        self, content: bytes, part: Part, where: str, inputs: list[str], outputs: list[str]
    ) -> Runnable:
        """A graph, ready to run; arguments as of ``Graph``.

        Raises:
            BundleError: as ``Graph``.
        """
        return Graph(content, part, where, inputs, outputs)


_ONES: Floats = np.ones(2 * MAX_SYMBOLS, np.float32)


def softmax(logits: Floats) -> Probabilities:
    """The probabilities ``exp(x) / sum(exp(x))`` of logits ``(n,)``; n is at most 8192."""
    # Reductions of numpy take four times as long as these on arrays of this size.
    weights: Floats = np.exp(logits - logits[logits.argmax()])
    weights /= weights.dot(_ONES[: len(weights)])
    return weights
