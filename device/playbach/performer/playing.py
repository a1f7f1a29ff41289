"""What a player of a string instrument does with each note: bowing, chords, articulation, weight.

Slurs are learned. The rest are rules: no alignment says how long a note of a violin really sounds,
and none how loud. The numbers are what was measured of players elsewhere, and each has its reason
beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from playbach.music.meter import Meter
from playbach.music.note import Note
from playbach.music.performed import FASTEST, PerformedNote
from playbach.performer.ornaments import Cadences, trill
from playbach.performer.slurs import Chord, SlurModel, SlurReader
from playbach.performer.tempo import normal, uniform

_MS = 1_000_000
"""Nanoseconds."""
_BOW_HOLDS = 2
"""Strings that one stroke of the bow can sound at once."""
_ROLL = {3: 90 * _MS, 4: 120 * _MS}
"""From the lowest note of a broken chord to the highest, which is on the beat."""
LONGEST_ROLL = max(_ROLL.values())
_ROLL_SHARE = 0.4
"""Of the time since the onset before, that rolling may take at most."""
_OVERLAP = 20 * _MS
"""Of a note and one slurred to it, give or take a half."""
_DETACHED, _LONG, _LET_GO = 0.78, 0.93, 0.5
"""Share of its duration for which a note by itself sounds; a long one, or the last under a bow; and
one whose string the bow leaves for higher ones. With slurs the median is .9, as with players."""
_LONG_NOTE = 600 * _MS
_SHARE_DEVIATION = 0.06
_SHORTEST = 0.4
_THOUSANDTHS = tuple(Fraction(count, 1000) for count in range(1001))
_GAP = 15 * _MS
"""Silence before the same pitch is struck again."""
_HEIGHT = 0.8
"""Velocity for each semitone above the mean of the last notes: louder upwards, some 4 dB an octave;
loudness follows pitch with a correlation of .36."""
_CONTOUR, _FURTHEST = 0.6, 7
"""Velocity for each semitone that the line has just risen, and how many count."""
_DRIFT = 6.0
"""Standard deviation of velocity from phrase to phrase, over about a bar: what nobody predicts."""
_UNDER_BOW = -4
"""Velocity of a note slurred to the one before."""
_DOWNBEAT = 1
"""Velocity: with players the first beat of a bar is hardly louder than others."""
_INNER = -6
"""Velocity of the lower notes of a chord, so that the highest is heard as the line."""
_MOST_LOUDER = 30
_SWELL = 30
"""How far below its full value the expression controller begins on a long note: some 5 dB."""
_MOST_SWELL = 60
_FORGETS = 0.1
"""Share of the mean pitch that each note replaces."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who plays, and how.

    Attributes:
        tick: nanoseconds of a tick at the usual tempo.
        expression: more than 0; 1 as players do.
        dynamics: how much loudness varies; 1 as players do.
        articulation: how much notes are shortened and bound; 1 as players do.
    """

    tick: float
    expression: float
    dynamics: float = 1.0
    articulation: float = 1.0


class Roll(NamedTuple):
    """When a note of a broken chord begins.

    Attributes:
        part: of the time that the chord takes to break, after the beat; below 0 for before it.
        full: nanoseconds that it takes.
        room: ticks since the onset before or, at the very beginning, until the one after.
    """

    part: float
    full: int
    room: int

    def offset(self, hand: Hand) -> int:
        """Nanoseconds."""
        room = self.room * hand.tick * FASTEST
        return round(self.part * min(self.full * hand.expression, _ROLL_SHARE * room))


class Gesture(NamedTuple):
    """What a player does with a note, at whatever tempo and however much of it is wanted.

    Attributes:
        louder: velocity that is added.
        drawn: by chance, of its length; normal, or uniform where it is held.
        is_slurred: whether it is under one bow with the note before.
        is_held: whether the next is under one bow with it.
        is_let_go: whether the bow leaves its string for higher ones.
        is_alone: whether nothing else sounds while it does.
        roll: when it begins, in a chord that is broken.
        apart: ticks until its pitch begins again, at the least.
        again: the roll of that one.
        upper: semitones to the note that it is trilled with; 0 for none.
    """

    louder: float
    drawn: float
    is_slurred: bool
    is_held: bool
    is_let_go: bool
    is_alone: bool
    roll: Roll | None
    apart: int
    again: Roll | None
    upper: int = 0


def played(note: Note, gesture: Gesture, hand: Hand) -> PerformedNote:
    """The note as it is played."""
    share, overlap = _length(note, gesture, hand)
    louder = gesture.louder * hand.expression * hand.dynamics
    swells = gesture.is_alone and note.duration * hand.tick >= _LONG_NOTE
    swell = round(_SWELL * hand.expression * hand.dynamics) if swells else 0
    return PerformedNote(
        note,
        gesture.roll.offset(hand) if gesture.roll else 0,
        _THOUSANDTHS[share],
        overlap,
        max(-_MOST_LOUDER, min(_MOST_LOUDER, round(louder))),
        gesture.is_slurred,
        min(swell, _MOST_SWELL),
        trill(note.duration * hand.tick, gesture.upper) if gesture.upper else None,
    )


def _length(note: Note, gesture: Gesture, hand: Hand) -> tuple[int, int]:
    """Thousandths of the written duration, and overlap."""
    degree = hand.expression * hand.articulation
    if gesture.is_held:
        share, overlap = 1000, round(min(1.0, degree) * _OVERLAP * (0.5 + gesture.drawn))
    else:
        is_long = gesture.is_slurred or note.duration * hand.tick >= _LONG_NOTE
        usual = _LET_GO if gesture.is_let_go else _LONG if is_long else _DETACHED
        part = min(max(usual + _SHARE_DEVIATION * gesture.drawn, _SHORTEST), 1.0)
        share, overlap = round(1000 * part**degree), 0
    return _parted(note, gesture, hand, share, overlap)


def _parted(note: Note, gesture: Gesture, hand: Hand, share: int, overlap: int) -> tuple[int, int]:
    """So long that it ends before its own pitch begins again, however fast the beats are."""
    shortest = hand.tick * FASTEST
    apart = gesture.apart * shortest
    if gesture.again:
        apart += gesture.again.offset(hand)
    limit = max(apart - min(1.0, hand.expression) * _GAP, apart / 2)
    lasting = note.duration * shortest
    if share * lasting / 1000 + overlap <= limit:
        return share, overlap
    share = min(share, max(1, math.floor(1000 * limit / lasting)))
    return share, min(overlap, max(0, math.floor(limit - share * lasting / 1000)))


class GestureReader:
    """What a player does with the notes of a movement, read chord by chord."""

    def __init__(
        self, meter: Meter, pickup: int, borders: Sequence[int], seed: int, slurs: SlurModel
    ) -> None:
        """Before the first chord; the arguments are as of ``Reading``, of the slurs its model."""
        self._bar_ticks, self._pickup, self._seed = meter.bar_ticks, pickup, seed
        self._slurs = SlurReader(meter, pickup, borders, slurs, seed)
        self._cadences = Cadences(meter, pickup, borders)
        self._chords: list[_Chord] = []
        self._slurred: list[bool] = []
        self._weights: list[float] = []
        self._before, self._mean = 0, 0.0
        self._bar: int | None = None
        self._here = self._there = 0.0
        self._end = 0

    @property
    def read(self) -> int:
        """How many chords are read."""
        return len(self._chords)

    @property
    def decided(self) -> int:
        """Of how many chords it is known whether they are slurred to the one before."""
        return len(self._slurred)

    def add(self, chord: Chord) -> None:
        """The chord that comes next."""
        onset, chords, end = chord[0].onset, self._chords, self._end
        is_free = len(chord) == 1 and end <= onset
        room = onset - chords[-1].onset if chords else onset
        chords.append(_Chord(onset, len(chord), chord[-1].pitch, is_free, room))
        for note in chord:
            end = max(end, onset + note.duration)
        self._end = end
        self._cadences.add(chord)
        if slurred := self._slurs.add(chord):
            self._decide(slurred)

    def close(self, end: int) -> None:
        """The movement ends at that tick."""
        self._cadences.close(end)
        self._decide(self._slurs.close())

    def _decide(self, slurred: Sequence[bool]) -> None:
        undecided = self._chords[len(self._slurred) :]
        for chord, is_slurred in zip(undecided, slurred, strict=False):
            self._weights.append(self._weight(chord, is_slurred=is_slurred))
        self._slurred.extend(slurred)

    def roll(self, number: int, place: int) -> Roll | None:
        """How a chord that is read is broken: a bow reaches two strings.

        Args:
            number: of the chord.
            place: of a note in it, from the lowest.
        """
        chord = self._chords[number]
        if chord.notes <= _BOW_HOLDS:
            return None
        full = _ROLL[min(chord.notes, max(_ROLL))]
        part = place / (chord.notes - 1)
        if chord.onset:
            return Roll(part - 1, full, chord.room)
        # Nothing comes before the beginning of the movement.
        later = self._chords[1:2]
        return Roll(part, full, later[0].onset if later else self._end)

    def gesture(
        self, note: Note, number: int, place: int, apart: int, again: Roll | None
    ) -> Gesture:
        """What is done with a note.

        Args:
            note: as written.
            number: of its chord, which is read, and decided unless there is no time to wait.
            place: in the chord, from the lowest.
            apart: ticks until its pitch begins again, at the least.
            again: how that one is rolled.
        """
        chord = self._chords[number]
        decided = len(self._slurred)
        # In a hurry it may not be known: then the bow changes.
        is_slurred = number < decided and self._slurred[number]
        is_held = number + 1 < decided and self._slurred[number + 1]
        is_alone = chord.is_free and not (is_held or is_slurred)
        if is_alone and number + 1 < len(self._chords):
            following = self._chords[number + 1]
            # A chord that is broken begins before its beat.
            is_alone = following.onset >= note.end and following.notes <= _BOW_HOLDS
        lower = chord.notes - 1 - place
        return Gesture(
            (self._weights[number] if number < decided else 0) + (_INNER if lower else 0),
            uniform(self._seed, "overlap", note.onset)
            if is_held
            else normal(self._seed, "share", note.onset),
            is_slurred,
            is_held,
            chord.notes > _BOW_HOLDS and lower >= _BOW_HOLDS,
            is_alone,
            self.roll(number, place) if chord.notes > _BOW_HOLDS else None,
            apart,
            again,
            # A trill is begun by a stroke of its own.
            0 if lower or is_slurred else self._cadences.trilled(number),
        )

    def _weight(self, chord: _Chord, *, is_slurred: bool) -> float:
        """What is added to the velocity of the highest note."""
        bar, top = self._bar_ticks, chord.top
        if not self._weights:
            self._before, self._mean = top, float(top)
        number, within = divmod(chord.onset - self._pickup, bar)
        if number != self._bar:
            is_next = self._bar is not None and number == self._bar + 1
            self._here = self._there if is_next else normal(self._seed, "weight", number)
            self._there = normal(self._seed, "weight", number + 1)
            self._bar = number
        drift = self._here + within / bar * (self._there - self._here)
        rise = max(-_FURTHEST, min(_FURTHEST, top - self._before))
        weight = (
            _HEIGHT * (top - self._mean)
            + _CONTOUR * rise
            + _DRIFT * drift
            + (_UNDER_BOW if is_slurred else 0)
            + (0 if within else _DOWNBEAT)
        )
        self._mean += _FORGETS * (top - self._mean)
        self._before = top
        return weight


class _Chord(NamedTuple):
    """What is kept of a chord: its notes' number, its highest pitch, and what is found of it.

    ``is_free`` says that nothing sounds any more when it begins, and that it is one note; ``room``
    is as of ``Roll``.
    """

    onset: int
    notes: int
    top: int
    is_free: bool
    room: int
