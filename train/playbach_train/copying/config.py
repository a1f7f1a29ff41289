"""The configuration of the default network: sizes, regularisation, training."""

from __future__ import annotations

from dataclasses import dataclass, field

from playbach.music.features import POINTER_KINDS
from playbach_train.config import limited


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        embedding: width of the summed feature embeddings that enter the LSTM layers.
        units: units of each LSTM layer.
        layers: LSTM layers.
        head: width of each head's hidden layer, and of its feature embeddings.
        pointers: copying pointers of each kind: by interval, by step of the scale, by pitch.
        pointer_width: width of a pointer's queries and keys.
        memory: notes that the pointers can look back over.
    """

    embedding: int = limited(96, 1, 2048)
    units: int = limited(192, 1, 2048)
    layers: int = limited(1, 1, 8)
    head: int = limited(128, 1, 2048)
    pointers: int = limited(2, 1, 32)
    pointer_width: int = limited(32, 1, 512)
    memory: int = limited(512, 1, 8192)

    @property
    def all_pointers(self) -> int:
        """Pointers of all kinds."""
        return POINTER_KINDS * self.pointers

    @property
    def keys(self) -> int:
        """Width of the keys of all pointers together."""
        return self.all_pointers * self.pointer_width


@dataclass(frozen=True)
class Regularisation:
    """What keeps the network from learning its few pieces by heart.

    Attributes:
        embedding: dropout rate of the summed feature embeddings.
        recurrent: variational dropout rate of the LSTM's hidden state, one mask a segment.
        between: variational dropout rate between LSTM layers and before the heads.
        head: dropout rate of each head's hidden layer.
        hints: dropout rate of whole embeddings of features that hint at the piece's own past.
    """

    embedding: float = limited(0.15, 0, 0.95)
    recurrent: float = limited(0.25, 0, 0.95)
    between: float = limited(0.3, 0, 0.95)
    head: float = limited(0.3, 0, 0.95)
    hints: float = limited(0.35, 0, 0.95)


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained.

    Attributes:
        epochs: times that every movement is read.
        streams: movements read in parallel, the batch size.
        segment: notes read between two updates, the length of truncated backpropagation.
        learning_rate: highest learning rate, after the warm-up; then it falls to 1% along a cosine.
        warmup: share of all updates in which the learning rate rises from a tenth.
        weight_decay: decoupled weight decay (AdamW).
        clip: largest global norm of the gradient; a larger gradient is scaled down to it.
        averaging: momentum of the moving average of the weights, which is evaluated and kept.
        patience: epochs without better held-out bits before the run stops; 0 never stops early.
        held_out: share of the movements held out, for early stopping.
        transpose: most semitones, up or down, by which movements are transposed at random.
        seed: seed of everything random.
        mixed_precision: compute in bfloat16, keep weights in float32.
    """

    epochs: int = limited(14, 1, 100_000)
    streams: int = limited(8, 1, 1024)
    segment: int = limited(32, 2, 8192)
    learning_rate: float = limited(0.002, 1e-7, 1)
    warmup: float = limited(0.03, 0, 0.9)
    weight_decay: float = limited(0.01, 0, 1)
    clip: float = limited(1.0, 1e-3, 1e3)
    averaging: float = limited(0.99, 0, 0.99999)
    patience: int = limited(15, 0, 100_000)
    held_out: float = limited(0.12, 0, 0.9)
    transpose: int = limited(6, 0, 24)
    seed: int = limited(1, 0, 2**31 - 1)
    mixed_precision: bool = False


@dataclass(frozen=True)
class CopyingConfig:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    regularisation: Regularisation = field(default_factory=Regularisation)
    training: TrainingConfig = field(default_factory=TrainingConfig)
