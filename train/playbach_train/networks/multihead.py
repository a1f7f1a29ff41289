"""``multihead``: the next chord and its time, as the second Play Bach network had it.

A symbol is all that begins at an onset, and the ticks until the next. Windows of 40; each part has
an embedding; two LSTM layers; additive attention of the last output over the whole window
(Bahdanau, Cho and Bengio 2015, arXiv 1409.0473); from its result and the last output, a softmax for
each part, independent of the other. Adam, batches of 64. Windows at the start of a movement are
filled with borders, a border ends it, and the board begins with the opening of a training movement,
unheard.
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
        embedding: width of each part's embedding.
        units: units of each LSTM layer.
        layers: LSTM layers.
        attention: width of the attention's queries and keys.
        dropout: dropout rate after each LSTM layer and before the heads.
    """

    window: int = limited(40, 1, 512)
    embedding: int = limited(100, 1, 2048)
    units: int = limited(256, 1, 2048)
    layers: int = limited(2, 1, 8)
    attention: int = limited(128, 1, 2048)
    dropout: float = limited(0.3, 0, 0.95)


@dataclass(frozen=True)
class Config:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: WindowTraining = field(default_factory=WindowTraining)


def _layers() -> WindowLayers:
    from playbach_train.networks.attending import AttendingLayers  # noqa: PLC0415 Keras takes seconds

    return AttendingLayers()


ARCHITECTURE = WindowNetwork(
    name="multihead",
    about="the next chord and its time: embeddings, LSTM layers, attention over the last 40",
    config=Config(),
    read=onset_row,
    always=(),
    timed=True,
    opened=True,
    layers=_layers,
)
