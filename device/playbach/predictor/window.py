"""Networks that read a window of symbols and say what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle
from playbach.errors import BundleError
from playbach.music.key import Mode
from playbach.predictor.base import Probabilities, Restore
from playbach.predictor.graph import Array, Backend, Cpu, Floats, softmax
from playbach.predictor.parts import (
    GraphShape,
    blank,
    check_handed_on,
    checked_part,
    open_part,
    ordered,
    parameter,
)
from playbach.predictor.symbol_tables import (
    CERTAIN,
    SymbolTables,
    read_homes,
    read_seeds,
    symbol_tables,
)

KIND = "window"
MOST_IN_WINDOW = 4096
"""Symbols."""
MOST_STATE = 1 << 20
"""Numbers that a network may carry from step to step."""

Numbers = NDArray[np.int32]

_PARTS = ("symbols", "ticks")


class _Reader(Protocol):
    """One of the two forms of a network."""

    def begin(self, seed: Numbers) -> list[Floats]:
        """Logits of each part of a symbol ``(n,)`` after ``seed``, int32 ``(parts, window)``."""

    def read(self, symbol: Numbers) -> list[Floats]:
        """The same after one more symbol, int32 ``(parts, 1)``."""

    def snapshot(self) -> Restore:
        """Remember what was read."""


class WindowPredictor:
    """Runs a bundle of kind ``window``: part ``window``, or by choice ``step``."""

    def __init__(
        self,
        bundle: Bundle,
        variant: str,
        backend: Backend | None = None,
        *,
        stepwise: bool = False,
    ) -> None:
        """As ``load_predictor``; ``backend`` runs the graphs, ``None`` for the processor.

        Stepwise, the part ``step`` runs, which reads one symbol and carries its state on, where
        ``window`` starts from nothing for each symbol. It is faster, but computes another function
        once more symbols have been read than a window holds.
        """
        window = parameter(bundle, "window", MOST_IN_WINDOW)
        tables = symbol_tables(bundle)
        self.vocabulary, self.ticks = tables.vocabulary, tables.ticks
        seeds = read_seeds(bundle, tables, window)
        self._seeds = np.ascontiguousarray(seeds.transpose(0, 2, 1), np.int32)
        self._homes = read_homes(bundle, len(seeds))
        self._backend = backend or Cpu(variant)
        form = _Stepwise if stepwise else _Windowed
        self._reader: _Reader = form(bundle, variant, tables, window, self._backend)
        self._logits: list[Floats] = []

    @property
    def variant(self) -> str:
        """The variant that runs now."""
        return self._backend.running

    def begin(self, mode: Mode, rng: np.random.Generator) -> int:
        """Forget the last piece; the window holds a seed drawn with ``rng``."""
        start = int(rng.integers(len(self._seeds)))
        self._logits = self._reader.begin(self._seeds[start])
        return self._homes[start][mode]

    def symbols(self) -> Probabilities:
        """The probability of each symbol of the vocabulary."""
        return softmax(self._logits[0])

    def lasts(self) -> Probabilities:
        """The probability of each member of ``ticks``."""
        return softmax(self._logits[1]) if len(self._logits) > 1 else CERTAIN

    def advance(self, symbol: int, last: int) -> None:
        """The next symbol has the number ``symbol`` and lasts ``ticks[last]``."""
        chosen = np.array([[symbol], [last]], np.int32)
        self._logits = self._reader.read(chosen[: len(self._logits)])

    def snapshot(self) -> Restore:
        """Remember this place between two symbols."""
        reader, logits = self._reader.snapshot(), self._logits

        def restore() -> None:
            reader()
            self._logits = logits

        return restore


class _Windowed:
    """Reads all of its window again for each symbol."""

    def __init__(
        self, bundle: Bundle, variant: str, tables: SymbolTables, window: int, backend: Backend
    ) -> None:
        outputs = _outputs(tables)
        inputs = dict.fromkeys(outputs, (1, window))
        shape = GraphShape(inputs, outputs, frozenset(inputs))
        part = checked_part(bundle, variant, "window", shape)
        self._graph = open_part(bundle, part, shape, backend)
        self._window: Numbers = np.zeros((len(outputs), window), np.int32)

    def begin(self, seed: Numbers) -> list[Floats]:
        """The window holds the seed."""
        self._window[:] = seed
        return self._run()

    def read(self, symbol: Numbers) -> list[Floats]:
        """The window moves on."""
        self._window[:, :-1] = self._window[:, 1:]
        self._window[:, -1:] = symbol
        return self._run()

    def snapshot(self) -> Restore:
        """Remember the window."""
        window = self._window.copy()

        def restore() -> None:
            self._window[:] = window

        return restore

    def _run(self) -> list[Floats]:
        return [logits[0] for logits in self._graph.run(*self._window[:, None])]


class _Stepwise:
    """Reads one symbol after another; the states stay as they come out of the graph."""

    def __init__(
        self, bundle: Bundle, variant: str, tables: SymbolTables, window: int, backend: Backend
    ) -> None:
        del window  # the seed has its length
        outputs = _outputs(tables)
        states = _states(bundle, variant)
        numbers = dict.fromkeys(outputs, (1, 1))
        carried = {f"next_{name}": shape for name, shape in states.items()}
        shape = GraphShape({**numbers, **states}, {**outputs, **carried}, frozenset(numbers))
        part = checked_part(bundle, variant, "step", shape)
        for name in states:
            check_handed_on(part, f"next_{name}", part, name, str(bundle.path))
        self._graph = open_part(bundle, part, shape, backend, {*states, *carried})
        self._parts = len(outputs)
        self._blank: list[Array] = blank(ordered(part.inputs, states))
        self._state = self._blank

    def begin(self, seed: Numbers) -> list[Floats]:
        """The state is that after the seed."""
        self._state = self._blank
        return [self.read(symbol[:, None]) for symbol in seed.T][-1]

    def read(self, symbol: Numbers) -> list[Floats]:
        """The state moves on."""
        found = self._graph.run(*symbol[:, None], *self._state)
        self._state = found[self._parts :]
        return [logits[0] for logits in found[: self._parts]]

    def snapshot(self) -> Restore:
        """Remember the state."""
        state = self._state

        def restore() -> None:
            self._state = state

        return restore


def _outputs(tables: SymbolTables) -> dict[str, tuple[int, ...]]:
    return {name: (1, size) for name, size in zip(_PARTS, tables.sizes, strict=False)}


def _states(bundle: Bundle, variant: str) -> Mapping[str, tuple[int, ...]]:
    """Shapes of the states by name, as the manifest lists them: no table or parameter has them."""
    bundle.part(variant, "step")  # whose error names the file
    part = bundle.manifest.part(variant, "step")
    states = {spec.name: spec.shape for spec in part.inputs if spec.name.startswith("state_")}
    numbers = sum(int(np.prod(shape)) for shape in states.values())
    if numbers > MOST_STATE:
        raise BundleError(
            f"{bundle.path}: {part.name} carries {numbers:,} numbers from step to step, more than "
            f"{MOST_STATE:,} allowed on a board; convert a smaller network"
        )
    return states
