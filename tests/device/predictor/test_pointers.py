"""The pointers of the board against the same thing said slowly, note by note."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from playbach.music.features import (
    EVIDENCE_FLOOR,
    LEAST_SIMILARITY,
    LONGEST_LAG,
    LONGEST_MATCH,
    MATCH_ROWS,
    PLACES,
    POINTER_KINDS,
    SAME_PITCH,
    STEP_MATCH,
    place_table,
)
from playbach.music.meter import Meter
from playbach.music.scale import steps_between, widest_step
from playbach.predictor.pointers import (
    LEAST_LOOKED_AT,
    MOST_LOOKED_AT,
    Pointers,
    PointerShape,
    place_rows,
)

Floats = NDArray[np.float32]


@dataclass
class SlowPointers:
    """The definition: lists and loops, nothing remembered but the notes."""

    shape: PointerShape
    match_bias: Floats
    place_bias: Floats
    gate_bias: Floats
    gain: Floats
    keys: list[Floats] = field(default_factory=list)
    moves: list[tuple[int, int, int]] = field(default_factory=list)
    onsets: list[int] = field(default_factory=list)

    def add(self, key: Floats, interval: int, steps: int, pitch: int, onset: int) -> None:
        self.keys.append(key.reshape(self.shape.pointers, self.shape.width))
        self.moves.append((interval, steps, pitch))
        self.onsets.append(onset)

    def agreement(self, kind: int, j: int) -> int:
        """Of how many notes before j did what as many before now did."""
        now = len(self.moves)
        length = 0
        while (
            length < min(j, LONGEST_MATCH)
            and self.moves[j - 1 - length][kind] == self.moves[now - 1 - length][kind]
        ):
            length += 1
        return length

    def rows(self, j: int) -> tuple[int, int]:
        same = j > 0 and self.moves[j - 1][2] == self.moves[-1][2]
        return self.agreement(0, j) + SAME_PITCH * same, STEP_MATCH + self.agreement(1, j)

    def attend(
        self, query: Floats, gates: Floats, onset: int, places: bytes
    ) -> Iterator[tuple[int, float, dict[int, float]]]:
        """Of each pointer: its kind, its strength, and its share of attention by note."""
        shape, now = self.shape, len(self.moves)
        window = range(max(now - shape.memory, 0), now)
        rows = {j: self.rows(j) for j in window}
        queries = query.reshape(shape.pointers, shape.width)
        for pointer in range(shape.pointers):
            attention = {
                j: float(self.keys[j][pointer] @ queries[pointer]) / math.sqrt(shape.width)
                + sum(float(self.match_bias[row, pointer]) for row in rows[j])
                + float(self.place_bias[places[min(onset - self.onsets[j], LONGEST_LAG)], pointer])
                for j in window
            }
            similarity = math.log(sum(math.exp(score) for score in attention.values()))
            trust = gates[0, pointer] + self.gain[0, pointer] * max(similarity, LEAST_SIMILARITY)
            for side in (0, 1):
                trust += self.gate_bias[max(row[side] for row in rows.values()), pointer]
            shares = {j: math.exp(score - similarity) for j, score in attention.items()}
            yield pointer // shape.each, math.log1p(math.exp(trust)), shares

    def evidence(
        self,
        query: Floats,
        gates: Floats,
        *,
        last_pitch: int,
        degree: int,
        onset: int,
        places: bytes,
    ) -> Floats:
        wide = self.shape.widest
        found = np.zeros(2 * wide + 1)
        for kind, strength, shares in self.attend(query, gates, onset, places):
            for n, interval in enumerate(range(-wide, wide + 1)):
                wanted = (interval, steps_between(degree, interval), last_pitch + interval)[kind]
                copied = sum(share for j, share in shares.items() if self.moves[j][kind] == wanted)
                found[n] += strength * math.log(copied / EVIDENCE_FLOOR + 1)
        return found.astype(np.float32)

    def looked_at(
        self, query: Floats, gates: Floats, onset: int, places: bytes
    ) -> dict[int, float]:
        total: Counter[int] = Counter()
        for _, strength, shares in self.attend(query, gates, onset, places):
            total.update({j: strength * share for j, share in shares.items()})
        return {j: share / total.total() for j, share in total.items()}


def both(shape: PointerShape, seed: int) -> tuple[Pointers, SlowPointers, np.random.Generator]:
    rng = np.random.default_rng(seed)

    def table(rows: int) -> Floats:
        return rng.standard_normal((rows, shape.pointers)).astype(np.float32)

    tables = table(MATCH_ROWS), table(PLACES), table(MATCH_ROWS), table(1)
    return Pointers(shape, *tables), SlowPointers(shape, *tables), rng


def check(
    shape: PointerShape, intervals: list[int], seed: int, start: int = 60, tonic: int = 0
) -> None:
    fast, slow, rng = both(shape, seed)
    wide = shape.pointers * shape.width
    meter = Meter(3, 8)
    pitch, onset = start, 0
    for interval in intervals:
        if not 0 <= pitch + interval <= 127:
            interval = -interval  # noqa: PLW2901 turned back at the edge
        query, key = (rng.standard_normal((1, wide)).astype(np.float32) for _ in "qk")
        gates = rng.standard_normal((1, shape.pointers)).astype(np.float32)
        degree = (pitch - tonic) % 12 + 12 * (tonic % 2)
        asked: dict[str, Any] = {"last_pitch": pitch, "degree": degree, "onset": onset}
        found = fast.evidence(query, gates, **asked, places=place_rows(meter))
        if slow.moves:
            assert found is not None
            wanted = slow.evidence(query, gates, **asked, places=place_table(meter))
            assert found == pytest.approx(wanted, abs=2e-4, rel=1e-4)
            shares = slow.looked_at(query, gates, onset, place_table(meter))
            check_looked_at(fast.looked_at(), shares)
        else:
            assert found is None
            assert fast.looked_at() == []
        steps = steps_between(degree, interval)
        pitch += interval
        for one in (fast, slow):
            one.add(key, interval, steps, pitch, onset)
        # Chords, notes a beat or a bar apart, and a rest longer than any lag has a place for.
        onset += int(rng.choice([0, 6, 12, 18, 36, 70_000], p=[0.2, 0.3, 0.2, 0.1, 0.15, 0.05]))


def check_looked_at(told: list[tuple[int, float]], shares: dict[int, float]) -> None:
    likeliest = sorted(shares.values(), reverse=True)[:MOST_LOOKED_AT]
    telling = [share for share in likeliest if share >= LEAST_LOOKED_AT + 1e-3]
    assert [share for _, share in told][: len(telling)] == pytest.approx(telling, abs=1e-3)
    for index, share in told:
        assert shares[index] == pytest.approx(share, abs=1e-3)


@settings(max_examples=30)
@given(
    st.lists(st.one_of(st.integers(-3, 3), st.integers(-60, 60)), max_size=24),
    st.integers(0, 1000),
    st.integers(0, 11),
)
def test_evidence_is_what_its_definition_says(intervals: list[int], seed: int, tonic: int) -> None:
    check(PointerShape(each=1, width=3, memory=5, widest=12), intervals, seed, tonic=tonic)


@pytest.mark.parametrize("memory", [1, 2, 7, 64])
def test_evidence_stays_right_when_the_memory_is_full(memory: int) -> None:
    shape = PointerShape(each=2, width=4, memory=memory, widest=7)
    rng = np.random.default_rng(memory)
    check(shape, [int(n) for n in rng.integers(-4, 5, 5 * min(memory, 9) + 12)], 3)


def test_a_motif_that_comes_again_is_matched_over_the_edge_of_the_memory() -> None:
    motif = [2, 2, -4, 5, -5, 7, -7]
    check(PointerShape(each=1, width=2, memory=9, widest=12), motif * 6, 4)


def test_pitches_at_the_ends_of_midi_are_copied() -> None:
    shape = PointerShape(each=1, width=2, memory=16, widest=36)
    check(shape, [36, -36, 12, -24, 24, 1, -1] * 3, 5, start=10)
    check(shape, [-36, 36, -12, 24, -24, 1, -1] * 3, 5, start=120)


def test_clearing_forgets_everything() -> None:
    shape = PointerShape(each=1, width=2, memory=3, widest=4)
    fast, _, rng = both(shape, 1)
    query, key = (rng.standard_normal((1, 2 * POINTER_KINDS)).astype(np.float32) for _ in "qk")
    gates = np.zeros((1, POINTER_KINDS), np.float32)
    places = place_rows(Meter(4, 4))
    asked: dict[str, Any] = {"last_pitch": 60, "degree": 0, "onset": 24, "places": places}
    fast.add(key, 1, 1, 60, 0)
    first = fast.evidence(query, gates, **asked)
    for interval in (1, 2, -3, 4, 1, 1, 1):
        fast.add(key, interval, 0, 62, 12)
    fast.clear()
    assert fast.evidence(query, gates, **asked) is None
    fast.add(key, 1, 1, 60, 0)
    assert first is not None
    again = fast.evidence(query, gates, **asked)
    assert again is not None
    assert again.tolist() == first.tolist()


def test_there_is_room_for_every_step_of_the_scale() -> None:
    for widest in (1, 5, 12, 36):
        for degree in range(24):
            for interval in (-widest, widest):
                assert abs(steps_between(degree, interval)) <= widest_step(widest)
