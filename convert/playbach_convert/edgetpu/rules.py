"""The operations that map to the Edge TPU and their constraints: one row an operation.

An operation without a row does not map. ``docs/edge-tpu.md`` prints this table. A rule is a small
function that looks at an operation and returns why it does not map, or ``None``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ai_edge_litert.schema_py_generated import (
    ActivationFunctionType,
    FullyConnectedOptionsWeightsFormat,
)

from playbach_convert.edgetpu.flatbuffer import Operand, Operation

Reason = Callable[[Operation], str | None]
"""Why an operation does not map, ``None`` if it does."""

EIGHT_BIT = ("int8", "uint8")
CONSTANT_TYPES = (*EIGHT_BIT, "int32")
"""Of constants: weights of 8 bits; biases, axes and sizes of 32."""
INNERMOST = 3
MOST_IN_SOFTMAX = 16_000
Z_MULTIPLE = 4


@dataclass(frozen=True)
class Rule:
    """A constraint on operations."""

    limit: str  # in words
    reason: Reason  # the same as a function


def rule(limit: str) -> Callable[[Reason], Rule]:
    """Make a rule of a function."""
    return lambda reason: Rule(limit, reason)


def constant(what: str, *places: int) -> Rule:
    """The inputs at ``places`` are constants; those that are optional may be left out."""

    def reason(operation: Operation) -> str | None:
        for place in places:
            tensor = _input(operation, place)
            if tensor is not None and not tensor.constant:
                return f"input {place} ({_shown(tensor)}) is computed, not a constant"
        return None

    return Rule(f"constant {what}", reason)


@rule("int8 or uint8")
def eight_bits(operation: Operation) -> str | None:
    for tensor in operation.tensors:
        allowed = CONSTANT_TYPES if tensor.constant else EIGHT_BIT
        if tensor.dtype not in allowed:
            return f"tensor {_shown(tensor)} is {tensor.dtype}, not int8"
    return None


@rule("fixed sizes")
def static_shapes(operation: Operation) -> str | None:
    for tensor in operation.tensors:
        if not tensor.static:
            return f"the shape of tensor {_shown(tensor)} is not fixed"
    return None


@rule("only the last 3 sizes above 1")
def three_dimensions(operation: Operation) -> str | None:
    for tensor in operation.tensors:
        outer = tensor.shape[:-INNERMOST]
        if not tensor.constant and math.prod(outer) != 1:
            return f"tensor {_shown(tensor)} is {tensor}: only the last 3 sizes may exceed 1"
    return None


@rule("no fused activation")
def no_fused_activation(operation: Operation) -> str | None:
    fused = operation.options.get("FusedActivationFunction", 0)
    return None if fused == ActivationFunctionType.NONE else "an activation function is fused to it"


@rule("a constant only as one of two inputs, and all zeros")
def padding_at_most(operation: Operation) -> str | None:
    for tensor in operation.inputs:
        if tensor is None or not tensor.constant:
            continue
        if len(operation.inputs) != 2:  # noqa: PLR2004 the two of the rule
            return "a constant is one of its inputs, and they are not two"
        values = tensor.values()
        if values is None or values.any():
            return f"its constant input ({_shown(tensor)}) is not all zeros"
    return None


@rule("the same dilation in x and y")
def equal_dilation(operation: Operation) -> str | None:
    wide, high = (operation.options.get(f"Dilation{way}Factor", 1) for way in "WH")
    return None if wide == high else f"dilation {wide} in x and {high} in y, which must be equal"


@rule("weights in the default format")
def default_weights(operation: Operation) -> str | None:
    found = operation.options.get("WeightsFormat", 0)
    default = FullyConnectedOptionsWeightsFormat.DEFAULT
    return None if found == default else "its weights lie in a shuffled format"


@rule("one scale for all weights")
def one_scale(operation: Operation) -> str | None:
    weights = _input(operation, 1)
    if weights is None or weights.scales == 1:
        return None
    return f"its weights ({_shown(weights)}) have {weights.scales} scales, one for all is allowed"


@rule("the output is one row")
def one_row(operation: Operation) -> str | None:
    return _rows(operation.outputs, "output")


@rule("one row of at most 16,000")
def softmax_row(operation: Operation) -> str | None:
    found = _rows(operation.inputs[:1], "input")
    first = _input(operation, 0)
    if found is None and first is not None and math.prod(first.shape) > MOST_IN_SOFTMAX:
        return f"its input has {math.prod(first.shape):,} elements, {MOST_IN_SOFTMAX:,} are allowed"
    return found


@rule("not over the batch")
def no_batch_axis(operation: Operation) -> str | None:
    axes = _axes(operation, 0, 1)
    if axes is None:
        return "its axes are not constants"
    return "it reduces over the batch" if 0 in axes and _rank(operation, 0) > 1 else None


@rule("over z only a multiple of 4")
def z_in_fours(operation: Operation) -> str | None:
    axes, first = _axes(operation, 0, 1), _input(operation, 0)
    if axes is None or first is None or len(first.shape) - 1 not in axes:
        return None
    size = first.shape[-1]
    return (
        f"its mean over z is of {size} numbers, not of a multiple of {Z_MULTIPLE}"
        if size % Z_MULTIPLE
        else None
    )


@rule("not in the batch dimension")
def no_batch_pack(operation: Operation) -> str | None:
    axis, rank = operation.options.get("Axis", 0), len(operation.outputs[0].shape)
    return "it packs in the batch dimension" if axis in {0, -rank} else None


@rule("not of the batch")
def no_batch_split(operation: Operation) -> str | None:
    axes = _axes(operation, 1, 0)
    if axes is None:
        return "its axis is not a constant"
    return "it splits the batch" if 0 in axes and _rank(operation, 1) > 1 else None


@rule("not in the batch dimension")
def no_batch_padding(operation: Operation) -> str | None:
    paddings = _input(operation, 1)
    values = None if paddings is None else paddings.values()
    if values is None:
        return "its paddings are not constants"
    return "it pads the batch" if values[0].any() and _rank(operation, 0) > 1 else None


@rule("strides of 1, no ellipsis, no new axis")
def unit_strides(operation: Operation) -> str | None:
    strides = _input(operation, 3)
    values = None if strides is None else strides.values()
    if values is None or (values != 1).any():
        return "its strides are not all 1"
    masks = ("EllipsisMask", "NewAxisMask")
    wrong = [mask for mask in masks if operation.options.get(mask)]
    return f"it has the mask {wrong[0]}" if wrong else None


@rule("a slope that differs along the last dimension only")
def innermost_alpha(operation: Operation) -> str | None:
    alpha = _input(operation, 1)
    outer = () if alpha is None else alpha.shape[:-1]
    return None if math.prod(outer) == 1 else "its slope differs along more than the last dimension"


@rule("3 dimensions")
def three_dimensional(operation: Operation) -> str | None:
    for tensor in (operation.inputs[0], operation.outputs[0]):
        if tensor is not None and len(tensor.shape) < INNERMOST:
            return f"tensor {_shown(tensor)} is {tensor}, not of 3 dimensions"
    return None


EVERY = (eight_bits, static_shapes, three_dimensions)
"""Asked of every operation."""


def _rows(tensors: tuple[Operand | None, ...], side: str) -> str | None:
    for tensor in tensors:
        if tensor is not None and math.prod(tensor.shape[:-1]) != 1:
            return f"its {side} is {tensor}, more than one row"
    return None


def _input(operation: Operation, place: int) -> Operand | None:
    return operation.inputs[place] if place < len(operation.inputs) else None


def _rank(operation: Operation, place: int) -> int:
    tensor = _input(operation, place)
    return 0 if tensor is None else len(tensor.shape)


def _axes(operation: Operation, of: int, place: int) -> set[int] | None:
    """The axes of input ``of`` that the constant at ``place`` names, counted from 0."""
    tensor, rank = _input(operation, place), _rank(operation, of)
    values = None if tensor is None else tensor.values()
    return None if values is None or not rank else {int(axis) % rank for axis in values.ravel()}


def _shown(tensor: Operand) -> str:
    name = tensor.name if tensor.name.isprintable() else ascii(tensor.name)
    return name[:40] or "without a name"


@dataclass(frozen=True)
class Citation:
    """The source of a constraint."""

    title: str  # of the page
    url: str  # its address


VENDOR = Citation(
    "Coral, TensorFlow models on the Edge TPU, supported operations",
    "https://coral.ai/docs/edgetpu/models-intro/#supported-operations",
)
PER_CHANNEL = Citation(
    "TensorFlow 2.17 release notes: weights of dense layers get a scale for each channel; the "
    "compiler is of 2021",
    "https://github.com/tensorflow/tensorflow/releases/tag/v2.17.0",
)
VERSIONS = Citation(
    "TensorFlow Lite's table of operation versions: what int8 asks for; the compiler refuses "
    "versions later than its own",
    "https://www.tensorflow.org/lite/guide/ops_version",
)


@dataclass(frozen=True)
class Row:
    """Constraints on one operation."""

    version: int  # the newest version of it that maps: that of plain int8
    rules: tuple[Rule, ...] = ()  # that it keeps
    note: str = ""  # what no rule can tell
    source: Citation = VENDOR  # where the limits come from

    @property
    def limits(self) -> str:
        """In words, ``""`` if there are none."""
        words = [*(rule.limit for rule in self.rules), self.note]
        return "; ".join(word for word in words if word)


_CONVOLUTION = Row(3, (constant("weights", 1, 2), equal_dilation))
_REDUCTION = Row(2, (no_batch_axis,), "constant axes")
_RESIZING = Row(2, (three_dimensional, constant("size", 1)), "may not map for precision")

OPERATIONS: Mapping[str, Row] = MappingProxyType({
    "ADD": Row(2),
    "AVERAGE_POOL_2D": Row(2, (no_fused_activation,)),
    "CONCATENATION": Row(2, (no_fused_activation, padding_at_most)),
    "CONV_2D": _CONVOLUTION,
    "DEPTHWISE_CONV_2D": _CONVOLUTION,
    "EXPAND_DIMS": Row(1, (constant("axis", 1),)),
    "FULLY_CONNECTED": Row(
        4, (constant("weights", 1, 2), default_weights, one_scale, one_row), source=PER_CHANNEL
    ),
    "L2_NORMALIZATION": Row(2),
    "LOGISTIC": Row(2),
    "MAX_POOL_2D": Row(2, (no_fused_activation,)),
    "MAXIMUM": Row(2),
    "MEAN": Row(2, (no_batch_axis, z_in_fours), "constant axes"),
    "MINIMUM": Row(2),
    "MUL": Row(2),
    "PACK": Row(2, (no_batch_pack,)),
    "PAD": Row(2, (no_batch_padding,), "constant paddings"),
    "PRELU": Row(1, (constant("slope", 1), innermost_alpha)),
    "QUANTIZE": Row(2),
    "REDUCE_MAX": _REDUCTION,
    "REDUCE_MIN": _REDUCTION,
    "RELU": Row(2),
    "RELU6": Row(2),
    "RELU_N1_TO_1": Row(1),
    "RESHAPE": Row(1, (constant("shape", 1),), "large ones may not map"),
    "RESIZE_BILINEAR": _RESIZING,
    "RESIZE_NEAREST_NEIGHBOR": _RESIZING,
    "RSQRT": Row(2),
    "SLICE": Row(2, (constant("begin and size", 1, 2),)),
    "SOFTMAX": Row(2, (softmax_row,)),
    "SPACE_TO_DEPTH": Row(2),
    "SPLIT": Row(2, (no_batch_split,), "constant axis"),
    "SQUARED_DIFFERENCE": Row(2),
    "SQUEEZE": Row(1),
    "STRIDED_SLICE": Row(2, (constant("begin, end and strides", 1, 2, 3), unit_strides)),
    "SUB": Row(2),
    "SUM": _REDUCTION,
    "TANH": Row(2),
    "TRANSPOSE": Row(2, (constant("order", 1),)),
    "TRANSPOSE_CONV": Row(3, (constant("weights and shape", 0, 1),)),
})  # fmt: skip
"""By the name that the TFLite format gives an operation."""


def table() -> list[str]:
    """The table as lines of Markdown, and its sources below."""
    sources = list(dict.fromkeys([VERSIONS, *(row.source for row in OPERATIONS.values())]))
    lines = ["| operation | newest version | limits | source |", "| --- | --- | --- | --- |"]
    for name, row in OPERATIONS.items():
        number = sources.index(row.source) + 1
        lines.append(f"| `{name}` | {row.version} | {row.limits} | {number} |")
    lines.append("")
    lines += [f"{n}. [{source.title}]({source.url})" for n, source in enumerate(sources, start=1)]
    return lines
