"""Movements as arrays: what the network reads of every step, and how steps resemble each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from playbach_train.pointers import BLOCKED

Ints = NDArray[np.int32]

MAX_NOTES = 12_000
"""Notes of a movement: how every two of them match takes three bytes, 432 MB at most."""


@dataclass(frozen=True, eq=False)
class MovementArrays:
    """A movement of N notes as N + 1 steps; the last step asks for the end.

    Attributes:
        name: of the movement.
        note_rows, pitch_rows, duration_rows: feature rows ``(N + 1, features)``.
        symbols: true shift, pitch and duration symbols ``(N + 1, 3)``.
        weights: 1 where a part is asked for, else 0: ``(N + 1, 3)``.
        intervals, steps_moved, pitches: of each note, the first two counted from the note before
            ``(N + 1,)``; the last entry is unused.
        last_pitch: before each note ``(N + 1,)``.
        degree: of the last pitch, as in ``Tracker``, 0 to 23 ``(N + 1,)``.
        rising: 1 where the note joins a chord and so lies above the last ``(N + 1,)``.
        match, step_match: how well the intervals, and the steps of the scale, before step t match
            those before note j ``(N + 1, N + 1)``.
        place_match: how note j stands to the note of step t, as in ``place_table`` of the meter
            there ``(N + 1, N + 1)``.
    """

    name: str
    note_rows: Ints
    pitch_rows: Ints
    duration_rows: Ints
    symbols: Ints
    weights: NDArray[np.float32]
    intervals: Ints
    steps_moved: Ints
    pitches: Ints
    last_pitch: Ints
    degree: Ints
    rising: Ints
    match: NDArray[np.uint8]
    step_match: NDArray[np.uint8]
    place_match: NDArray[np.uint8]

    @property
    def steps(self) -> int:
        """N + 1."""
        return len(self.symbols)


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
    rows: list[tuple[list[int], list[int], list[int]]] = []
    symbols, last_pitches, degrees, rising = [], [], [], []
    meters: list[Meter] = []
    for index, event in enumerate(events):
        pitch = tracker.pitch + event.interval
        rows.append(
            (
                tracker.note_rows(),
                tracker.pitch_rows(event.shift),
                tracker.duration_rows(event.shift, pitch),
            )
        )
        symbols.append(
            (
                encoding.shift_symbol(event.shift),
                encoding.pitch_symbol(event.interval),
                encoding.duration_symbol(event.duration),
            )
        )
        last_pitches.append(tracker.pitch)
        degrees.append(tracker.degree)
        rising.append(int(index > 0 and event.shift == 0))
        meters.append(tracker.place_after(event.shift).meter)
        tracker.advance(event.shift, pitch, event.duration)
    rows.append((tracker.note_rows(), tracker.pitch_rows(0), tracker.duration_rows(0, 60)))
    symbols.append((END, 0, 0))
    weights = np.ones((len(symbols), 3), np.float32)
    weights[-1, 1:] = 0
    steps = [steps_between(d, e.interval) for d, e in zip(degrees, events, strict=True)]
    steps_moved = np.array([*steps, 0], np.int32)
    intervals = np.array([*(event.interval for event in events), 0], np.int32)
    pitches = np.array([*(note.pitch for note in piece.notes), 0], np.int32)
    return MovementArrays(
        name=name,
        note_rows=np.array([row[0] for row in rows], np.int32),
        pitch_rows=np.array([row[1] for row in rows], np.int32),
        duration_rows=np.array([row[2] for row in rows], np.int32),
        symbols=np.array(symbols, np.int32),
        weights=weights,
        intervals=intervals,
        steps_moved=steps_moved,
        pitches=pitches,
        last_pitch=np.array([*last_pitches, tracker.pitch], np.int32),
        degree=np.array([*degrees, 0], np.int32),
        rising=np.array([*rising, 0], np.int32),
        match=match_rows(intervals, pitches),
        step_match=match_rows(steps_moved, None),
        place_match=place_rows([note.onset for note in piece.notes], meters),
    )


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
    rows = movement.note_rows.copy()
    rows[:, column] = first + np.clip(rows[:, column] - first + semitones, 0, REGISTERS - 1)
    return rows
