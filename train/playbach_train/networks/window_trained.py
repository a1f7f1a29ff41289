"""A trained network that reads windows: its measures, and what the board needs of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from playbach.music.note import Piece
from playbach_train.checkpoint import Arrays
from playbach_train.networks.architecture import GraphForm, HeldOut, Tensors
from playbach_train.networks.measured import measure
from playbach_train.networks.sequences import Alphabet, ReadPiece, SymbolRow
from playbach_train.networks.window_layers import WindowLayers
from playbach_train.networks.windows import bordered, windows_of


@dataclass(frozen=True, eq=False)
class WindowTrained:
    """See ``architecture.Convertible``.

    Attributes:
        name: of the network.
        sizes: the section ``network`` of its configuration.
        read: how it reads a movement.
        layers: what it is made of.
        alphabet: of its training music.
        model: its Keras model.
        kept: tables of the bundle, and what else was stored beside the weights.
    """

    name: str
    sizes: Any
    read: ReadPiece
    layers: WindowLayers
    alphabet: Alphabet
    model: Any
    kept: Arrays

    @property
    def kind(self) -> str:
        return "window"

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        return {"network": self.name, "window": self.sizes.window}

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        return {name: self.kept[name] for name in ("symbols", "ticks", "seeds", "homes")}

    @cached_property
    def weights(self) -> Arrays:
        return self.layers.weights(self.model, self.sizes)

    @cached_property
    def graphs(self) -> Mapping[str, GraphForm]:
        return self.layers.forms(self.sizes, self.alphabet.parts)

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        rows = self._rows(pieces)
        return self._window_inputs(rows) if role == "window" else self._step_inputs(role, rows)

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut:
        """Measures on symbols 2..n of each movement.

        Raises:
            InputError: no movement has two symbols.
        """
        rows = self._rows(list(pieces.values()))
        return measure(self.model, rows, self.alphabet, self.sizes.window)

    def _rows(self, pieces: Sequence[Piece]) -> list[SymbolRow]:
        return [row for row in map(self.read, pieces) if row is not None]

    def _window_inputs(self, rows: Sequence[SymbolRow]) -> Iterator[Tensors]:
        for row in rows:
            windows = windows_of([row], self.alphabet, self.sizes.window)
            for batch in windows.batches(1):
                yield windows.inputs(batch)

    def _step_inputs(self, role: str, rows: Sequence[SymbolRow]) -> Iterator[Tensors]:
        form = self.graphs[role]
        for row in rows:
            state = {
                name: np.zeros(tensor.shape, np.float32)
                for name, tensor in form.inputs.items()
                if name.startswith("state_")
            }
            for numbers in bordered(self.alphabet.numbers(row), self.alphabet, 1)[:-1]:
                read = {
                    name: numbers[None, n : n + 1] for n, name in enumerate(self.alphabet.parts)
                }
                yield read | state
                outputs = form.function(self.weights, **read, **state)
                state = {
                    name: np.asarray(ops.convert_to_numpy(outputs[f"next_{name}"]))
                    for name in state
                }
