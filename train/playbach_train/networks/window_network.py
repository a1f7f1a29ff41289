"""A network that reads windows of symbols: what all of them have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.key import C_MAJOR
from playbach.music.note import Piece
from playbach.music.symbols import Symbol, vocabulary_from
from playbach_train.checkpoint import Arrays, load_model_arrays
from playbach_train.networks.architecture import GraphForm, HeldOut, Job, Tensors
from playbach_train.networks.measured import measure
from playbach_train.networks.sequences import (
    Alphabet,
    ReadPiece,
    SymbolRow,
    alphabet_of,
    tonics,
)
from playbach_train.networks.window_training import Music, fit_windows
from playbach_train.networks.windows import bordered, windows_of
from playbach_train.run import Run

KEPT = "alphabet/"
"""Begins the names of those arrays of a run that are no weights."""


@dataclass(frozen=True)
class WindowNetwork:
    """A kind of network that reads windows: a row of the table of networks.

    Attributes:
        name: as the table has it.
        about: what it is, in one line.
        config: the default configuration: sections ``network``, with a ``window``, and
            ``training``, a ``WindowTraining``.
        read: how it reads a movement.
        always: symbols of its alphabet that the music may lack.
        timed: whether it learns how long symbols last.
        opened: whether its music goes on from openings of movements; else it begins with borders.
        model: the network, from the section ``network`` and the sizes of its alphabet's parts.
        forms: its graphs, likewise.
        weights: what the graphs read, from a trained model and the section ``network``.
    """

    name: str
    about: str
    config: Any
    read: ReadPiece
    always: tuple[Symbol, ...]
    timed: bool
    opened: bool
    model: Callable[[Any, Mapping[str, int]], Any]
    forms: Callable[[Any, Mapping[str, int]], Mapping[str, GraphForm]]
    weights: Callable[[Any, Any], Arrays]

    def fit(self, job: Job) -> None:
        """Train.

        Raises:
            InputError: the corpus is too small for the network, or the checkpoint is damaged.
        """
        keras.utils.set_random_seed(job.config.training.seed)
        training = self._rows(job.pieces(job.split.train), job.say)
        held_out = self._rows(job.pieces(job.split.held_out), job.say)
        rows = [row for _, row in training]
        alphabet = alphabet_of(rows, self.always, timed=self.timed)
        model = self.model(job.config.network, alphabet.parts)
        kept = self._kept(alphabet, training, job.config.network.window)
        fit_windows(job, model, Music(alphabet, rows, [row for _, row in held_out]), kept)

    def load(self, run: Run) -> WindowTrained:
        """The network of a finished run.

        Raises:
            InputError: its weights are not those of its configuration, or not finite.
        """
        kept = {n.removeprefix(KEPT): a for n, a in run.weights.items() if n.startswith(KEPT)}
        arrays = {name: a for name, a in run.weights.items() if not name.startswith(KEPT)}
        where = str(run.folder)
        if kept.keys() != {"symbols", "ticks", "seen", "seeds", "homes"}:
            raise InputError(f"{where}: its weights are of another kind of network; train again")
        alphabet = Alphabet(
            vocabulary_from(kept["symbols"]), tuple(map(int, kept["ticks"])), int(kept["seen"][0])
        )
        model = self.model(run.config.network, alphabet.parts)
        load_model_arrays(model, arrays, where)
        return WindowTrained(self, run.config.network, alphabet, model, kept)

    def _rows(
        self, pieces: Mapping[str, Piece], say: Callable[[str], None]
    ) -> list[tuple[Piece, SymbolRow]]:
        found = [(piece, self.read(piece)) for piece in pieces.values()]
        readable = [(piece, row) for piece, row in found if row is not None and row.symbols]
        if len(readable) < len(found):
            say(
                f"{len(found) - len(readable)} of {len(found)} movements left out: they do not "
                "fit a grid of sixteenths"
            )
        return readable

    def _kept(
        self, alphabet: Alphabet, training: Sequence[tuple[Piece, SymbolRow]], window: int
    ) -> Arrays:
        seeds = [_opening(row, alphabet, window) for _, row in training] if self.opened else []
        homes = [tonics(piece.keys[0][1]) for piece, _ in training] if self.opened else []
        if not seeds:
            nothing = SymbolRow((), ())
            seeds, homes = [_opening(nothing, alphabet, window)], [tonics(C_MAJOR)]
        return {
            f"{KEPT}symbols": alphabet.vocabulary.table(),
            f"{KEPT}ticks": np.array(alphabet.ticks, np.float32),
            f"{KEPT}seen": np.array([alphabet.seen], np.int64),
            f"{KEPT}seeds": np.stack(seeds).astype(np.float32),
            f"{KEPT}homes": np.array(homes, np.float32),
        }


@dataclass(frozen=True, eq=False)
class WindowTrained:
    """A trained network that reads windows; see ``architecture.Trained``."""

    network: WindowNetwork
    config: Any
    alphabet: Alphabet
    model: Any
    kept: Arrays

    @property
    def kind(self) -> str:
        return "window"

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        return {"network": self.network.name, "window": self.config.window}

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        return {name: self.kept[name] for name in ("symbols", "ticks", "seeds", "homes")}

    @cached_property
    def weights(self) -> Arrays:
        return self.network.weights(self.model, self.config)

    @cached_property
    def graphs(self) -> Mapping[str, GraphForm]:
        return self.network.forms(self.config, self.alphabet.parts)

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        rows = self._rows(pieces)
        return self._window_inputs(rows) if role == "window" else self._step_inputs(role, rows)

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut:
        """Measures on symbols 2..n of each movement.

        Raises:
            InputError: no movement has two symbols.
        """
        rows = self._rows(list(pieces.values()))
        return measure(self.model, rows, self.alphabet, self.config.window)

    def _rows(self, pieces: Sequence[Piece]) -> list[SymbolRow]:
        return [row for row in map(self.network.read, pieces) if row is not None]

    def _window_inputs(self, rows: Sequence[SymbolRow]) -> Iterator[Tensors]:
        for row in rows:
            windows = windows_of([row], self.alphabet, self.config.window)
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


def _opening(row: SymbolRow, alphabet: Alphabet, window: int) -> NDArray[np.int32]:
    """The first symbols of a movement as a window, behind borders where it is shorter."""
    first = replace(row, symbols=row.symbols[:window], ticks=row.ticks[:window])
    numbers = alphabet.numbers(first)
    return bordered(numbers, alphabet, window)[len(numbers) : len(numbers) + window]
