"""Watches that the music does not go round in circles.

A network that copies what it has just composed feeds on itself, and can fall into repeating one
cell for ever. Two measures hold it back, with limits taken from Bach's solo works:

- *A measure.* Each row of ``WATCHES`` takes the latest groups of successive intervals (n-grams), as
  many as its window holds, and counts what share of them repeats another. As that share grows from
  the most that is usual to what is seldom, ``repetition`` grows from 0 to 1, and the composer
  relies less on memory. The shorter window hears a cell go round at once; the longer ones hear
  whole phrases come back again and again.
- *A limit.* In Bach's works the longest stretch that repeats itself at one distance is 24 notes,
  and one interval follows itself 6 times at most. Somewhat beyond that, the note that would go on
  is forbidden.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.stateful import Stateful

LONGEST_GROUP = 8

LONGEST_PERIOD = 96
"""Notes; what comes back after more than this is a reprise, not a loop."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Repetition of one kind, and how much of it is too much.

    Attributes:
        group: intervals in a group.
        window: groups among which repetition is counted.
        usual: share of repeated groups at which ``repetition`` is 0.
        seldom: share at which it is 1.
    """

    group: int
    window: int
    usual: float
    seldom: float


WATCHES = (Watch(4, 48, 0.31, 0.48), Watch(4, 256, 0.38, 0.50), Watch(8, 256, 0.19, 0.32))
"""Over all places in the movements of Bach's suites, sonatas and partitas, the 95th percentiles of
these shares are .31, .38 and .19, and seldom is what one place in 200 exceeds."""

SHORTEST = 64
"""Groups that a window is taken to hold at least, so that the first notes do not count for much."""

MOST_REPETITION = 1.5
"""Boredom grows no further, however much is repeated."""

# Numpy takes longer to turn a Python number into an array than to add one.
_ONE = np.array(1)


def _most_repeated(period: int) -> int:
    """Notes that may follow one another as they did ``period`` notes before."""
    if period == 1:
        return 7
    if period <= 3:  # noqa: PLR2004 trills and turns
        return 14
    return max(26, period + period // 2)


class RepetitionGuard(Stateful):
    """Follows one movement, move by move."""

    def __init__(self) -> None:
        periods = range(1, LONGEST_PERIOD + 1)
        self._most = np.array([_most_repeated(period) for period in periods])
        self._runs = np.zeros(LONGEST_PERIOD, np.int64)
        # The latest move first; at the beginning what equals no interval. There is room for more
        # than is looked at, so that all is moved only now and then.
        self._moves: NDArray[np.int64] = np.full(4 * LONGEST_PERIOD, np.iinfo(np.int64).min)
        self._first = len(self._moves) - LONGEST_PERIOD
        self._latest = b""
        self._counts = tuple(_Repetition(watch) for watch in WATCHES)

    @property
    def repetition(self) -> float:
        """0 for no more repetition than usual, 1 for as much as is seldom, at most 1.5."""
        return min(max([count.repetition for count in self._counts]), MOST_REPETITION)

    def add(self, interval: int) -> None:
        """The next note lies ``interval`` semitones above the last."""
        same = self._moves[self._first : self._first + LONGEST_PERIOD] == interval
        self._runs += _ONE
        self._runs *= same
        if not self._first:
            self._first = len(self._moves) - LONGEST_PERIOD
            self._moves[self._first :] = self._moves[:LONGEST_PERIOD]
        self._first -= 1
        self._moves[self._first] = interval
        self._latest = bytes((interval % 256,)) + self._latest[: LONGEST_GROUP - 1]
        for count in self._counts:
            count.add(self._latest)

    def forbidden(self) -> list[int]:
        """Intervals, in semitones, that would take a repetition too far."""
        too_far = self._runs >= self._most
        # Nearly always there are none, which is seen in a quarter of the time that it takes to
        # look for them.
        if not too_far[too_far.argmax()]:
            return []
        return [int(self._moves[self._first + period]) for period in np.flatnonzero(too_far)]


class _Repetition(Stateful):
    """Counts the groups of one watch."""

    def __init__(self, watch: Watch) -> None:
        self._group, self._window = watch.group, watch.window
        self._usual, self._span = watch.usual, watch.seldom - watch.usual
        self._least = min(watch.window, SHORTEST)
        self._groups: deque[bytes] = deque()
        self._times: dict[bytes, int] = {}

    @property
    def repetition(self) -> float:
        """0 for as much repetition as usual or less, 1 for as much as is seldom."""
        groups = len(self._groups)
        share = (groups - len(self._times)) / max(groups, self._least)
        return (share - self._usual) / self._span if share > self._usual else 0.0

    def add(self, latest: bytes) -> None:
        """The latest intervals, a byte each, the last one first."""
        groups, times = self._groups, self._times
        group = latest[: self._group]
        groups.append(group)
        times[group] = times.get(group, 0) + 1
        if len(groups) > self._window:
            oldest = groups.popleft()
            if times[oldest] == 1:
                del times[oldest]
            else:
                times[oldest] -= 1
