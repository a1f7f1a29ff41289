"""Each rule of the Edge TPU on a graph made for it: one that maps, and what breaks the rule."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from tests.convert.edgetpu.graphs import Op, T, const, graph, weights

from playbach_convert.edgetpu.check import check_graph
from playbach_convert.edgetpu.flatbuffer import FlatbufferError
from playbach_convert.edgetpu.rules import OPERATIONS, table

ROOT = Path(__file__).parents[3]

RELU = {"fusedActivationFunction": 1}
IMAGE = T((1, 8, 8, 4))
FC = ("FullyConnectedOptions", {"fusedActivationFunction": 1})
CONV = ("Conv2DOptions", {"dilationWFactor": 2, "dilationHFactor": 2})
STRIDED = [T(), const(0, 0), const(1, 8), const(1, 1)]
GRID = const(*range(4), dtype="int32")


def pads(*rows: tuple[int, int]) -> T:
    return T((len(rows), 2), "int32", np.array(rows, np.int32), scales=0)


MAPS = [
    Op("ADD", [T(), T()]),
    Op("AVERAGE_POOL_2D", [IMAGE], [IMAGE], options=("Pool2DOptions", {})),
    Op("MAX_POOL_2D", [IMAGE], [IMAGE], options=("Pool2DOptions", {})),
    Op("CONCATENATION", [T(), T()], options=("ConcatenationOptions", {"axis": 1})),
    Op("CONCATENATION", [T(), T((1, 4), values=np.zeros((1, 4), np.int8))], [T((1, 20))]),
    Op("CONV_2D", [IMAGE, weights(8, 3, 3, 4, scales=8), const(*[0] * 8)], [IMAGE], 3, CONV),
    Op("DEPTHWISE_CONV_2D", [IMAGE, weights(1, 3, 3, 4, scales=4), None], [IMAGE], 3),
    Op("EXPAND_DIMS", [T(), const(0)], [T((1, 1, 16))]),
    Op("FULLY_CONNECTED", [T(), weights(8, 16), const(*[0] * 8)], [T((1, 8))], 4, FC),
    Op("FULLY_CONNECTED", [T(), weights(8, 16), None], [T((1, 8))], 4),
    Op("L2_NORMALIZATION"),
    Op("LOGISTIC", version=2),
    Op("MAXIMUM", [T(), T((), values=np.array(-127, np.int8))]),
    Op("MINIMUM", [T(), T()]),
    Op("MEAN", [IMAGE, const(1, 2)], [T((1, 4))]),
    Op("MEAN", [IMAGE, const(-1)], [T((1, 8, 8))]),
    Op("MUL", [T(), T()], options=("MulOptions", RELU)),
    Op("PACK", [T((1, 4)), T((1, 4))], [T((1, 2, 4))], 2, ("PackOptions", {"axis": 1})),
    Op("PAD", [T(), pads((0, 0), (2, 2))], [T((1, 20))]),
    Op("PRELU", [IMAGE, T((1, 1, 4), values=np.ones((1, 1, 4), np.int8))], [IMAGE]),
    Op("QUANTIZE"),
    Op("REDUCE_MAX", [T(), const(1)], [T((1,))]),
    Op("REDUCE_MIN", [T((16,)), const(0)], [T((1,))]),
    Op("RELU"),
    Op("RELU6"),
    Op("RELU_N1_TO_1"),
    Op("RESHAPE", [T(), const(1, 4, 4)], [T((1, 4, 4))]),
    Op("RESIZE_BILINEAR", [IMAGE, const(16, 16)], [T((1, 16, 16, 4))]),
    Op("RESIZE_NEAREST_NEIGHBOR", [IMAGE, const(16, 16)], [T((1, 16, 16, 4))]),
    Op("RSQRT"),
    Op("SLICE", [T(), const(0, 0), const(1, 8)], [T((1, 8))]),
    Op("SOFTMAX", [T((1, 16_000))], [T((1, 16_000))]),
    Op("SPACE_TO_DEPTH", [IMAGE], [T((1, 4, 4, 16))]),
    Op("SPLIT", [const(1), T()], [T((1, 8)), T((1, 8))]),
    Op("SPLIT", [const(0), T((16,))], [T((8,)), T((8,))]),
    Op("SQUARED_DIFFERENCE", [T(), T()]),
    Op("SQUEEZE", [T((1, 1, 16))]),
    Op("STRIDED_SLICE", STRIDED, [T((1, 8))]),
    Op("SUB", [T(), T()]),
    Op("SUM", [T(), const(-1)], [T((1,))]),
    Op("TANH"),
    Op("TANH", [T(dtype="uint8")], [T(dtype="uint8")]),
    Op("TRANSPOSE", [T((2, 3, 4)), const(1, 0, 2)], [T((3, 2, 4))]),
    Op("TRANSPOSE_CONV", [const(1, 16, 16, 4), weights(4, 3, 3, 4), IMAGE], [T((1, 16, 16, 4))]),
]

BREAKS = {
    "an operation it has not": (Op("GATHER", [T(), const(0)]), "has no such operation"),
    "an embedding lookup": (Op("EMBEDDING_LOOKUP", [const(0), T()]), "has no such operation"),
    "a product of two computed matrices": (Op("BATCH_MATMUL", [T(), T()]), "no such operation"),
    "a division": (Op("DIV", [T(), T()]), "has no such operation"),
    "an exponential": (Op("EXP"), "has no such operation"),
    "a loop": (Op("WHILE"), "has no such operation"),
    "the largest of a row": (Op("ARG_MAX", [T(), const(1)]), "has no such operation"),
    "a way back to floats": (Op("DEQUANTIZE", [T()], [T(dtype="float32")]), "no such operation"),
    "a custom operation": (Op("my-operation"), "my-operation is a custom operation"),
    "a newer version": (Op("TANH", version=3), "version 3 of it, and the compiler takes up to 2"),
    "floats read": (Op("QUANTIZE", [T(dtype="float32")]), "tensor t0 is float32, not int8"),
    "floats computed": (Op("TANH", [T()], [T(dtype="float32")]), "is float32, not int8"),
    "sixteen bits": (Op("TANH", [T(dtype="int16")]), "is int16, not int8"),
    "a float constant": (
        Op("ADD", [T(), T((), "float32", np.array(1, np.float32))]),
        "is float32, not int8",
    ),
    "computed 32-bit numbers": (Op("ADD", [T(dtype="int32"), T()]), "is int32, not int8"),
    "a size that is not fixed": (
        Op("TANH", [T((1, 16), signature=(-1, 16))]),
        "the shape of tensor t0 is not fixed",
    ),
    "a batch of two": (
        Op("RELU", [T((2, 8, 8, 4))]),
        "is int8[2, 8, 8, 4]: only the last 3 sizes may exceed 1",
    ),
    "a pool with an activation": (
        Op("MAX_POOL_2D", [IMAGE], [IMAGE], options=("Pool2DOptions", RELU)),
        "an activation function is fused to it",
    ),
    "an average with an activation": (
        Op("AVERAGE_POOL_2D", [IMAGE], [IMAGE], options=("Pool2DOptions", RELU)),
        "an activation function is fused to it",
    ),
    "a concatenation with an activation": (
        Op("CONCATENATION", [T(), T()], options=("ConcatenationOptions", RELU)),
        "an activation function is fused to it",
    ),
    "a constant among three": (
        Op("CONCATENATION", [T(), T(), weights(1, 4)]),
        "a constant is one of its inputs, and they are not two",
    ),
    "a constant that is not zeros": (
        Op("CONCATENATION", [T(), weights(1, 4)]),
        "is not all zeros",
    ),
    "a kernel that is computed": (
        Op("CONV_2D", [IMAGE, T((8, 3, 3, 4)), const(0)], [IMAGE]),
        "input 1 (t1) is computed, not a constant",
    ),
    "unequal dilation": (
        Op(
            "CONV_2D",
            [IMAGE, weights(8, 3, 3, 4), const(0)],
            [IMAGE],
            options=("Conv2DOptions", {"dilationWFactor": 1, "dilationHFactor": 2}),
        ),
        "dilation 1 in x and 2 in y, which must be equal",
    ),
    "weights that are computed": (
        Op("FULLY_CONNECTED", [T(), T((8, 16)), None], [T((1, 8))]),
        "input 1 (t1) is computed, not a constant",
    ),
    "a bias that is computed": (
        Op("FULLY_CONNECTED", [T(), weights(8, 16), T((8,), "int32")], [T((1, 8))]),
        "input 2 (t2) is computed, not a constant",
    ),
    "shuffled weights": (
        Op(
            "FULLY_CONNECTED",
            [T(), weights(8, 16), None],
            [T((1, 8))],
            options=("FullyConnectedOptions", {"weightsFormat": 1}),
        ),
        "its weights lie in a shuffled format",
    ),
    "a scale for each row of weights": (
        Op("FULLY_CONNECTED", [T(), weights(8, 16, scales=8), None], [T((1, 8))]),
        "its weights (t1) have 8 scales, one for all is allowed",
    ),
    "several rows at once": (
        Op("FULLY_CONNECTED", [T((5, 16)), weights(8, 16), None], [T((5, 8))]),
        "its output is int8[5, 8], more than one row",
    ),
    "a mean over the batch": (Op("MEAN", [T(), const(0)]), "it reduces over the batch"),
    "a mean over an odd z": (
        Op("MEAN", [T((1, 4, 4, 6)), const(3)]),
        "its mean over z is of 6 numbers, not of a multiple of 4",
    ),
    "a sum over the batch": (Op("SUM", [T(), const(-2)]), "it reduces over the batch"),
    "a maximum over the batch": (Op("REDUCE_MAX", [T(), const(0)]), "it reduces over the batch"),
    "a minimum over the batch": (Op("REDUCE_MIN", [T(), const(1, 0)]), "reduces over the batch"),
    "axes that are computed": (Op("SUM", [T(), T((1,), "int32")]), "its axes are not constants"),
    "packing a batch": (
        Op("PACK", [T(), T()], [T((2, 1, 16))], options=("PackOptions", {"axis": 0})),
        "it packs in the batch dimension",
    ),
    "padding the batch": (Op("PAD", [T(), pads((1, 0), (0, 0))]), "it pads the batch"),
    "paddings that are computed": (Op("PAD", [T(), T((2, 2), "int32")]), "are not constants"),
    "a slope for every place": (
        Op("PRELU", [IMAGE, weights(8, 8, 4)], [IMAGE]),
        "its slope differs along more than the last dimension",
    ),
    "a shape that is computed": (Op("RESHAPE", [T(), T((3,), "int32")]), "is computed"),
    "resizing a row": (
        Op("RESIZE_BILINEAR", [T(), const(16, 16)], [IMAGE]),
        "tensor t0 is int8[1, 16], not of 3 dimensions",
    ),
    "a slice from where it is told": (
        Op("SLICE", [T(), T((2,), "int32"), const(1, 8)]),
        "input 1 (t1) is computed",
    ),
    "a softmax too long": (
        Op("SOFTMAX", [T((1, 16_001))]),
        "its input has 16,001 elements, 16,000 are allowed",
    ),
    "a softmax of rows": (
        Op("SOFTMAX", [T((2, 8))]),
        "its input is int8[2, 8], more than one row",
    ),
    "splitting the batch": (Op("SPLIT", [const(0), T((2, 8))]), "it splits the batch"),
    "a split where it is told": (Op("SPLIT", [T((), "int32"), T()]), "its axis is not a constant"),
    "every other element": (
        Op("STRIDED_SLICE", [T(), const(0, 0), const(1, 8), const(1, 2)]),
        "its strides are not all 1",
    ),
    "a new axis": (
        Op("STRIDED_SLICE", STRIDED, options=("StridedSliceOptions", {"newAxisMask": 1})),
        "it has the mask NewAxisMask",
    ),
    "an ellipsis": (
        Op("STRIDED_SLICE", STRIDED, options=("StridedSliceOptions", {"ellipsisMask": 1})),
        "it has the mask EllipsisMask",
    ),
    "an order that is computed": (Op("TRANSPOSE", [T(), T((2,), "int32")]), "is computed"),
    "a transposed kernel that is computed": (
        Op("TRANSPOSE_CONV", [const(1, 16, 16, 4), T((4, 3, 3, 4)), IMAGE], [IMAGE]),
        "input 1 (t1) is computed",
    ),
}


@pytest.mark.parametrize("op", MAPS, ids=lambda op: op.name)
def test_an_operation_within_its_limits_maps(op: Op) -> None:
    assert check_graph(graph(op), "a.tflite").findings[0].reason == ""


def test_every_row_of_the_table_has_a_graph_that_maps() -> None:
    assert {op.name for op in MAPS} == set(OPERATIONS)


@pytest.mark.parametrize("broken", BREAKS)
def test_an_operation_outside_its_limits_does_not_map(broken: str) -> None:
    op, reason = BREAKS[broken]
    (finding,) = check_graph(graph(op), "a.tflite").findings
    assert reason in finding.reason
    assert finding.line.endswith(f"no: {finding.reason}")


def test_every_rule_of_the_table_is_broken_by_some_graph() -> None:
    limited = {name for name, row in OPERATIONS.items() if row.rules}
    assert limited <= {op.name for op, _ in BREAKS.values()} | {
        "DEPTHWISE_CONV_2D", "EXPAND_DIMS", "RESIZE_NEAREST_NEIGHBOR"
    }  # fmt: skip


def test_whatever_comes_after_the_first_that_does_not_map_runs_on_the_cpu() -> None:
    fine = [Op("TANH"), Op("LOGISTIC"), Op("MUL", [T(), T()])]
    mapping = check_graph(graph(*fine, Op("DIV", [T(), T()]), *fine[:2]), "a.tflite")
    assert mapping.mapped == 3
    assert not mapping.whole
    assert mapping.cost == (
        "operation 3 (DIV) does not map: the Edge TPU has no such operation; everything from "
        "operation 3 on runs on the CPU: 3 of 6 operations, though 2 of them would map"
    )


def test_a_graph_whose_first_operation_does_not_map_gains_nothing() -> None:
    mapping = check_graph(graph(Op("GATHER"), Op("TANH")), "a.tflite")
    assert mapping.cost.endswith("; nothing runs on the Edge TPU, all 2 operations on the CPU")


def test_a_graph_that_maps_whole_says_so() -> None:
    mapping = check_graph(graph(Op("TANH"), Op("LOGISTIC")), "a.tflite")
    assert mapping.whole
    assert not mapping.compiled
    assert mapping.cost == "all 2 operations map to the Edge TPU"


def test_what_the_compiler_has_made_is_known_for_it() -> None:
    mapping = check_graph(graph(Op("compiled")), "a.tflite")
    assert mapping.compiled
    assert mapping.cost == "compiled: all of it runs on the Edge TPU"
    left_over = check_graph(graph(Op("compiled"), Op("TANH")), "a.tflite")
    assert not left_over.compiled


def test_an_empty_graph_maps_nothing() -> None:
    mapping = check_graph(graph(), "a.tflite")
    assert not mapping.whole
    assert mapping.cost == "there is no operation in it"


def test_graphs_made_here_are_ones_that_the_runtime_runs() -> None:
    row, half = T(), T((1, 8))
    fully = Op("FULLY_CONNECTED", [row, weights(8, 16), None], [half], 4, FC)
    interpreter = Interpreter(model_content=graph(fully, Op("RELU", [half], [T((1, 8))], 2)))
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, np.ones((1, 16), np.int8))
    interpreter.invoke()
    # Sixteen times 0.5 * 0.5, in steps of 0.5.
    assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).tolist() == [
        [8] * 8
    ]


def test_a_name_that_is_no_plain_text_stays_on_its_line() -> None:
    (finding,) = check_graph(graph(Op("an\nother", [T(name="a\x1bb")])), "a.tflite").findings
    assert finding.line.isprintable()
    (finding,) = check_graph(graph(Op("TANH", [T(dtype="int16", name="\n")])), "a.tflite").findings
    assert finding.line.isprintable()


def test_what_is_no_tflite_file_is_one_error() -> None:
    for content in (
        b"",
        b"PK\x03\x04 a zip",
        b"\x1c\0\0\0TFL3",
        b"\xff\xff\xff\x7fTFL3" + bytes(80),
    ):
        with pytest.raises(FlatbufferError, match=r"^a\.tflite: "):
            check_graph(content, "a.tflite")
    with pytest.raises(FlatbufferError, match="67,108,865 bytes; at most 67,108,864 are read"):
        check_graph(bytes((64 << 20) + 1), "a.tflite")


def refusal(content: bytes) -> str:
    """Why the file is refused, ``""`` if it is read; then all that is said of it is plain."""
    try:
        findings = check_graph(content, "a.tflite").findings
    except FlatbufferError as error:
        return str(error)
    assert all(finding.line.isprintable() for finding in findings)
    return ""


def test_a_damaged_file_is_an_error_or_a_graph() -> None:
    whole = graph(*MAPS[:8])
    rng = random.Random(1)
    refusals = []
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 3, 30))):
            content[rng.randrange(8, len(content))] = rng.randrange(256)
        refusals.append(refusal(bytes(content)))
    said = [line for line in refusals if line]
    assert 0 < len(said) < len(refusals)
    assert all(line.startswith("a.tflite: a damaged TFLite file (") for line in said)
    assert all(line.isprintable() for line in said)


def test_a_truncated_file_is_an_error_or_a_graph() -> None:
    whole = graph(*MAPS[:8])
    said = [refusal(whole[:end]) for end in range(8, len(whole), 37)]
    assert any(said)
    assert all(line.startswith("a.tflite: a damaged TFLite file (") for line in said if line)


def test_the_documented_table_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "edge-tpu.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in text


def test_sources_are_numbered_in_the_order_of_the_table() -> None:
    rows = [line for line in table() if line.startswith("| `")]
    used = {int(line.rsplit("|", 2)[1]) for line in rows}
    listed = [line for line in table() if line[:1].isdigit()]
    assert used <= set(range(1, len(listed) + 1))
    assert [int(line.split(".")[0]) for line in listed] == list(range(1, len(listed) + 1))
