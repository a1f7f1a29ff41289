"""Symbols of networks that read music as one sequence of them: notes, chords, holds, borders.

A symbol says what sounds from its place on: some pitches, nothing (a rest), what sounded already (a
hold), or that the piece is over (a border).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.note import MAX_PITCH

Symbol: TypeAlias = tuple[int, ...]
"""Pitches that begin together, from the lowest upwards, MIDI note numbers; or one of those below.

``(HOLD, pitch)`` holds that pitch alone, where each pitch has a hold of its own.
"""

FILL, HOLD_CODE, BORDER_CODE, OTHER_CODE = -1, -2, -3, -4
"""Numbers that are no pitch; ``FILL`` pads the rows of a table to one width."""
REST: Symbol = ()
HOLD: Symbol = (HOLD_CODE,)
BORDER: Symbol = (BORDER_CODE,)
OTHER: Symbol = (OTHER_CODE,)
"""Stands for every chord that was too rare to learn; never chosen."""

_SPECIAL = (HOLD, BORDER, OTHER)


def is_hold(symbol: Symbol) -> bool:
    """Whether it holds what sounds, all of it or one pitch."""
    return symbol[:1] == HOLD


def pitches_of(symbol: Symbol) -> Symbol:
    """The pitches that begin with it; none for a rest, a hold, a border."""
    return symbol if symbol and symbol[0] >= 0 else ()


@dataclass(frozen=True)
class Vocabulary:
    """Symbols by their numbers: their places in ``symbols``, from 0.

    Attributes:
        symbols: all different; at least one of them begins a pitch.
    """

    symbols: tuple[Symbol, ...]

    def __post_init__(self) -> None:
        """Refuse what no music could be made of.

        Raises:
            InputError: a member is no symbol or comes twice, or no symbol begins a note.
        """
        if len(self.number) < len(self.symbols):
            raise InputError("vocabulary: a symbol comes twice")
        for symbol in self.symbols:
            if not _is_symbol(symbol):
                raise InputError(
                    f"vocabulary: {list(symbol)[:8]} is no symbol; pitches must be 0 to "
                    f"{MAX_PITCH}, ascending"
                )
        if not any(map(pitches_of, self.symbols)):
            raise InputError("vocabulary: no symbol begins a note")

    def __len__(self) -> int:
        return len(self.symbols)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.symbols)

    @cached_property
    def number(self) -> MappingProxyType[Symbol, int]:
        """Symbol to number."""
        return MappingProxyType({symbol: n for n, symbol in enumerate(self.symbols)})

    def table(self) -> NDArray[np.float32]:
        """The table of a bundle: a row a symbol, then ``FILL``: ``(symbols, longest symbol)``."""
        widest = max(map(len, self.symbols))
        rows = np.full((len(self), widest), FILL, np.float32)
        for row, symbol in zip(rows, self.symbols, strict=True):
            row[: len(symbol)] = symbol
        return rows


def vocabulary_from(table: Iterable[Iterable[float]]) -> Vocabulary:
    """The vocabulary whose ``table`` this is.

    Raises:
        InputError: a number is not whole or not finite, or ``Vocabulary`` refuses the symbols.
    """
    symbols = []
    for row in table:
        numbers = [float(number) for number in row]
        if any(number != int(number) for number in numbers if np.isfinite(number)):
            raise InputError("vocabulary: its numbers must be whole")
        if not all(map(np.isfinite, numbers)):
            raise InputError("vocabulary: its numbers must be finite")
        symbols.append(tuple(int(number) for number in numbers if number != FILL))
    return Vocabulary(tuple(symbols))


def _is_symbol(symbol: Symbol) -> bool:
    if symbol in _SPECIAL:
        return True
    pitches = symbol[1:] if is_hold(symbol) and len(symbol) == len(HOLD) + 1 else symbol
    ascending = all(low < high for low, high in pairwise(pitches))
    return ascending and all(0 <= pitch <= MAX_PITCH for pitch in pitches)
