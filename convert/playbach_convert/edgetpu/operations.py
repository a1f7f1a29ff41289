"""The operations that map to the Edge TPU, and what each is held to: one row an operation.

An operation without a row does not map. ``docs/edge-tpu.md`` prints this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from playbach_convert.edgetpu import rules
from playbach_convert.edgetpu.rules import Rule


@dataclass(frozen=True)
class Source:
    """Where a limit is written down.

    Attributes:
        title: of the page.
        url: its address.
    """

    title: str
    url: str


VENDOR = Source(
    "Coral, TensorFlow models on the Edge TPU, supported operations",
    "https://coral.ai/docs/edgetpu/models-intro/#supported-operations",
)
PER_CHANNEL = Source(
    "TensorFlow 2.17 release notes: weights of dense layers get a scale for each channel; the "
    "compiler is of 2021",
    "https://github.com/tensorflow/tensorflow/releases/tag/v2.17.0",
)
VERSIONS = Source(
    "TensorFlow Lite's table of operation versions: what int8 asks for; the compiler refuses "
    "versions later than its own",
    "https://www.tensorflow.org/lite/guide/ops_version",
)


@dataclass(frozen=True)
class Row:
    """What one operation is held to.

    Attributes:
        version: the newest version of it that maps: that of plain int8.
        limits: in words, ``""`` if there are none.
        rules: the same as functions.
        source: where the limits come from.
    """

    version: int
    limits: str = ""
    rules: tuple[Rule, ...] = ()
    source: Source = VENDOR


_NO_ACTIVATION = "no fused activation"
_NO_BATCH = "not over the batch; constant axes"

OPERATIONS: Mapping[str, Row] = MappingProxyType({
    "ADD": Row(2),
    "AVERAGE_POOL_2D": Row(2, _NO_ACTIVATION, (rules.no_fused_activation,)),
    "CONCATENATION": Row(
        2,
        "no fused activation; a constant only as one of two inputs, and all zeros",
        (rules.no_fused_activation, rules.padding_at_most),
    ),
    "CONV_2D": Row(
        3,
        "constant weights; the same dilation in x and y",
        (rules.constant(1, 2), rules.equal_dilation),
    ),
    "DEPTHWISE_CONV_2D": Row(
        3,
        "constant weights; the same dilation in x and y",
        (rules.constant(1, 2), rules.equal_dilation),
    ),
    "EXPAND_DIMS": Row(1, "constant axis", (rules.constant(1),)),
    "FULLY_CONNECTED": Row(
        4,
        "constant weights in the default format, all with one scale; the output is one row",
        (rules.constant(1, 2), rules.default_weights, rules.one_scale, rules.one_row),
        PER_CHANNEL,
    ),
    "L2_NORMALIZATION": Row(2),
    "LOGISTIC": Row(2),
    "MAX_POOL_2D": Row(2, _NO_ACTIVATION, (rules.no_fused_activation,)),
    "MAXIMUM": Row(2),
    "MEAN": Row(
        2,
        "not over the batch; over z only a multiple of 4; constant axes",
        (rules.no_batch_axis, rules.z_in_fours),
    ),
    "MINIMUM": Row(2),
    "MUL": Row(2),
    "PACK": Row(2, "not in the batch dimension", (rules.no_batch_pack,)),
    "PAD": Row(2, "not in the batch dimension; constant paddings", (rules.no_batch_padding,)),
    "PRELU": Row(
        1,
        "a constant slope that differs along the last dimension only",
        (rules.constant(1), rules.innermost_alpha),
    ),
    "QUANTIZE": Row(2),
    "REDUCE_MAX": Row(2, _NO_BATCH, (rules.no_batch_axis,)),
    "REDUCE_MIN": Row(2, _NO_BATCH, (rules.no_batch_axis,)),
    "RELU": Row(2),
    "RELU6": Row(2),
    "RELU_N1_TO_1": Row(1),
    "RESHAPE": Row(1, "constant shape; large ones may not map", (rules.constant(1),)),
    "RESIZE_BILINEAR": Row(
        2,
        "3 dimensions; constant size; may not map for precision",
        (rules.constant(1), rules.three_dimensional),
    ),
    "RESIZE_NEAREST_NEIGHBOR": Row(
        2,
        "3 dimensions; constant size; may not map for precision",
        (rules.constant(1), rules.three_dimensional),
    ),
    "RSQRT": Row(2),
    "SLICE": Row(2, "constant begin and size", (rules.constant(1, 2),)),
    "SOFTMAX": Row(2, "one row of at most 16,000", (rules.softmax_row,)),
    "SPACE_TO_DEPTH": Row(2),
    "SPLIT": Row(2, "not of the batch; constant axis", (rules.no_batch_split,)),
    "SQUARED_DIFFERENCE": Row(2),
    "SQUEEZE": Row(1),
    "STRIDED_SLICE": Row(
        2,
        "strides of 1, no ellipsis, no new axis; constant begin, end and strides",
        (rules.constant(1, 2, 3), rules.unit_strides),
    ),
    "SUB": Row(2),
    "SUM": Row(2, _NO_BATCH, (rules.no_batch_axis,)),
    "TANH": Row(2),
    "TRANSPOSE": Row(2, "constant order", (rules.constant(1),)),
    "TRANSPOSE_CONV": Row(3, "constant weights and shape", (rules.constant(0, 1),)),
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
