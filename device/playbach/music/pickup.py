"""Where the first bar line falls in a piece that does not say it.

MIDI has no word for an upbeat: many programs write a piece with a pickup as if its first note
stood on a bar line. What listeners go by when they find the meter is in the notes, though: long
notes, fresh chords and bass notes fall on strong beats (Lerdahl and Jackendoff 1983, metrical
preference rules 3 to 6), a bar line without an onset is rare, the last note is a strong one, the
last bar is whole or lacks just the pickup, and each dance has its usual upbeat. Every possible
pickup is given points for each of these, meant as logarithms of likelihood ratios; the one with the
most points wins. The weights were set by hand on the movements of Bach's solo works.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playbach.music.form import Form
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks

# Points for what is known before looking at the rhythm.
NO_PICKUP = 10.0
NO_PICKUP_IN_A_DANCE_THAT_HAS_ONE = 3.0
USUAL_PICKUP = 8.0
PLAIN_PICKUP = 1.0
PLAIN_TICKS = (6, 12, 18, 24)
WHOLE_BAR_OF_PICKUP = -3.0
# Points for what the piece looks like from its end.
ONLY_WHOLE_BARS_AFTER_PICKUP = 4.0
LAST_BAR_LACKS_PICKUP = 3.0
LAST_NOTE_ON_DOWNBEAT = 3.0
LAST_NOTE_ON_BEAT = 1.0
# Points for the opening, on which it is judged: in many files later bars are out of step, as the
# upbeat of the second half was put after a whole bar.
OPENING_BARS = 16
ALL_BAR_LINES_EMPTY = -20.0
MOST_ACCENTS_COUNTED = 12
LONG_TICKS = 12
BASS_LEAP = 7
"""Semitones down to a note that is heard as a bass."""
NEIGHBOURS = 32
MOST_CANDIDATES = 64


@dataclass(frozen=True, slots=True)
class _Slice:
    """The notes of one onset.

    Attributes:
        onset: their tick.
        count: how many begin.
        longest: ticks of the longest.
        lowest: pitch of the lowest.
    """

    onset: int
    count: int
    longest: int
    lowest: int


@dataclass(frozen=True, slots=True)
class _Accents:
    """One kind of accent: how often it fell at each place, and how often it is expected there.

    Attributes:
        places: how many accents by tick modulo the bar.
        downbeat: share expected on the first beat of a bar.
        beat: share expected on its other beats together.
    """

    places: Counter[int]
    downbeat: float
    beat: float


def infer_pickup(notes: Sequence[Note], meter: Meter, form: Form) -> Ticks:
    """How many ticks precede the first bar line, 0 to less than a bar.

    A piece whose first note is after tick 0 begins with a written rest, so with a whole bar.

    Args:
        notes: those in the first meter, in order; at least one.
        meter: the first meter.
        form: whose usual upbeat is the likeliest.
    """
    if notes[0].onset > 0:
        return Ticks(0)
    slices = list(_slices(notes, OPENING_BARS * meter.bar_ticks))
    accents = _accents(slices, meter)
    onsets = {piece_slice.onset for piece_slice in slices}

    def points(pickup: int) -> float:
        return (
            _from_custom(pickup, meter, form)
            + _from_end(pickup, meter, notes)
            + _from_bar_lines(pickup, meter, onsets)
            + sum(_from_accents(pickup, meter, kind) for kind in accents)
        )

    return Ticks(max(_candidates(slices, meter, form), key=points))


def _candidates(slices: Sequence[_Slice], meter: Meter, form: Form) -> list[int]:
    """Onsets in the first half of a bar, and the usual pickup if there is an onset at its end."""
    usual = form.upbeat_ticks(meter)
    return [s.onset for s in slices if s.onset in (0, usual) or 2 * s.onset <= meter.bar_ticks][
        :MOST_CANDIDATES
    ]


def _slices(notes: Sequence[Note], until: int) -> Iterator[_Slice]:
    by_onset: dict[int, list[Note]] = {}
    for note in notes:
        if note.onset < until:
            by_onset.setdefault(note.onset, []).append(note)
    for onset, chord in by_onset.items():
        longest = max(note.duration for note in chord)
        yield _Slice(onset, len(chord), longest, min(note.pitch for note in chord))


def _accents(slices: Sequence[_Slice], meter: Meter) -> tuple[_Accents, ...]:
    bar = meter.bar_ticks
    long, chord, bass = Counter[int](), Counter[int](), Counter[int]()
    for i in range(1, len(slices) - 1):
        before, here, after = slices[i - 1 : i + 2]
        place = here.onset % bar
        long[place] += before.longest < here.longest >= max(after.longest, LONG_TICKS)
        chord[place] += before.count < here.count >= after.count
        bass[place] += here.lowest <= before.lowest - BASS_LEAP and _is_lowest(slices, i, bar // 2)
    return _Accents(long, 0.3, 0.35), _Accents(chord, 0.35, 0.4), _Accents(bass, 0.35, 0.4)


def _is_lowest(slices: Sequence[_Slice], i: int, reach: int) -> bool:
    """Whether no note within ``reach`` ticks of slice ``i`` is lower than its lowest."""
    here = slices[i]
    around = slices[max(0, i - NEIGHBOURS) : i + NEIGHBOURS]
    return all(s.lowest >= here.lowest for s in around if abs(s.onset - here.onset) <= reach)


def _from_custom(pickup: int, meter: Meter, form: Form) -> float:
    usual = form.upbeat_ticks(meter)
    if pickup == 0:
        return NO_PICKUP_IN_A_DANCE_THAT_HAS_ONE if usual else NO_PICKUP
    late = WHOLE_BAR_OF_PICKUP * pickup / meter.bar_ticks
    if pickup == usual:
        return USUAL_PICKUP + late
    plain = (*PLAIN_TICKS, meter.bar_ticks // 4, meter.bar_ticks // 2)
    return late + (PLAIN_PICKUP if pickup in plain else 0.0)


def _from_end(pickup: int, meter: Meter, notes: Sequence[Note]) -> float:
    end = max(note.end for note in notes)
    points = 0.0
    if (end - pickup) % meter.bar_ticks == 0:
        points += ONLY_WHOLE_BARS_AFTER_PICKUP
    elif end % meter.bar_ticks == 0:
        points += LAST_BAR_LACKS_PICKUP
    last = (notes[-1].onset - pickup) % meter.bar_ticks
    if last == 0:
        points += LAST_NOTE_ON_DOWNBEAT
    elif last % meter.beat_ticks == 0:
        points += LAST_NOTE_ON_BEAT
    return points


def _from_bar_lines(pickup: int, meter: Meter, onsets: set[int]) -> float:
    lines = range(pickup, max(onsets) + 1, meter.bar_ticks)
    return ALL_BAR_LINES_EMPTY * sum(line not in onsets for line in lines) / len(lines)


def _from_accents(pickup: int, meter: Meter, kind: _Accents) -> float:
    """How much likelier the accents are with these bar lines than strewn evenly."""
    count = kind.places.total()
    if not count:
        return 0.0
    beats = meter.bar_ticks // meter.beat_ticks
    # Places in a bar where notes begin at all: sixteenths, or finer where beats are short.
    places = meter.bar_ticks / min(6, meter.beat_ticks / 2)
    on_beat = kind.beat if beats > 1 else 0.0
    downbeat_gain = math.log(kind.downbeat * places)
    beat_gain = math.log(on_beat / (beats - 1) * places) if beats > 1 else 0.0
    off_gain = math.log((1 - kind.downbeat - on_beat) / (places - beats) * places)
    total = 0.0
    for place, times in kind.places.items():
        tick = (place - pickup) % meter.bar_ticks
        gain = beat_gain if tick % meter.beat_ticks == 0 else off_gain
        total += times * (downbeat_gain if tick == 0 else gain)
    return total / count * min(count, MOST_ACCENTS_COUNTED)
