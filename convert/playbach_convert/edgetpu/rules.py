"""What the Edge TPU asks of an operation, one small function for each rule.

A rule looks at an operation and returns why it does not map, or ``None``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from ai_edge_litert.schema_py_generated import (
    ActivationFunctionType,
    FullyConnectedOptionsWeightsFormat,
)

from playbach_convert.edgetpu.flatbuffer import Operation, Tensor

Rule: TypeAlias = Callable[[Operation], str | None]

EIGHT_BIT = ("int8", "uint8")
CONSTANT_TYPES = (*EIGHT_BIT, "int32")
"""Of constants: weights of 8 bits; biases, axes and sizes of 32."""
INNERMOST = 3
MOST_IN_SOFTMAX = 16_000
Z_MULTIPLE = 4


def eight_bits(operation: Operation) -> str | None:
    """Everything computed is int8 or uint8."""
    for tensor in operation.tensors:
        allowed = CONSTANT_TYPES if tensor.constant else EIGHT_BIT
        if tensor.dtype not in allowed:
            return f"tensor {_shown(tensor)} is {tensor.dtype}, not int8"
    return None


def static_shapes(operation: Operation) -> str | None:
    """Every size is known when it is compiled."""
    for tensor in operation.tensors:
        if not tensor.static:
            return f"the shape of tensor {_shown(tensor)} is not fixed"
    return None


def three_dimensions(operation: Operation) -> str | None:
    """Only the three innermost dimensions are larger than 1; so a batch is of 1."""
    for tensor in operation.tensors:
        outer = tensor.shape[:-INNERMOST]
        if not tensor.constant and math.prod(outer) != 1:
            return f"tensor {_shown(tensor)} is {tensor}: only the last 3 sizes may exceed 1"
    return None


def constant(*places: int) -> Rule:
    """The inputs at ``places`` are constants; those that are optional may be left out."""

    def rule(operation: Operation) -> str | None:
        for place in places:
            tensor = _input(operation, place)
            if tensor is not None and not tensor.constant:
                return f"input {place} ({_shown(tensor)}) is computed, not a constant"
        return None

    return rule


def no_fused_activation(operation: Operation) -> str | None:
    """No activation function is part of it."""
    fused = operation.options.get("FusedActivationFunction", 0)
    return None if fused == ActivationFunctionType.NONE else "an activation function is fused to it"


def padding_at_most(operation: Operation) -> str | None:
    """A constant among the inputs of a concatenation is all zeros, and one of two."""
    for tensor in operation.inputs:
        if tensor is None or not tensor.constant:
            continue
        if len(operation.inputs) != 2:  # noqa: PLR2004 the two of the rule
            return "a constant is one of its inputs, and they are not two"
        values = tensor.values()
        if values is None or values.any():
            return f"its constant input ({_shown(tensor)}) is not all zeros"
    return None


def equal_dilation(operation: Operation) -> str | None:
    """A convolution is dilated alike both ways."""
    wide, high = (operation.options.get(f"Dilation{way}Factor", 1) for way in "WH")
    return None if wide == high else f"dilation {wide} in x and {high} in y, which must be equal"


def default_weights(operation: Operation) -> str | None:
    """Weights of a fully connected layer lie in the default format."""
    found = operation.options.get("WeightsFormat", 0)
    default = FullyConnectedOptionsWeightsFormat.DEFAULT
    return None if found == default else "its weights lie in a shuffled format"


def one_scale(operation: Operation) -> str | None:
    """All weights of a fully connected layer share one scale."""
    weights = _input(operation, 1)
    if weights is None or weights.scales == 1:
        return None
    return f"its weights ({_shown(weights)}) have {weights.scales} scales, one for all is allowed"


def one_row(operation: Operation) -> str | None:
    """The output is one row of numbers."""
    return _rows(operation.outputs, "output")


def softmax_row(operation: Operation) -> str | None:
    """The input is one row of at most 16,000 numbers."""
    found = _rows(operation.inputs[:1], "input")
    first = _input(operation, 0)
    if found is None and first is not None and math.prod(first.shape) > MOST_IN_SOFTMAX:
        return f"its input has {math.prod(first.shape):,} elements, {MOST_IN_SOFTMAX:,} are allowed"
    return found


def no_batch_axis(operation: Operation) -> str | None:
    """A reduction does not run over the first of several dimensions."""
    axes = _axes(operation, 0, 1)
    if axes is None:
        return "its axes are not constants"
    return "it reduces over the batch" if 0 in axes and _rank(operation, 0) > 1 else None


def z_in_fours(operation: Operation) -> str | None:
    """A mean over the last dimension is of a multiple of four numbers."""
    axes, first = _axes(operation, 0, 1), _input(operation, 0)
    if axes is None or first is None or len(first.shape) - 1 not in axes:
        return None
    size = first.shape[-1]
    return (
        f"its mean over z is of {size} numbers, not of a multiple of {Z_MULTIPLE}"
        if size % Z_MULTIPLE
        else None
    )


def no_batch_pack(operation: Operation) -> str | None:
    """Packing makes no batch."""
    axis, rank = operation.options.get("Axis", 0), len(operation.outputs[0].shape)
    return "it packs in the batch dimension" if axis in {0, -rank} else None


def no_batch_split(operation: Operation) -> str | None:
    """Splitting takes no batch apart."""
    axes = _axes(operation, 1, 0)
    if axes is None:
        return "its axis is not a constant"
    return "it splits the batch" if 0 in axes and _rank(operation, 1) > 1 else None


def no_batch_padding(operation: Operation) -> str | None:
    """Padding leaves the first of several dimensions alone."""
    paddings = _input(operation, 1)
    values = None if paddings is None else paddings.values()
    if values is None:
        return "its paddings are not constants"
    return "it pads the batch" if values[0].any() and _rank(operation, 0) > 1 else None


def unit_strides(operation: Operation) -> str | None:
    """A strided slice takes every element and adds no axis."""
    strides = _input(operation, 3)
    values = None if strides is None else strides.values()
    if values is None or (values != 1).any():
        return "its strides are not all 1"
    masks = ("EllipsisMask", "NewAxisMask")
    wrong = [mask for mask in masks if operation.options.get(mask)]
    return f"it has the mask {wrong[0]}" if wrong else None


def innermost_alpha(operation: Operation) -> str | None:
    """The slope of a PReLU differs along the last dimension only."""
    alpha = _input(operation, 1)
    outer = () if alpha is None else alpha.shape[:-1]
    return None if math.prod(outer) == 1 else "its slope differs along more than the last dimension"


def three_dimensional(operation: Operation) -> str | None:
    """Input and output have three dimensions, or four and a batch of 1."""
    for tensor in (operation.inputs[0], operation.outputs[0]):
        if tensor is not None and len(tensor.shape) < INNERMOST:
            return f"tensor {_shown(tensor)} is {tensor}, not of 3 dimensions"
    return None


EVERY = (eight_bits, static_shapes, three_dimensions)
"""Asked of every operation."""


def _rows(tensors: tuple[Tensor | None, ...], side: str) -> str | None:
    for tensor in tensors:
        if tensor is not None and math.prod(tensor.shape[:-1]) != 1:
            return f"its {side} is {tensor}, more than one row"
    return None


def _input(operation: Operation, place: int) -> Tensor | None:
    return operation.inputs[place] if place < len(operation.inputs) else None


def _rank(operation: Operation, place: int) -> int:
    tensor = _input(operation, place)
    return 0 if tensor is None else len(tensor.shape)


def _axes(operation: Operation, of: int, place: int) -> set[int] | None:
    """The axes of input ``of`` that the constant at ``place`` names, counted from 0."""
    tensor, rank = _input(operation, place), _rank(operation, of)
    values = None if tensor is None else tensor.values()
    return None if values is None or not rank else {int(axis) % rank for axis in values.ravel()}


def _shown(tensor: Tensor) -> str:
    name = tensor.name if tensor.name.isprintable() else ascii(tensor.name)
    return name[:40] or "without a name"
