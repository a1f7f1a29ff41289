"""What the rest of the project asks of a kind of network: training, measures, graphs for the board.

A network is one module that implements ``Architecture``, and one row of ``table.NETWORKS``. What
converts, plays, measures or compares it relies on these protocols and knows no network by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from playbach.music.note import Piece
from playbach_train.config import Configuration
from playbach_train.corpus import Corpus, Say
from playbach_train.corpus.split import Split
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.run import Run

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Job:
    """What is to be trained, on what, and where it is kept.

    Attributes:
        folder: of the run; ``start_run`` has made it.
        config: the architecture's configuration with the user's values in it.
        corpus: all movements.
        split: names of those to train on and of those held out.
        resume: whether to go on from the checkpoint in ``folder``.
        say: receives lines for the user.
    """

    folder: Path
    config: Any
    corpus: Corpus
    split: Split
    resume: bool
    say: Say

    def pieces(self, names: Iterable[str]) -> dict[str, Piece]:
        """The movements of those names, in the corpus' order."""
        wanted = set(names)
        return {m.name: m.piece for m in self.corpus.movements if m.name in wanted}


@dataclass(frozen=True)
class Tensor:
    """An input of a graph.

    Attributes:
        shape: the first axis is 1.
        dtype: ``float32``, or ``int32`` for indices of symbols, which no variant quantises.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class GraphForm:
    """One graph that the board runs: what it computes, and its inputs.

    Attributes:
        function: takes the weights, then the inputs by name; gives the outputs by name. Made of
            ``keras.ops`` alone, with shapes that are known, so that it converts in every variant.
        inputs: by name. What is named ``state_N`` is carried from step to step and comes out as
            ``next_state_N``.
        distributions: names of those outputs that are logits, over the last axis.
    """

    function: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, Tensor]
    distributions: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """What a part of a symbol cost to predict on music the network had not seen.

    Attributes:
        bits: mean of -log2 of the probability of the truth, per symbol.
        top1: share of symbols whose truth was the likeliest; ``None`` where it is not measured.
    """

    bits: float
    top1: float | None = None


@dataclass(frozen=True)
class HeldOut:
    """What movements cost to predict, by the measures that the network allows.

    Attributes:
        parts: by name, such as ``symbol`` and ``ticks``.
        symbols: how many symbols the means are over.
        notes: how many notes those symbols stand for; all parts' bits over all symbols, divided
            by this, are the bits per note.
        quarters: how many quarter notes long the music is; likewise for bits per quarter.
        unknown: share of symbols outside the network's vocabulary, 0 to 1.
    """

    parts: Mapping[str, Part]
    symbols: int
    notes: int
    quarters: float
    unknown: float = 0.0

    @property
    def per_note(self) -> float:
        """Bits per note, all parts added up."""
        return self.total / self.notes

    @property
    def per_quarter(self) -> float:
        """Bits per quarter note of music, all parts added up."""
        return self.total / self.quarters

    @property
    def per_symbol(self) -> float:
        """Bits per symbol, all parts added up."""
        return sum(part.bits for part in self.parts.values())

    @property
    def total(self) -> float:
        """Bits of all the music."""
        return self.symbols * self.per_symbol


class Trained(Protocol):
    """A trained network, ready to be measured."""

    @property
    def kind(self) -> str:
        """How the board runs it: a row of ``playbach.predictor.load.KINDS``."""

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut | None:
        """Measures on music it has not seen, ``None`` for a network that gives no probabilities.

        Raises:
            InputError: no movement is long enough to measure anything.
        """


@runtime_checkable
class Convertible(Trained, Protocol):
    """A trained network that the converter brings to the board as it does any other.

    One whose kind has a conversion of its own, as the default network's, needs none of this.
    """

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        """What the manifest says of the network."""

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        """Tables of the bundle by name, such as ``symbols``."""

    @property
    def weights(self) -> Arrays:
        """All that ``GraphForm.function`` reads."""

    @property
    def graphs(self) -> Mapping[str, GraphForm]:
        """By role; the first is the network's own form."""

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        """Inputs of a graph, step by step, while real music is read: to calibrate and compare on.

        States are those that the music before leads to.

        Args:
            role: one of ``graphs``.
            pieces: the music, each piece from a state of zeros.
        """


class Architecture(Protocol):
    """A kind of network."""

    @property
    def about(self) -> str:
        """What it is, in one line."""

    @property
    def config(self) -> Configuration:
        """The default configuration: a frozen dataclass as ``config`` describes it."""

    def fit(self, job: Job) -> None:
        """Train: after each epoch a checkpoint, and the best weights yet as ``run.NETWORK``.

        Raises:
            InputError: the corpus is too small for the network, or the checkpoint is damaged.
        """

    def load(self, run: Run) -> Trained:
        """The network of a finished run.

        Raises:
            InputError: its weights are not those of its configuration, or not finite.
        """
