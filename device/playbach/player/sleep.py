"""Whether the machine was suspended meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

_NOTICED = 1.0
"""Seconds of suspension that a synth's notes are worth ending for."""


def time_asleep() -> float:
    """Seconds this machine has been suspended since it was started; 0 where that is not known.

    On Linux CLOCK_MONOTONIC stands still during suspension and CLOCK_BOOTTIME does not. Neither
    follows the time of day.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


class SleepWatch:
    """Notices a suspension after the fact."""

    def __init__(self, asleep: Callable[[], float] = time_asleep) -> None:
        self._asleep = asleep
        self._seen = asleep()

    def slept(self) -> bool:
        """Whether the machine was suspended since this was last asked."""
        before, self._seen = self._seen, self._asleep()
        return self._seen - before > _NOTICED
