"""Names of inputs and outputs, given back to a graph that lost them in the compiler.

The compiler is older than what else a bundle relies on, and may leave out the signature: the part
of a TFLite file that says which tensor is ``hidden_0``.
"""

from __future__ import annotations

import copy
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema


def with_signature(compiled: bytes, original: bytes) -> bytes:
    """``compiled`` with the signature of ``original``, whose inputs and outputs are the same.

    A graph that has a signature is given back as it is. Both must have been read without error.
    """
    model = _model(compiled)
    if model.signatureDefs:
        return compiled
    source = _model(original)
    model.signatureDefs = copy.deepcopy(source.signatureDefs)
    for signature in model.signatureDefs or []:
        signature.subgraphIndex = 0
        for tensors, side in ((signature.inputs, "inputs"), (signature.outputs, "outputs")):
            places = dict(
                zip(
                    getattr(source.subgraphs[0], side),
                    getattr(model.subgraphs[0], side),
                    strict=True,
                )
            )
            for tensor in tensors:
                tensor.tensorIndex = places[tensor.tensorIndex]
    builder = flatbuffers.Builder(len(compiled) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _model(content: bytes) -> Any:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
