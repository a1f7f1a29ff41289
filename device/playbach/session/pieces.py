"""The movements played last, kept in memory for whoever comes to ask."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playbach.session.archive import Archived, Collector
from playbach.stream import Movement, Seconds, StreamItem

KEPT = 24
"""Movements: three suites and more."""


@dataclass(frozen=True, slots=True)
class PlayedPiece:
    """A movement that was played.

    Attributes:
        id: number since the start, from 1.
        ended: when its last bar was over, on the clock of ``Session.now``.
        archived: the movement and its notes.
    """

    id: int
    ended: Seconds
    archived: Archived


class Pieces:
    """May be used from any thread; ``follow`` from one."""

    def __init__(self) -> None:
        self._collector = Collector()
        self._count = 0
        self._kept: deque[PlayedPiece] = deque(maxlen=KEPT)

    def follow(
        self, items: Sequence[StreamItem], tempo: Callable[[Movement], float], now: Seconds
    ) -> None:
        """These items have happened by ``now``."""
        for archived in self._collector.follow(items, tempo):
            self._count += 1
            self._kept.append(PlayedPiece(self._count, now, archived))

    def all(self) -> tuple[PlayedPiece, ...]:
        """The last first."""
        return tuple(reversed(tuple(self._kept)))
