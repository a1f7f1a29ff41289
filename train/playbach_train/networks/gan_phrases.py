"""Movements as phrases of one melody on a grid of sixteenths, all in C major or A minor.

The melody is the highest of the notes that begin together; what begins under a higher note that
still sounds is not of it. Each note ends the one before. What begins between two sixteenths is
counted to the earlier one, and of several that begin in one sixteenth the first stands for all. A
movement keeps its first key's transposition to its end.

A phrase begins at a bar line, so that accents fall into the same rows of every phrase in that
meter, and goes on for ``LINES`` sixteenths, bar lines or not: in 3/4 it ends within a bar. Phrases
overlap: they begin one bar apart, or as many as are asked for. End to end there would be a quarter
of them in 4/4, too few to learn from in seventy movements of Bach. A movement that is too short for
a phrase gives none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH, BarLines, Note, Piece
from playbach.music.symbols import HOLD, OTHER, REST, Symbol, Vocabulary
from playbach_train.networks.sequences import SIXTEENTH, to_home

Phrases = NDArray[np.uint8]
"""Numbers of symbols ``(phrases, LINES)``."""

LINES = 64
"""Symbols of a phrase: rows of an image."""

PITCHES = 31
"""Pitches that there are symbols for, a semitone apart."""

_SILENCE = -1


@dataclass(frozen=True)
class Melody:
    """The melody of a movement in sixteenths."""

    # what sounds, MIDI note number, or less than 0 for nothing ``(sixteenths,)``
    pitches: NDArray[np.int32]
    begins: NDArray[np.bool_]  # whether it begins there ``(sixteenths,)``
    bars: tuple[int, ...]  # sixteenths in which a bar begins, ascending


def vocabulary(lowest: int) -> Vocabulary:
    """The columns of an image: each of 31 pitches beside its hold, then the rest, and one more.

    A note and what holds it stand side by side, from ``lowest`` upwards, because convolutions see
    what is near. Three doublings of 8 make 64 columns. The one left over is ``OTHER``: it is in no
    phrase, and the board never chooses it. A 32nd pitch in its place would have no hold.
    """
    symbols: list[Symbol] = []
    for pitch in range(lowest, lowest + PITCHES):
        symbols += [(pitch,), (*HOLD, pitch)]
    return Vocabulary((*symbols, REST, OTHER))


def melody_of(piece: Piece) -> Melody:
    """The melody of a piece, moved to its home key by the smallest interval."""
    length = -(-piece.end // SIXTEENTH)
    pitches = np.full(length, _SILENCE, np.int32)
    begins = np.zeros(length, np.bool_)
    interval = to_home(piece.keys[0][1])
    for onset, end, pitch in _line(piece.notes):
        first = onset // SIXTEENTH
        sounding = pitches[first] if begins[first] else pitch + interval
        pitches[first : -(-end // SIXTEENTH)] = sounding
        begins[first] = True
    return Melody(pitches, begins, _bars(piece, length))


def lowest_pitch(melodies: Sequence[Melody]) -> int:
    """The lowest of the 31 pitches among which most notes of the melodies lie, as they are."""
    onsets = np.concatenate([melody.pitches[melody.begins] for melody in melodies])
    counts = np.bincount(np.clip(onsets, 0, MAX_PITCH), minlength=MAX_PITCH + 1)
    return int(np.convolve(counts, np.ones(PITCHES, np.int64), "valid").argmax())


def phrases_of(melody: Melody, lowest: int, bars: int) -> Phrases:
    """The phrases of a melody: ``(phrases, LINES)``, numbers in ``vocabulary(lowest)``.

    The melody is moved by whole octaves so that most of its notes lie in the vocabulary, and the
    notes that then do not are moved by octaves, each alone.

    Args:
        melody: in its home key.
        lowest: pitch of the vocabulary.
        bars: from the beginning of one phrase to that of the next, at least 1.
    """
    height = _into(melody.pitches + _octaves(melody, lowest), lowest) - lowest
    sounding = 2 * height + np.where(melody.begins, 0, 1)
    numbers = np.where(melody.pitches < 0, 2 * PITCHES, sounding)
    starts = [start for start in melody.bars[::bars] if start + LINES <= len(numbers)]
    places = np.array(starts, np.int64).reshape(-1, 1) + np.arange(LINES)
    phrases: Phrases = numbers[places].astype(np.uint8)
    return phrases


def _line(notes: Sequence[Note]) -> Iterator[tuple[int, int, int]]:
    """Onset, end and pitch of each note of the melody; none begins before the last has ended."""
    last: Note | None = None
    for _, together in groupby(notes, lambda note: note.onset):
        *_, note = together
        if last and last.end > note.onset:
            if last.pitch > note.pitch:
                continue
            yield last.onset, note.onset, last.pitch
        elif last:
            yield last.onset, last.end, last.pitch
        last = note
    if last:
        yield last.onset, last.end, last.pitch


def _bars(piece: Piece, length: int) -> tuple[int, ...]:
    lines = BarLines(piece.meters, piece.pickup)
    # The last tick of a sixteenth is less than a sixteenth past the bar line that is in it.
    ends = ((cell, cell * SIXTEENTH + SIXTEENTH - 1) for cell in range(length))
    return tuple(cell for cell, end in ends if lines.place(end).tick < SIXTEENTH)


def _octaves(melody: Melody, lowest: int) -> int:
    """Semitones, of whole octaves, after which most notes lie in the vocabulary; the fewest."""
    onsets = melody.pitches[melody.begins]

    def worth(octaves: int) -> tuple[int, int]:
        height = onsets + PITCH_CLASSES * octaves - lowest
        return int(((height >= 0) & (height < PITCHES)).sum()), -abs(octaves)

    most = MAX_PITCH // PITCH_CLASSES
    return PITCH_CLASSES * max(range(-most, most + 1), key=worth)


def _into(pitches: NDArray[np.int32], lowest: int) -> NDArray[np.int32]:
    """Each pitch that is outside moved inside by as few octaves as possible."""
    up = np.maximum(-((pitches - lowest) // PITCH_CLASSES), 0)
    down = np.maximum(-((lowest + PITCHES - 1 - pitches) // PITCH_CLASSES), 0)
    moved: NDArray[np.int32] = pitches + PITCH_CLASSES * (up - down)
    return moved
