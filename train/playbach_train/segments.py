"""Movements as segments for several streams read side by side.

Each stream plays whole movements one after another; a batch holds the next ``T`` notes of every
stream, so that the network's state can be carried from segment to segment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.music.encoding import Encoding
from playbach_train.arrays import Ints, MovementArrays, transposed
from playbach_train.pointers import BLOCKED

Batch = dict[str, NDArray[Any]]
"""What ``Network`` reads at once, by name: T notes of each of B streams, M remembered notes before.

``note_rows``, ``pitch_rows``, ``duration_rows`` ``(B, T, features)``; ``symbols``, ``weights``
``(B, T, 3)``; ``last_pitch``, ``rising``, ``degree`` ``(B, T)``; ``match``, ``step_match``,
``place_match`` ``(B, T, M + T)``; ``copy_intervals``, ``copy_steps``, ``copy_pitches``
``(B, M + T)``; ``carry`` ``(B,)``: 1 where the state of the segment before is kept, 0 where a
movement begins. See ``MovementArrays`` for what they hold.
"""

MATCHES = ("match", "step_match", "place_match")
COLUMN_STEP = 256
"""The memory's columns in a batch come in multiples of this, so few shapes are compiled."""


@dataclass(frozen=True)
class Reading:
    """One movement as one stream is to read it.

    Attributes:
        movement: what to read.
        semitones: how much higher than written.
    """

    movement: MovementArrays
    semitones: int = 0


def share_out(readings: Sequence[Reading], streams: int) -> list[list[Reading]]:
    """Give each reading, longest first, to the stream with the least to read."""
    shares: list[list[Reading]] = [[] for _ in range(streams)]
    loads = [0] * streams
    for reading in sorted(readings, key=lambda one: -one.movement.steps):
        least = loads.index(min(loads))
        shares[least].append(reading)
        loads[least] += reading.movement.steps
    return shares


def batches(
    shares: Sequence[Sequence[Reading]], notes: int, memory: int, encoding: Encoding
) -> Iterator[Batch]:
    """Read all streams to their ends, ``notes`` steps at a time; padding has weight 0.

    Args:
        shares: what each stream reads, in order.
        notes: T.
        memory: the most that M is.
        encoding: of the network.
    """
    streams = [_segments(share, notes, memory, encoding) for share in shares]
    while True:
        rows = [next(stream, None) for stream in streams]
        found = [row for row in rows if row is not None]
        if not found:
            return
        blank = _blank(found[0])
        full = [blank if row is None else row for row in rows]
        batch = {name: np.stack([row[name] for row in full]) for name in blank}
        yield _trimmed(batch, notes)


def _segments(
    readings: Sequence[Reading], notes: int, memory: int, encoding: Encoding
) -> Iterator[Batch]:
    for reading in readings:
        note_rows = transposed(reading.movement, reading.semitones, encoding)
        for start in range(0, reading.movement.steps, notes):
            yield _segment(reading.movement, note_rows, start, notes, memory)


def _segment(m: MovementArrays, note_rows: Ints, start: int, notes: int, memory: int) -> Batch:
    stop = min(start + notes, m.steps)
    first = max(start - memory, 0)
    # Columns M + T: the remembered notes end where the segment starts.
    at = slice(memory - (start - first), memory + stop - start)
    too_old = np.arange(start, stop)[:, None] - np.arange(first, stop) > memory
    columns: Batch = {}
    for name, rows in zip(MATCHES, (m.match, m.step_match, m.place_match), strict=True):
        columns[name] = np.full((notes, memory + notes), BLOCKED, np.uint8)
        columns[name][: stop - start, at] = rows[start:stop, first:stop]
        columns[name][: stop - start, at][too_old] = BLOCKED
    for name, moves in (
        ("copy_intervals", m.intervals),
        ("copy_steps", m.steps_moved),
        ("copy_pitches", m.pitches),
    ):
        columns[name] = np.zeros(memory + notes, np.int32)
        columns[name][at] = moves[first:stop]
    take = {
        "note_rows": note_rows,
        "pitch_rows": m.pitch_rows,
        "duration_rows": m.duration_rows,
        "symbols": m.symbols,
        "weights": m.weights,
        "last_pitch": m.last_pitch,
        "rising": m.rising,
        "degree": m.degree,
    }
    segment = {name: _padded(values[start:stop], notes) for name, values in take.items()}
    return segment | columns | {"carry": np.array(start > 0, np.float32)}


def _padded(values: NDArray[Any], length: int) -> NDArray[Any]:
    padding = [(0, length - len(values))] + [(0, 0)] * (values.ndim - 1)
    return np.pad(values, padding)


def _blank(segment: Batch) -> Batch:
    blank = {name: np.zeros_like(values) for name, values in segment.items()}
    for name in MATCHES:
        blank[name] = np.full_like(segment[name], BLOCKED)
    return blank


def _trimmed(batch: Batch, notes: int) -> Batch:
    """Without the columns of memory that no stream has filled."""
    match = batch["match"]
    filled = np.flatnonzero((match < BLOCKED).any(axis=(0, 1)))
    memory = match.shape[-1] - notes
    wanted = memory - filled[0] if len(filled) else 0
    keep = min(max(-(-wanted // COLUMN_STEP) * COLUMN_STEP, 0), memory)
    for name in (*MATCHES, "copy_intervals", "copy_steps", "copy_pitches"):
        batch[name] = batch[name][..., memory - keep :]
    return batch
