"""TFLite graphs in the LiteRT runtime: the one place that knows it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Part, Quantisation, TensorSpec, check_tensors
from playbach.errors import BundleError
from playbach.quiet import quiet_stderr

Array = NDArray[Any]
# The second is for 32-bit ARM, where the first has no wheels. Which is used depends on which is
# installed, not on which happens to work.
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
_REASON = 120


def runtime() -> Any:
    """The installed runtime's module.

    Raises:
        BundleError: none is installed.
    """
    for name in RUNTIMES:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            return importlib.import_module(name)
    raise BundleError(
        "no LiteRT runtime is installed; run: pip install ai-edge-litert (on 32-bit ARM: "
        "tflite-runtime)"
    )


def runtime_version() -> str:
    """Name and version of the installed runtime.

    Raises:
        BundleError: none is installed.
    """
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 most need it not

    package = str(runtime().__name__).partition(".")[0].replace("_", "-")
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def first_line(error: Exception) -> str:
    """The reason a library gives, as it may stand in a message of one line."""
    lines = str(error).splitlines()
    return lines[0][:_REASON] if lines else "no reason given"


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
    """Inputs and outputs, and their places among the tensors.

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
