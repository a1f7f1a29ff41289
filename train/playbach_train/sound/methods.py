"""Ways to make a loss smaller, one interface: each changes a vector of weights by a step.

Two see the gradient of each piece of sound, one of them a whole sign at a time; two only try
weights and keep what sounds better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.runs.checkpoint import Arrays

Vector: TypeAlias = NDArray[np.float32]
Gradient: TypeAlias = Callable[[Vector], Vector]
Loss: TypeAlias = Callable[[Vector], float]


class Method(Protocol):
    """A way to train, and what it remembers from step to step."""

    def step(self, weights: Vector, gradient: Gradient, loss: Loss, rate: float) -> Vector:
        """Better weights, it is hoped.

        Args:
            weights: the present ones.
            gradient: of the loss, at any weights.
            loss: at any weights.
            rate: how far to go; 1 at the beginning of training, 0 at its end.
        """

    memory: dict[str, Vector]
    """What it goes on from, by name: arrays that may be put back."""


class _Remembering:
    """A method whose memory is arrays of the weights' size."""

    names: tuple[str, ...] = ()
    memory: dict[str, Vector]

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self.memory = {name: np.zeros(size, np.float32) for name in self.names}
        self.memory["steps"] = np.zeros(1, np.float32)


class Adam(_Remembering):
    """Kingma and Ba 2015, arXiv 1412.6980; the gradient is cut to length 1."""

    names = ("mean", "square")

    def step(self, weights: Vector, gradient: Gradient, loss: Loss, rate: float) -> Vector:
        del loss
        memory, found = self.memory, clipped(gradient(weights))
        memory["steps"] += 1
        steps = float(memory["steps"][0])
        memory["mean"] += 0.1 * (found - memory["mean"])
        memory["square"] += 0.001 * (found**2 - memory["square"])
        mean = memory["mean"] / (1 - 0.9**steps)
        square = memory["square"] / (1 - 0.999**steps)
        by: Vector = np.float32(0.006 * rate) * mean / (np.sqrt(square) + np.float32(1e-7))
        return weights - by


class Sgd(_Remembering):
    """Stochastic gradient descent with momentum."""

    names = ("velocity",)

    def step(self, weights: Vector, gradient: Gradient, loss: Loss, rate: float) -> Vector:
        del loss
        velocity = self.memory["velocity"]
        velocity *= np.float32(0.9)
        velocity -= np.float32(0.03 * rate) * clipped(gradient(weights))
        return weights + velocity


class Rprop(_Remembering):
    """Riedmiller and Braun 1993: each weight has its own step, which only signs change.

    It was made for the gradient of everything at once. Of pieces, a sign says less.
    """

    names = ("sign", "step")
    _FIRST, _LEAST, _MOST = 1e-3, 1e-6, 0.02

    def step(self, weights: Vector, gradient: Gradient, loss: Loss, rate: float) -> Vector:
        del loss
        memory = self.memory
        sign = np.sign(gradient(weights)).astype(np.float32)
        if not memory["step"].any():
            memory["step"][:] = self._FIRST
        turned = sign * memory["sign"]
        by = np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1.0))
        memory["step"] = np.clip(memory["step"] * by, self._LEAST, self._MOST).astype(np.float32)
        memory["sign"] = np.where(turned < 0, 0, sign).astype(np.float32)
        return weights - np.float32(rate) * memory["sign"] * memory["step"]


class Evolution(_Remembering):
    """Salimans et al. 2017, arXiv 1703.03864: a gradient from the losses of mirrored neighbours."""

    names = ("velocity",)
    _PAIRS, _WIDTH = 8, 0.02

    def step(self, weights: Vector, gradient: Gradient, loss: Loss, rate: float) -> Vector:
        del gradient
        found = np.zeros_like(weights)
        for _ in range(self._PAIRS):
            way = self._rng.standard_normal(len(weights), np.float32)
            gain = loss(weights + self._WIDTH * way) - loss(weights - self._WIDTH * way)
            found += np.float32(gain / (2 * self._WIDTH * self._PAIRS)) * way
        velocity = self.memory["velocity"]
        velocity *= np.float32(0.9)
        velocity -= np.float32(0.01 * rate) * clipped(found)
        return weights + velocity


class Genetic(_Remembering):
    """A population that is mutated and crossed; the best half lives on (Holland 1975)."""

    _SIZE, _WIDTH = 16, 0.03

    def step(self, weights: Vector, gradient: Gradient, loss: Loss, rate: float) -> Vector:
        del gradient
        people = self.memory.get("people")
        if people is None:
            people = np.repeat(weights[None], self._SIZE, axis=0)
        half = self._SIZE // 2
        mothers, fathers = (people[self._rng.integers(0, half, half)] for _ in range(2))
        mixed = np.where(self._rng.integers(0, 2, mothers.shape) == 0, mothers, fathers)
        width = np.float32(self._WIDTH * rate)
        noise = self._rng.standard_normal(mixed.shape, np.float32)
        people = np.concatenate([people[:half], mixed + width * noise])
        people = people[np.argsort([loss(one) for one in people], kind="stable")]
        self.memory["people"] = people
        best: Vector = people[0]
        return best


METHODS: Mapping[str, Callable[[int, np.random.Generator], Method]] = MappingProxyType(
    {"adam": Adam, "sgd": Sgd, "rprop": Rprop, "evolution": Evolution, "genetic": Genetic}
)


class VectorTrainer:
    """What trainers of a vector of weights share: the method, and what is kept of it."""

    def __init__(self, method: str, weights: Vector, seed: int) -> None:
        """``weights``: the first ones."""
        self.weights = weights
        """The present ones."""
        self._method = METHODS[method](len(weights), np.random.default_rng(seed))

    def arrays(self) -> Arrays:
        return {"weights": self.weights, **self._method.memory}

    def restore(self, arrays: Arrays, where: str) -> None:
        memory = dict(arrays)
        weights = memory.pop("weights", np.zeros(0, np.float32))
        if weights.shape != self.weights.shape or not np.isfinite(weights).all():
            raise InputError(f"{where}: not of this network and method; train again")
        self.weights = weights.astype(np.float32)
        self._method.memory |= memory


def split_vector(weights: Vector, shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The weights by name."""
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        arrays[name] = weights[start : start + size].reshape(shape)
        start += size
    return arrays


def clipped(gradient: Vector) -> Vector:
    """The gradient, of length 1 at most; nothing if it is no number."""
    length = math.sqrt(float(np.dot(gradient, gradient)))
    if not math.isfinite(length):
        return np.zeros_like(gradient)
    return gradient if length <= 1.0 else gradient / np.float32(length)
