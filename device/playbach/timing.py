"""Seconds, and how late messages leave: what the process that sends needs to know of time.

It is to be there at once, so what it imports is light: no dataclasses, which take 10 ms.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, NewType

Seconds = NewType("Seconds", float)
"""A time or a duration, in seconds."""
_KEPT = 1_000


class Lateness(NamedTuple):
    """How late messages left for the synth, against their nominal times."""

    sent: int = 0  # messages sent since the start
    p50: Seconds = Seconds(0.0)  # median of the last 1,000, in seconds
    p99: Seconds = Seconds(0.0)  # 99th percentile of the last 1,000, in seconds
    max: Seconds = Seconds(0.0)  # the worst since the start, in seconds


class LatenessMeter:
    """Collects lateness in bounded memory. Its owner records under a lock."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_KEPT)
        self._count = 0
        self._max = 0.0

    def record(self, late: float) -> None:
        """One message left ``late`` seconds after its nominal time."""
        self._recent.append(late)
        self._count += 1
        self._max = max(self._max, late)

    def read(self, lock: AbstractContextManager[Any]) -> Lateness:
        """The figures so far; ``lock`` is held only for as long as copying them takes."""
        with lock:
            ranked, count, most = list(self._recent), self._count, self._max
        if not ranked:
            return Lateness()
        ranked.sort()
        p50, p99 = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.99))
        return Lateness(count, Seconds(p50), Seconds(p99), Seconds(most))
