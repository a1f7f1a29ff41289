"""Windows of symbols: so many that were, and the one to predict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.networks.sequences import Alphabet, Ints, SymbolRow

Inputs = dict[str, Ints]
"""``symbols`` and, where they are learned, ``ticks``: ``(B, window)``; as targets ``(B,)``."""


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of some movements: every symbol is predicted once.

    Attributes:
        numbers: indices of symbols, movement after movement, each with a window of borders before
            it and a border at its end ``(total, parts)``.
        starts: where each window begins in ``numbers`` ``(windows,)``.
        window: symbols in one window.
        parts: names of the columns of ``numbers``.
    """

    numbers: Ints
    starts: NDArray[np.int64]
    window: int
    parts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    def inputs(self, which: NDArray[np.int64]) -> Inputs:
        """What is read in these windows: ``(B, window)``."""
        found = self.numbers[self.starts[which][:, None] + np.arange(self.window)]
        return {name: found[..., n] for n, name in enumerate(self.parts)}

    def targets(self, which: NDArray[np.int64]) -> Inputs:
        """What follows them: ``(B,)``."""
        found = self.numbers[self.starts[which] + self.window]
        return {name: found[..., n] for n, name in enumerate(self.parts)}

    def batches(self, size: int) -> Iterator[NDArray[np.int64]]:
        """All windows in order, the last batch as large as what is left."""
        for start in range(0, len(self), size):
            yield np.arange(start, min(start + size, len(self)))


def windows_of(rows: Sequence[SymbolRow], alphabet: Alphabet, window: int) -> Windows:
    """All windows of the movements, in order: one for each symbol, and one more for each end."""
    blocks: list[Ints] = []
    starts: list[NDArray[np.int64]] = []
    place = 0
    for row in rows:
        numbers = bordered(alphabet.numbers(row), alphabet, window)
        blocks.append(numbers)
        count = len(row.symbols) + 1
        starts.append(np.arange(place, place + count))
        place += len(numbers)
    return Windows(
        np.concatenate(blocks) if blocks else np.zeros((0, len(alphabet.parts)), np.int32),
        np.concatenate(starts) if starts else np.zeros(0, np.int64),
        window,
        tuple(alphabet.parts),
    )


def bordered(numbers: Ints, alphabet: Alphabet, window: int) -> Ints:
    """A movement with ``window`` borders before it and one after; a border's ticks are the first.

    ``(n, parts)`` to ``(window + n + 1, parts)``.
    """
    border = np.zeros((1, numbers.shape[1]), np.int32)
    border[0, 0] = alphabet.border
    return np.concatenate([np.repeat(border, window, axis=0), numbers, border])


def check_long_enough(rows: Sequence[SymbolRow], window: int) -> None:
    """Refuse training movements none of which fills a window.

    Raises:
        InputError: none does.
    """
    longest = max((len(row.symbols) for row in rows), default=0)
    if longest < window:
        raise InputError(
            f"too little music for windows of {window} symbols: the longest of {len(rows)} "
            f"training movements has {longest}; give longer scores, or a smaller --network.window"
        )


def check_enough(windows: int, batch: int) -> None:
    """Refuse windows that do not fill a batch.

    Raises:
        InputError: they do not.
    """
    if windows < batch:
        raise InputError(
            f"too little music for batches of {batch} windows: the training movements give "
            f"{windows}; give more scores, or a smaller --training.batch"
        )
