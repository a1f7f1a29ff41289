"""Parameters and graphs of a bundle, checked against what a network needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from playbach.bundle import Bundle, Part, TensorSpec, check_tensors, same_scale
from playbach.errors import BundleError
from playbach.predictor.graph import Array, Backend, Floats, QuantisedGraph, Quantizer, Runnable

AGAIN = "make the bundle again with playbach-convert"
"""What to do about a bundle whose parts do not fit together."""

QUANTISED = ("int8", "edgetpu")
"""Variants whose inputs and outputs are int8."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class GraphShape:
    """Names and shapes of a graph's inputs and outputs, in the order in which they are passed."""

    inputs: Shapes  # shapes by name
    outputs: Shapes  # shapes by name
    # inputs that are numbers of symbols: int32 in every variant
    numbers: frozenset[str] = frozenset()


def parameter(bundle: Bundle, name: str, most: int) -> int:
    """A size of the network: a whole number from 1 to ``most``.

    Raises:
        BundleError: it is missing or not allowed.
    """
    value = bundle.manifest.network.parameters.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    raise BundleError(
        f"{bundle.path}: network parameter {name} is {value!r}, not a whole number from 1 to "
        f"{most}; {AGAIN}"
    )


def checked_part(bundle: Bundle, variant: str, role: str, shape: GraphShape) -> Part:
    """The row of a graph, if the manifest lists the tensors that the network needs.

    Raises:
        BundleError: there is no such graph, or it has other tensors.
    """
    bundle.part(variant, role)  # whose error names the file
    part = bundle.manifest.part(variant, role)
    where = f"{bundle.path}: {part.name}"
    real_type = "int8" if variant in QUANTISED else "float32"
    for shapes, specs, numbers in (
        (shape.inputs, part.inputs, shape.numbers),
        (shape.outputs, part.outputs, ()),
    ):
        # Scales are the conversion's own affair; what must be equal is seen in check_handed_on.
        scales = {spec.name: spec.quantisation for spec in specs}
        wanted = [
            TensorSpec(name, "int32" if name in numbers else real_type, size, scales.get(name))
            for name, size in shapes.items()
        ]
        check_tensors(wanted, specs, where=where, wanted="the network needs")
        for spec in specs:
            if (spec.quantisation is None) == (spec.dtype == "int8"):
                raise BundleError(
                    f"{where}: tensor {spec.name} is {spec} with "
                    f"{spec.quantisation or 'no scale'}; int8 needs a scale, other types must have "
                    f"none: {AGAIN}"
                )
    return part


def check_handed_on(source: Part, out_of: str, target: Part, into: str, where: str) -> None:
    """Check that an output has the scale of the input to which it is passed as it is.

    Args:
        source: the graph that it comes out of.
        out_of: name of that output.
        target: the graph that it goes into; may be the same.
        into: name of that input.
        where: the start of the message.

    Raises:
        BundleError: it is of another type or on another scale; starts with ``where``.
    """
    (there,) = ordered(source.outputs, [out_of])
    (here,) = ordered(target.inputs, [into])
    if here.dtype != there.dtype or not same_scale(here.quantisation, there.quantisation):
        raise BundleError(
            f"{where}: {target.name}: {into} goes in as {here} with "
            f"{here.quantisation or 'no scale'} and comes out of {source.name} as {there} with "
            f"{there.quantisation or 'no scale'}; they must be the same: {AGAIN}"
        )


def open_part(
    bundle: Bundle, part: Part, shape: GraphShape, backend: Backend, raw: Collection[str] = ()
) -> Runnable:
    """A checked graph, ready to run: float32 to the caller, numbers of symbols int32.

    Args:
        bundle: where it is.
        part: of ``checked_part``.
        shape: of its tensors, in the order in which they come and go.
        backend: makes it ready.
        raw: tensors that stay as they come out, so that they lose nothing from step to step.

    Raises:
        BundleError: it is no graph that the runtime takes, or has other tensors than ``part``.
        PlaybachError: what else the backend raises.
    """
    content = bundle.part(part.variant, part.role)
    names = list(shape.inputs), list(shape.outputs)
    graph = backend.open(content, part, str(bundle.path), *names)
    if part.variant not in QUANTISED:
        return graph
    inputs, outputs = (
        ordered(specs, side) for specs, side in zip((part.inputs, part.outputs), names, strict=True)
    )
    return QuantisedGraph(graph, inputs, outputs, raw)


def blank(states: Iterable[TensorSpec]) -> list[Array]:
    """States of zeros, as the graph takes them."""
    return [
        np.full(spec.shape, spec.quantisation.zero_point if spec.quantisation else 0, spec.dtype)
        for spec in states
    ]


def real(specs: Iterable[TensorSpec], states: Iterable[Array]) -> list[Floats]:
    """States as the real numbers they stand for."""
    return [
        Quantizer(spec.quantisation).dequantize(state) if spec.quantisation else state
        for spec, state in zip(specs, states, strict=True)
    ]


def ordered(specs: Iterable[TensorSpec], names: Iterable[str]) -> list[TensorSpec]:
    """The tensors of those names, in their order."""
    by_name = {spec.name: spec for spec in specs}
    return [by_name[name] for name in names]
