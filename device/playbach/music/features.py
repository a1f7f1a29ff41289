"""What the network is told of the music so far: rows of an embedding table.

A note, or a question about the next note, is described by a few small numbers such as its place in
the bar. Each number selects a row; the network's input is the sum of the rows. The same code runs
in training, over whole pieces, and on the board, note by note, so the two cannot disagree.

All descriptions are relative to key and bar; only ``register`` knows absolute pitch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType

from playbach.music.encoding import Encoding
from playbach.music.history import AGES, ANCHORS, BACK, DISTANCES, LAGS, RUNS
from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import Meter

POSITIONS = 193
"""Rows for ticks since the bar line; the last is for two whole notes or more."""
PHASES = 97
"""Rows for ticks since the beat; the last is for a whole note or more."""
REGISTERS = 96
REGISTER_LOWEST = 20
"""MIDI note number of the first row, a row a semitone; pitches beyond share the end rows."""
BARS = 48
"""Rows for the number of the bar; the last is for bar 47 and all later."""
STACK = 4
"""Rows for how many notes of the same chord lie below; the last is for 3 or more."""
LONGEST_MATCH = 8
"""Notes: contexts that agree for longer count as agreeing for as many."""
SAME_PITCH = LONGEST_MATCH + 1
STEP_MATCH = 2 * SAME_PITCH
MATCH_ROWS = STEP_MATCH + LONGEST_MATCH + 1
"""How far two contexts agree, counted back from their last notes, selects two rows. One is the
number of intervals that agree, 0 to 8, plus ``SAME_PITCH`` if the last pitches do too; the other is
``STEP_MATCH`` plus the number of steps of the scale that agree."""
PLACES = 8
"""Where an earlier note may stand relative to the one asked for, as in ``place_table``."""
LONGEST_LAG = 2**16 - 1
"""Ticks; whatever lies further back has no place."""
POINTER_KINDS = 3
"""Pointers copy what followed by interval, by step of the scale, or by pitch."""
EVIDENCE_FLOOR = 0.005
"""Added to the probability of a copy before its logarithm is taken, so that a copy that is much
less likely than this counts for nothing."""
LEAST_SIMILARITY = -20.0
"""The least logarithm of a pointer's attention: that of a context that is like none before."""


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
        basic: by the names above, how many features come before the hints from ``History``.
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


def place_table(meter: Meter) -> bytes:
    """For each lag, 0 to ``LONGEST_LAG`` ticks, where a note so long ago stands relative to now.

    Returns:
        a byte a lag: 0 anywhere; 1 in the same place of its beat, or 2 of its bar; 3 a beat ago;
        4, 5 and 6 two bars, four bars and a bar ago; 7 now, in the same chord. Where several are
        true the highest counts.
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
