"""The interfaces of a network to the rest of the project: training, measures, conversion.

A network is one module that implements ``Architecture``, and one row of ``table.NETWORKS``. What
converts, plays, measures or compares it relies on these protocols and knows no network by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from playbach.music.note import Piece
from playbach_train.config import Configuration
from playbach_train.corpus import Corpus, Say
from playbach_train.corpus.split import Split
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.run import Run

if TYPE_CHECKING:
    # It imports Keras, which takes seconds.
    from playbach_train.networks.distribution import Distribution

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Job:
    """A training run to be done."""

    folder: Path  # of the run; ``start_run`` has made it
    config: Any  # the architecture's configuration with the user's values in it
    corpus: Corpus  # all movements
    split: Split  # names of those to train on and of those held out
    resume: bool  # whether to go on from the checkpoint in ``folder``
    say: Say  # receives lines for the user
    # folder of the run whose best weights are begun with, new ones if None
    start_from: Path | None = None
    distribution: Distribution | None = None  # who takes part; only the default network heeds it

    def pieces(self, names: Iterable[str]) -> dict[str, Piece]:
        """The movements of those names, in the corpus' order."""
        wanted = set(names)
        return {m.name: m.piece for m in self.corpus.movements if m.name in wanted}


@dataclass(frozen=True)
class Tensor:
    """An input of a graph."""

    shape: tuple[int, ...]  # the first axis is 1
    # ``float32``, or ``int32`` for indices of symbols, which no variant quantises
    dtype: str = "float32"


@dataclass(frozen=True)
class GraphForm:
    """One graph that the board runs: what it computes, and its inputs."""

    # takes the weights, then the inputs by name; gives the outputs by name. Made of ``keras.ops``
    # alone, with shapes that are known, so that it converts in every variant
    function: Callable[..., Mapping[str, Any]]
    # by name. What is named ``state_N`` is carried from step to step and comes out as
    # ``next_state_N``
    inputs: Mapping[str, Tensor]
    distributions: tuple[str, ...]  # names of those outputs that are logits, over the last axis


@dataclass(frozen=True)
class PartBits:
    """Bits and accuracy of one part of a symbol on held-out music."""

    bits: float  # mean of -log2 of the probability of the truth, per symbol
    # share of symbols whose truth was the likeliest; ``None`` where it is not measured
    top1: float | None = None


@dataclass(frozen=True)
class HeldOut:
    """Results on held-out music."""

    parts: Mapping[str, PartBits]  # by name, such as ``symbol`` and ``ticks``
    symbols: int  # how many symbols the means are over
    # how many notes those symbols stand for; all parts' bits over all symbols, divided by this, are
    # the bits per note
    notes: int
    quarters: float  # how many quarter notes long the music is; likewise for bits per quarter
    unknown: float = 0.0  # share of symbols outside the network's vocabulary, 0 to 1

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
    """A trained network that the generic conversion accepts.

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
