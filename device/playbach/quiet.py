"""Suppresses what C libraries print to standard error."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_ONE_AT_A_TIME = threading.Lock()
_STDERR = 2


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Context in which file descriptor 2 is redirected to ``/dev/null``.

    libjack, libasound and LiteRT print there, and cannot be told not to. Python's own
    messages of other threads would be lost as well, so hold this for the shortest time.
    """
    with _ONE_AT_A_TIME:
        if sys.stderr is not None:  # as Python has it where there is none
            sys.stderr.flush()
        try:
            saved = os.dup(_STDERR)
        except OSError:  # no standard error, as under some service managers: already quiet
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, _STDERR)
            yield
        finally:
            os.dup2(saved, _STDERR)
            os.close(saved)
            os.close(nowhere)
