"""The Edge TPU as a backend, which falls back on the CPU where it is missing or fails."""

from __future__ import annotations

import ctypes
import logging
from typing import Any

from numpy.typing import NDArray

from playbach.bundle import Bundle, Part, check_tensors
from playbach.errors import BundleError, PlaybachError
from playbach.predictor.graph import Graph, Runnable
from playbach.quiet import quiet_stderr
from playbach.runtime import first_line, runtime

COMPILED = "edgetpu"
"""The variant whose graphs an Edge TPU runs."""
ON_CPU = "int8"
"""The variant that it was compiled from: the same graphs on the same scales, for any processor."""

LIBRARY = "libedgetpu.so.1"
"""The library that drives it, a delegate of the runtime."""

_log = logging.getLogger(__name__)


class EdgeTpu:
    """The Edge TPU; from its first failure on, all graphs run on the CPU.

    A graph keeps nothing from one invocation to the next: what it must remember goes in and comes
    out as int8. So a step that failed is done again by the processor from the very same numbers,
    and the music goes on as if nothing had happened.
    """

    def __init__(self, bundle: Bundle, *, fallback: bool, library: str = LIBRARY) -> None:
        """Nothing is loaded yet.

        Args:
            bundle: which has the variant ``edgetpu``.
            fallback: whether the processor may take over, with the variant ``int8``.
            library: name or path of the library that drives the Edge TPU.
        """
        self._bundle = bundle
        self._library = library
        self._fallback = fallback and ON_CPU in bundle.manifest.variants
        self.lost = False

    @property
    def running(self) -> str:
        """The variant that runs now."""
        return ON_CPU if self.lost else COMPILED

    def open(
        self, content: bytes, part: Part, where: str, inputs: list[str], outputs: list[str]
    ) -> Runnable:
        """A graph of the variant ``edgetpu``, ready to run; arguments as of ``Graph``.

        Raises:
            AcceleratorError: there is no Edge TPU here, and the processor may not take over.
            BundleError: a graph is damaged, or those of the two variants differ in their tensors.
        """
        # Loaded at once: there is no time for it when the Edge TPU is lost.
        on_cpu = self._open_on_cpu(part, where, inputs, outputs) if self._fallback else None
        if on_cpu is not None and self.lost:
            return on_cpu
        try:
            delegate = load_delegate(self._library)
            compiled = Graph(content, part, where, inputs, outputs, delegate=delegate)
        except (AcceleratorError, BundleError) as error:
            if on_cpu is None:
                raise
            self.fall_back(str(error))
            return on_cpu
        return _WithFallback(self, compiled, on_cpu)

    def fall_back(self, reason: str) -> None:
        """Run on the CPU from now on, and log it once."""
        if not self.lost:
            self.lost = True
            _log.warning("%s: going on with %s, on the processor", reason, ON_CPU)

    def _open_on_cpu(
        self, compiled: Part, where: str, inputs: list[str], outputs: list[str]
    ) -> Graph:
        part = self._bundle.manifest.part(ON_CPU, compiled.role)
        # Numbers go from one to the other in the middle of a piece: scales must be the same, too.
        for mine, theirs in ((part.inputs, compiled.inputs), (part.outputs, compiled.outputs)):
            check_tensors(
                mine, theirs, where=f"{where}: {compiled.name}", wanted=f"{part.name} has"
            )
        content = self._bundle.part(ON_CPU, part.role)
        return Graph(content, part, where, inputs, outputs)


class _WithFallback:
    """A compiled graph, and the same graph on the CPU for when the Edge TPU fails."""

    def __init__(self, edge_tpu: EdgeTpu, compiled: Graph, on_cpu: Graph | None) -> None:
        self._edge_tpu = edge_tpu
        self._compiled = compiled
        self._on_cpu = on_cpu

    def run(self, *tensors: NDArray[Any]) -> list[NDArray[Any]]:
        """One invocation.

        Raises:
            AcceleratorError: the Edge TPU is gone, and the processor may not take over.
        """
        on_cpu = self._on_cpu
        if on_cpu is not None and self._edge_tpu.lost:
            return on_cpu.run(*tensors)
        try:
            return self._compiled.run(*tensors)
        # The runtime raises it when the delegate fails.
        except RuntimeError as error:
            gone = f"the Edge TPU is gone ({first_line(error)})"
            if on_cpu is None:
                raise AcceleratorError(
                    f"{gone}; plug it in again, or play with --fallback"
                ) from error
            self._edge_tpu.fall_back(gone)
        return on_cpu.run(*tensors)


class AcceleratorError(PlaybachError):
    """The Edge TPU or its library is missing, or refuses."""


def load_delegate(library: str = LIBRARY) -> Any:
    """A delegate for any Edge TPU that is plugged in.

    Args:
        library: name or path of the library.

    Raises:
        AcceleratorError: the library is missing, is not one for an Edge TPU, or finds none.
    """
    with quiet_stderr():  # what the library has to say of it is said below, in one line
        _check_library(library)
        try:
            return runtime().load_delegate(library)
        # The runtime raises it when the library gives no delegate.
        except ValueError as error:
            raise AcceleratorError(
                f"no Edge TPU answers {library}; plug one in, and check that you have the right "
                "to use it"
            ) from error


def _check_library(library: str) -> None:
    """Check the library first: a failing delegate raises again when it is garbage-collected."""
    try:
        loaded = ctypes.PyDLL(library)
    except OSError as error:
        raise AcceleratorError(
            f"{library} cannot be loaded ({first_line(error)}); install the Edge TPU runtime, or "
            "play another variant"
        ) from error
    for symbol in ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate"):
        if not hasattr(loaded, symbol):
            raise AcceleratorError(
                f"{library} is not the library of an Edge TPU (it has no {symbol}); install the "
                "Edge TPU runtime, or play another variant"
            )
