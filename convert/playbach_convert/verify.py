"""Compares the distributions of a bundle with those of the network on the same music."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle, Drift, VariantFigures, Verification
from playbach.errors import PlaybachError
from playbach.predictor.graph import Cpu
from playbach.predictor.parts import GraphShape, checked_part, open_part
from playbach_convert.calibration import Music, evenly_spread
from playbach_convert.tflite import Traced
from playbach_convert.variants import VARIANTS
from playbach_train.copying.measure import LEAST_CHANCE
from playbach_train.copying.model import CELL_CLIP
from playbach_train.networks.architecture import Convertible, GraphForm, Tensors

ENOUGH = 1_000
"""Steps of each graph that are compared."""
CELL_BOUND = CELL_CLIP * 1.01
"""A rounded cell state may lie this far out: the last int8 code lies beyond the clip."""

Distributions = Mapping[str, NDArray[np.float32]]
"""By output, the probabilities at N steps: ``(N, ..., symbols)``."""
Targets = Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
"""By output, the steps at which it is known what came next, and the symbols that came."""
Readers = Mapping[str, Callable[[], Distributions]]
"""By form of the network, what lets it read the music."""


class VerificationError(PlaybachError):
    """A variant differs too much from the network as trained."""


@dataclass(frozen=True)
class Comparison:
    """Differences from the network's distributions; fields as in ``VariantFigures``."""

    probability: float
    divergence: float
    agreement: float


@dataclass(frozen=True, eq=False)
class Verifier:
    """Distributions of the network as trained, with which variants are compared."""

    music: str  # what it is, for the bundle
    measures: str  # the same, and how much of it is read
    steps: int  # of the network's own form
    # by form, the network's own first, the distributions as trained
    wanted: Mapping[str, Distributions]
    targets: Targets  # of the own form
    readers: Callable[[Bundle, str], Readers]  # opens the forms of a variant of a bundle
    # lets a variant compose by itself for so many steps; ``None`` if it cannot
    drift: Callable[[Bundle, str, int], Drift] | None = None

    @property
    def bits(self) -> float | None:
        """Bits per step of the network as trained; ``None`` if it is not known what was right."""
        return bits(next(iter(self.wanted.values())), self.targets)

    def figures(self, bundle: Bundle, variant: str, drift_steps: int) -> VariantFigures:
        """Compare ``variant`` of ``bundle``, which has the reference too, on the same music.

        Networks that can compose by themselves do so for ``drift_steps`` steps.
        """
        found: dict[str, Distributions] = {}
        taken: dict[str, float] = {}
        for form, read in self.readers(bundle, variant).items():
            # Processor time: the machine may be busy with something else.
            began = time.thread_time()
            found[form] = read()
            taken[form] = time.thread_time() - began
        own = next(iter(self.wanted))
        compared = [compare(wanted, found[form]) for form, wanted in self.wanted.items()]
        return VariantFigures(
            variant=variant,
            size=sum(part.size for part in bundle.manifest.parts if part.variant == variant),
            probability=max(one.probability for one in compared),
            divergence=max(one.divergence for one in compared),
            agreement=min(one.agreement for one in compared),
            bits=bits(found[own], self.targets),
            steps_per_second=round(self.steps / taken[own]),
            drift=self.drift(bundle, variant, drift_steps) if self.drift else None,
        )

    def verification(self, rows: tuple[VariantFigures, ...]) -> Verification:
        """What the bundle says of it."""
        return Verification(
            music=self.music,
            steps=self.steps,
            bits=self.bits,
            machine=f"{platform.machine()}, {platform.system()}, "
            f"Python {platform.python_version()}",
            variants=rows,
        )


def graph_verifier(trained: Convertible, graphs: Mapping[str, Traced], music: Music) -> Verifier:
    """Compares each graph of a network with the same graph of a bundle.

    The network as trained, by ``graphs``, reads ``music`` at once, which takes a while.
    """
    forms = trained.graphs
    read = {role: steps_of(trained.inputs(role, music.pieces), forms[role]) for role in forms}
    own = next(iter(forms))

    def opened(bundle: Bundle, variant: str) -> Readers:
        return {
            role: _reader(_opened(bundle, variant, role, form), form, read[role])
            for role, form in forms.items()
        }

    return Verifier(
        music=music.meaning,
        measures=f"{music.meaning}, {len(read[own]):,} steps",
        steps=len(read[own]),
        wanted={
            role: _reader(_called(graphs[role]), form, read[role])() for role, form in forms.items()
        },
        targets=_targets(read[own]),
        readers=opened,
    )


def compare(wanted: Distributions, found: Distributions) -> Comparison:
    """Compare distributions at the same steps.

    The divergences of a step's outputs are added up; each row of an output of many rows counts as a
    step.
    """
    pairs = [[_rows(side[name]) for side in (wanted, found)] for name in wanted]
    agreed = [a.argmax(axis=1) == b.argmax(axis=1) for a, b in pairs]
    return Comparison(
        probability=max(float(np.abs(a - b).max()) for a, b in pairs),
        divergence=sum(divergence(a, b) for a, b in pairs),
        agreement=float(np.mean(np.concatenate(agreed))),
    )


