"""Graphs compiled for an Edge TPU, and the processor where there is none, or none any more."""

from __future__ import annotations

import logging
from typing import Any

from numpy.typing import NDArray

from playbach.bundle import Bundle, Part, check_tensors
from playbach.errors import BundleError
from playbach.predictor.delegate import LIBRARY, AcceleratorError, load_delegate
from playbach.predictor.graph import Graph, first_line
from playbach.predictor.quantised import Runnable

COMPILED = "edgetpu"
"""The variant whose graphs an Edge TPU runs."""
ON_CPU = "int8"
"""The variant that it was compiled from: the same graphs on the same scales, for any processor."""

_log = logging.getLogger(__name__)


class EdgeTpu:
    """Opens compiled graphs; from the first failure on, all of them run on the processor.

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
            self.leave(str(error))
            return on_cpu
        return _Guarded(self, compiled, on_cpu)

    def leave(self, reason: str) -> None:
        """Go on without the Edge TPU, and say so once."""
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


class _Guarded:
    """A compiled graph that the processor takes over from when the Edge TPU is gone."""

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
            self._edge_tpu.leave(gone)
        return on_cpu.run(*tensors)
