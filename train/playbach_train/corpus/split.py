"""Which movements are learned from and which are held out.

A split is by movement, never by window: windows of one piece share so much that a table of what
was seen scores well on what was "not". For the same reason files of the same music, and a double
and the movement it varies, stay on one side. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from playbach.errors import InputError
from playbach.music.note import Piece
from playbach_train.corpus.records import ScoreMovement

_DOUBLE = re.compile(r"(?P<work>.*?)(?P<place>\d+)(?P<mark>[-_ ])double\b")


@dataclass(frozen=True, slots=True)
class Split:
    """Names of movements, each part sorted.

    Attributes:
        train: learned from.
        held_out: only measured on.
    """

    train: tuple[str, ...]
    held_out: tuple[str, ...]


def split_movements(
    names: Iterable[str],
    held_out_share: float,
    seed: int,
    music: Mapping[str, str] | None = None,
) -> Split:
    """Hold out about ``held_out_share`` of the movements.

    The order in which movements are held out depends on seed and names alone, so that a movement
    added to the corpus moves few others.

    Args:
        names: all different.
        held_out_share: 0 to less than 1; anything above 0 holds out at least one movement.
        seed: another seed gives another split.
        music: from ``fingerprints``: movements of the same music stay together.

    Raises:
        InputError: the share is outside its range, or there are too few movements to split.
    """
    if not 0 <= held_out_share < 1:
        raise InputError(f"held-out share {held_out_share}: it must be from 0 to less than 1")
    groups = _shuffled_groups(names, seed, music or {})
    if held_out_share and len(groups) < 2:  # noqa: PLR2004 a part for each side
        raise InputError(
            "held-out share: at least 2 different movements are needed to hold one out; give more "
            "scores, or --training.held_out 0"
        )
    count = sum(map(len, groups))
    wanted = max(1, round(held_out_share * count)) if held_out_share else 0
    held_out: list[str] = []
    # One group always stays to learn from.
    for group in groups[:-1]:
        if len(held_out) + len(group) <= wanted or (wanted and not held_out):
            held_out += group
    return _split(groups, held_out)


def folds(
    names: Iterable[str], count: int, seed: int, music: Mapping[str, str] | None = None
) -> tuple[Split, ...]:
    """``count`` splits of nearly equal size that hold out every movement exactly once.

    Args:
        names: all different.
        count: at least 2, at most the number of different movements.
        seed: another seed gives another division.
        music: as for ``split_movements``.

    Raises:
        InputError: the count is outside its range, or there are not two different movements.
    """
    groups = _shuffled_groups(names, seed, music or {})
    if len(groups) < 2:  # noqa: PLR2004 one to hold out, one to learn from
        raise InputError("folds: at least 2 different movements are needed; give more scores")
    if not 2 <= count <= len(groups):  # noqa: PLR2004 one fold holds nothing to learn from
        raise InputError(
            f"{count} folds: there must be from 2 to {len(groups)}, as many as there are different "
            "movements"
        )
    parts: list[list[str]] = [[] for _ in range(count)]
    for group in sorted(groups, key=len, reverse=True):
        min(parts, key=len).extend(group)
    return tuple(_split(groups, part) for part in parts)


def fingerprints(movements: Iterable[ScoreMovement]) -> dict[str, str]:
    """By name, a text that is equal for movements with the same notes, in whatever key."""
    return {movement.name: _fingerprint(movement.piece) for movement in movements}


def same_music(movements: Iterable[ScoreMovement]) -> list[tuple[str, ...]]:
    """Names of movements that have the same notes, in whatever key."""
    by_music: defaultdict[str, list[str]] = defaultdict(list)
    for name, music in fingerprints(movements).items():
        by_music[music].append(name)
    return [tuple(names) for names in by_music.values() if len(names) > 1]


def _fingerprint(piece: Piece) -> str:
    digest = hashlib.sha256()
    if piece.notes:
        digest.update(f"{piece.notes[0].duration};".encode())
    for before, note in pairwise(piece.notes):
        step = (note.onset - before.onset, note.pitch - before.pitch, note.duration)
        digest.update(f"{step};".encode())
    return digest.hexdigest()


def _shuffled_groups(names: Iterable[str], seed: int, music: Mapping[str, str]) -> list[list[str]]:
    """Movements that belong together, the groups in an order that the seed decides."""
    every = sorted(names)
    leader = {name: name for name in every}

    def root(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for first, second in [*_copies(every, music), *_doubles(every)]:
        low, high = sorted((root(first), root(second)))
        leader[high] = low
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in every:
        groups[root(name)].append(name)
    return sorted(
        groups.values(), key=lambda group: hashlib.sha256(f"{seed}:{group[0]}".encode()).digest()
    )


def _copies(names: Sequence[str], music: Mapping[str, str]) -> list[tuple[str, str]]:
    by_music: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        by_music[music.get(name, name)].append(name)
    return [pair for same in by_music.values() for pair in pairwise(same)]


def _doubles(names: Sequence[str]) -> list[tuple[str, str]]:
    """A double such as ``bwv997-5-double`` and the movement before it, ``bwv997-4-gigue``."""
    pairs: list[tuple[str, str]] = []
    for name in names:
        if match := _DOUBLE.match(name):
            start = f"{match['work']}{int(match['place']) - 1}{match['mark']}"
            pairs += [(other, name) for other in names if other.startswith(start)]
    return pairs


def _split(groups: Iterable[Iterable[str]], held_out: Sequence[str]) -> Split:
    held = frozenset(held_out)
    train = sorted(name for group in groups for name in group if name not in held)
    return Split(tuple(train), tuple(sorted(held)))
