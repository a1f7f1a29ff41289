"""Whole distributions over the same notes: from the Keras network, and from a bundle."""

from __future__ import annotations

import numpy as np
from keras import ops
from numpy.typing import NDArray

from playbach.music.encoding import Encoding, encode
from playbach.music.note import Piece
from playbach.predictor import Predictor
from playbach_train.copying.data import Reading, batches, movement_arrays
from playbach_train.copying.measure import LEAST_CHANCE, SEGMENT, LogProbs, load_copying
from playbach_train.copying.model import PARTS, Network
from playbach_train.runs.run import Run

Distributions = dict[str, NDArray[np.float32]]
"""By part, a row of probabilities for each of N notes, given all before: ``(N, symbols)``."""


def load_network(run: Run) -> Network:
    """The network of ``run`` with its trained weights, ready to read one piece at a time.

    Raises:
        InputError: the weights are not those of the run's own configuration, or not finite.
    """
    return load_copying(run).network


def network_distributions(network: Network, piece: Piece) -> Distributions:
    """The Keras network's distributions over ``piece``, read in segments, the state carried on."""
    movement = movement_arrays("", piece, network.encoding)
    rows: dict[str, list[NDArray[np.float32]]] = {part: [] for part in PARTS}
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
    rows: dict[str, list[NDArray[np.float32]]] = {part: [] for part in PARTS}
    for event, note in zip(events, piece.notes, strict=True):
        rows["shift"].append(predictor.shift())
        rows["pitch"].append(predictor.pitch(event.shift))
        rows["duration"].append(predictor.duration(event.shift, note.pitch))
        predictor.advance(event.shift, note.pitch, event.duration)
    return {part: np.array(found, np.float32) for part, found in rows.items()}


def scores_of(found: Distributions, piece: Piece, encoding: Encoding) -> LogProbs:
    """``measure.LogProbs`` of the N notes of ``piece``: what ``found`` gave to the truth."""
    _, events = encode(piece)
    symbols = {
        "shift": [encoding.shift_symbol(event.shift) for event in events],
        "pitch": [encoding.pitch_symbol(event.interval) for event in events],
        "duration": [encoding.duration_symbol(event.duration) for event in events],
    }
    notes = np.arange(len(events))
    chances = [np.maximum(found[part][notes, symbols[part]], LEAST_CHANCE) for part in PARTS]
    hits = found["pitch"].argmax(axis=1) == symbols["pitch"]
    return np.stack([*np.log(chances), hits], axis=1).astype(np.float32)


def divergence(wanted: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Mean Kullback-Leibler divergence of the rows of ``found`` from those of ``wanted``, nats."""
    # In double precision, and with a floor, so that rounding gives neither minus nor infinity.
    p, q = (np.maximum(rows.astype(np.float64), 1e-12) for rows in (wanted, found))
    # Below 0 it is nothing but rounding.
    return max(float((p * np.log(p / q)).sum(axis=1).mean()), 0.0)
