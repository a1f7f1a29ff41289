"""What the network is told of the music so far: rows of an embedding table.

A note, or a question about the next note, is described by a few small numbers such as its place in
the bar. Each number selects a row; the network's input is the sum of the rows. The same code runs
in training, over whole pieces, and on the board, note by note, so the two cannot disagree.

All descriptions are relative to key and bar; only ``register`` knows absolute pitch.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from playbach.music.encoding import Encoding, Heading, reference_pitch
from playbach.music.key import PITCH_CLASSES, Mode
from playbach.music.note import BarLines, Place

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
    """

    note: tuple[Feature, ...]
    pitch: tuple[Feature, ...]
    duration: tuple[Feature, ...]


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
    return FeatureTables(
        note=(shift, interval, duration, degree, register, *place, *piece),
        pitch=(shift, *place),
        duration=(shift, interval, degree, *place),
    )


def row_offsets(features: tuple[Feature, ...]) -> tuple[int, ...]:
    """The first row of each feature when their tables are stacked."""
    return (0, *accumulate(feature.size for feature in features[:-1]))


def row_count(features: tuple[Feature, ...]) -> int:
    """Rows of the stacked table."""
    return sum(feature.size for feature in features)


class Tracker:
    """Follows a piece note by note and describes it.

    Ask ``note_rows`` first; then, with the next shift, ``pitch_rows``; then, with the next pitch,
    ``duration_rows``; then ``advance``.
    """

    def __init__(self, encoding: Encoding, heading: Heading) -> None:
        self._encoding = encoding
        tables = feature_tables(encoding)
        self._note_at = row_offsets(tables.note)
        self._pitch_at = row_offsets(tables.pitch)
        self._duration_at = row_offsets(tables.duration)
        self._lines = BarLines(heading.meters, heading.pickup)
        self._keys = heading.keys
        self._form = encoding.form_row.get(heading.form.name, 0)
        self.onset = 0
        self.pitch = int(reference_pitch(heading.key))
        self._stack = -1
        self._symbols = (
            encoding.shift_symbols,
            encoding.pitch_symbols,
            encoding.duration_symbols,
        )
        self._place = self._lines.place(0)

    @property
    def degree(self) -> int:
        """Semitones of the last pitch above the tonic, plus 12 in minor: 0 to 23."""
        return self._degree(self.pitch)

    def place_after(self, shift: int) -> Place:
        """Place in the bar of a note ``shift`` ticks from the last."""
        return self._lines.place(self.onset + shift)

    def note_rows(self) -> list[int]:
        """Rows that describe the last note, or the start of the piece."""
        position, phase = _position(self._place)
        meter = self._encoding.meter_row.get(str(self._place.meter), 0)
        values = (
            *self._symbols,
            self.degree,
            min(max(self.pitch - REGISTER_LOWEST, 0), REGISTERS - 1),
            position,
            phase,
            max(self._stack, 0),
            self._form,
            meter,
            min(self._place.bar, BARS - 1),
        )
        return [at + value for at, value in zip(self._note_at, values, strict=True)]

    def pitch_rows(self, shift: int) -> list[int]:
        """Rows that describe the place of the next note."""
        values = (self._encoding.shift_symbol(shift), *self._next_place(shift))
        return [at + value for at, value in zip(self._pitch_at, values, strict=True)]

    def duration_rows(self, shift: int, pitch: int) -> list[int]:
        """Rows that describe the next note but for its duration."""
        values = (
            self._encoding.shift_symbol(shift),
            self._encoding.pitch_symbol(pitch - self.pitch),
            self._degree(pitch),
            *self._next_place(shift),
        )
        return [at + value for at, value in zip(self._duration_at, values, strict=True)]

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        """The next note is known."""
        encoding = self._encoding
        self._symbols = (
            encoding.shift_symbol(shift),
            encoding.pitch_symbol(pitch - self.pitch),
            encoding.duration_symbol(duration),
        )
        self._stack = self._next_stack(shift)
        self.onset += shift
        self.pitch = pitch
        self._place = self._lines.place(self.onset)

    def _degree(self, pitch: int) -> int:
        key = self._keys[0][1]
        if len(self._keys) > 1:
            key = next(key for tick, key in reversed(self._keys) if tick <= self.onset)
        minor = PITCH_CLASSES if key.mode is Mode.MINOR else 0
        return (pitch - key.tonic) % PITCH_CLASSES + minor

    def _next_place(self, shift: int) -> tuple[int, int, int]:
        return (*_position(self.place_after(shift)), self._next_stack(shift))

    def _next_stack(self, shift: int) -> int:
        """Notes that sound below at the same onset, at most ``STACK - 1``."""
        return 0 if shift else min(self._stack + 1, STACK - 1)


def _position(place: Place) -> tuple[int, int]:
    """Ticks since the bar line and since the beat, each within its table."""
    return min(place.tick, POSITIONS - 1), min(place.tick % place.meter.beat_ticks, PHASES - 1)
