"""``playbach``, with a sink ``none`` that prints the time of its first note-on, and ends.

Started by ``bench.start``, with the arguments of ``playbach``.
"""

from __future__ import annotations

import contextlib
import sys
import time

from playbach.cli import main
from playbach.sinks.paced import Nowhere

NOTE_ON = 0x90


class FirstNote(Exception):  # noqa: N818 not an error
    """Raised at the first note-on."""


def write(_nowhere: Nowhere, data: bytes) -> None:
    """Replaces ``Nowhere.write``."""
    if data[0] & 0xF0 == NOTE_ON:
        print("first note at", time.monotonic(), file=sys.stderr, flush=True)
        raise FirstNote


if __name__ == "__main__":
    Nowhere.write = write  # type: ignore[assignment, method-assign] # the point of this script
    with contextlib.suppress(FirstNote):
        main()
