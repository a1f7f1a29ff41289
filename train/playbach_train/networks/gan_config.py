"""The configuration of the GAN: sizes and training."""

from __future__ import annotations

from dataclasses import dataclass, field

from playbach_train.config import limited


@dataclass(frozen=True)
class GanNetwork:
    """Both networks; how many channels their convolutions have is fixed.

    Attributes:
        noise: width of the noise vector from which a phrase is generated.
        kernel: height and width of the convolutions' kernels.
        slope: slope of LeakyReLU below 0.
        dropout: dropout rate after every convolution but the generator's last.
    """

    noise: int = limited(128, 1, 4096)
    kernel: int = limited(3, 1, 15)
    slope: float = limited(0.2, 0, 1)
    dropout: float = limited(0.3, 0, 0.95)


@dataclass(frozen=True)
class GanTraining:
    """How both are trained.

    Attributes:
        epochs: times that every phrase is read.
        batch: real phrases in a batch; as many are generated from noise.
        generator_rate: learning rate of the generator.
        discriminator_rate: learning rate of the discriminator.
        discriminator_steps: updates of the discriminator on a batch, with new noise each time,
            for one update of the generator.
        bars: bars from the beginning of one phrase to the beginning of the next.
        held_out: share of the movements not learned from, on which nothing is measured either.
        seed: seed of everything random.
    """

    epochs: int = limited(100, 1, 100_000)
    batch: int = limited(64, 2, 8192)
    generator_rate: float = limited(0.0001, 1e-7, 1)
    discriminator_rate: float = limited(0.001, 1e-7, 1)
    discriminator_steps: int = limited(2, 1, 100)
    bars: int = limited(1, 1, 1024)
    held_out: float = limited(0.0, 0, 0.9)
    seed: int = limited(1, 0, 2**31 - 1)


@dataclass(frozen=True)
class GanConfig:
    """The sections of a configuration file."""

    network: GanNetwork = field(default_factory=GanNetwork)
    training: GanTraining = field(default_factory=GanTraining)
