"""Conversion of the default network: graphs, calibration, verification, drift.

Three graphs, one for each question the board asks. *step* reads the note just heard and answers
when the next comes; *pitch* and *duration* answer the other two. Embedding lookup, the pointers'
memory and sampling stay outside: they are not tensors of fixed shape, and no accelerator runs them.
So the network is compared not graph by graph but note by note, as the board runs it.

Shapes: 1 note, E embedding, U units, W head width; N notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from playbach.bundle import Bundle, Drift
from playbach.composer.sampling import choose
from playbach.music.encoding import (
    END,
    ESCAPE,
    Encoding,
    Heading,
    encode,
    heading_of,
    reference_pitch,
)
from playbach.music.note import Piece
from playbach.music.tracker import Tracker
from playbach.predictor import Predictor, Probabilities
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.calibration import (
    ENOUGH_STEPS,
    LONGEST_PIECE,
    Music,
    same_range,
    stacked,
)
from playbach_convert.tflite import Samples, Traced, trace
from playbach_convert.variants import REFERENCE
from playbach_convert.verify import Distributions, Targets, Verifier, compare
from playbach_train.copying.data import Reading, batches, movement_arrays
from playbach_train.copying.measure import SEGMENT
from playbach_train.copying.model import CELL_CLIP, PARTS, CopyingNetwork
from playbach_train.networks.architecture import Tensor, Tensors
from playbach_train.networks.lstm import lstm_cell

TABLES = MappingProxyType({
    "note": "rows/embeddings",
    "pitch": "pitch_head/rows/embeddings",
    "duration": "duration_head/rows/embeddings",
    "match": "pointers/match_bias",
    "place": "pointers/place_bias",
    "gates": "pointers/gate_bias",
    "gain": "pointers/similarity_gain",
})  # fmt: skip
"""Tables of the bundle, and the weights they are."""
SEED = 1685

Weights = Mapping[str, NDArray[np.float32]]
Floats = NDArray[np.float32]


def copying_tables(weights: Weights) -> dict[str, Floats]:
    """The tables of the bundle."""
    return {
        name: np.atleast_2d(weights[source]).astype(np.float32) for name, source in TABLES.items()
    }


# The graphs are written by hand, one note at a time, with weights as constants: nothing but
# products, sums, sigmoid, tanh, minimum and maximum is left for the converter.


def copying_graphs(weights: Weights) -> dict[str, Traced]:
    """The traced graphs by role, their inputs and outputs named."""
    heads = {role: _head_graph(weights, f"{role}_head") for role in ("pitch", "duration")}
    return {"step": _step_graph(weights), **heads}


def _layers(weights: Weights) -> int:
    return sum(name.endswith("/recurrent") for name in weights)


def _step_graph(weights: Weights) -> Traced:
    layers = _layers(weights)
    widths = {"note": weights["lstm_0/kernel"].shape[0]}
    for n in range(layers):
        units = weights[f"lstm_{n}/recurrent"].shape[0]
        widths |= {f"hidden_{n}": units, f"cell_{n}": units}

    def step(note: Any, **state: Any) -> dict[str, Any]:
        x = note
        after: dict[str, Any] = {}
        for n in range(layers):
            x, cell = _lstm(weights, f"lstm_{n}", x, state[f"hidden_{n}"], state[f"cell_{n}"])
            after |= {f"next_hidden_{n}": x, f"next_cell_{n}": cell}
        return after | _head(weights, "shift_head", x, None)

    return trace(step, {name: Tensor((1, width)) for name, width in widths.items()})


def _head_graph(weights: Weights, head: str) -> Traced:
    def answer(context: Any, place: Any) -> dict[str, Any]:
        return _head(weights, head, context, place)

    units, width = weights[f"{head}/hidden/kernel"].shape
    return trace(answer, {"context": Tensor((1, units)), "place": Tensor((1, width))})


def _lstm(weights: Weights, layer: str, x: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
    # Two products and a sum: one product over [x, h] would force both onto one int8 scale.
    kernel, recurrent = weights[f"{layer}/kernel"], weights[f"{layer}/recurrent"]
    # The converter fuses a bias with the product beside it: one rounding less.
    gates = (tf.matmul(x, kernel) + weights[f"{layer}/bias"]) + tf.matmul(hidden, recurrent)
    return lstm_cell(gates, cell, clip=CELL_CLIP)


def _head(weights: Weights, head: str, context: Any, place: Any) -> dict[str, Any]:
    hidden = tf.matmul(context, weights[f"{head}/hidden/kernel"])
    hidden = hidden + weights[f"{head}/hidden/bias"]
    if place is not None:
        hidden = hidden + place
    hidden = tf.nn.relu(hidden)
    found = {}
    for name in weights:
        layer, _, kind = name.removeprefix(f"{head}/").partition("/")
        if name.startswith(f"{head}/") and layer not in {"hidden", "rows"} and kind == "kernel":
            found[layer] = tf.matmul(hidden, weights[name]) + weights[f"{head}/{layer}/bias"]
    return found


def copying_samples(weights: Weights, encoding: Encoding, pieces: Iterable[Piece]) -> Samples:
    """Inputs of all graphs while the float network reads ``pieces``, its state carried on."""
    step = copying_graphs(weights)["step"]
    states = [f"{kind}_{n}" for n in range(_layers(weights)) for kind in ("hidden", "cell")]
    inputs: list[Tensors] = []
    after: list[list[Any]] = []
    for piece in pieces:
        for given, state in _teacher_forced(step, states, weights, encoding, piece):
            inputs.append(given)
            after.append(list(state.values()))
        if len(inputs) >= ENOUGH_STEPS:
            break
    before = [[given[f"step/{name}"] for name in states] for given in inputs]
    return stacked([inputs[n] for n in same_range(before, after)] or inputs)


def _teacher_forced(
    step: Traced, states: Sequence[str], weights: Weights, encoding: Encoding, piece: Piece
) -> Iterator[tuple[Tensors, Tensors]]:
    """Note by note: inputs of all graphs by ``role/input``, and the states that the step led to."""
    heading, events = encode(piece)
    tracker = Tracker(encoding, heading)
    units = [len(weights[f"lstm_{n}/recurrent"]) for n in range(_layers(weights)) for _ in range(2)]
    state = {name: np.zeros((1, n), np.float32) for name, n in zip(states, units, strict=True)}
    last_hidden = states[-2]

    def looked_up(table: str, rows: Sequence[int]) -> Floats:
        found: Floats = weights[TABLES[table]][list(rows)].sum(axis=0, keepdims=True)
        return found

    for event in events[:LONGEST_PIECE]:
        pitch = tracker.pitch + event.interval
        given = {"note": looked_up("note", tracker.note_rows()), **state}
        told = step(**given)
        state = {name: told[f"next_{name}"].numpy() for name in states}
        places = {
            "pitch": tracker.pitch_rows(event.shift),
            "duration": tracker.duration_rows(event.shift, pitch),
        }
        inputs = {f"step/{name}": value for name, value in given.items()}
        for role, rows in places.items():
            inputs[f"{role}/context"] = state[last_hidden]
            inputs[f"{role}/place"] = looked_up(role, rows)
        yield inputs, state
        tracker.advance(event.shift, pitch, event.duration)


def copying_verifier(network: CopyingNetwork, music: Music) -> Verifier:
    """Let ``network`` read ``music``, which takes a while."""
    pieces, encoding = music.pieces, network.encoding

    def readers(bundle: Bundle, variant: str) -> dict[str, Any]:
        predictor = LstmCopyPredictor(bundle, variant)
        return {"note": lambda: joined(bundle_distributions(predictor, one) for one in pieces)}

    def drift(bundle: Bundle, variant: str, steps: int) -> Drift:
        played, reference = (LstmCopyPredictor(bundle, name) for name in (variant, REFERENCE))
        bounds = bundle.manifest.range
        return free_run(
            played, reference, heading_of(pieces[0]), (bounds.lowest, bounds.highest), steps
        )

    return Verifier(
        music=music.meaning,
        measures=f"{music.meaning}, {music.notes:,} notes",
        steps=music.notes,
        wanted={"note": joined(network_distributions(network, piece) for piece in pieces)},
        targets=_targets(encoding, pieces),
        readers=readers,
        drift=drift,
    )


def network_distributions(network: CopyingNetwork, piece: Piece) -> Distributions:
    """The Keras network's distributions over ``piece``, read in segments, the state carried on."""
    movement = movement_arrays("", piece, network.encoding)
    rows: dict[str, list[Floats]] = {part: [] for part in PARTS}
    share = [[Reading(movement)]]
    for batch in batches(share, SEGMENT, network.config.memory, network.encoding):
        logits = network.logits(batch)
        for part in PARTS:
            rows[part].append(np.asarray(ops.softmax(logits[part])[0], np.float32))
    # The last step asks for the end; what follows it is padding.
    notes = movement.steps - 1
    return {part: np.concatenate(found)[:notes] for part, found in rows.items()}


