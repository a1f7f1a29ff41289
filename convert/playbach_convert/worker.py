"""The graphs of one variant, in a process of its own: ``python -m playbach_convert.worker``.

The converter is known to crash its process on some graphs; a child's crash leaves the parent to
say which graph it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from playbach_convert.child import ROLLOUTS, saved_graph

Samples: TypeAlias = Callable[[], Iterator[tuple[str, dict[str, Any]]]]


def convert(role: str, variant: str, folder: Path) -> bytes:
    """The TFLite graph of ``role``, which is saved in ``folder``, as ``variant``."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_graph(folder, role)))
    OPTIONS[variant](converter, partial(_samples, folder / ROLLOUTS, role))
    return bytes(converter.convert())


def _samples(stored: Path, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Inputs of ``role``'s graph, step by step, as real pieces lead to them."""
    with np.load(stored, allow_pickle=False) as arrays:
        inputs = {
            name.removeprefix(f"{role}/"): arrays[name]
            for name in arrays.files
            if name.startswith(f"{role}/")
        }
    for n in range(len(next(iter(inputs.values())))):
        yield "serving_default", {name: rows[n : n + 1] for name, rows in inputs.items()}


def _float32(converter: Any, samples: Samples) -> None:
    del converter, samples  # as it is


def _dynamic(converter: Any, samples: Samples) -> None:
    del samples
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _float16(converter: Any, samples: Samples) -> None:
    del samples
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _int8(converter: Any, samples: Samples) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    # Nothing may stay float: an Edge TPU would stop there.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # One scale for a matrix. Scales by row are newer than the Edge TPU's compiler.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001 there is no public name for it


OPTIONS: dict[str, Callable[[Any, Samples], None]] = {
    "float32": _float32,
    "dynamic": _dynamic,
    "float16": _float16,
    "int8": _int8,
}
"""How the converter is set for each variant it can make."""


def main(arguments: list[str]) -> None:
    """``VARIANT FOLDER ROLE...``: writes ``FOLDER/VARIANT-ROLE.tflite`` one by one.

    ``FOLDER`` holds the saved graphs, and in ``rollouts.npz`` what int8 is calibrated on.
    """
    variant, folder, *roles = arguments
    for role in roles:
        out = Path(folder) / f"{variant}-{role}.tflite"
        graph = convert(role, variant, Path(folder))
        # Under its name only when it is whole: the disk may be full.
        out.with_suffix(".part").write_bytes(graph)
        out.with_suffix(".part").replace(out)


if __name__ == "__main__":
    main(sys.argv[1:])
