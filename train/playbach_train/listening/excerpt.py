"""Excerpts of movements, levelled so that nothing but their notes tells them apart. Pure.

Whatever it is from, an excerpt has the tempo of its form and of the meter it opens in; its home
tonic is moved to D, and its notes by octaves into the cello's low middle; it begins where a bar
does, and ends where a note does. Velocity and instrument are those of the page, for all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np

from playbach.clock import NS_PER_SECOND, ns_per_tick
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH, BarLines, Note, Piece

TONIC = 2
"""Pitch class that every home tonic is moved to: D."""

LOWEST_MEDIAN = 44
"""The median pitch of an excerpt is in the octave from this MIDI note number up: 44 to 55."""

FEWEST_NOTES = 8
LEAST_FILLED = 0.75
"""An excerpt that could only end earlier than this share of its length ends within a note."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note as it is heard.

    Attributes:
        at: milliseconds from the beginning of the excerpt, at least 0.
        lasts: milliseconds, at least 1.
        pitch: MIDI note number, 0 to 127.
    """

    at: int
    lasts: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A levelled excerpt.

    Attributes:
        notes: in order of onset, then pitch; the first at 0.
        length: milliseconds to the end of the last note.
        tick: where in the movement it begins.
        moved: semitones by which it was transposed.
    """

    notes: tuple[Sounding, ...]
    length: int
    tick: int
    moved: int


def cut(piece: Piece, seconds: float, rng: np.random.Generator) -> Excerpt | None:
    """An excerpt from anywhere in ``piece``; ``None`` if none is long enough.

    Args:
        piece: the movement.
        seconds: length; it is less by at most a note, and at least three quarters of it.
        rng: draws where it begins, among bar lines where there are notes on some.
    """
    per_tick = float(ns_per_tick(piece.form.tempo, piece.meters[0][1])) / NS_PER_SECOND
    ticks = round(seconds / per_tick)
    for start in _starts(piece, ticks, rng):
        excerpt = _from(piece, start, ticks, per_tick * 1000)
        if excerpt:
            return excerpt
    return None


def _from(piece: Piece, start: int, ticks: int, per_tick: float) -> Excerpt | None:
    """The excerpt from ``start`` on, ``per_tick`` milliseconds a tick, unless it is too empty."""
    notes = [note for note in piece.notes if start <= note.onset < start + ticks]
    end = _end(notes, start, start + ticks)
    notes = [note for note in notes if note.onset < end]
    if len(notes) < FEWEST_NOTES:
        return None
    moved = _move(piece.keys[0][1].tonic, [note.pitch for note in notes])
    sounding = tuple(_sounding(note, start, end, moved, per_tick) for note in notes)
    if not all(0 <= note.pitch <= MAX_PITCH for note in sounding):
        return None
    return Excerpt(sounding, round((end - start) * per_tick), start, moved)


def _starts(piece: Piece, ticks: int, rng: np.random.Generator) -> list[int]:
    """Onsets with ``ticks`` of music after them, shuffled: those on bar lines, then the others."""
    onsets = sorted({int(note.onset) for note in piece.notes if note.onset + ticks <= piece.end})
    lines = BarLines(piece.meters, piece.pickup)
    shuffled = [onsets[int(at)] for at in rng.permutation(len(onsets))]
    return sorted(shuffled, key=lambda onset: lines.place(onset).tick > 0)


def _end(notes: Sequence[Note], start: int, latest: int) -> int:
    """The last tick up to ``latest`` at which a note begins or ends."""
    ends = [tick for note in notes for tick in (note.onset, note.end) if tick <= latest]
    end = max(ends, default=start)
    return end if end - start >= LEAST_FILLED * (latest - start) else latest


def _move(tonic: int, pitches: Sequence[int]) -> int:
    """Semitones to ``TONIC``, and by octaves to where the median belongs."""
    moved = (TONIC - tonic) % PITCH_CLASSES
    return moved - PITCH_CLASSES * ((median_low(pitches) + moved - LOWEST_MEDIAN) // PITCH_CLASSES)


def _sounding(note: Note, start: int, end: int, moved: int, per_tick: float) -> Sounding:
    at = round((note.onset - start) * per_tick)
    until = round((min(note.end, end) - start) * per_tick)
    return Sounding(at, max(until - at, 1), note.pitch + moved)