def bundle_distributions(predictor: Predictor, piece: Piece) -> Distributions:
    """A bundle's distributions over ``piece``, note by note."""
    heading, events = encode(piece)
    predictor.begin(heading)
    rows: dict[str, list[Floats]] = {part: [] for part in PARTS}
    for event, note in zip(events, piece.notes, strict=True):
        rows["shift"].append(predictor.shift())
        rows["pitch"].append(predictor.pitch(event.shift))
        rows["duration"].append(predictor.duration(event.shift, note.pitch))
        predictor.advance(event.shift, note.pitch, event.duration)
    return {part: np.array(found, np.float32) for part, found in rows.items()}


def joined(pieces: Iterable[Distributions]) -> Distributions:
    """The distributions of all pieces, one piece after another."""
    found = list(pieces)
    return {part: np.concatenate([piece[part] for piece in found]) for part in PARTS}


def _targets(encoding: Encoding, pieces: Iterable[Piece]) -> Targets:
    """The symbols of all notes but the first of each piece."""
    rows: list[tuple[int, int, int, int]] = []
    start = 0
    for piece in pieces:
        _, events = encode(piece)
        rows += [
            (
                start + n,
                encoding.shift_symbol(event.shift),
                encoding.pitch_symbol(event.interval),
                encoding.duration_symbol(event.duration),
            )
            for n, event in enumerate(events)
            if n
        ]
        start += len(events)
    places, *symbols = np.array(rows, int).reshape(-1, 4).T
    return {part: (places, column) for part, column in zip(PARTS, symbols, strict=True)}


