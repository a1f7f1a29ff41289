"""How much longer or shorter a player makes each beat: fitted rules, and trees for what they miss.

The log of a beat's duration over the usual one is a sum: a constant, a weight for each rule, and
what each of some small decision trees says.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

from playbach.errors import InputError
from playbach.performer.features import FEATURES
from playbach.schema import Limits, object_of, scalar, shown

MOST_TREES = 1000
MAX_DEPTH = 3
"""Questions from the root of a tree to a leaf."""
_INDEX = {name: index for index, name in enumerate(FEATURES)}


Tree: TypeAlias = "tuple[int, float, Tree, Tree] | float"
"""A decision tree: the log of duration it adds; or a question, which is the index in ``FEATURES``
of what it asks for, a threshold, and the subtrees for what is up to that, and beyond it."""
_LOG = Limits(low=-1000, high=1000)
"""What a number of the table may be."""


def _feature(given: object, where: str) -> int:
    index = _INDEX.get(given) if isinstance(given, str) else None
    if index is None:
        raise InputError(f"{where} {shown(given)}: it must be one of the features of a beat")
    return index


def _rules(given: object, where: str) -> tuple[tuple[int, float], ...]:
    return tuple(
        (_feature(name, where), scalar(float, _LOG, weight, f"{where}.{name}"))
        for name, weight in object_of(given, where).items()
    )


def _tree(given: object, where: str, depth: int = MAX_DEPTH) -> Tree:
    """A number, or a list of feature, threshold, and the trees up to it and beyond."""
    if not isinstance(given, list):
        number: float = scalar(float, _LOG, given, where)
        return number
    if not depth or len(given) != 4:  # noqa: PLR2004 as said
        raise InputError(f"{where}: a tree is a list of 4, at most {MAX_DEPTH} deep")
    name, threshold, low, high = given
    return (
        _feature(name, where),
        scalar(float, _LOG, threshold, where),
        _tree(low, where, depth - 1),
        _tree(high, where, depth - 1),
    )


@dataclass(frozen=True)
class TempoModel:
    """What a player does with the duration of beats.

    Attributes:
        constant: log of duration, added to every beat.
        rules: ``(feature, weight)``: index in ``FEATURES``, log of duration for each unit of it.
        trees: their sum is added.
        made_from: where it comes from: data, licences, when it was fitted, how well it fits.
    """

    constant: Annotated[float, _LOG]
    rules: Annotated[tuple[tuple[int, float], ...], Limits(read=_rules)]
    trees: Annotated[tuple[Annotated[Tree, Limits(read=_tree)], ...], Limits(most=MOST_TREES)]
    made_from: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def _asked(self) -> tuple[Any, ...]:
        """The trees as they are quickest to ask: each asks ``MAX_DEPTH`` questions."""
        return tuple(_deep(tree) for tree in self.trees)

    def predict(self, features: Sequence[float]) -> float:
        """Log of a beat's duration over the usual one, from a row of ``FEATURES``."""
        total = self.constant
        for index, weight in self.rules:
            total += weight * features[index]
        for first, threshold, low, high in self._asked:
            second, limit, less, more = low if features[first] <= threshold else high
            third, bound, under, over = less if features[second] <= limit else more
            total += under if features[third] <= bound else over
        return total


def _deep(tree: Tree, depth: int = MAX_DEPTH) -> Any:
    """The tree with all leaves at that depth."""
    if not depth:
        return tree
    feature, threshold, low, high = tree if isinstance(tree, tuple) else (0, 0.0, tree, tree)
    return feature, threshold, _deep(low, depth - 1), _deep(high, depth - 1)


_DEVIATION, _PERSISTENCE = 0.066, 0.3
"""Of what no model predicts in the log of a beat's duration, and its correlation from beat to beat;
measured on piano performances known to the millisecond, as alignments of recordings add noise."""
_MEMORY = 8
"""Beats after which what was drawn is forgotten: .3 to this power is nothing."""


_SHARES = tuple(
    _DEVIATION * math.sqrt(1 - _PERSISTENCE**2) * _PERSISTENCE**back for back in range(_MEMORY)
)


class Chances:
    """What no model predicts of each beat, drawn; the same for a beat whatever is asked before."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: dict[int, float] = {}

    def at(self, beat: int) -> float:
        """What is added to the log of that beat's duration."""
        drawn, number, total = self._drawn, beat, 0.0
        for share in _SHARES:
            if number not in drawn:
                drawn[number] = normal(self._seed, "tempo", number)
            total += share * drawn[number]
            number -= 1
        return total


_SECOND = (1 << 56) - 1


def normal(seed: int, *place: str | int) -> float:
    """A number of standard normal distribution that belongs to ``seed`` and ``place``."""
    first, second = _drawn(seed, place)
    # Box and Muller; what the logarithm is taken of is above 0.
    return math.sqrt(-2 * math.log(1 - first)) * math.cos(2 * math.pi * second)


def uniform(seed: int, *place: str | int) -> float:
    """A number from 0 to below 1 that belongs to ``seed`` and ``place``."""
    return _drawn(seed, place)[0]


def _drawn(seed: int, place: tuple[str | int, ...]) -> tuple[float, float]:
    drawn = hashlib.blake2b(f"({seed}, {place})".encode(), digest_size=14).digest()
    number = int.from_bytes(drawn)
    # 53 bits, so that what is below 1 stays below 1.
    return (number >> 59) / (1 << 53), (number & _SECOND) / (1 << 56)
