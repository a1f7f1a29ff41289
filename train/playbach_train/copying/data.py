"""Movements as the network reads them: every step of each, and segments of several side by side.

Each stream plays whole movements one after another; a batch holds the next ``T`` notes of every
stream, so that the network's state can be carried from segment to segment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.encoding import END, Encoding, encode
from playbach.music.features import (
    LONGEST_LAG,
    LONGEST_MATCH,
    REGISTERS,
    SAME_PITCH,
    feature_tables,
    place_table,
    row_offsets,
)
from playbach.music.meter import Meter
from playbach.music.note import Piece
from playbach.music.scale import steps_between
from playbach.music.tracker import Tracker

Ints = NDArray[np.int32]

BLOCKED = 255
"""How a note matches one that may not be copied from."""

MAX_NOTES = 12_000
"""Notes of a movement: how every two of them match takes three bytes, 432 MB at most."""
Batch = dict[str, NDArray[Any]]
"""Inputs of ``CopyingNetwork`` by name: T notes of each of B streams, M remembered notes before.

``note_rows``, ``pitch_rows``, ``duration_rows`` ``(B, T, features)``; ``symbols``, ``weights``
``(B, T, 3)``; ``last_pitch``, ``rising``, ``degree`` ``(B, T)``; ``match``, ``step_match``,
``place_match`` ``(B, T, M + T)``; ``copy_intervals``, ``copy_steps``, ``copy_pitches``
``(B, M + T)``; ``carry`` ``(B,)``: 1 where the state of the segment before is kept, 0 where a
movement begins. See ``MovementArrays`` for what they hold.
"""
MATCHES = ("match", "step_match", "place_match")
COLUMN_STEP = 256
"""The memory's columns in a batch come in multiples of this, so few shapes are compiled."""


@dataclass(frozen=True, eq=False)
class MovementArrays:
    """A movement of N notes as N + 1 steps; the last step asks for the end."""

    name: str  # of the movement
    # ``note_rows``, ``pitch_rows``, ``duration_rows``, feature rows ``(N + 1, features)``;
    # ``symbols``, the true shift, pitch and duration ``(N + 1, 3)``; ``weights``, 1 where a part is
    # asked for, else 0 ``(N + 1, 3)``; ``last_pitch`` before each note; ``degree`` of that pitch,
    # as in ``Tracker``, 0 to 23; ``rising``, 1 where the note joins a chord and so lies above the
    # last ``(N + 1,)``
    by_step: dict[str, NDArray[Any]]
    # what each note would give to be copied, the last entry unused ``(N + 1,)``: ``copy_intervals``
    # and ``copy_steps`` of the scale, counted from the note before, and ``copy_pitches``
    copied: dict[str, Ints]
    # how step t stands to the earlier note j ``(N + 1, N + 1)``: ``match`` and ``step_match``, how
    # well the intervals, and the steps of the scale, before both agree; ``place_match``, as in
    # ``place_table`` of the meter at t
    matches: dict[str, NDArray[np.uint8]]

    @property
    def steps(self) -> int:
        """N + 1."""
        return len(self.by_step["symbols"])


def movement_arrays(name: str, piece: Piece, encoding: Encoding) -> MovementArrays:
    """Describe every step of ``piece``.

    Raises:
        InputError: the movement has more than ``MAX_NOTES`` notes.
    """
    if len(piece.notes) > MAX_NOTES:
        raise InputError(
            f"{name}: {len(piece.notes):,} notes in one movement, at most {MAX_NOTES:,} can be "
            "learned from or measured; split the file, or --exclude it"
        )
    heading, events = encode(piece)
    tracker = Tracker(encoding, heading)
    rows, copied, meters = [], [], []
    for index, event in enumerate(events):
        pitch = tracker.pitch + event.interval
        symbols = (
            encoding.shift_symbol(event.shift),
            encoding.pitch_symbol(event.interval),
            encoding.duration_symbol(event.duration),
        )
        rising = int(index > 0 and event.shift == 0)
        rows.append(_step(tracker, event.shift, pitch, symbols) | {"rising": rising})
        copied.append((event.interval, steps_between(tracker.degree, event.interval), pitch))
        meters.append(tracker.place_after(event.shift).meter)
        tracker.advance(event.shift, pitch, event.duration)
    rows.append(_step(tracker, 0, 60, (END, 0, 0)) | {"rising": 0})
    by_step = {key: np.array([row[key] for row in rows], np.int32) for key in rows[0]}
    weights = np.ones((len(rows), 3), np.float32)
    weights[-1, 1:] = 0
    intervals, steps, pitches = np.ascontiguousarray(np.array([*copied, (0, 0, 0)], np.int32).T)
    return MovementArrays(
        name,
        by_step | {"weights": weights},
        {"copy_intervals": intervals, "copy_steps": steps, "copy_pitches": pitches},
        {
            "match": match_rows(intervals, pitches),
            "step_match": match_rows(steps, None),
            "place_match": place_rows([note.onset for note in piece.notes], meters),
        },
    )


