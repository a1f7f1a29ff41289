"""``grid``: music as a row of sixteenths, as a thesis of 2022 on folk ballads had it.

Each sixteenth is a pitch (or chord) that begins, a hold, a rest, or a border between pieces, which
are moved to C major or A minor. Windows of 64 as unit vectors, two LSTM layers of 256 with dropout
of 0.3, softmax; Adam, batches of 128, 50 epochs. Its music begins after 64 borders and ends with
the first that is drawn, so of the borders between two pieces only the first is learned. Movements
that do not fit sixteenths are left out, in training and in measuring.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playbach.music.symbols import HOLD, REST
from playbach_train.config import limited
from playbach_train.networks.sequences import sixteenth_row
from playbach_train.networks.window_config import WindowTraining
from playbach_train.networks.window_layers import WindowLayers
from playbach_train.networks.window_network import WindowNetwork


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        window: sixteenths read to predict the next.
        units: units of each LSTM layer.
        layers: LSTM layers.
        dropout: dropout rate after each LSTM layer.
    """

    window: int = limited(64, 1, 512)
    units: int = limited(256, 1, 2048)
    layers: int = limited(2, 1, 8)
    dropout: float = limited(0.3, 0, 0.95)


@dataclass(frozen=True)
class Config:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: WindowTraining = field(default_factory=lambda: WindowTraining(epochs=50, batch=128))


def _layers() -> WindowLayers:
    from playbach_train.networks.one_hot import OneHotLayers  # noqa: PLC0415 Keras takes seconds

    return OneHotLayers(normalised=False)


ARCHITECTURE = WindowNetwork(
    name="grid",
    about="sixteenth after sixteenth with holds and borders: two LSTM layers over windows of 64",
    config=Config(),
    read=sixteenth_row,
    always=(HOLD, REST),
    timed=False,
    opened=False,
    layers=_layers,
)
