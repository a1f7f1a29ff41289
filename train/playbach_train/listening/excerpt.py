"""Excerpts of movements, levelled so that nothing but their notes tells them apart. Pure.

Whatever it is from, an excerpt has the tempo of its form and of the meter it opens in; its home
tonic is moved to D, and its notes by octaves into the cello's low middle; it begins where a bar
does, and ends where a note does. The instrument is that of the page, and the velocity one for all;
where a player plays it, his differ note by note, with the same median.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median_low

import numpy as np

from playbach.clock import NS_PER_SECOND, ns_per_tick
from playbach.midi.files import Placed
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH, BarLines, Note, Piece
from playbach.performer.features import Passage
from playbach.performer.performer import Performer

TONIC = 2
"""Pitch class that every home tonic is moved to: D."""

LOWEST_MEDIAN = 44
"""The median pitch of an excerpt is in the octave from this MIDI note number up: 44 to 55."""

VELOCITY = 84
"""MIDI velocity of all notes; the median where a player plays some louder than others."""
_LOUDEST = 127
FEWEST_NOTES = 8
LEAST_FILLED = 0.75
"""An excerpt that could only end earlier than this share of its length ends within a note."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note as it is heard."""

    at: int  # milliseconds from the beginning of the excerpt, at least 0
    lasts: int  # milliseconds, at least 1
    pitch: int  # MIDI note number, 0 to 127
    velocity: int = VELOCITY  # 1 to 127


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A levelled excerpt."""

    notes: tuple[Sounding, ...]  # in order of onset, then pitch; the first at 0
    length: int  # milliseconds to the end of the last note
    tick: int  # where in the movement it begins
    end: int  # tick at which it ends
    moved: int  # semitones by which it was transposed


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


def played(whole: Placed, excerpt: Excerpt, player: Performer) -> Excerpt:
    """The same excerpt as a player plays it who plays the whole movement at the form's tempo.

    What swells within a note is left out: the page's instrument does that in its own way.
    """
    piece = whole.piece
    meter, tempo = piece.meters[0][1], piece.form.tempo
    passage = Passage(piece.notes, meter, piece.pickup, whole.borders, whole.length)
    performance, per_tick = player.perform(passage, tempo), ns_per_tick(tempo, meter)

    def at(tick: int | Fraction) -> int:
        return round(performance.even_ticks(tick) * per_tick)

    until = at(excerpt.end)
    inside = [one for one in performance.notes if excerpt.tick <= one.note.onset < excerpt.end]
    usual = VELOCITY - median_low([one.louder for one in inside])
    # A broken chord begins before its beat.
    first = min(one.begins(at) for one in inside)

    def ms(time: int) -> int:
        return round((min(time, until) - first) / NS_PER_SECOND * 1000)

    sounding = (
        Sounding(
            ms(begins),
            max(ms(ends) - ms(begins), 1),
            pitch + excerpt.moved,
            min(max(usual + one.louder, 1), _LOUDEST),
        )
        for one in inside
        for pitch, begins, ends in one.sounds(at)
    )
    notes = tuple(sorted(sounding, key=lambda note: (note.at, note.pitch)))
    return replace(excerpt, notes=notes, length=ms(until))


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
    return Excerpt(sounding, round((end - start) * per_tick), start, end, moved)


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
