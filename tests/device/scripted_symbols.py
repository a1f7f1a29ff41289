"""Predictors of symbols without a network: even chances, or answers as adverse as can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.device.scripted import Answer, even

from playbach.music.key import Mode
from playbach.music.symbols import Vocabulary
from playbach.predictor import Probabilities, Restore


class ScriptedSymbols:
    """A predictor that always answers the same; it remembers what it was told."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        symbols: Answer = even,
        lasts: Answer = even,
        ticks: tuple[int, ...] = (6,),
        homes: tuple[int, int] = (0, 9),
    ) -> None:
        self._vocabulary = vocabulary
        self._answers = (symbols, lasts)
        self._ticks = ticks
        self._homes = homes
        self.begun: list[Mode] = []
        self.heard: list[tuple[int, int]] = []

    @property
    def variant(self) -> str:
        return "scripted"

    @property
    def vocabulary(self) -> Vocabulary:
        return self._vocabulary

    @property
    def ticks(self) -> tuple[int, ...]:
        return self._ticks

    def begin(self, mode: Mode, rng: np.random.Generator) -> int:
        del rng
        self.begun.append(mode)
        self.heard.clear()
        return self._homes[mode is Mode.MINOR]

    def symbols(self) -> Probabilities:
        return self._answers[0](len(self._vocabulary))

    def lasts(self) -> Probabilities:
        return self._answers[1](len(self._ticks))

    def advance(self, symbol: int, last: int) -> None:
        assert 0 <= symbol < len(self._vocabulary)
        assert 0 <= last < len(self._ticks)
        self.heard.append((symbol, last))

    def snapshot(self) -> Restore:
        heard = self.heard.copy()

        def restore() -> None:
            self.heard[:] = heard

        return restore


class Reciting(ScriptedSymbols):
    """Says what it was given, again and again, without a doubt."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        said: Sequence[tuple[int, ...]],
        homes: tuple[int, int] = (0, 9),
    ) -> None:
        super().__init__(vocabulary, homes=homes)
        self._said = [vocabulary.number[symbol] for symbol in said]

    def symbols(self) -> Probabilities:
        chances = np.zeros(len(self.vocabulary), np.float32)
        chances[self._said[len(self.heard) % len(self._said)]] = 1
        return chances
