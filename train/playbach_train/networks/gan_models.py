"""The two networks of the GAN, and each of them learning against the other.

Keras alone, so that every backend trains them. Shapes: B phrases, W width of the noise; an image
has 64 rows, one for each symbol of a phrase, and 64 columns, one for each symbol there is.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from playbach_train.networks.gan_config import GanNetwork

SIDE = 64
"""Rows, and columns, of an image."""

SMALL = 8
"""Rows, and columns, of what the noise is first projected to."""

CHANNELS = (32, 16, 8, 1)
"""Channels of that, and after each doubling of rows and columns."""

READING = (8, 16, 32)
"""Channels of the discriminator's convolutions."""


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


class Duel(keras.Model):
    """Both networks, of which one learns and the other stands still."""

    def __init__(self, forger: Any, judge: Any, learner: Any) -> None:
        super().__init__()
        self.forger = forger
        self.judge = judge
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

    def forged(self, noise: Any, *, training: bool) -> Any:
        """Probabilities of symbols ``(B, 64, 64)`` out of noise ``(B, W)``."""
        return ops.softmax(self.forger(noise, training=training), axis=-1)


class Judging(Duel):
    """The discriminator learns to tell phrases from what the generator makes."""

    def __init__(self, forger: Any, judge: Any) -> None:
        super().__init__(forger, judge, judge)

    def call(self, batch: dict[str, Any], *, training: bool = False) -> Any:
        """Logits of being real ``(2B, 1)``, of ``real`` ``(B, 64, 64)``, then of ``noise``."""
        forged = ops.stop_gradient(self.forged(batch["noise"], training=training))
        return self.judge(ops.concatenate([batch["real"], forged]), training=training)


class Forging(Duel):
    """The generator learns to make what the discriminator takes for real."""

    def __init__(self, forger: Any, judge: Any) -> None:
        super().__init__(forger, judge, forger)

    def call(self, noise: Any, *, training: bool = False) -> Any:
        """Logits of being real ``(B, 1)``, of what noise ``(B, W)`` becomes."""
        return self.judge(self.forged(noise, training=training), training=training)


def _bent(config: GanNetwork, n: int, seed: int) -> list[Any]:
    return [
        layers.LeakyReLU(config.slope, name=f"slope_{n}"),
        layers.Dropout(config.dropout, seed=seed + n, name=f"dropout_{n}"),
    ]
