"""Small TFLite files made by hand, operation by operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from playbach_convert.edgetpu.check import COMPILED


@dataclass(frozen=True, eq=False)
class T:
    """A tensor: of int8 and computed unless said otherwise."""

    shape: tuple[int, ...] = (1, 16)
    dtype: str = "int8"
    values: NDArray[Any] | None = None
    scales: int = 1
    signature: tuple[int, ...] | None = None
    name: str = ""


def const(*values: int, dtype: str = "int32") -> T:
    array = np.array(values, dtype)
    return T(array.shape, dtype, array, scales=0)


def weights(*shape: int, scales: int = 1) -> T:
    return T(shape, "int8", np.ones(shape, np.int8), scales)


@dataclass(frozen=True)
class Op:
    """An operation; ``options`` is a pair of the union's name and its settings."""

    name: str
    inputs: Sequence[T | None] = (T(),)
    outputs: Sequence[T] = (T(),)
    version: int = 1
    options: tuple[str, dict[str, int]] | None = None


def graph(*ops: Op, signed: bool = False) -> bytes:
    """A file of these operations; what none of them computes is an input of the graph.

    ``signed``: with a signature that names inputs and outputs as the tensors are.
    """
    tensors: list[T] = []
    for op in ops:
        for tensor in (*op.inputs, *op.outputs):
            if tensor is not None and tensor not in tensors:
                tensors.append(tensor)
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes = [_code(op) for op in ops]
    model.buffers = [schema.BufferT(), *(_buffer(tensor) for tensor in tensors)]
    main = schema.SubGraphT()
    main.tensors = [_tensor(n, tensor) for n, tensor in enumerate(tensors)]
    computed = [tensor for op in ops for tensor in op.outputs]
    given = [t for t in tensors if t.values is None and t not in computed]
    main.inputs = [tensors.index(tensor) for tensor in given]
    main.outputs = [tensors.index(tensor) for tensor in ops[-1].outputs] if ops else []
    main.operators = [_operator(n, op, tensors) for n, op in enumerate(ops)]
    model.subgraphs = [main]
    if signed:
        model.signatureDefs = [_signature(main)]
    return packed(model)


def _signature(main: Any) -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serving_default", 0
    signature.inputs = [_named(main, place) for place in main.inputs]
    signature.outputs = [_named(main, place) for place in main.outputs]
    return signature


def _named(main: Any, place: int) -> Any:
    tensor = schema.TensorMapT()
    tensor.name, tensor.tensorIndex = main.tensors[place].name, place
    return tensor


def packed(model: Any) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(op: Op) -> Any:
    code = schema.OperatorCodeT()
    number = getattr(schema.BuiltinOperator, op.name, schema.BuiltinOperator.CUSTOM)
    code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
    code.version = op.version
    if number == schema.BuiltinOperator.CUSTOM:
        code.customCode = COMPILED if op.name == "compiled" else op.name
    return code


def _buffer(tensor: T) -> Any:
    buffer = schema.BufferT()
    if tensor.values is not None:
        buffer.data = np.frombuffer(tensor.values.tobytes(), np.uint8)
    return buffer


def _tensor(number: int, tensor: T) -> Any:
    made = schema.TensorT()
    made.name = tensor.name or f"t{number}"
    made.shape, made.buffer = list(tensor.shape), number + 1
    made.shapeSignature = None if tensor.signature is None else list(tensor.signature)
    made.type = getattr(schema.TensorType, tensor.dtype.upper())
    if tensor.scales and tensor.dtype != "float32":
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = [0.5] * tensor.scales
        made.quantization.zeroPoint = [0] * tensor.scales
    return made


def _operator(number: int, op: Op, tensors: list[T]) -> Any:
    made = schema.OperatorT()
    made.opcodeIndex = number
    made.inputs = [-1 if tensor is None else tensors.index(tensor) for tensor in op.inputs]
    made.outputs = [tensors.index(tensor) for tensor in op.outputs]
    if op.options is not None:
        kind, settings = op.options
        made.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        made.builtinOptions = getattr(schema, f"{kind}T")()
        vars(made.builtinOptions).update(settings)
    return made
