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

from dataclasses import dataclass, field

from playbach.music.symbols import HOLD, REST
from playbach_train.networks.sequences import onset_row, sixteenth_row
from playbach_train.networks.window_network import WindowNetwork
from playbach_train.networks.windows import (
    AttentionSizes,
    LstmSizes,
    WindowLayers,
    WindowTraining,
)


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
