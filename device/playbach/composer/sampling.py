"""Choosing a symbol from a distribution; pure, the random generator passed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.predictor.base import Probabilities

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 5.0
STRONGEST_MEMORY = 2.0
PARTS = ("shift", "pitch", "duration")
"""The parts of a note, each of which may have a temperature of its own."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How boldly symbols are chosen.

    Attributes:
        temperature: 1 as learned, lower for the likeliest, higher for surprises; 0.05 to 5.
        top_p: only the likeliest symbols that together have this probability (nucleus sampling,
            Holtzman et al. 2020, arXiv 1904.09751); above 0, at most 1.
        memory: how strongly the piece returns to its own motifs: 1 as learned, 0 not at all,
            2, the most, twice as strongly.
        shift: temperature of when notes begin, ``None`` for ``temperature``.
        pitch: temperature of pitches, ``None`` for ``temperature``.
        duration: temperature of durations, ``None`` for ``temperature``.
        playable: only what can be stopped on a cello sounds together.

    Raises:
        InputError: a number is outside its range.
    """

    temperature: float = 1.0
    top_p: float = 0.97
    memory: float = 1.0
    shift: float | None = None
    pitch: float | None = None
    duration: float | None = None
    playable: bool = False

    def __post_init__(self) -> None:
        _check_temperature("temperature", self.temperature)
        for part in PARTS:
            _check_temperature(f"temperature of the {part}", self.of(part))
        # Written so that NaN is refused too.
        if not 0 < self.top_p <= 1:
            raise InputError(f"top-p {self.top_p}: it must be above 0 and at most 1")
        if not 0 <= self.memory <= STRONGEST_MEMORY:
            raise InputError(
                f"memory {self.memory}: it must be from 0 to {STRONGEST_MEMORY:g}; 1 is as learned"
            )

    def of(self, part: str) -> float:
        """The temperature of one of ``PARTS``."""
        own: float | None = getattr(self, part)
        return self.temperature if own is None else own

    def memory_when(self, boredom: float) -> float:
        """``memory`` for a listener who is bored: less, down to 0 at a boredom of 1.

        Args:
            boredom: 0 for none, 1 for much, at most 1.5: of ``LoopWatch``.
        """
        return self.memory * max(1 - boredom, 0.0)

    def warmth_when(self, boredom: float) -> float:
        """Temperature of pitches for a listener who is bored.

        It rises with ``boredom``, as in ``memory_when``, in proportion to what it lacks to 1, or to
        0.2 if that is more; no higher than ``HIGHEST_TEMPERATURE``.
        """
        temperature = self.of("pitch")
        warmer = temperature + boredom * max(1.0 - temperature, 0.2)
        return min(warmer, HIGHEST_TEMPERATURE)


def parse_temperatures(text: str) -> dict[str, float]:
    """Fields of ``Sampling`` from ``0.9``, ``pitch=0.9,duration=0.7`` or ``1,pitch=0.9``.

    Raises:
        InputError: the text is no such list; numbers out of range are for ``Sampling`` to refuse.
    """
    found: dict[str, float] = {}
    for word in text.split(","):
        part, _, number = word.rpartition("=")
        name = part.strip() or "temperature"
        try:
            value = float(number)
        except ValueError:
            value = None
        if value is None or name in found or name not in ("temperature", *PARTS):
            raise InputError(
                f"temperature {text[:60]!r}: write a number, or numbers for some of "
                f"{', '.join(PARTS)}, each once, such as 0.9 or 1,pitch=0.9,duration=0.7"
            )
        found[name] = value
    return found


def _check_temperature(name: str, temperature: float) -> None:
    # Written so that NaN is refused too.
    if not LOWEST_TEMPERATURE <= temperature <= HIGHEST_TEMPERATURE:
        raise InputError(
            f"{name} {temperature}: it must be from {LOWEST_TEMPERATURE} to "
            f"{HIGHEST_TEMPERATURE}; 1 is as learned"
        )


def choose(
    probabilities: Probabilities,
    allowed: NDArray[np.bool_],
    temperature: float,
    top_p: float,
    rng: np.random.Generator,
) -> int:
    """Draw one of the allowed symbols.

    Each probability ``p`` becomes ``p ** (1 / temperature)``; of the allowed symbols, those outside
    the nucleus of ``top_p`` are left out. If all have probability 0, all are equally likely.

    Args:
        probabilities: of each symbol ``(n,)``, at least 0.
        allowed: which may be drawn ``(n,)``; at least one.
        temperature: as in ``Sampling``.
        top_p: as in ``Sampling``.
        rng: source of chance.

    Raises:
        ValueError: no symbol is allowed.
    """
    weights = probabilities * allowed
    # A quarter of the time of np.maximum.reduce on arrays of this size.
    likeliest = int(weights.argmax())
    best = weights[likeliest]
    if not best > 0:
        # The network gives nothing to what the rules leave: any of it will do.
        if not allowed.any():
            raise ValueError("no symbol is allowed")
        weights, best = allowed.astype(np.float32), np.float32(1)
        likeliest = int(weights.argmax())
    if temperature != 1:
        # Scaled first, so that a low temperature cannot make all of them vanish.
        weights = (weights / best) ** (1 / temperature)
    if weights[likeliest] >= top_p * np.add.reduce(weights):
        return likeliest
    order = weights.argsort()[::-1]
    heaped = np.add.accumulate(weights.take(order))
    last = int(heaped.searchsorted(top_p * heaped[-1]))
    drawn = rng.random() * heaped[last]
    # In float32 a draw just below 1 may round up to the sum, and so point past the last.
    return int(order[min(int(heaped.searchsorted(drawn, side="right")), last)])
