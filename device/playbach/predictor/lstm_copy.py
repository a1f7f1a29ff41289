"""The default network on the board: LSTM steps in LiteRT, pointers and lookup in numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Bundle, TensorSpec, check_tensors
from playbach.errors import BundleError
from playbach.music.encoding import Encoding, Heading
from playbach.music.features import MATCH_ROWS, POINTER_KINDS, Tracker, feature_tables, row_count
from playbach.music.key import PITCH_CLASSES
from playbach.music.scale import steps_between
from playbach.predictor.base import Probabilities
from playbach.predictor.graph import Graph
from playbach.predictor.pointers import Pointers, PointerShape

KIND = "lstm-copy"
_SIZES = (
    "embedding", "units", "layers", "head", "pointers", "pointer_width", "memory",
)  # fmt: skip
_MOST = 8192
_MOST_REMEMBERED = 4 * 2**20  # 32 MB, in buffers of twice the memory

Floats = NDArray[np.float32]
Shapes = dict[str, tuple[int, int]]


class LstmCopyPredictor:
    """Runs the parts ``step``, ``pitch`` and ``duration`` of a bundle of kind ``lstm-copy``."""

    def __init__(self, bundle: Bundle, variant: str) -> None:
        """Load the graphs of ``variant``.

        Raises:
            BundleError: a part or table is missing, or of other sizes than the manifest says.
        """
        self.encoding = encoding = bundle.manifest.encoding
        sizes = _sizes(bundle)
        where = str(bundle.path)
        graphs = {}
        for role, (inputs, outputs) in _graph_shapes(sizes, encoding).items():
            content = bundle.part(variant, role)
            part = bundle.manifest.part(variant, role)
            check_tensors(_specs(inputs), part.inputs, where=f"{where}: {part.name}")
            check_tensors(_specs(outputs), part.outputs, where=f"{where}: {part.name}")
            graphs[role] = Graph(content, part, where, list(inputs), list(outputs))
        self._step, self._pitch, self._duration = graphs.values()
        tables = {
            name: _table(bundle, name, shape) for name, shape in _table_shapes(sizes, encoding)
        }
        self._note_rows, self._pitch_rows = tables["note"], tables["pitch"]
        self._duration_rows = tables["duration"]
        shape = PointerShape(
            sizes["pointers"],
            sizes["pointer_width"],
            sizes["memory"],
            encoding.widest,
        )
        self._pointers = Pointers(shape, tables["match"], tables["gates"], tables["gain"])
        self._degree_rows = _degree_rows(encoding)
        self._blank = [
            np.zeros((1, sizes["units"]), np.float32) for _ in range(2 * sizes["layers"])
        ]
        self._state = self._blank
        self._shift: Floats = np.zeros(0, np.float32)
        self._key: Floats = np.zeros(0, np.float32)
        self._started = False

    def begin(self, heading: Heading) -> None:
        """Forget the last piece; the next is as ``heading`` says."""
        self._tracker = Tracker(self.encoding, heading)
        self._pointers.clear()
        self._state = self._blank
        self._started = False
        self._read()

    def shift(self) -> Probabilities:
        """Of each shift symbol."""
        return _softmax(self._shift)

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        """Of each interval symbol, for a note ``shift`` ticks from the last."""
        tracker = self._tracker
        place = _sum_of_rows(self._pitch_rows, tracker.pitch_rows(shift))
        interval, degree, gates, query, self._key = self._pitch.run(self._state[-2], place)
        rising = self._started and shift == 0
        logits = interval[0] + degree[0].take(self._degree_rows[tracker.degree % PITCH_CLASSES])
        evidence = self._pointers.evidence(query, gates, tracker.pitch, tracker.degree)
        if evidence is not None:
            # The escape symbol stands first, and is never copied.
            logits[1:] += evidence if memory == 1 else evidence * np.float32(memory)
        if rising:
            # Notes of a chord come from the lowest upwards.
            logits[1 : self.encoding.widest + 2] = -np.inf
        return _softmax(logits)

    def duration(self, shift: int, pitch: int) -> Probabilities:
        """Of each duration symbol, for that shift and pitch."""
        place = _sum_of_rows(self._duration_rows, self._tracker.duration_rows(shift, pitch))
        return _softmax(self._duration.run(self._state[-2], place)[0][0])

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        """The next note is this: ticks, MIDI note number, ticks."""
        tracker = self._tracker
        interval = pitch - tracker.pitch
        steps = steps_between(tracker.degree, interval)
        self._pointers.add(self._key, interval, steps, pitch)
        tracker.advance(shift, pitch, duration)
        self._started = True
        self._read()

    def _read(self) -> None:
        """Let the recurrent layers read the last note."""
        note = _sum_of_rows(self._note_rows, self._tracker.note_rows())
        *self._state, shift = self._step.run(note, *self._state)
        self._shift = shift[0]


def _sum_of_rows(table: Floats, rows: list[int]) -> Floats:
    """``(1, width)``."""
    return np.add.reduce(table.take(rows, axis=0), axis=0, keepdims=True)


def _softmax(logits: Floats) -> Probabilities:
    weights: Floats = np.exp(logits - np.maximum.reduce(logits))
    weights /= np.add.reduce(weights)
    return weights


def _degree_rows(encoding: Encoding) -> NDArray[np.int64]:
    """For each degree of the last pitch, the degree that each interval symbol leads to."""
    steps = np.arange(encoding.pitch_symbols) - encoding.widest - 1
    return (np.arange(PITCH_CLASSES)[:, None] + steps) % PITCH_CLASSES


def _sizes(bundle: Bundle) -> dict[str, int]:
    found = bundle.manifest.network.parameters
    sizes = {}
    for name in _SIZES:
        value = found.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
            raise BundleError(
                f"{bundle.path}: network parameter {name} is {value!r}, not a whole number from 1 "
                f"to {_MOST}; make the bundle again with playbach-convert"
            )
        sizes[name] = value
    numbers = POINTER_KINDS * sizes["pointers"] * sizes["pointer_width"] * sizes["memory"]
    if numbers > _MOST_REMEMBERED:
        raise BundleError(
            f"{bundle.path}: its pointers would remember {numbers:,} numbers, more than "
            f"{_MOST_REMEMBERED:,} allowed on a board; convert a network with a smaller memory"
        )
    return sizes


def _graph_shapes(sizes: Mapping[str, int], encoding: Encoding) -> dict[str, tuple[Shapes, Shapes]]:
    """What each role's graph takes and gives, in the order in which it is used."""
    units, pointers = sizes["units"], POINTER_KINDS * sizes["pointers"]
    keys = pointers * sizes["pointer_width"]
    states = [f"{kind}_{n}" for n in range(sizes["layers"]) for kind in ("hidden", "cell")]
    question: Shapes = {"context": (1, units), "place": (1, sizes["head"])}
    return {
        "step": (
            {"note": (1, sizes["embedding"])} | dict.fromkeys(states, (1, units)),
            {f"next_{name}": (1, units) for name in states}
            | {"shift": (1, encoding.shift_symbols)},
        ),
        "pitch": (
            question,
            {
                "interval": (1, encoding.pitch_symbols),
                "degree": (1, PITCH_CLASSES),
                "gates": (1, pointers),
                "query": (1, keys),
                "key": (1, keys),
            },
        ),
        "duration": (question, {"duration": (1, encoding.duration_symbols)}),
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
        ("gates", (MATCH_ROWS, pointers)),
        ("gain", (1, pointers)),
    ]


def _specs(shapes: Shapes) -> list[TensorSpec]:
    return [TensorSpec(name, "float32", shape) for name, shape in shapes.items()]


def _table(bundle: Bundle, name: str, shape: tuple[int, int]) -> Floats:
    table = bundle.table(f"tables/{name}.f32")
    if table.shape != shape or table.dtype != np.float32:
        raise BundleError(
            f"{bundle.path}: tables/{name}.f32 is {table.dtype}{list(table.shape)}, and the "
            f"network wants float32{list(shape)}; make the bundle again with playbach-convert"
        )
    return np.asarray(table, np.float32)
