"""Does a bundle do what the network does? The same inputs go into the graphs of both."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle, VariantFigures, Verification
from playbach.predictor.opener import Cpu
from playbach.predictor.parts import GraphShape, checked_part, open_part
from playbach_convert.distributions import divergence
from playbach_convert.graphs import Traced
from playbach_convert.music import Music
from playbach_convert.readings import Reading, readings
from playbach_convert.verify import machine
from playbach_train.copying.measure import LEAST_CHANCE
from playbach_train.networks.architecture import Convertible, GraphForm, Tensors

ENOUGH = 1_000
"""Steps of each graph that are compared."""

Distributions = Mapping[str, NDArray[np.float32]]
"""By output, the probabilities at N steps: ``(N, ..., symbols)``."""
Says = Callable[[Tensors], Mapping[str, Any]]
"""A graph: inputs by name to logits by name."""


@dataclass(frozen=True)
class Nearness:
    """Distributions beside those of the network; fields as in ``VariantFigures``."""

    probability: float
    divergence: float
    agreement: float


class FormVerifier:
    """A ``Verifying`` that compares each graph of a network with the same graph of a bundle."""

    def __init__(self, trained: Convertible, graphs: Mapping[str, Traced], music: Music) -> None:
        """Let the network as trained, by ``graphs``, read ``music``, which takes a while."""
        self._forms = trained.graphs
        self._own = next(iter(self._forms))
        self._music = music
        self._readings = {
            role: readings(trained.inputs(role, music.pieces), form, ENOUGH)
            for role, form in self._forms.items()
        }
        self._wanted = {
            role: _distributions(_called(graphs[role]), form, self._readings[role])
            for role, form in self._forms.items()
        }
        self._bits = _bits(self._wanted[self._own], self._readings[self._own])

    @property
    def bits(self) -> float | None:
        return self._bits

    @property
    def measures(self) -> str:
        return f"{self._music.meaning}, {self._steps:,} steps"

    def figures(self, bundle: Bundle, variant: str, drift_steps: int) -> VariantFigures:
        del drift_steps  # what it chooses is not fed back into any of these graphs
        found: dict[str, Distributions] = {}
        taken: dict[str, float] = {}
        for role, form in self._forms.items():
            graph = _opened(bundle, variant, role, form)
            # Processor time: the machine may be busy with something else.
            began = time.thread_time()
            found[role] = _distributions(graph, form, self._readings[role])
            taken[role] = time.thread_time() - began
        near = [nearness(self._wanted[role], found[role]) for role in self._forms]
        parts = [part for part in bundle.manifest.parts if part.variant == variant]
        return VariantFigures(
            variant=variant,
            size=sum(part.size for part in parts),
            probability=max(one.probability for one in near),
            divergence=max(one.divergence for one in near),
            agreement=min(one.agreement for one in near),
            bits=_bits(found[self._own], self._readings[self._own]),
            steps_per_second=round(self._steps / taken[self._own]),
        )

    def verification(self, rows: tuple[VariantFigures, ...]) -> Verification:
        return Verification(
            music=self._music.meaning,
            steps=self._steps,
            bits=self._bits,
            machine=machine(),
            variants=rows,
        )

    @property
    def _steps(self) -> int:
        return len(self._readings[self._own])


def nearness(wanted: Distributions, found: Distributions) -> Nearness:
    """How near distributions are to others at the same steps.

    The divergences of a step's outputs are added up; each row of an output of many rows counts as a
    step.
    """
    pairs = [(_rows(wanted[name]), _rows(found[name])) for name in wanted]
    agreed = [a.argmax(axis=1) == b.argmax(axis=1) for a, b in pairs]
    return Nearness(
        probability=max(float(np.abs(a - b).max()) for a, b in pairs),
        divergence=sum(divergence(a, b) for a, b in pairs),
        agreement=float(np.mean(np.concatenate(agreed))),
    )


def _opened(bundle: Bundle, variant: str, role: str, form: GraphForm) -> Says:
    """The graph of a bundle as the board runs it."""
    inputs = {name: tensor.shape for name, tensor in form.inputs.items()}
    numbers = frozenset(name for name, tensor in form.inputs.items() if tensor.dtype == "int32")
    outputs = {spec.name: spec.shape for spec in bundle.manifest.part(variant, role).outputs}
    shape = GraphShape(inputs, outputs, numbers)
    graph = open_part(bundle, checked_part(bundle, variant, role, shape), shape, Cpu(variant))

    def says(tensors: Tensors) -> Mapping[str, Any]:
        return dict(zip(outputs, graph.run(*(tensors[name] for name in inputs)), strict=True))

    return says


def _called(graph: Traced) -> Says:
    return lambda tensors: graph(**tensors)


def _distributions(graph: Says, form: GraphForm, steps: Sequence[Reading]) -> Distributions:
    logits: dict[str, list[Any]] = {name: [] for name in form.distributions}
    for step in steps:
        said = graph(step.inputs)
        for name, rows in logits.items():
            rows.append(said[name])
    return {name: _softmax(rows) for name, rows in logits.items()}


def _softmax(logits: Iterable[Any]) -> NDArray[np.float32]:
    """Of the last axis; the first axes, each of 1, become one of N."""
    rows = np.concatenate([np.asarray(one, np.float32) for one in logits])
    rows -= rows.max(axis=-1, keepdims=True)
    np.exp(rows, out=rows)
    rows /= rows.sum(axis=-1, keepdims=True)
    return rows


def _bits(found: Distributions, steps: Sequence[Reading]) -> float | None:
    """Bits that the truth costs per step, all parts added up; ``None`` if no truth is known."""
    total, known = 0.0, False
    for name, rows in found.items():
        told = [(n, step.truth[name]) for n, step in enumerate(steps) if name in step.truth]
        if told:
            places, truths = np.array(told).T
            chances = np.maximum(rows[places, truths].astype(np.float64), LEAST_CHANCE)
            total, known = total - float(np.log(chances).mean()) / math.log(2), True
    return total if known else None


def _rows(distributions: NDArray[np.float32]) -> NDArray[np.float32]:
    return distributions.reshape(-1, distributions.shape[-1])
