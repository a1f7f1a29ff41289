"""The library that drives an Edge TPU, as a delegate of the runtime."""

from __future__ import annotations

import ctypes
from typing import Any

from playbach.errors import PlaybachError
from playbach.predictor.graph import first_line, runtime
from playbach.quiet import quiet_stderr

LIBRARY = "libedgetpu.so.1"


class AcceleratorError(PlaybachError):
    """The Edge TPU or its library is missing, or refuses."""


def load_delegate(library: str = LIBRARY) -> Any:
    """A delegate for any Edge TPU that is plugged in.

    Args:
        library: name or path of the library.

    Raises:
        AcceleratorError: the library is missing, is not one for an Edge TPU, or finds none.
    """
    with quiet_stderr():  # what the library has to say of it is said below, in one line
        _check_library(library)
        try:
            return runtime().load_delegate(library)
        # The runtime raises it when the library gives no delegate.
        except ValueError as error:
            raise AcceleratorError(
                f"no Edge TPU answers {library}; plug one in, and check that you have the right "
                "to use it"
            ) from error


def _check_library(library: str) -> None:
    """Refuse what the runtime would fail on, which it would report a second time on collection."""
    try:
        loaded = ctypes.PyDLL(library)
    except OSError as error:
        raise AcceleratorError(
            f"{library} cannot be loaded ({first_line(error)}); install the Edge TPU runtime, or "
            "play another variant"
        ) from error
    for symbol in ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate"):
        if not hasattr(loaded, symbol):
            raise AcceleratorError(
                f"{library} is not the library of an Edge TPU (it has no {symbol}); install the "
                "Edge TPU runtime, or play another variant"
            )
