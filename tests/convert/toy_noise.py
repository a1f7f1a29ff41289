"""A toy that makes phrases out of noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray
from tests.convert.toy import VOCABULARY, Toy, ToyNetwork

from playbach.music.note import Piece
from playbach_train.networks.architecture import GraphForm, HeldOut, Tensor, Tensors
from playbach_train.runs.checkpoint import Arrays

LINES, NOISE = 8, 5


@dataclass(frozen=True, eq=False)
class Trained:
    """A ``Trained`` of kind ``noise``."""

    weights: Arrays

    kind = "noise"

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        return {"network": "toy", "lines": LINES, "noise": NOISE}

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        return {
            "symbols": VOCABULARY.table(),
            "ticks": np.array([6], np.float32),
            "homes": np.array([[0, 9]], np.float32),
        }

    @property
    def graphs(self) -> Mapping[str, GraphForm]:
        return {"noise": GraphForm(make_image, {"noise": Tensor((1, NOISE))}, ("image",))}

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        del role, pieces
        rng = np.random.default_rng(3)
        while True:
            yield {"noise": rng.standard_normal((1, NOISE), np.float32)}

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut | None:
        del pieces
        return None


def make_image(weights: Any, noise: Any) -> dict[str, Any]:
    lines = ops.relu(ops.reshape(ops.matmul(noise, weights["dense"]), (LINES, -1)))
    image = ops.matmul(lines, weights["head"])
    return {"image": ops.reshape(image, (1, LINES, len(VOCABULARY)))}


def shapes(sizes: ToyNetwork) -> Mapping[str, tuple[int, ...]]:
    return {"dense": (NOISE, LINES * sizes.units), "head": (sizes.units, len(VOCABULARY))}


ARCHITECTURE = Toy(shapes, Trained)
