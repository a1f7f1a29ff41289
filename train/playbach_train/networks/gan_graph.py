"""The generator as the board runs it: noise in, the logits of a phrase out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from playbach_train.networks.architecture import GraphForm, Tensor
from playbach_train.networks.gan_config import GanNetwork
from playbach_train.networks.gan_models import CHANNELS, SIDE, SMALL

ROLE = "noise"


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
