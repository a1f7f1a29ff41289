"""Windows of symbols and the symbol after each; sizes and training of networks that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.schema import Setting
from playbach_train.config import HeldOut, Patience, Seed, count, dropout_rate, step_size
from playbach_train.networks.architecture import GraphForm
from playbach_train.networks.sequences import Alphabet, Ints, SymbolRow
from playbach_train.runs.checkpoint import Arrays

Inputs = dict[str, Ints]
"""``symbols`` and, where they are learned, ``ticks``: ``(B, window)``; as targets ``(B,)``."""
RANDOM_SHARE = 0.1
"""Share of all windows that ``random_windows`` keeps from training."""


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of some movements: every symbol is predicted once."""

    # indices of symbols, movement after movement, each with a window of borders before it and a
    # border at its end ``(total, parts)``
    numbers: Ints
    starts: NDArray[np.int64]  # where each window begins in ``numbers`` ``(windows,)``
    window: int  # symbols in one window
    parts: tuple[str, ...]  # names of the columns of ``numbers``

    def __len__(self) -> int:
        return len(self.starts)

    def inputs(self, which: NDArray[np.int64]) -> Inputs:
        """The symbols of these windows: ``(B, window)``."""
        found = self.numbers[self.starts[which][:, None] + np.arange(self.window)]
        return {name: found[..., n] for n, name in enumerate(self.parts)}

    def targets(self, which: NDArray[np.int64]) -> Inputs:
        """The symbols that follow them: ``(B,)``."""
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
    """Check that a training movement fills a window.

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
    """Check that the windows fill a batch.

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
    """Sizes of the network."""

    window: Annotated[int, count("symbols read to predict the next", 512)] = 40
    units: Annotated[int, count("units of each LSTM layer")] = 300
    layers: Annotated[int, count("LSTM layers", 8)] = 2
    dropout: Annotated[
        float,
        dropout_rate(
            "dropout rate after each LSTM layer, and before the heads where there is attention"
        ),
    ] = 0.4


@dataclass(frozen=True)
class AttentionSizes(LstmSizes):
    """Sizes of the network."""

    embedding: Annotated[int, count("width of each part's embedding")] = 100
    attention: Annotated[int, count("width of the attention's queries and keys")] = 128


@dataclass(frozen=True)
class WindowTraining:
    """How a network that reads windows is trained."""

    epochs: Annotated[int, count("times that every window is read", 100_000)] = 60
    batch: Annotated[int, count("windows in a batch", 8192)] = 64
    learning_rate: Annotated[float, step_size("learning rate of Adam")] = 0.001
    patience: Patience = 5
    held_out: HeldOut = 0.12
    # Neighbouring windows share all symbols but one, so what is measured on these is how much the
    # network has memorised.
    random_windows: Annotated[
        bool, Setting("hold out a tenth of the training movements' windows, too, drawn at random")
    ] = False
    seed: Seed = 1


class WindowLayers(Protocol):
    """The layers of a network that reads windows: as a Keras model, and as graphs for the board."""

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
