"""Watches that the music does not go round in circles.

A network that copies can fall into repeating one cell for ever. In the movements of Bach's solo
works the longest stretch that repeats itself at one distance is 24 notes, and one interval follows
itself 6 times at most; beyond somewhat more than that, the note that would go on is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

LONGEST_PERIOD = 96
"""Notes; what comes back after more than this is a reprise, not a loop."""


def _most_repeated(period: int) -> int:
    """Notes that may follow one another as they did ``period`` notes before."""
    if period == 1:
        return 7
    if period <= 3:  # noqa: PLR2004 trills and turns
        return 14
    return max(26, period + period // 2)


class LoopWatch:
    """Follows one movement, move by move."""

    def __init__(self) -> None:
        periods = range(1, LONGEST_PERIOD + 1)
        self._most = np.array([_most_repeated(period) for period in periods])
        self._runs = np.zeros(LONGEST_PERIOD, np.int64)
        # The latest move first; at the beginning what equals no interval. There is room for more
        # than is looked at, so that all is moved only now and then.
        self._moves: NDArray[np.int64] = np.full(4 * LONGEST_PERIOD, np.iinfo(np.int64).min)
        self._first = len(self._moves) - LONGEST_PERIOD

    def add(self, interval: int) -> None:
        """The music moved by ``interval`` semitones."""
        same = self._moves[self._first : self._first + LONGEST_PERIOD] == interval
        self._runs += 1
        self._runs *= same
        if not self._first:
            self._first = len(self._moves) - LONGEST_PERIOD
            self._moves[self._first :] = self._moves[:LONGEST_PERIOD]
        self._first -= 1
        self._moves[self._first] = interval

    def forbidden(self) -> Iterator[int]:
        """Intervals that would take a repetition too far."""
        for period in np.flatnonzero(self._runs >= self._most):
            yield int(self._moves[self._first + period])
