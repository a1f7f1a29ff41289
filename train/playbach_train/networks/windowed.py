"""Three networks that read windows of symbols: a row of the table of networks each.

``windowed``: the next chord from the 40 before, as the first Play Bach network had it. A symbol is
all that begins at an onset, at its own pitch and without rhythm. Windows of 40 as unit vectors, two
LSTM layers of 300, each followed by batch normalisation, a leaky rectifier and dropout of 0.4;
softmax; Adam, batches of 64.

A window of 40 predicts no beginning: so that every symbol is predicted once, windows at the start
of a movement are filled with borders, and a border ends it. Chords heard once in training share one
symbol, and the board begins with the opening of a training movement, unheard.

``multihead``: the next chord and its time, as the second Play Bach network had it. A symbol is all
that begins at an onset, and the ticks until the next. Each part has an embedding; two LSTM layers;
additive attention of the last output over the whole window (Bahdanau, Cho and Bengio 2015, arXiv
1409.0473); from its result and the last output, a softmax for each part, independent of the other.

``grid``: music as a row of sixteenths, as a thesis of 2022 on folk ballads had it. Each sixteenth
is a pitch (or chord) that begins, a hold, a rest, or a border between pieces, which are moved to
C major or A minor. Windows of 64 as unit vectors, two LSTM layers of 256 with dropout of 0.3,
softmax; Adam, batches of 128, 50 epochs. Its music begins after 64 borders and ends with the first
that is drawn, so of the borders between two pieces only the first is learned. Movements that do not
fit sixteenths are left out, in training and in measuring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.key import C_MAJOR
from playbach.music.note import Piece
from playbach.music.symbols import HOLD, REST, Symbol, vocabulary_from
from playbach_train.networks.architecture import Convertible, Job
from playbach_train.networks.sequences import (
    Alphabet,
    ReadPiece,
    SymbolRow,
    alphabet_of,
    onset_row,
    sixteenth_row,
    tonics,
)
from playbach_train.networks.windows import (
    AttentionSizes,
    LstmSizes,
    WindowLayers,
    WindowTraining,
    bordered,
    check_long_enough,
)
from playbach_train.runs.checkpoint import Arrays, load_model_arrays
from playbach_train.runs.run import Run

KEPT = "alphabet/"
"""Prefix of the names of those arrays of a run that are not weights."""

OPENINGS = 128
"""The most openings of movements that go into a bundle."""


@dataclass(frozen=True)
class WindowNetwork:
    """A kind of network that reads windows: a row of the table of networks."""

    name: str  # as the table has it
    about: str  # what it is, in one line
    # the default configuration: sections ``network``, with a ``window``, and ``training``, a
    # ``WindowTraining``
    config: Any
    read: ReadPiece  # how it reads a movement
    always: tuple[Symbol, ...]  # symbols of its alphabet that the music may lack
    timed: bool  # whether it learns how long symbols last
    # whether its music goes on from openings of movements; else it begins with borders
    opened: bool
    layers: Callable[[], WindowLayers]  # what it is made of; imports Keras when it is called

    def fit(self, job: Job) -> None:
        """Train.

        Raises:
            InputError: the corpus is too small for the network, or the checkpoint is damaged.
        """
        import keras  # noqa: PLC0415 it takes seconds

        from playbach_train.networks.window_training import (  # noqa: PLC0415 likewise
            WindowData,
            fit_windows,
        )

        keras.utils.set_random_seed(job.config.training.seed)
        training = self._rows(job.pieces(job.split.train), job.say)
        held_out = self._rows(job.pieces(job.split.held_out), job.say)
        rows = [row for _, row in training]
        check_long_enough(rows, job.config.network.window)
        alphabet = alphabet_of(rows, self.always, timed=self.timed)
        model = self.layers().model(job.config.network, alphabet.parts)
        kept = self._kept(alphabet, training, job.config.network.window)
        fit_windows(job, model, WindowData(alphabet, rows, [row for _, row in held_out]), kept)

    def load(self, run: Run) -> Convertible:
        """The network of a finished run.

        Raises:
            InputError: its weights are not those of its configuration, or not finite.
        """
        from playbach_train.networks.window_training import WindowTrained  # noqa: PLC0415 likewise

        kept = {n.removeprefix(KEPT): a for n, a in run.weights.items() if n.startswith(KEPT)}
        arrays = {name: a for name, a in run.weights.items() if not name.startswith(KEPT)}
        where = str(run.folder)
        if kept.keys() != {"symbols", "ticks", "seen", "seeds", "homes"}:
            raise InputError(f"{where}: its weights are of another kind of network; train again")
        alphabet = Alphabet(
            vocabulary_from(kept["symbols"]), tuple(map(int, kept["ticks"])), int(kept["seen"][0])
        )
        layers = self.layers()
        model = layers.model(run.config.network, alphabet.parts)
        load_model_arrays(model, arrays, where)
        return WindowTrained(
            self.name, run.config.network, self.read, layers, alphabet, model, kept
        )

    def _rows(
        self, pieces: Mapping[str, Piece], say: Callable[[str], None]
    ) -> list[tuple[Piece, SymbolRow]]:
        found = [(piece, self.read(piece)) for piece in pieces.values()]
        readable = [(piece, row) for piece, row in found if row is not None and row.symbols]
        if len(readable) < len(found):
            say(
                f"{len(found) - len(readable)} of {len(found)} movements left out: they do not "
                "fit a grid of sixteenths"
            )
        return readable

    def _kept(
        self, alphabet: Alphabet, training: Sequence[tuple[Piece, SymbolRow]], window: int
    ) -> Arrays:
        if self.opened:
            chosen = training[:: -(-len(training) // OPENINGS)]
            seeds = [_opening(row, alphabet, window) for _, row in chosen]
            homes = [tonics(piece.keys[0][1]) for piece, _ in chosen]
        else:
            nothing = SymbolRow((), ())
            seeds, homes = [_opening(nothing, alphabet, window)], [tonics(C_MAJOR)]
        return {
            f"{KEPT}symbols": alphabet.vocabulary.table(),
            f"{KEPT}ticks": np.array(alphabet.ticks, np.float32),
            f"{KEPT}seen": np.array([alphabet.seen], np.int64),
            f"{KEPT}seeds": np.stack(seeds).astype(np.float32),
            f"{KEPT}homes": np.array(homes, np.float32),
        }


def _opening(row: SymbolRow, alphabet: Alphabet, window: int) -> NDArray[np.int32]:
    """The first symbols of a movement as a window, left-padded with borders."""
    first = replace(row, symbols=row.symbols[:window], ticks=row.ticks[:window])
    numbers = alphabet.numbers(first)
    return bordered(numbers, alphabet, window)[len(numbers) : len(numbers) + window]


@dataclass(frozen=True)
class WindowConfig:
    """The sections of a configuration file."""

    network: LstmSizes = field(default_factory=LstmSizes)
    training: WindowTraining = field(default_factory=WindowTraining)


def _one_hot(*, normalised: bool) -> WindowLayers:
    from playbach_train.networks.window_models import OneHotLayers  # noqa: PLC0415 Keras is slow

    return OneHotLayers(normalised=normalised)


def _attending() -> WindowLayers:
    from playbach_train.networks.window_models import AttendingLayers  # noqa: PLC0415 likewise

    return AttendingLayers()


WINDOWED = WindowNetwork(
    name="windowed",
    about="the next chord from the 40 before it: two LSTM layers over windows, no rhythm",
    config=WindowConfig(),
    read=onset_row,
    always=(),
    timed=False,
    opened=True,
    layers=lambda: _one_hot(normalised=True),
)
MULTIHEAD = WindowNetwork(
    name="multihead",
    about="the next chord and its time: embeddings, LSTM layers, attention over the last 40",
    config=WindowConfig(network=AttentionSizes(units=256, dropout=0.3)),
    read=onset_row,
    always=(),
    timed=True,
    opened=True,
    layers=_attending,
)
GRID = WindowNetwork(
    name="grid",
    about="sixteenth after sixteenth with holds and borders: two LSTM layers over windows of 64",
    config=WindowConfig(
        network=LstmSizes(window=64, units=256, dropout=0.3),
        training=WindowTraining(epochs=50, batch=128),
    ),
    read=sixteenth_row,
    always=(HOLD, REST),
    timed=False,
    opened=False,
    layers=lambda: _one_hot(normalised=False),
)
