"""Dances with their repeats: each half is played twice.

Nothing in a stream of notes says where the first half ends. It is taken to end on a bar line, or as
long before it as the pickup lasts, where all of this comes together: about the middle of the
movement is reached, in groups of four bars; the last bass note is the tonic, the dominant or the
tonic of the relative key; it begins a whole number of eighths after the bar line, and something of
its chord lasts a dotted eighth or more; and no note sounds on. Where there is no such place,
nothing is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from playbach.composer.shape import BARS_IN_GROUP, HALFWAY, LAST_LASTS, LAST_ON
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import Note, Ticks
from playbach.stream import Movement

EARLIEST, LATEST = 0.3, 0.6
"""Where the first half may end, as a share of the bars of the movement."""


def with_repeats(notes: Iterable[Note], movement: Movement, bars: int) -> Iterator[Note]:
    """The notes with both halves played twice, if two halves can be told.

    Args:
        notes: of the movement, in order.
        movement: of a binary form.
        bars: how many it is going to have, more or less.

    Returns:
        the notes in order, onsets from the start of the movement as played.
    """
    bar = movement.meter.bar_ticks
    half: list[Note] = []
    start, offset = 0, 0
    for note in notes:
        if not start and (line := _double_bar(half, note, movement, bars)):
            yield from _later(half, line)
            start, offset, half = line, line, []
        half.append(note)
        yield from _later([note], offset)
    if start:
        length = max(note.end for note in half) - start
        yield from _later(half, offset + -(-length // bar) * bar)


def _double_bar(half: Sequence[Note], following: Note, movement: Movement, bars: int) -> int:
    """Ticks from the beginning to the end of the first half, 0 if it does not end here."""
    if not half or following.onset == half[-1].onset:
        return 0
    bar = movement.meter.bar_ticks
    last = half[-1].onset
    count = last // bar + 1
    line = count * bar
    if count % BARS_IN_GROUP or not EARLIEST * bars <= count <= LATEST * bars:
        return 0
    if following.onset < line or max(note.end for note in half) > line:
        return 0
    chord = [note for note in half if note.onset == last]
    degree = (chord[0].pitch - movement.key.tonic) % PITCH_CLASSES
    in_bar = (last - movement.pickup) % bar
    rests = in_bar % LAST_ON == 0 and max(note.duration for note in chord) >= LAST_LASTS
    return line if rests and degree in HALFWAY[movement.key.mode] else 0


def _later(notes: Iterable[Note], ticks: int) -> Iterator[Note]:
    for note in notes:
        yield replace(note, onset=Ticks(note.onset + ticks)) if ticks else note
