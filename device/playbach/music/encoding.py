"""Pieces as events for the network, and events as symbols.

A note is an event of three parts: the *shift* (ticks since the previous onset; 0 sounds together
with it), the *interval* (semitones from the previous note), the *duration* (ticks). Events are
exact: ``decode(*encode(piece)) == piece`` for every piece. Because intervals are relative, the same
events under a heading in another key are the same music in that key.

The network sees *symbols*: the index of each part in a table of usual values. A value outside its
table is the symbol ``ESCAPE``; the end of the piece is the shift symbol ``END``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, TypeAlias

from playbach.music.form import FORMS, Form
from playbach.music.key import PITCH_CLASSES, Key
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.schema import MAX_INTEGER, Limits

ENCODING_VERSION = 2
"""Counted up whenever tables or features come to mean something else."""
ESCAPE = 0
END = 1
MAX_SYMBOLS = 4096
"""Members of one table of an encoding, or symbols of a vocabulary."""
MAX_TICKS = 24 * 4 * 256
"""The longest shift or duration with a symbol of its own: 256 whole notes."""
MAX_PITCH = 127
MAX_NAMES = 64
"""Forms, or meters, of an encoding."""
REFERENCE_LOWEST = 43
"""MIDI note number of the lowest reference pitch: that of a key is its tonic from G2 to F sharp 3,
43 to 54."""


Word: TypeAlias = Annotated[
    str,
    Limits(
        pattern="[a-z][a-z0-9_-]{0,31}",
        meaning="a lower-case name of at most 32 letters, digits, - or _",
    ),
]
_Shift: TypeAlias = Annotated[int, Limits(low=0, high=MAX_TICKS)]
_Duration: TypeAlias = Annotated[int, Limits(low=1, high=MAX_TICKS)]
_Meter: TypeAlias = Annotated[
    str,
    Limits(pattern=r"([1-9]|[12]\d|3[0-2])/(1|2|4|8|16|32)", meaning="a meter such as 3/4"),
]


@dataclass(frozen=True, slots=True)
class Heading:
    """What is asked of a piece before its first note; fields as in ``Piece``."""

    keys: tuple[tuple[Ticks, Key], ...]
    meters: tuple[tuple[Ticks, Meter], ...]
    form: Form
    pickup: Ticks
    title: str = ""

    @property
    def key(self) -> Key:
        """The home key: that of the beginning."""
        return self.keys[0][1]

    @property
    def meter(self) -> Meter:
        """The meter of the beginning."""
        return self.meters[0][1]


@dataclass(frozen=True, slots=True)
class Event:
    """One note, relative to the one before.

    Attributes:
        shift: ticks since the previous onset (since tick 0 for the first note), at least 0.
        interval: semitones above the previous note (above ``reference_pitch`` for the first).
        duration: ticks, at least 1.
    """

    shift: Ticks
    interval: int
    duration: Ticks


def reference_pitch(key: Key) -> Pitch:
    """What the first interval of a piece in ``key`` is counted from: its tonic from 43 to 54."""
    return Pitch(REFERENCE_LOWEST + (key.tonic - REFERENCE_LOWEST) % PITCH_CLASSES)


def heading_of(piece: Piece) -> Heading:
    """The piece without its notes."""
    return Heading(piece.keys, piece.meters, piece.form, piece.pickup, piece.title)


def encode(piece: Piece) -> tuple[Heading, tuple[Event, ...]]:
    """The piece as a heading and one event a note."""
    events = []
    onset, pitch = 0, int(reference_pitch(piece.keys[0][1]))
    for note in piece.notes:
        events.append(Event(Ticks(note.onset - onset), note.pitch - pitch, note.duration))
        onset, pitch = note.onset, note.pitch
    return heading_of(piece), tuple(events)


def decode(heading: Heading, events: tuple[Event, ...]) -> Piece:
    """The piece that ``encode`` was given.

    Raises:
        InputError: the events leave the range of pitches, or sound one pitch twice at once.
    """
    notes = []
    onset, pitch = 0, int(reference_pitch(heading.key))
    for event in events:
        onset += event.shift
        pitch += event.interval
        notes.append(Note(Ticks(onset), Pitch(pitch), event.duration))
    return Piece(
        tuple(notes), heading.keys, heading.meters, heading.form, heading.pickup, heading.title
    )


@dataclass(frozen=True)
class Encoding:
    """The tables that turn parts of events into symbols; they travel in the bundle.

    Attributes:
        shifts: usual shifts in ticks, ascending.
        durations: usual durations in ticks, ascending.
        widest: the widest interval with a symbol, semitones either way.
        forms: names of forms, in the order of their embeddings.
        meters: meters with a row of their own, such as ``3/4``.
        version: which meaning of tables and features it was made for, as ``ENCODING_VERSION``.
    """

    shifts: Annotated[tuple[_Shift, ...], Limits(fewest=1, most=MAX_SYMBOLS, ascending=True)]
    durations: Annotated[tuple[_Duration, ...], Limits(fewest=1, most=MAX_SYMBOLS, ascending=True)]
    widest: Annotated[int, Limits(low=1, high=MAX_PITCH)]
    forms: Annotated[tuple[Word, ...], Limits(fewest=1, most=MAX_NAMES, distinct=True)]
    meters: Annotated[tuple[_Meter, ...], Limits(most=MAX_NAMES, distinct=True)]
    version: Annotated[int, Limits(low=1, high=MAX_INTEGER, required=True)] = ENCODING_VERSION

    @property
    def shift_symbols(self) -> int:
        """ESCAPE, END and one symbol for each shift."""
        return 2 + len(self.shifts)

    @property
    def pitch_symbols(self) -> int:
        """ESCAPE and one symbol for each interval."""
        return 2 + 2 * self.widest

    @property
    def duration_symbols(self) -> int:
        """ESCAPE and one symbol for each duration."""
        return 1 + len(self.durations)

    @cached_property
    def _shift_symbol(self) -> dict[int, int]:
        return {ticks: 2 + index for index, ticks in enumerate(self.shifts)}

    @cached_property
    def _duration_symbol(self) -> dict[int, int]:
        return {ticks: 1 + index for index, ticks in enumerate(self.durations)}

    @cached_property
    def form_row(self) -> dict[str, int]:
        """Row of a form's embedding, by name; names that are not in it share row 0."""
        return {name: index for index, name in enumerate(self.forms)}

    @cached_property
    def meter_row(self) -> dict[str, int]:
        """Row of a meter's embedding, from 1, by name; row 0 is for all others."""
        return {name: 1 + index for index, name in enumerate(self.meters)}

    def shift_symbol(self, ticks: int) -> int:
        """Symbol of a shift, ``ESCAPE`` if it has none."""
        return self._shift_symbol.get(ticks, ESCAPE)

    def duration_symbol(self, ticks: int) -> int:
        """Symbol of a duration, ``ESCAPE`` if it has none."""
        return self._duration_symbol.get(ticks, ESCAPE)

    def pitch_symbol(self, interval: int) -> int:
        """Symbol of an interval, ``ESCAPE`` if it is wider than ``widest``."""
        return interval + self.widest + 1 if -self.widest <= interval <= self.widest else ESCAPE

    def shift_of(self, symbol: int) -> Ticks:
        """The shift that a symbol stands for; the symbol is at least 2, so no ESCAPE or END."""
        return Ticks(self.shifts[symbol - 2])

    def interval_of(self, symbol: int) -> int:
        """The interval, in semitones, that a symbol stands for; the symbol is at least 1."""
        return symbol - self.widest - 1

    def duration_of(self, symbol: int) -> Ticks:
        """The duration that a symbol stands for; the symbol is at least 1."""
        return Ticks(self.durations[symbol - 1])


# Binary, dotted and triplet values from a sixty-fourth triplet to three whole notes, and the small
# odd ones that rounding gives ornaments: all but 0.02 % of the shifts and durations in Bach's solo
# works for strings, flute and lute.
_VALUES = (
    *range(1, 13), 14, 15, 16, 18, 20, 21, 24, 27, 28, 30, 32, 33, 36, 40, 42, 45, 48, 54, 60, 64,
    66, 72, 78, 84, 90, 96, 108, 120, 132, 144, 168, 192, 216, 240, 288,
)  # fmt: skip

DEFAULT_ENCODING = Encoding(
    shifts=(0, *_VALUES),
    durations=_VALUES,
    widest=36,
    forms=tuple(form.name for form in FORMS),
    meters=(
        "4/4", "2/2", "3/4", "3/8", "6/8", "12/8", "3/2", "2/4", "9/8", "6/4", "4/8", "2/8",
    ),
)  # fmt: skip
