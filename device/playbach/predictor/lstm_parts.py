"""What a bundle of kind ``lstm-copy`` holds: sizes, graphs, tables, checked against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from playbach.bundle import Bundle, Part, TensorSpec
from playbach.errors import BundleError
from playbach.music.encoding import Encoding
from playbach.music.features import MATCH_ROWS, PLACES, POINTER_KINDS, feature_tables, row_count
from playbach.music.key import PITCH_CLASSES
from playbach.predictor.graph import Array, Backend, Floats, Runnable
from playbach.predictor.parts import (
    AGAIN,
    GraphShape,
    blank,
    check_handed_on,
    checked_part,
    open_part,
    ordered,
    parameter,
    real,
)

SIZES = (
    "embedding", "units", "layers", "head", "pointers", "pointer_width", "memory",
)  # fmt: skip
"""Parameters of the network that the board must know, named as in the training's configuration."""
_MOST = 8192
_MOST_REMEMBERED = 4 * 2**20  # 32 MB, in buffers of twice the memory
_CONTEXT = "context"

Shapes = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Graphs:
    """The three graphs of a variant: float32 to the caller, but for states and context.

    Those stay as they come out of the graphs, so that they lose nothing from note to note. Shapes
    of all tensors are in ``_graph_shapes``.
    """

    step: Runnable  # note and states in; the next states and the shift's logits out
    # context, which is the last layer's hidden state, and place in; out come logits of intervals
    # and of degrees, and the pointers' gates, query and key
    pitch: Runnable
    duration: Runnable  # context and place in; logits out
    # what goes into the step besides the note: hidden and cell state of each layer
    states: tuple[TensorSpec, ...]

    def blank(self) -> list[Array]:
        """States of zeros, as the step takes them."""
        return blank(self.states)

    def real(self, states: Iterable[Array]) -> list[Floats]:
        """States as the real numbers they stand for."""
        return real(self.states, states)


def load_graphs(bundle: Bundle, variant: str, sizes: Mapping[str, int], backend: Backend) -> Graphs:
    """The graphs of ``variant``, as ``backend`` makes them ready.

    Raises:
        BundleError: one is missing, has other tensors than a network of these sizes, or takes the
            state on another scale than it comes out on.
        PlaybachError: what else the backend raises.
    """
    shapes = _graph_shapes(sizes, bundle.manifest.encoding)
    parts = {role: checked_part(bundle, variant, role, shape) for role, shape in shapes.items()}
    states = list(shapes["step"].inputs)[1:]
    _check_scales(parts, states, str(bundle.path))
    raw = {*states, *(f"next_{name}" for name in states), _CONTEXT}
    graphs = {
        role: open_part(bundle, parts[role], shape, backend, raw) for role, shape in shapes.items()
    }
    return Graphs(**graphs, states=tuple(ordered(parts["step"].inputs, states)))


def load_tables(bundle: Bundle, sizes: Mapping[str, int]) -> dict[str, Floats]:
    """The tables by name, float32; their shapes are in ``_table_shapes``.

    Raises:
        BundleError: one is missing, or of another shape than a network of these sizes wants.
    """
    shapes = _table_shapes(sizes, bundle.manifest.encoding)
    return {name: _table(bundle, name, shape) for name, shape in shapes}


def sizes_of(bundle: Bundle) -> dict[str, int]:
    """Sizes of the network by name.

    Raises:
        BundleError: one is missing or not allowed, or the pointers would take too much memory.
    """
    sizes = {name: parameter(bundle, name, _MOST) for name in SIZES}
    numbers = POINTER_KINDS * sizes["pointers"] * sizes["pointer_width"] * sizes["memory"]
    if numbers > _MOST_REMEMBERED:
        raise BundleError(
            f"{bundle.path}: its pointers would remember {numbers:,} numbers, more than "
            f"{_MOST_REMEMBERED:,} allowed on a board; convert a network with a smaller memory"
        )
    return sizes


def _check_scales(parts: Mapping[str, Part], states: list[str], where: str) -> None:
    """Check that states and context have one scale in all graphs: they are passed on as int8."""
    step, context = parts["step"], states[-2]
    pairs = [(step, state, f"next_{state}") for state in states]
    pairs += [(parts[role], _CONTEXT, f"next_{context}") for role in ("pitch", "duration")]
    for part, into, out_of in pairs:
        check_handed_on(step, out_of, part, into, where)


def _graph_shapes(sizes: Mapping[str, int], encoding: Encoding) -> dict[str, GraphShape]:
    """What each role's graph takes and gives, in the order in which it is used."""
    units, pointers = sizes["units"], POINTER_KINDS * sizes["pointers"]
    keys = pointers * sizes["pointer_width"]
    states = [f"{kind}_{n}" for n in range(sizes["layers"]) for kind in ("hidden", "cell")]
    question: Shapes = {"context": (1, units), "place": (1, sizes["head"])}
    return {
        "step": GraphShape(
            {"note": (1, sizes["embedding"])} | dict.fromkeys(states, (1, units)),
            {f"next_{name}": (1, units) for name in states}
            | {"shift": (1, encoding.shift_symbols)},
        ),
        "pitch": GraphShape(
            question,
            {
                "interval": (1, encoding.pitch_symbols),
                "degree": (1, PITCH_CLASSES),
                "gates": (1, pointers),
                "query": (1, keys),
                "key": (1, keys),
            },
        ),
        "duration": GraphShape(question, {"duration": (1, encoding.duration_symbols)}),
    }


def _table_shapes(
    sizes: Mapping[str, int], encoding: Encoding
) -> list[tuple[str, tuple[int, int]]]:
    features = feature_tables(encoding)
    pointers = POINTER_KINDS * sizes["pointers"]
    return [
        ("note", (row_count(features.note), sizes["embedding"])),
        ("pitch", (row_count(features.pitch), sizes["head"])),
        ("duration", (row_count(features.duration), sizes["head"])),
        ("match", (MATCH_ROWS, pointers)),
        ("place", (PLACES, pointers)),
        ("gates", (MATCH_ROWS, pointers)),
        ("gain", (1, pointers)),
    ]


def _table(bundle: Bundle, name: str, shape: tuple[int, int]) -> Floats:
    table = bundle.table(f"tables/{name}.f32")
    if table.shape != shape or table.dtype != np.float32:
        raise BundleError(
            f"{bundle.path}: tables/{name}.f32 is {table.dtype}{list(table.shape)}, and the "
            f"network wants float32{list(shape)}; {AGAIN}"
        )
    return np.asarray(table, np.float32)