def free_run(
    variant: LstmCopyPredictor,
    reference: LstmCopyPredictor,
    heading: Heading,
    pitches: tuple[int, int],
    steps: int,
) -> Drift:
    """Let ``variant`` compose one piece of ``steps`` notes, at temperature 1 and without an end.

    ``reference`` hears the same notes; what both expect next is compared at every step.

    Args:
        variant: composes.
        reference: of the same network.
        heading: of the piece.
        pitches: the lowest and the highest that may be used.
        steps: how many notes.
    """
    rng = np.random.default_rng(SEED)
    encoding, (lowest, highest) = variant.encoding, pitches
    both = (reference, variant)
    for predictor in both:
        predictor.begin(heading)
    divergence, agreement, largest = 0.0, 0.0, 0.0

    def drawn(said: Sequence[Probabilities], allowed: NDArray[np.bool_]) -> int:
        nonlocal divergence, agreement
        wanted, found = ({"": one[None]} for one in said)
        compared = compare(wanted, found)
        divergence += compared.divergence
        agreement += compared.agreement
        return choose(said[1], allowed, 1.0, 1.0, rng)

    # Neither an escape, which stands for no value, nor the end.
    shifts = np.arange(encoding.shift_symbols) > END
    durations = np.arange(encoding.duration_symbols) > ESCAPE
    intervals = np.arange(encoding.pitch_symbols) - encoding.widest - 1
    pitch = int(reference_pitch(heading.key))
    for _ in range(steps):
        # A chord is read upwards, so nothing could join the highest pitch.
        shifts[encoding.shift_symbol(0)] = pitch < highest
        shift = encoding.shift_of(drawn([one.shift() for one in both], shifts))
        there = pitch + intervals
        inside = (there >= (max(lowest, pitch + 1) if shift == 0 else lowest)) & (there <= highest)
        inside[ESCAPE] = False
        pitch += encoding.interval_of(drawn([one.pitch(shift) for one in both], inside))
        said = [one.duration(shift, pitch) for one in both]
        duration = encoding.duration_of(drawn(said, durations))
        for predictor in both:
            predictor.advance(shift, pitch, duration)
        largest = max(largest, *(float(np.abs(cell).max()) for cell in variant.state[1::2]))
    return Drift(steps, divergence / steps, agreement / (len(PARTS) * steps), largest)
