"""The configuration of the default network: sizes, regularisation, training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from playbach.music.features import POINTER_KINDS
from playbach.schema import Setting
from playbach_train.config import HeldOut, Patience, Seed, count, dropout_rate, step_size


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network."""

    embedding: Annotated[
        int, count("width of the summed feature embeddings that enter the LSTM layers")
    ] = 96
    units: Annotated[int, count("units of each LSTM layer")] = 192
    layers: Annotated[int, count("LSTM layers", 8)] = 1
    head: Annotated[
        int, count("width of each head's hidden layer, and of its feature embeddings")
    ] = 128
    pointers: Annotated[
        int, count("copying pointers of each kind: by interval, by step of the scale, by pitch", 32)
    ] = 2
    pointer_width: Annotated[int, count("width of a pointer's queries and keys", 512)] = 32
    memory: Annotated[int, count("notes that the pointers can look back over", 8192)] = 512

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
    """What keeps the network from learning its few pieces by heart."""

    embedding: Annotated[float, dropout_rate("dropout rate of the summed feature embeddings")] = (
        0.15
    )
    recurrent: Annotated[
        float,
        dropout_rate("variational dropout rate of the LSTM's hidden state, one mask a segment"),
    ] = 0.25
    between: Annotated[
        float, dropout_rate("variational dropout rate between LSTM layers and before the heads")
    ] = 0.3
    head: Annotated[float, dropout_rate("dropout rate of each head's hidden layer")] = 0.3
    hints: Annotated[
        float,
        dropout_rate(
            "dropout rate of whole embeddings of features that hint at the piece's own past"
        ),
    ] = 0.35


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained."""

    epochs: Annotated[int, count("times that every movement is read", 100_000)] = 14
    streams: Annotated[int, count("movements read in parallel, the batch size", 1024)] = 8
    segment: Annotated[
        int,
        Setting(
            "notes read between two updates, the length of truncated backpropagation",
            low=2,
            high=8192,
        ),
    ] = 32
    learning_rate: Annotated[
        float,
        step_size("highest learning rate, after the warm-up; then it falls to 1% along a cosine"),
    ] = 0.002
    warmup: Annotated[
        float,
        Setting(
            "share of all updates in which the learning rate rises from a tenth", low=0, high=0.9
        ),
    ] = 0.03
    weight_decay: Annotated[float, Setting("decoupled weight decay (AdamW)", low=0, high=1)] = 0.01
    clip: Annotated[
        float,
        Setting(
            "largest global norm of the gradient; a larger gradient is scaled down to it",
            low=1e-3,
            high=1e3,
        ),
    ] = 1.0
    averaging: Annotated[
        float,
        Setting(
            "momentum of the moving average of the weights, which is evaluated and kept",
            low=0,
            high=0.99999,
        ),
    ] = 0.99
    patience: Patience = 15
    held_out: HeldOut = 0.12
    transpose: Annotated[
        int,
        Setting(
            "most semitones, up or down, by which movements are transposed at random",
            low=0,
            high=24,
        ),
    ] = 6
    seed: Seed = 1
    mixed_precision: Annotated[bool, Setting("compute in bfloat16, keep weights in float32")] = (
        False
    )


@dataclass(frozen=True)
class CopyingConfig:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    regularisation: Regularisation = field(default_factory=Regularisation)
    training: TrainingConfig = field(default_factory=TrainingConfig)
