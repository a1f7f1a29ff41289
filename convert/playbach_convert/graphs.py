"""Graphs of the board as TensorFlow traces and keeps them: weights are constants in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import tensorflow as tf
from numpy.typing import NDArray

from playbach.errors import OutputError
from playbach_train.networks.architecture import GraphForm, Tensor

Traced: TypeAlias = Callable[..., Mapping[str, Any]]
"""A traced graph: inputs by name to outputs by name, all of them tensors."""


class _Kept(tf.Module):
    """Holds one traced graph so that it can be saved with its names."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function


def traced(form: GraphForm, weights: Mapping[str, NDArray[Any]]) -> Traced:
    """The graph of ``form`` with these weights."""

    def with_weights(**inputs: Any) -> Mapping[str, Any]:
        # Made once for each graph, so that a weight used at every step of a window is stored once.
        constants = {name: tf.constant(values) for name, values in weights.items()}
        return form.function(constants, **inputs)

    return trace(with_weights, form.inputs)


def trace(function: Traced, inputs: Mapping[str, Tensor]) -> Traced:
    """``function`` as a graph that takes ``inputs``."""
    specs = {
        name: tf.TensorSpec(tensor.shape, tensor.dtype, name) for name, tensor in inputs.items()
    }
    graph: Traced = tf.function(function, autograph=False).get_concrete_function(**specs)
    return graph


def save(graph: Traced, folder: Path) -> None:
    """Write a traced graph, names included, for another process to convert.

    Raises:
        OutputError: there is no room.
    """
    try:
        tf.saved_model.save(_Kept(graph), str(folder), signatures=graph)
    except tf.errors.OpError as error:
        # It says which C++ function failed where; what the user can do is the same for all.
        raise OutputError(
            f"{folder.parent}: the converter's temporary files cannot be written; make room, or "
            "set TMPDIR to another folder"
        ) from error
