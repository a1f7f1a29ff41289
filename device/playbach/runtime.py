"""The LiteRT runtime, which runs TFLite graphs: which one is installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from playbach.errors import BundleError

# The second is for 32-bit ARM, where the first has no wheels. Which is used depends on which is
# installed, not on which happens to work.
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
_REASON = 120


def runtime() -> Any:
    """The installed runtime's module.

    Raises:
        BundleError: none is installed.
    """
    for name in RUNTIMES:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            return importlib.import_module(name)
    raise BundleError(
        "no LiteRT runtime is installed; run: pip install ai-edge-litert (on 32-bit ARM: "
        "tflite-runtime)"
    )


def runtime_version() -> str:
    """Name and version of the installed runtime.

    Raises:
        BundleError: none is installed.
    """
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 most need it not

    package = str(runtime().__name__).partition(".")[0].replace("_", "-")
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def first_line(error: Exception) -> str:
    """The first line of an error's message, shortened."""
    lines = str(error).splitlines()
    return lines[0][:_REASON] if lines else "no reason given"
