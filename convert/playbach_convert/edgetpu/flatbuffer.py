"""Reads the operations of a TFLite file without executing it.

The accessors are those that the LiteRT runtime ships: it is installed wherever Play Bach is, is
kept by the authors of the format, and needs no TensorFlow. They check nothing, so every count is
held against a limit before it is used.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from playbach.errors import PlaybachError

MAX_BYTES = 64 << 20
MAX_OPERATIONS = 10_000
MAX_TENSORS = 100_000
MAX_RANK = 8
MAX_SUBGRAPHS = 1_000
IDENTIFIER = b"TFL3"

DTYPES = {value: name.lower() for name, value in vars(schema.TensorType).items() if name.isupper()}
OPERATORS = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}
SETTINGS = (
    "Axis", "DilationHFactor", "DilationWFactor", "EllipsisMask", "FusedActivationFunction",
    "NewAxisMask", "WeightsFormat",
)  # fmt: skip
"""Settings of operations that some rule asks for, by the names of their accessors."""
_NUMPY = {"int8": "|i1", "uint8": "|u1", "int32": "<i4", "int64": "<i8"}
_OPTIONS = {
    value: name
    for name, value in vars(schema.BuiltinOptions).items()
    if isinstance(value, int) and value
}


class FlatbufferError(PlaybachError):
    """A file is no TFLite graph, or larger than is read."""


@dataclass(frozen=True)
class Operand:
    """One tensor of a graph."""

    name: str  # as in the file
    dtype: str  # such as ``int8``
    shape: tuple[int, ...]  # sizes
    static: bool = True  # whether all its sizes are known before it runs
    # how many scales it is quantised with: 0 when it is not, 1 when all of it shares one
    scales: int = 0
    # raw little-endian bytes of a constant, ``None`` for what is computed
    content: bytes | None = field(default=None, repr=False)

    @property
    def constant(self) -> bool:
        """Whether its values are in the file."""
        return self.content is not None

    def values(self) -> NDArray[Any] | None:
        """The values of an integer constant in its shape, ``None`` of anything else."""
        kind = _NUMPY.get(self.dtype)
        if self.content is None or kind is None:
            return None
        flat = np.frombuffer(self.content, kind)
        return flat.reshape(self.shape) if flat.size == np.prod(self.shape, dtype=int) else None

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


@dataclass(frozen=True)
class Operation:
    """One operation of a graph."""

    # of a built-in operation as the format spells it, such as ``FULLY_CONNECTED``; for a custom one
    # the name it gives itself
    name: str
    custom: bool  # whether it is a custom one
    version: int  # of its definition, from 1
    inputs: tuple[Operand | None, ...]  # what it reads; ``None`` where an optional one is left out
    outputs: tuple[Operand, ...]  # what it computes
    # those of its settings that are in ``SETTINGS``
    options: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def tensors(self) -> tuple[Operand, ...]:
        """All that it reads and computes."""
        return (*(tensor for tensor in self.inputs if tensor is not None), *self.outputs)


def read_operations(content: bytes, where: str) -> tuple[Operation, ...]:
    """The operations of the main graph in the order in which they run.

    Raises:
        FlatbufferError: not a TFLite file, damaged, or beyond the limits; starts with ``where``.
    """
    if len(content) > MAX_BYTES:
        raise FlatbufferError(
            f"{where}: has {len(content):,} bytes; at most {MAX_BYTES:,} are read"
        )
    if content[4:8] != IDENTIFIER:
        raise FlatbufferError(f"{where}: is not a TFLite file (no TFL3 at byte 4)")
    try:
        return _operations(schema.Model.GetRootAs(content, 0))
    # What the unchecked accessors raise when an offset leads out of the file or to nowhere.
    except (struct.error, IndexError, TypeError, ValueError, AttributeError, KeyError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise FlatbufferError(
            f"{where}: a damaged TFLite file ({reason}); make it again"
        ) from error


def _operations(model: Any) -> tuple[Operation, ...]:
    _limited(model.SubgraphsLength(), MAX_SUBGRAPHS, "graphs", fewest=1)
    graph = model.Subgraphs(0)
    tensors = tuple(
        _tensor(model, graph.Tensors(n))
        for n in range(_limited(graph.TensorsLength(), MAX_TENSORS, "tensors"))
    )
    count = _limited(graph.OperatorsLength(), MAX_OPERATIONS, "operations")
    return tuple(_operation(model, graph.Operators(n), tensors) for n in range(count))


def _tensor(model: Any, tensor: Any) -> Operand:
    rank = _limited(tensor.ShapeLength(), MAX_RANK, "dimensions")
    shape = tuple(int(tensor.Shape(n)) for n in range(rank))
    known = _limited(tensor.ShapeSignatureLength(), MAX_RANK, "dimensions")
    signature = tuple(int(tensor.ShapeSignature(n)) for n in range(known))
    quantisation = tensor.Quantization()
    buffer = model.Buffers(tensor.Buffer())
    stored = buffer.DataLength()
    return Operand(
        name=(tensor.Name() or b"").decode("utf-8", "replace"),
        dtype=DTYPES[tensor.Type()],
        shape=shape,
        static=min((*shape, *signature), default=1) > 0,
        scales=quantisation.ScaleLength() if quantisation is not None else 0,
        content=bytes(buffer.DataAsNumpy()) if stored else None,
    )


def _operation(model: Any, operation: Any, tensors: Sequence[Operand]) -> Operation:
    code = model.OperatorCodes(operation.OpcodeIndex())
    # Files from before there were more than 127 operations have the code in the older field.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    custom = number == schema.BuiltinOperator.CUSTOM
    name = (code.CustomCode() or b"").decode("utf-8", "replace") if custom else OPERATORS[number]
    reads = _limited(operation.InputsLength(), MAX_TENSORS, "inputs")
    writes = _limited(operation.OutputsLength(), MAX_TENSORS, "outputs")
    places = [operation.Inputs(n) for n in range(reads)]
    return Operation(
        name=name,
        custom=custom,
        version=code.Version(),
        inputs=tuple(None if place < 0 else tensors[place] for place in places),
        outputs=tuple(tensors[operation.Outputs(n)] for n in range(writes)),
        options=_options(operation),
    )


def _options(operation: Any) -> dict[str, int]:
    kind = _OPTIONS.get(operation.BuiltinOptionsType())
    union = operation.BuiltinOptions()
    if kind is None or union is None:
        return {}
    options = getattr(schema, kind)()
    options.Init(union.Bytes, union.Pos)
    return {name: int(getattr(options, name)()) for name in SETTINGS if hasattr(options, name)}


def _limited(count: int, most: int, what: str, *, fewest: int = 0) -> int:
    if fewest <= count <= most:
        return count
    raise ValueError(f"{count} {what}; {fewest} to {most} are read")
