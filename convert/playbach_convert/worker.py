"""The graphs of one variant, in a process of its own: ``python -m playbach_convert.worker``.

The converter is known to crash its process on some graphs; a child's crash leaves the parent to
say which graph it was.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from playbach_convert.steps import Weights, concrete_function


class StepModule(tf.Module):
    """Holds one traced graph so that it can be saved with its names."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function


def convert(role: str, variant: str, weights: Weights, folder: Path) -> bytes:
    """The TFLite graph of ``role`` as ``variant``; ``folder`` receives what is in between."""
    function = concrete_function(role, weights)
    saved = folder / f"saved-{variant}-{role}"
    tf.saved_model.save(StepModule(function), str(saved), signatures=function)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    OPTIONS[variant](converter)
    return bytes(converter.convert())


def _float32(converter: Any) -> None:
    del converter  # as it is


def _dynamic(converter: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


OPTIONS = {"float32": _float32, "dynamic": _dynamic}
"""How the converter is set for each variant it can make."""


def main(arguments: list[str]) -> None:
    """``VARIANT WEIGHTS.npz FOLDER ROLE...``: writes ``FOLDER/VARIANT-ROLE.tflite`` one by one."""
    variant, stored, folder, *roles = arguments
    with np.load(stored, allow_pickle=False) as arrays:
        weights = {name: arrays[name].astype(np.float32) for name in arrays.files}
    for role in roles:
        out = Path(folder) / f"{variant}-{role}.tflite"
        out.write_bytes(convert(role, variant, weights, Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
