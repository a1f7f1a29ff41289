"""What a movement repeats of itself, and what it has from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from playbach.music.note import Piece
from playbach_train.report.distributions import intervals

LENGTHS = (4, 8, 16)
"""Lengths of n-grams in which repetition is counted."""

WINDOW = 256
"""Notes within which repetition is counted."""

GROUP = 8
"""Intervals of a group that is looked for in other music."""

_BETWEEN = b"\x00"
_ZERO = 128


@dataclass(frozen=True, slots=True)
class Shared:
    """What music has in common with other music."""

    longest: int  # intervals of the longest run that the other music has too
    found: int  # groups of ``GROUP`` intervals that the other music has too
    groups: int  # groups there are; each counts as often as it occurs

    @property
    def share(self) -> float:
        """Share of the groups that were found; 0 where there is none."""
        return self.found / self.groups if self.groups else 0.0


def repetition(piece: Piece, length: int) -> float | None:
    """``repeated`` of the movement's intervals."""
    return repeated(intervals(piece), length)


def repeated(moves: Sequence[int], length: int) -> float | None:
    """1 - distinct/total n-grams of ``length`` intervals, the mean over windows of 256 notes.

    The windows follow one another; the last one ends with the movement. ``None`` for a movement
    too short for any n-gram.
    """
    span = min(WINDOW - 1, len(moves))
    grams = span - length + 1
    if grams < 1:
        return None
    starts = [*range(0, len(moves) - span, WINDOW), len(moves) - span]
    kinds = [
        len({tuple(moves[at : at + length]) for at in range(start, start + grams)})
        for start in starts
    ]
    return 1 - sum(kinds) / (grams * len(starts))


class Originals:
    """Music in which runs of intervals are looked for."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        lines = [_line(piece) for piece in pieces]
        self._text = _BETWEEN.join(lines)
        self._groups = {group for line in lines for group in _groups(line)}

    def shared(self, piece: Piece) -> Shared:
        """What ``piece`` has in common with this music."""
        line = _line(piece)
        groups = _groups(line)
        found = sum(group in self._groups for group in groups)
        return Shared(self._longest(line), found, len(groups))

    def _longest(self, line: bytes) -> int:
        longest = 0
        for start in range(len(line)):
            while start + longest < len(line) and line[start : start + longest + 1] in self._text:
                longest += 1
        return longest


def pooled(rows: Iterable[Shared]) -> Shared:
    """Several movements taken together."""
    rows = list(rows)
    return Shared(
        longest=max((row.longest for row in rows), default=0),
        found=sum(row.found for row in rows),
        groups=sum(row.groups for row in rows),
    )


def works(movements: Mapping[str, Piece]) -> dict[str, list[Piece]]:
    """Movements by ``work_of`` their names."""
    found: dict[str, list[Piece]] = {}
    for name, piece in movements.items():
        found.setdefault(work_of(name), []).append(piece)
    return found


def work_of(name: str) -> str:
    """The work of a movement: the name of ``bwv1007-1-prelude`` before its first ``-``."""
    return name.rpartition("/")[2].partition("-")[0]


def shared_by_work(movements: Mapping[str, Piece]) -> dict[str, Shared]:
    """What each work has in common with all the others; nothing for a single work."""
    by_work = works(movements)
    if len(by_work) == 1:
        return {}
    return {
        work: pooled(map(Originals(_others(by_work, work)).shared, pieces))
        for work, pieces in by_work.items()
    }


def _others(by_work: Mapping[str, Sequence[Piece]], work: str) -> Iterable[Piece]:
    return (piece for name, pieces in by_work.items() if name != work for piece in pieces)


def _line(piece: Piece) -> bytes:
    """A byte for each interval; none is 0, for pitches are at most 127 apart."""
    return bytes(interval + _ZERO for interval in intervals(piece))


def _groups(line: bytes) -> list[bytes]:
    return [line[at : at + GROUP] for at in range(len(line) - GROUP + 1)]
