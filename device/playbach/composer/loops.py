"""Watches that the music does not go round in circles.

A network that copies what it has just composed feeds on itself, and can fall into repeating one
cell for ever. Two measures hold it back, with limits taken from Bach's solo works:

- *Boredom.* Of 48 running groups of four intervals, 23 % have been there before in one window out
  of ten, 46 % in one out of a hundred. Between the two boredom grows from 0 to 1, and the composer
  relies less on memory and more on chance.
- *A limit.* The longest stretch that repeats itself at one distance is 24 notes, and one interval
  follows itself 6 times at most. Beyond somewhat more than that, the note that would go on is
  forbidden.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

LONGEST_PERIOD = 96
"""Notes; what comes back after more than this is a reprise, not a loop."""

GROUP = 4
"""Intervals in a group."""

GROUPS = 48
"""Groups in which repetition is counted."""

USUAL, SELDOM = 0.23, 0.46
"""Shares of repeated groups at which boredom begins, and at which it is 1."""

MOST_BORED = 1.5


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
        self._groups: deque[tuple[int, ...]] = deque()
        self._times: Counter[tuple[int, ...]] = Counter()

    @property
    def boredom(self) -> float:
        """0 while there is no more repetition than usual, 1 when it is rare, at most 1.5."""
        repeated = (len(self._groups) - len(self._times)) / GROUPS
        return min(max((repeated - USUAL) / (SELDOM - USUAL), 0.0), MOST_BORED)

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
        self._count(tuple(self._moves[self._first : self._first + GROUP].tolist()))

    def forbidden(self) -> Iterator[int]:
        """Intervals that would take a repetition too far."""
        for period in np.flatnonzero(self._runs >= self._most):
            yield int(self._moves[self._first + period])

    def _count(self, group: tuple[int, ...]) -> None:
        self._groups.append(group)
        self._times[group] += 1
        if len(self._groups) > GROUPS:
            oldest = self._groups.popleft()
            self._times[oldest] -= 1
            if not self._times[oldest]:
                del self._times[oldest]