def divergence(wanted: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Mean Kullback-Leibler divergence of the rows of ``found`` from those of ``wanted``, nats."""
    # In double precision, and with a floor, so that rounding gives neither minus nor infinity.
    p, q = (np.maximum(rows.astype(np.float64), 1e-12) for rows in (wanted, found))
    # Below 0 it is nothing but rounding.
    return max(float((p * np.log(p / q)).sum(axis=1).mean()), 0.0)


def bits(found: Distributions, targets: Targets) -> float | None:
    """Cross-entropy per step in bits, summed over outputs; ``None`` where no target is known."""
    costs = []
    for name, (places, symbols) in targets.items():
        chances = np.maximum(found[name][places, symbols].astype(np.float64), LEAST_CHANCE)
        costs.append(-float(np.log2(chances).mean()))
    return sum(costs) if costs else None


def check_near(figures: VariantFigures, bits: float | None) -> None:
    """Check ``figures`` against the limits in ``VARIANTS``.

    Args:
        figures: of a variant.
        bits: of the network as trained, where they were measured.

    Raises:
        VerificationError: one of them is outside; the message names each, and the limits.
    """
    # NaN compares false with everything, and so is refused too.
    wrong = [what for what, right in _claims(figures, bits) if not right]
    if wrong:
        raise VerificationError(
            f"{figures.variant}: differs too much from the network as trained ({', '.join(wrong)}; "
            f"allowed: {VARIANTS[figures.variant].limits}); leave it out of --quantise, or train "
            "again"
        )


def _claims(figures: VariantFigures, bits: float | None) -> Iterator[tuple[str, bool]]:
    allowed = VARIANTS[figures.variant]
    yield f"{figures.divergence:.2g} nats from it", figures.divergence <= allowed.divergence
    yield (
        f"a probability {figures.probability:.2g} off",
        figures.probability <= allowed.probability,
    )
    if figures.bits is not None and bits is not None:
        worse = figures.bits - bits
        yield f"{worse:.2g} bits per step worse", worse <= allowed.bits
    if figures.drift is not None:
        largest = figures.drift.largest_cell
        yield f"cell states up to {largest:.3g} when left to itself", largest <= CELL_BOUND


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a graph."""

    inputs: Tensors  # of the graph, by name
    # by name of an output, the index of the symbol that came next in the music, for those outputs
    # for which it is known
    target: Mapping[str, int]


def steps_of(stream: Iterable[Tensors], form: GraphForm, most: int = ENOUGH) -> list[Step]:
    """At most ``most`` steps of a stream of inputs, evenly spread."""
    pairs = pairwise(chain[Tensors | None](stream, [None]))
    steps = (Step(now, _target(now, later, form)) for now, later in pairs if now is not None)
    return evenly_spread(steps, most)


def _target(now: Tensors, later: Tensors | None, form: GraphForm) -> dict[str, int]:
    """The symbol that followed, where the next input is this window shifted by one."""
    windows = {name: now[name] for name, tensor in form.inputs.items() if tensor.dtype == "int32"}
    if later is None or not all(
        rows.shape[1] > 1 and np.array_equal(rows[:, 1:], later[name][:, :-1])
        for name, rows in windows.items()
    ):
        return {}
    return {name: int(later[name][0, -1]) for name in form.distributions if name in windows}


def _targets(steps: Sequence[Step]) -> Targets:
    names = dict.fromkeys(name for step in steps for name in step.target)
    rows = {
        name: [(n, step.target[name]) for n, step in enumerate(steps) if name in step.target]
        for name in names
    }
    return {name: tuple(np.array(found).T) for name, found in rows.items()}


_Graph = Callable[[Tensors], Mapping[str, Any]]
"""Inputs by name to logits by name."""


def _opened(bundle: Bundle, variant: str, role: str, form: GraphForm) -> _Graph:
    """The graph of a bundle as the board runs it."""
    inputs = {name: tensor.shape for name, tensor in form.inputs.items()}
    numbers = frozenset(name for name, tensor in form.inputs.items() if tensor.dtype == "int32")
    outputs = {spec.name: spec.shape for spec in bundle.manifest.part(variant, role).outputs}
    shape = GraphShape(inputs, outputs, numbers)
    graph = open_part(bundle, checked_part(bundle, variant, role, shape), shape, Cpu(variant))

    def run(tensors: Tensors) -> Mapping[str, Any]:
        return dict(zip(outputs, graph.run(*(tensors[name] for name in inputs)), strict=True))

    return run


def _called(graph: Traced) -> _Graph:
    return lambda tensors: graph(**tensors)


def _reader(graph: _Graph, form: GraphForm, steps: Sequence[Step]) -> Callable[[], Distributions]:
    def read() -> Distributions:
        logits: dict[str, list[Any]] = {name: [] for name in form.distributions}
        for step in steps:
            said = graph(step.inputs)
            for name, rows in logits.items():
                rows.append(said[name])
        return {name: _softmax(rows) for name, rows in logits.items()}

    return read


def _softmax(logits: Iterable[Any]) -> NDArray[np.float32]:
    """Of the last axis; the first axes, each of 1, become one of N."""
    rows = np.concatenate([np.asarray(one, np.float32) for one in logits])
    rows -= rows.max(axis=-1, keepdims=True)
    np.exp(rows, out=rows)
    rows /= rows.sum(axis=-1, keepdims=True)
    return rows


def _rows(distributions: NDArray[np.float32]) -> NDArray[np.float32]:
    return distributions.reshape(-1, distributions.shape[-1])
