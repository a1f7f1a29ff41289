"""The tables of a bundle whose network composes symbol by symbol, read and checked.

``docs/bundle-format.md`` describes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle
from playbach.errors import BundleError, InputError
from playbach.music.encoding import MAX_SYMBOLS, MAX_TICKS
from playbach.music.key import PITCH_CLASSES, Mode
from playbach.music.note import MAX_PITCH
from playbach.music.symbols import Vocabulary, vocabulary_from
from playbach.predictor.base import Probabilities
from playbach.predictor.parts import AGAIN

Ints = NDArray[np.int64]

_LARGEST = 1 << 24
"""Up to here a float32 holds every whole number."""

_MODES = (Mode.MAJOR, Mode.MINOR)

CERTAIN: Probabilities = np.ones(1, np.float32)
"""The probability of how long a symbol lasts, where all last the same."""


@dataclass(frozen=True)
class SymbolTables:
    """What the symbols stand for."""

    vocabulary: Vocabulary  # the symbols
    # how long a symbol may last, in ticks, ascending; one where all last the same
    ticks: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each part of a symbol has: that of symbols, that of ``ticks``.

        The second part, how long it lasts, is missing where all last the same.
        """
        return (len(self.vocabulary), len(self.ticks))[: 1 if len(self.ticks) == 1 else 2]


def symbol_tables(bundle: Bundle) -> SymbolTables:
    """Read from the tables ``symbols`` and ``ticks``.

    Raises:
        BundleError: one is missing, or holds what is not allowed there.
    """
    return SymbolTables(_vocabulary(bundle), _ticks(bundle))


def read_seeds(bundle: Bundle, tables: SymbolTables, window: int) -> Ints:
    """The table ``seeds``: what a window may hold at first ``(seeds, window, parts)``.

    Raises:
        BundleError: it is missing, of another window, or holds what is no symbol.
    """
    sizes = tables.sizes
    table = _whole(bundle, "seeds", axes=3)
    if table.shape[1:] != (window, len(sizes)):
        raise _wrong(
            bundle, "seeds", f"is {list(table.shape)}, not [seeds, {window}, {len(sizes)}]"
        )
    for part, size in enumerate(sizes):
        _check_within(bundle, "seeds", table[..., part], 0, size - 1)
    return table


def read_homes(bundle: Bundle, starts: int) -> tuple[Mapping[Mode, int], ...]:
    """The table ``homes``: for each of the ways a piece may start, its tonics by mode.

    Args:
        bundle: where it is.
        starts: how many ways there are.

    Returns:
        for each way the pitch class, 0 to 11, of the tonic in each mode.

    Raises:
        BundleError: it is missing, of other sizes, or holds what is no pitch class.
    """
    table = _whole(bundle, "homes", axes=2)
    if table.shape != (starts, len(_MODES)):
        raise _wrong(bundle, "homes", f"is {list(table.shape)}, not {[starts, len(_MODES)]}")
    _check_within(bundle, "homes", table, 0, PITCH_CLASSES - 1)
    return tuple(dict(zip(_MODES, map(int, row), strict=True)) for row in table)


def _vocabulary(bundle: Bundle) -> Vocabulary:
    table = _whole(bundle, "symbols", axes=2)
    rows, widest = table.shape
    if rows > MAX_SYMBOLS or widest > MAX_PITCH + 1:
        raise _wrong(
            bundle, "symbols",
            f"is {[rows, widest]}; at most {[MAX_SYMBOLS, MAX_PITCH + 1]} is allowed",
        )  # fmt: skip
    try:
        return vocabulary_from(table)
    except InputError as error:
        raise _wrong(bundle, "symbols", str(error)) from error


def _ticks(bundle: Bundle) -> tuple[int, ...]:
    table = _whole(bundle, "ticks", axes=1)
    if len(table) > MAX_SYMBOLS:
        raise _wrong(
            bundle, "ticks", f"has {len(table)} numbers; at most {MAX_SYMBOLS} are allowed"
        )
    _check_within(bundle, "ticks", table, 1, MAX_TICKS)
    if not (table[1:] > table[:-1]).all():
        raise _wrong(bundle, "ticks", "does not ascend; it must")
    return tuple(int(ticks) for ticks in table)


def _whole(bundle: Bundle, name: str, *, axes: int) -> Ints:
    table = bundle.table(f"tables/{name}.f32")
    if table.ndim != axes:
        raise _wrong(bundle, name, f"has {table.ndim} axes, not {axes}")
    if not ((np.abs(table) <= _LARGEST) & (table == np.rint(table))).all():
        raise _wrong(
            bundle, name, f"holds numbers that are not whole, or beyond {_LARGEST} either way"
        )
    return table.astype(np.int64)


def _check_within(bundle: Bundle, name: str, numbers: Ints, lowest: int, highest: int) -> None:
    if numbers.min() < lowest or numbers.max() > highest:
        odd = numbers[(numbers < lowest) | (numbers > highest)].flat[0]
        raise _wrong(bundle, name, f"holds {odd}; {lowest} to {highest} are allowed there")


def _wrong(bundle: Bundle, name: str, what: str) -> BundleError:
    return BundleError(f"{bundle.path}: tables/{name}.f32 {what}; {AGAIN}")
