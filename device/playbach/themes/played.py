"""A theme as it was played: moments in seconds become note values against a beat.

The beat is given, or it is found: the one against which what was played is simplest. From onset to
onset it is followed, as a player slows down and hurries on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from playbach.music.form import OTHER
from playbach.music.grid import WrittenNote
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.music.pickup import infer_pickup
from playbach.music.theme import MOST_BARS, NOTHING_ASKED, Asked, PlayedNote, Theme
from playbach.themes.read import find_meter, theme_of
from playbach.themes.said import Said

SHORTEST, LONGEST = 0.3, 1.5
"""Seconds of a quarter that is found: 200 to 40 in a minute."""
USUAL = 0.67
"""Seconds of the likeliest quarter."""
GRID = 6
"""Ticks: a sixteenth."""
_SPEEDS = 64
_PRIOR = 0.08
"""Cost of a quarter twice as long as usual, or half as long."""
_VALUES = {1: 0.08, 2: 0.0, 3: 0.08, 4: 0.0, 6: 0.04, 8: 0.0, 12: 0.04, 16: 0.0}
_ODD_VALUE = 0.16
"""Costs of intervals of so many sixteenths, and of others."""
_TOGETHER = 0.04
"""Seconds within which notes of a chord begin."""
_FOLLOWS = 0.35
"""Share of a deviation from the beat that the beat follows."""
_LEGATO = 0.5
"""Share of a note up to the next onset from which on it is meant to last until there."""
_OVERLAP = 0.3
"""Share of a note by which it may reach into the next without being meant to."""
_SLOWEST, _FASTEST = 20.0, 300.0


def theme_from_playing(
    notes: Sequence[PlayedNote], quarter: float | None = None, asked: Asked = NOTHING_ASKED
) -> Theme:
    """The theme that was played: its last eight bars, to be gone on from.

    Args:
        notes: in order of onset; at least one.
        quarter: seconds of a quarter note that was kept to; ``None`` to find it.
        asked: key and meter, whatever was played.

    Raises:
        InputError: the meter that was asked for is none to compose in.
    """
    chords = _chords(notes)
    onsets = [chord[0].on for chord in chords]
    beat = find_quarter(onsets) if quarter is None else quarter
    ticks, paces = _on_grid(onsets, beat, follows=quarter is None)
    written = list(_written(chords, ticks, paces))
    meter = asked.meter or find_meter(tuple(written))
    pickup = infer_pickup(written, meter, OTHER)
    written, pickup = _last_bars(written, meter, pickup)
    said = [
        WrittenNote(_quarters(note.onset), note.pitch, _quarters(note.duration)) for note in written
    ]
    theme = theme_of(Said(said, meter=meter, pickup=_quarters(pickup)), asked)
    felt = 60 / paces[-1] * TICKS_PER_QUARTER / theme.meter.beat_ticks
    return replace(theme, tempo=min(max(felt, _SLOWEST), _FASTEST), is_heard=True)


def find_quarter(onsets: Sequence[float]) -> float:
    """Seconds of the quarter note against which onsets are simplest; the usual one for a single."""
    gaps = [b - a for a, b in pairwise(onsets)]

    def cost(quarter: float) -> float:
        total = 0.0
        for gap in gaps:
            sixteenths = 4 * gap / quarter
            near = max(round(sixteenths), 1)
            total += min((sixteenths - near) ** 2, 1.0) + _VALUES.get(near, _ODD_VALUE)
        return total / max(len(gaps), 1) + _PRIOR * math.log2(quarter / USUAL) ** 2

    ratio = (LONGEST / SHORTEST) ** (1 / (_SPEEDS - 1))
    return min((SHORTEST * ratio**n for n in range(_SPEEDS)), key=cost) if gaps else USUAL


def _chords(notes: Sequence[PlayedNote]) -> list[list[PlayedNote]]:
    """Notes that begin together, in order of onset."""
    chords: list[list[PlayedNote]] = []
    for note in sorted(notes, key=lambda one: one.on):
        if chords and note.on - chords[-1][0].on <= _TOGETHER:
            chords[-1].append(note)
        else:
            chords.append([note])
    return chords


def _on_grid(
    onsets: Sequence[float], quarter: float, *, follows: bool
) -> tuple[list[int], list[float]]:
    """Ticks of onsets, and seconds of a quarter at each.

    Where the beat is kept each onset is measured from the first; else from the one before.
    """
    ticks, paces, pace = [0], [quarter], quarter
    for before, onset in pairwise(onsets):
        if not follows:
            there = round((onset - onsets[0]) / quarter * TICKS_PER_QUARTER / GRID) * GRID
            ticks.append(max(there, ticks[-1] + GRID // 2))
        else:
            gap = (onset - before) / pace * TICKS_PER_QUARTER
            step = max(round(gap / GRID), 1) * GRID
            if step <= 2 * TICKS_PER_QUARTER:
                pace *= 1 + _FOLLOWS * (gap / step - 1)
                pace = min(max(pace, SHORTEST / 2), 2 * LONGEST)
            ticks.append(ticks[-1] + step)
        paces.append(pace)
    return ticks, paces


def _written(
    chords: Sequence[Sequence[PlayedNote]], ticks: Sequence[int], paces: Sequence[float]
) -> list[Note]:
    found = []
    following = [*ticks[1:], None]
    for chord, tick, after, pace in zip(chords, ticks, following, paces, strict=True):
        for note in chord:
            lasts = (note.off - note.on) / pace * TICKS_PER_QUARTER
            room = math.inf if after is None else after - tick
            if _LEGATO * room <= lasts <= room + max(_OVERLAP * lasts, GRID):
                duration = int(room)
            else:
                duration = max(round(lasts / GRID), 1) * GRID
            found.append(Note(Ticks(tick), Pitch(note.pitch), Ticks(duration)))
    return sorted(found)


def _last_bars(notes: list[Note], meter: Meter, pickup: Ticks) -> tuple[list[Note], Ticks]:
    """The notes of the last bars, as many as a theme may have; and the upbeat to them."""
    bar = meter.bar_ticks
    bars = -(-(max(note.end for note in notes) - pickup) // bar)
    start = pickup + (bars - MOST_BARS) * bar
    if bars <= MOST_BARS:
        return notes, pickup
    kept = [replace(n, onset=Ticks(n.onset - start)) for n in notes if n.onset >= start]
    # Of a note that is held for longer than all that is kept.
    kept = kept or [replace(notes[-1], onset=Ticks(0), duration=Ticks(bar))]
    return kept, Ticks(0)


def _quarters(ticks: int) -> Fraction:
    return Fraction(ticks, TICKS_PER_QUARTER)
