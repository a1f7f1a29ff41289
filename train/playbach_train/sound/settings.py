"""What shapes small networks for sound; without TensorFlow, which takes seconds to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from playbach.schema import Setting
from playbach.sound.classifier import NETWORKS
from playbach_train.sound.methods import METHODS


@dataclass(frozen=True, slots=True)
class EffectConfig:
    """All that shapes an effect and its training."""

    units: Annotated[int, Setting("units of the LSTM", low=1, high=64)] = 16
    taps: Annotated[int, Setting("taps of the filter beside it", low=1, high=512)] = 128
    rate: Annotated[
        int, Setting("samples a second that it is for", low=8000,
                     high=96000, unit="samples a second")
    ] = 48_000  # fmt: skip
    method: Annotated[str, Setting("how it is trained", choices=tuple(METHODS))] = "adam"
    epochs: Annotated[int, Setting("times that all is heard", low=1, high=10_000)] = 40
    streams: Annotated[
        int, Setting("pieces of the recording that are heard side by side", low=1, high=256)
    ] = 32
    steps: Annotated[
        int, Setting("samples through which errors are traced back", low=64, high=16_384)
    ] = 1024
    seed: Annotated[int, Setting("of the first weights", low=0, high=2**31 - 1)] = 0


@dataclass(frozen=True, slots=True)
class SoundsConfig:
    """All that shapes a classifier of sounds and its training."""

    network: Annotated[
        str,
        Setting("features: four numbers of a second, in a dense network; frames: its levels in "
                "mel bands, in a convolutional one", choices=tuple(NETWORKS)),
    ] = "frames"  # fmt: skip
    method: Annotated[str, Setting("how it is trained", choices=tuple(METHODS))] = "adam"
    epochs: Annotated[int, Setting("times that all is heard", low=1, high=10_000)] = 30
    seed: Annotated[
        int, Setting("of the first weights, and of the split", low=0, high=2**31 - 1)
    ] = 0  # fmt: skip
