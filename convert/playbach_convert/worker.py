"""One conversion, in a process of its own: ``python -m playbach_convert.worker`` reads a job.

The converter is known to crash its process on some graphs; a child's crash leaves the parent to
say which variant it was.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from playbach_convert.steps import concrete_function


class StepModule(tf.Module):
    """Holds one traced graph so that it can be saved with its names."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function


def convert(role: str, variant: str, weights_path: Path, folder: Path) -> bytes:
    """The TFLite graph of ``role`` as ``variant``; weights from an ``.npz`` file."""
    with np.load(weights_path, allow_pickle=False) as stored:
        weights = {name: stored[name].astype(np.float32) for name in stored.files}
    function = concrete_function(role, weights)
    saved = folder / f"saved-{role}"
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
    """``ROLE VARIANT WEIGHTS.npz OUT.tflite``."""
    role, variant, weights, out = arguments
    out_path = Path(out)
    out_path.write_bytes(convert(role, variant, Path(weights), out_path.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
