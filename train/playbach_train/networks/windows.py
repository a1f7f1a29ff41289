"""Windows of symbols: so many that were, and the one to predict; how they are read and learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.config import limited
from playbach_train.networks.architecture import GraphForm
from playbach_train.networks.sequences import Alphabet, Ints, SymbolRow
from playbach_train.runs.checkpoint import Arrays

Inputs = dict[str, Ints]
"""``symbols`` and, where they are learned, ``ticks``: ``(B, window)``; as targets ``(B,)``."""
RANDOM_SHARE = 0.1
"""Share of all windows that ``random_windows`` keeps from training."""


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


@dataclass(frozen=True)
class LstmSizes:
    """Sizes of the network.

    Attributes:
        window: symbols read to predict the next.
        units: units of each LSTM layer.
        layers: LSTM layers.
        dropout: dropout rate after each LSTM layer, and before the heads where there is attention.
    """

    window: int = limited(40, 1, 512)
    units: int = limited(300, 1, 2048)
    layers: int = limited(2, 1, 8)
    dropout: float = limited(0.4, 0, 0.95)


@dataclass(frozen=True)
class AttentionSizes(LstmSizes):
    """Sizes of the network.

    Attributes:
        window: symbols read to predict the next.
        embedding: width of each part's embedding.
        units: units of each LSTM layer.
        layers: LSTM layers.
        attention: width of the attention's queries and keys.
        dropout: dropout rate after each LSTM layer and before the heads.
    """

    embedding: int = limited(100, 1, 2048)
    attention: int = limited(128, 1, 2048)


@dataclass(frozen=True)
class WindowTraining:
    """How a network that reads windows is trained.

    Attributes:
        epochs: times that every window is read.
        batch: windows in a batch.
        learning_rate: learning rate of Adam.
        patience: epochs without better held-out bits before the run stops; 0 never stops early.
        held_out: share of the movements held out, for early stopping.
        random_windows: hold out a tenth of the training movements' windows, too, drawn at random.
            Neighbouring windows share all symbols but one, so what is measured on these is how
            much the network has memorised.
        seed: seed of everything random.
    """

    epochs: int = limited(60, 1, 100_000)
    batch: int = limited(64, 1, 8192)
    learning_rate: float = limited(0.001, 1e-7, 1)
    patience: int = limited(5, 0, 100_000)
    held_out: float = limited(0.12, 0, 0.9)
    random_windows: bool = False
    seed: int = limited(1, 0, 2**31 - 1)


class WindowLayers(Protocol):
    """What a network that reads windows is made of, in Keras and on the board."""

    def model(self, sizes: Any, parts: Mapping[str, int]) -> Any:
        """The Keras model, windows to logits, by part.

        Args:
            sizes: the section ``network`` of its configuration.
            parts: of a symbol, with how many members each has.
        """

    def weights(self, model: Any, sizes: Any) -> Arrays:
        """What the graphs read, from a trained model."""

    def forms(self, sizes: Any, parts: Mapping[str, int]) -> Mapping[str, GraphForm]:
        """The graphs by role; the first is ``window``, the network's own form."""
