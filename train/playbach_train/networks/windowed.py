"""``windowed``: the next chord from the 40 before, as the first Play Bach network had it.

A symbol is all that begins at an onset, at its own pitch and without rhythm. Windows of 40 as unit
vectors, two LSTM layers of 300, each followed by batch normalisation, a leaky rectifier and dropout
of 0.4; softmax; Adam, batches of 64.

A window of 40 predicts no beginning: so that every symbol is predicted once, windows at the start
of a movement are filled with borders, and a border ends it. Chords heard once in training share one
symbol, and the board begins with the opening of a training movement, unheard.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playbach_train.config import limited
from playbach_train.networks.sequences import onset_row
from playbach_train.networks.window_config import WindowTraining
from playbach_train.networks.window_layers import WindowLayers
from playbach_train.networks.window_network import WindowNetwork


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        window: symbols read to predict the next.
        units: units of each LSTM layer.
        layers: LSTM layers.
        dropout: dropout rate after each LSTM layer.
    """

    window: int = limited(40, 1, 512)
    units: int = limited(300, 1, 2048)
    layers: int = limited(2, 1, 8)
    dropout: float = limited(0.4, 0, 0.95)


@dataclass(frozen=True)
class Config:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: WindowTraining = field(default_factory=WindowTraining)


def _layers() -> WindowLayers:
    from playbach_train.networks.one_hot import OneHotLayers  # noqa: PLC0415 Keras takes seconds

    return OneHotLayers(normalised=True)


ARCHITECTURE = WindowNetwork(
    name="windowed",
    about="the next chord from the 40 before it: two LSTM layers over windows, no rhythm",
    config=Config(),
    read=onset_row,
    always=(),
    timed=False,
    opened=True,
    layers=_layers,
)
