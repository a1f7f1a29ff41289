"""Predictors without a network: even chances, or answers as adverse as can be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from playbach.music.encoding import DEFAULT_ENCODING, Encoding, Heading
from playbach.predictor import Probabilities, Restore

Answer = Callable[[int], Probabilities]


def even(symbols: int) -> Probabilities:
    return np.full(symbols, 1 / symbols, np.float32)


def only(symbol: int) -> Answer:
    """All probability to one symbol, counted from the end if negative."""

    def answer(symbols: int) -> Probabilities:
        chances = np.zeros(symbols, np.float32)
        chances[symbol % symbols] = 1
        return chances

    return answer


def nothing(symbols: int) -> Probabilities:
    """What a network gives that has lost its way."""
    return np.full(symbols, np.nan, np.float32)


class Scripted:
    """A predictor that always answers the same; it remembers what it was told."""

    def __init__(
        self,
        shift: Answer = even,
        pitch: Answer = even,
        duration: Answer = even,
        encoding: Encoding = DEFAULT_ENCODING,
    ) -> None:
        self._encoding = encoding
        self._answers = (shift, pitch, duration)
        self.headings: list[Heading] = []
        self.heard: list[tuple[int, int, int]] = []

    @property
    def encoding(self) -> Encoding:
        return self._encoding

    @property
    def variant(self) -> str:
        return "scripted"

    def begin(self, heading: Heading) -> None:
        self.headings.append(heading)

    def shift(self) -> Probabilities:
        return self._answers[0](self._encoding.shift_symbols)

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        assert shift >= 0
        assert 0 <= memory <= 2
        return self._answers[1](self._encoding.pitch_symbols)

    def duration(self, shift: int, pitch: int) -> Probabilities:
        assert shift >= 0
        assert 0 <= pitch <= 127
        return self._answers[2](self._encoding.duration_symbols)

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        self.heard.append((shift, pitch, duration))

    def snapshot(self) -> Restore:
        heard = len(self.heard)

        def restore() -> None:
            del self.heard[heard:]

        return restore