def _step(tracker: Tracker, shift: int, pitch: int, symbols: tuple[int, ...]) -> dict[str, Any]:
    """A row of ``MovementArrays.by_step``, but ``rising``."""
    return {
        "note_rows": tracker.note_rows(),
        "pitch_rows": tracker.pitch_rows(shift),
        "duration_rows": tracker.duration_rows(shift, pitch),
        "symbols": symbols,
        "last_pitch": tracker.pitch,
        "degree": tracker.degree,
    }


def match_rows(moves: Ints, pitches: Ints | None) -> NDArray[np.uint8]:
    """For step t and earlier note j: length of the common suffix of the moves before both.

    The length is at most 8; with ``pitches``, ``SAME_PITCH`` is added where the last are the same.
    ``BLOCKED`` where j is not before t. Shape ``(N + 1, N + 1)``.
    """
    steps = len(moves)
    match = np.full((steps, steps), BLOCKED, np.uint8)
    lengths = np.zeros(steps, np.int64)
    for t in range(1, steps):
        lengths[1:t] = (lengths[: t - 1] + 1) * (moves[: t - 1] == moves[t - 1])
        lengths[0] = 0
        match[t, :t] = np.minimum(lengths[:t], LONGEST_MATCH)
        if pitches is not None:
            match[t, 1:t] += SAME_PITCH * (pitches[: t - 1] == pitches[t - 1]).astype(np.uint8)
    return match


def place_rows(onsets: Sequence[int], meters: Sequence[Meter]) -> NDArray[np.uint8]:
    """For step t and earlier note j: how j stands to the note of step t, as in ``place_table``.

    ``BLOCKED`` where j is not before t. Shape ``(N + 1, N + 1)``; the last row, which asks for the
    end and not for a note, is 0.
    """
    steps = len(onsets) + 1
    found = np.full((steps, steps), BLOCKED, np.uint8)
    ticks = np.array(onsets, np.int64)
    for t, (onset, meter) in enumerate(zip(onsets, meters, strict=True)):
        table = np.frombuffer(place_table(meter), np.uint8)
        found[t, :t] = table[np.minimum(onset - ticks[:t], LONGEST_LAG)]
    found[-1, :-1] = 0
    return found


def transposed(movement: MovementArrays, semitones: int, encoding: Encoding) -> Ints:
    """The movement's note rows as they are ``semitones`` higher: only the register moves."""
    features = feature_tables(encoding).note
    column = [feature.name for feature in features].index("register")
    first = row_offsets(features)[column]
    rows = movement.by_step["note_rows"].copy()
    rows[:, column] = first + np.clip(rows[:, column] - first + semitones, 0, REGISTERS - 1)
    return rows


@dataclass(frozen=True)
class Reading:
    """One movement as one stream is to read it."""

    movement: MovementArrays  # what to read
    semitones: int = 0  # how much higher than written


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
    segment: Batch = {
        name: _padded(values[start:stop], notes)
        for name, values in (m.by_step | {"note_rows": note_rows}).items()
    }
    for name, rows in m.matches.items():
        segment[name] = np.full((notes, memory + notes), BLOCKED, np.uint8)
        segment[name][: stop - start, at] = rows[start:stop, first:stop]
        segment[name][: stop - start, at][too_old] = BLOCKED
    for name, moves in m.copied.items():
        segment[name] = np.zeros(memory + notes, np.int32)
        segment[name][at] = moves[first:stop]
    return segment | {"carry": np.array(start > 0, np.float32)}


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
