"""From a traced graph to a TFLite file, by TensorFlow's converter in a process of its own.

The converter is known to crash its process on some graphs; a child's crash leaves the parent to
say which graph it was. The child is ``python -m playbach_convert.tflite VARIANT FOLDER ROLE...``.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from playbach.errors import PlaybachError
from playbach_convert.process import ProgramError, run_program, temporary_folder
from playbach_train.networks.architecture import GraphForm, Tensor

Traced: TypeAlias = Callable[..., Mapping[str, Any]]
"""A traced graph: inputs by name to outputs by name, all of them tensors."""
Samples: TypeAlias = Mapping[str, NDArray[Any]]
"""By ``role/input``, such as ``step/note``: what the input was at each of N steps ``(N, ...)``."""

CHILD_SECONDS = 1_800
"""For the graphs of one variant."""
_SAMPLES = "samples.npz"
_MOST_REASON = 200


class ConversionError(PlaybachError):
    """The converter failed, or what it made cannot be put into a bundle."""


def traced(form: GraphForm, weights: Mapping[str, NDArray[Any]]) -> Traced:
    """The graph of ``form`` with these weights, which are constants in it."""

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


@contextlib.contextmanager
def shared_folder(graphs: Mapping[str, Traced], samples: Samples) -> Iterator[Path]:
    """A temporary folder that parent and child share.

    Args:
        graphs: by role; they are saved in it, names of inputs and outputs included.
        samples: what int8 is calibrated on; may be empty.

    Raises:
        OutputError: there is no room for it, or for what is written into it.
    """
    with temporary_folder("playbach-convert-") as folder:
        np.savez(folder / _SAMPLES, allow_pickle=False, **samples)
        for role, graph in graphs.items():
            module = tf.Module()
            module.function = graph
            try:
                tf.saved_model.save(module, str(_saved(folder, role)), signatures=graph)
            except tf.errors.OpError as error:
                # It says which C++ function failed where; what the user can do is the same.
                raise OSError(error.error_code, "TensorFlow cannot save a graph") from error
        yield folder


def convert_variant(variant: str, roles: Sequence[str], folder: Path) -> dict[str, bytes]:
    """The TFLite graph of each role.

    Args:
        variant: one of ``OPTIONS``.
        roles: of graphs in ``folder``.
        folder: a ``shared_folder``.

    Raises:
        ConversionError: the child failed, crashed, or took too long; the message names the graph.
    """
    failure = _run_child(variant, roles, folder)
    for role in roles:
        if not _converted(folder, variant, role).exists():
            raise ConversionError(f"{variant}/{role}: {failure or 'the converter wrote nothing'}")
    return {role: _converted(folder, variant, role).read_bytes() for role in roles}


def _run_child(variant: str, roles: Sequence[str], folder: Path) -> str:
    """Convert in a child; what went wrong, ``""`` if nothing."""
    command = [sys.executable, "-m", "playbach_convert.tflite", variant, str(folder), *roles]
    try:
        finished = run_program(command, Path(), CHILD_SECONDS)
    except ProgramError as error:
        return f"the converter failed ({error})"
    if finished.status < 0:
        number = -finished.status
        return f"the converter crashed ({signal.strsignal(number) or number})"
    if finished.status:
        lines = finished.output.strip().splitlines() or ["no reason given"]
        return f"the converter failed ({lines[-1][:_MOST_REASON]})"
    return ""


def _saved(folder: Path, role: str) -> Path:
    return folder / f"saved-{role}"


def _converted(folder: Path, variant: str, role: str) -> Path:
    return folder / f"{variant}-{role}.tflite"


def _convert(role: str, variant: str, folder: Path) -> bytes:
    """The saved graph of ``role`` as ``variant``."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(_saved(folder, role)))
    OPTIONS[variant](converter, partial(_dataset, folder / _SAMPLES, role))
    return bytes(converter.convert())


Dataset: TypeAlias = Callable[[], Iterator[tuple[str, dict[str, Any]]]]


def _dataset(stored: Path, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Inputs of ``role``'s graph, step by step, as the converter takes them."""
    with np.load(stored, allow_pickle=False) as arrays:
        inputs = {
            name.removeprefix(f"{role}/"): arrays[name]
            for name in arrays.files
            if name.startswith(f"{role}/")
        }
    for n in range(len(next(iter(inputs.values())))):
        yield "serving_default", {name: rows[n : n + 1] for name, rows in inputs.items()}


def _float32(converter: Any, dataset: Dataset) -> None:
    del converter, dataset  # as it is


def _dynamic(converter: Any, dataset: Dataset) -> None:
    del dataset
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _float16(converter: Any, dataset: Dataset) -> None:
    del dataset
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _int8(converter: Any, dataset: Dataset) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = dataset
    # Nothing may stay float: an Edge TPU would stop there.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # One scale for a matrix. Scales by row are newer than the Edge TPU's compiler.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001 there is no public name for it


OPTIONS: dict[str, Callable[[Any, Dataset], None]] = {
    "float32": _float32,
    "dynamic": _dynamic,
    "float16": _float16,
    "int8": _int8,
}
"""How the converter is set for each variant that it can make."""


def main(variant: str, folder: str, *roles: str) -> None:
    """Convert the graphs of ``roles`` in ``folder`` one by one."""
    for role in roles:
        out = _converted(Path(folder), variant, role)
        graph = _convert(role, variant, Path(folder))
        # Under its name only when it is whole: the disk may be full.
        out.with_suffix(".part").write_bytes(graph)
        out.with_suffix(".part").replace(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
