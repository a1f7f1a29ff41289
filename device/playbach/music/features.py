"""What the network is told of the music so far: rows of an embedding table.

A note, or a question about the next note, is described by a few small numbers such as its place in
the bar. Each number selects a row; the network's input is the sum of the rows. The same code runs
in training, over whole pieces, and on the board, note by note, so the two cannot disagree.

All descriptions are relative to key and bar; only ``register`` knows absolute pitch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from types import MappingProxyType

from playbach.music.encoding import Encoding
from playbach.music.history import AGES, ANCHORS, BACK, DISTANCES, LAGS, RUNS
from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import Meter

POSITIONS = 193
PHASES = 97
REGISTERS = 96
REGISTER_LOWEST = 20
BARS = 48
STACK = 4
LONGEST_MATCH = 8
SAME_PITCH = LONGEST_MATCH + 1
STEP_MATCH = 2 * SAME_PITCH
MATCH_ROWS = STEP_MATCH + LONGEST_MATCH + 1
"""How far two contexts agree selects two rows: one by how many intervals, 0 to 8, do so, plus
``SAME_PITCH`` where their last pitches do too; one by how many steps of the scale do so, from
``STEP_MATCH`` on."""
PLACES = 8
"""How an earlier note stands to the one asked for, as in ``place_table``."""
LONGEST_LAG = 2**16 - 1
"""Ticks; whatever lies further back has no place."""
POINTER_KINDS = 3
"""Pointers copy what followed by interval, by step of the scale, or by pitch."""
EVIDENCE_FLOOR = 0.005
"""A copy of much less probability than this counts for nothing."""
LEAST_SIMILARITY = -20.0
"""Similarity of a context that is like none before."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A number that describes music.

    Attributes:
        name: what it says.
        size: it runs from 0 to ``size - 1``.
    """

    name: str
    size: int


@dataclass(frozen=True)
class FeatureTables:
    """Which features describe what, and how many rows each table has.

    Attributes:
        note: of the note just heard and of the piece; the input of the recurrent layers.
        pitch: of the pitch being asked for, when its shift is known.
        duration: of the duration being asked for, when shift and pitch are known.
        basic: how many of each, the first, are no hints from ``History``.
    """

    note: tuple[Feature, ...]
    pitch: tuple[Feature, ...]
    duration: tuple[Feature, ...]
    basic: Mapping[str, int]


def feature_tables(encoding: Encoding) -> FeatureTables:
    """The features under ``encoding``; the row after the last symbol means "start of the piece"."""
    shift = Feature("shift", encoding.shift_symbols + 1)
    interval = Feature("interval", encoding.pitch_symbols + 1)
    duration = Feature("duration", encoding.duration_symbols + 1)
    degree = Feature("degree", 2 * PITCH_CLASSES)
    place = (Feature("position", POSITIONS), Feature("phase", PHASES), Feature("stack", STACK))
    piece = (
        Feature("form", len(encoding.forms)),
        Feature("meter", len(encoding.meters) + 1),
        Feature("bar", BARS),
    )
    register = Feature("register", REGISTERS)
    note = (shift, interval, duration, degree, register, *place, *piece)
    asked = (shift, *place, degree, interval)
    outline = _many("outline", len(BACK) + ANCHORS, DISTANCES)
    ages = _many("age", PITCH_CLASSES, AGES)
    moves = tuple(
        feature
        for lag in range(LAGS)
        for feature in (
            Feature(f"distance {lag}", DISTANCES),
            Feature(f"move {lag}", RUNS * DISTANCES),
            Feature(f"steps {lag}", RUNS * DISTANCES),
        )
    )
    rhythm = tuple(
        Feature(f"{part.name} {lag}", part.size)
        for lag in range(LAGS)
        for part in (shift, duration)
    )
    return FeatureTables(
        note=(*note, *outline, *ages, *rhythm),
        pitch=(*asked, *outline, *ages, *moves),
        duration=(shift, interval, degree, *place, *rhythm),
        basic=MappingProxyType(
            {"note": len(note), "pitch": len(asked), "duration": len(place) + 3}
        ),
    )


def _many(name: str, count: int, size: int) -> tuple[Feature, ...]:
    return tuple(Feature(f"{name} {n}", size) for n in range(count))


@cache
def place_table(meter: Meter) -> bytes:
    """For each lag in ticks up to ``LONGEST_LAG``, how a note so long ago stands to this one.

    0 anywhere; 1 in the same place of its beat, or 2 of its bar; 3 a beat ago; 4, 5 and 6 two bars,
    four bars and a bar ago; 7 now, in the same chord. Of several that are true the last counts.
    """
    bar, beat = meter.bar_ticks, meter.beat_ticks
    table = bytearray(LONGEST_LAG + 1)
    for kind, period in ((1, beat), (2, bar)):
        table[::period] = bytes([kind]) * len(range(0, len(table), period))
    for kind, lag in ((3, beat), (4, 2 * bar), (5, 4 * bar), (6, bar), (7, 0)):
        table[lag] = kind
    table[LONGEST_LAG] = 0
    return bytes(table)


def row_offsets(features: tuple[Feature, ...]) -> tuple[int, ...]:
    """The first row of each feature when their tables are stacked."""
    return (0, *accumulate(feature.size for feature in features[:-1]))


def row_count(features: tuple[Feature, ...]) -> int:
    """Rows of the stacked table."""
    return sum(feature.size for feature in features)
