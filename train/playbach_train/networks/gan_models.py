"""Generator and discriminator of the GAN: sizes, Keras models, training steps, the board's graph.

Keras alone, so that every backend trains them. Shapes: B phrases, W width of the noise; an image
has 64 rows, one for each symbol of a phrase, and 64 columns, one for each symbol there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import keras
from keras import layers, ops

from playbach.schema import Setting
from playbach_train.config import Seed, count, dropout_rate, step_size
from playbach_train.networks.architecture import GraphForm, Tensor

ROLE = "noise"
"""Of the only graph."""
SIDE = 64
"""Rows, and columns, of an image."""
SMALL = 8
"""Rows, and columns, of what the noise is first projected to."""
CHANNELS = (32, 16, 8, 1)
"""Channels of that, and after each doubling of rows and columns."""
READING = (8, 16, 32)
"""Channels of the discriminator's convolutions."""


@dataclass(frozen=True)
class GanNetwork:
    """Sizes of both networks; the numbers of channels are fixed."""

    noise: Annotated[
        int, count("width of the noise vector from which a phrase is generated", 4096)
    ] = 128
    kernel: Annotated[int, count("height and width of the convolutions' kernels", 15)] = 3
    slope: Annotated[float, Setting("slope of LeakyReLU below 0", low=0, high=1)] = 0.2
    dropout: Annotated[
        float, dropout_rate("dropout rate after every convolution but the generator's last")
    ] = 0.3


@dataclass(frozen=True)
class GanTraining:
    """How both are trained."""

    epochs: Annotated[int, count("times that every phrase is read", 100_000)] = 100
    batch: Annotated[
        int, Setting("real phrases in a batch; as many are generated from noise", low=2, high=8192)
    ] = 64
    generator_rate: Annotated[float, step_size("learning rate of the generator")] = 0.0001
    discriminator_rate: Annotated[float, step_size("learning rate of the discriminator")] = 0.001
    discriminator_steps: Annotated[
        int,
        count(
            "updates of the discriminator on a batch, with new noise each time, for one of the "
            "generator",
            100,
        ),
    ] = 2
    bars: Annotated[
        int, count("bars from the beginning of one phrase to the beginning of the next", 1024)
    ] = 1
    held_out: Annotated[
        float,
        Setting(
            "share of the movements not learned from, on which nothing is measured either",
            low=0,
            high=0.9,
        ),
    ] = 0.0
    seed: Seed = 1


@dataclass(frozen=True)
class GanConfig:
    """The sections of a configuration file."""

    network: GanNetwork = field(default_factory=GanNetwork)
    training: GanTraining = field(default_factory=GanTraining)


def generator(config: GanNetwork, seed: int) -> Any:
    """From noise ``(B, W)`` to the logits of each row's symbol ``(B, 64, 64)``."""
    found = [
        layers.Input((config.noise,)),
        layers.Dense(SMALL * SMALL * CHANNELS[0], name="dense"),
        layers.LeakyReLU(config.slope, name="slope"),
        layers.Reshape((SMALL, SMALL, CHANNELS[0]), name="small"),
    ]
    for n, channels in enumerate(CHANNELS[1:]):
        convolution = layers.Conv2D(
            channels, config.kernel, padding="same", name=f"convolution_{n}"
        )
        found += [layers.UpSampling2D(name=f"doubled_{n}"), convolution]
        if channels > 1:
            found += _bent(config, n, seed)
    return keras.Sequential([*found, layers.Reshape((SIDE, SIDE), name="rows")], name="generator")


def discriminator(config: GanNetwork, seed: int) -> Any:
    """From probabilities of symbols ``(B, 64, 64)`` to the logit of being real ``(B, 1)``."""
    found = [layers.Input((SIDE, SIDE)), layers.Reshape((SIDE, SIDE, 1), name="image")]
    for n, channels in enumerate(READING):
        name = f"convolution_{n}"
        found.append(layers.Conv2D(channels, config.kernel, 2, padding="same", name=name))
        found += _bent(config, n, seed)
    end = [layers.Flatten(name="flat"), layers.Dense(1, name="real")]
    return keras.Sequential([*found, *end], name="discriminator")


class _Step(keras.Model):
    """Both networks, of which only ``learner`` is trained."""

    def __init__(self, generator: Any, discriminator: Any, learner: Any) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.learner = learner

    # Backends ask for what learns by one name or the other.
    @property
    def trainable_variables(self) -> list[Any]:
        return list(self.learner.trainable_variables)

    @property
    def trainable_weights(self) -> list[Any]:
        return self.trainable_variables

    @property
    def non_trainable_variables(self) -> list[Any]:
        learning = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.variables if id(variable) not in learning]

    def generated(self, noise: Any, *, training: bool) -> Any:
        """Probabilities of symbols ``(B, 64, 64)`` out of noise ``(B, W)``."""
        return ops.softmax(self.generator(noise, training=training), axis=-1)


class DiscriminatorStep(_Step):
    """The discriminator learns to tell phrases from what the generator makes."""

    def __init__(self, generator: Any, discriminator: Any) -> None:
        super().__init__(generator, discriminator, discriminator)

    def call(self, batch: dict[str, Any], *, training: bool = False) -> Any:
        """Logits of being real ``(2B, 1)``, of ``real`` ``(B, 64, 64)``, then of ``noise``."""
        generated = ops.stop_gradient(self.generated(batch["noise"], training=training))
        images = ops.concatenate([batch["real"], generated])
        return self.discriminator(images, training=training)


class GeneratorStep(_Step):
    """The generator learns to make what the discriminator takes for real."""

    def __init__(self, generator: Any, discriminator: Any) -> None:
        super().__init__(generator, discriminator, generator)

    def call(self, noise: Any, *, training: bool = False) -> Any:
        """Logits of being real ``(B, 1)``, of what noise ``(B, W)`` becomes."""
        return self.discriminator(self.generated(noise, training=training), training=training)


def _bent(config: GanNetwork, n: int, seed: int) -> list[Any]:
    return [
        layers.LeakyReLU(config.slope, name=f"slope_{n}"),
        layers.Dropout(config.dropout, seed=seed + n, name=f"dropout_{n}"),
    ]


def graph(config: GanNetwork) -> GraphForm:
    """What the Keras generator computes without dropout, for one phrase."""

    def image(weights: Mapping[str, Any], noise: Any) -> Mapping[str, Any]:
        # (1, W) -> (1, 8, 8, 32)
        x = ops.matmul(noise, weights["generator/dense/kernel"])
        x = ops.leaky_relu(x + weights["generator/dense/bias"], config.slope)
        x = ops.reshape(x, (1, SMALL, SMALL, CHANNELS[0]))
        for n, channels in enumerate(CHANNELS[1:]):
            name = f"generator/convolution_{n}"
            # (1, S, S, C) -> (1, 2S, 2S, C'), each row and column twice
            x = _doubled(x)
            x = ops.conv(x, weights[f"{name}/kernel"], padding="same") + weights[f"{name}/bias"]
            if channels > 1:
                x = ops.leaky_relu(x, config.slope)
        return {"image": ops.reshape(x, (1, SIDE, SIDE))}

    return GraphForm(image, {"noise": Tensor((1, config.noise))}, ("image",))


def _doubled(x: Any) -> Any:
    size = 2 * x.shape[1]
    return ops.image.resize(x, (size, size), interpolation="nearest")
