"""Which notes go together on one stem, and in which voice of the staff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import fmean

from playbach.music.note import Note

MOST_VOICES = 4
"""As many as notation programs take on one staff."""


@dataclass(frozen=True, slots=True)
class Chord:
    """Notes on one stem for a stretch of their sound; those that last longer are tied on.

    Attributes:
        start: ticks, at or after the onset of each note.
        end: ticks, at or before the end of each note.
        notes: from low to high; none for a rest.
    """

    start: int
    end: int
    notes: tuple[Note, ...]


Voice = tuple[Chord, ...]
"""Chords in order that do not overlap."""


def voices_of(notes: Sequence[Note]) -> tuple[Voice, ...]:
    """The voices of a movement, the highest first; at most ``MOST_VOICES``, at least one.

    Wherever nothing overlaps there is only the first voice. Notes of one onset and one duration
    share a stem. Where even so more voices sound than a staff can hold, all go into the first, cut
    wherever a note begins or ends, and are tied.

    Args:
        notes: of a piece, in order.
    """
    voices: list[list[Chord]] = [[]]
    for cluster in _clusters(_stems(notes)):
        lines = _lines(cluster)
        if len(lines) > MOST_VOICES:
            lines = [_cut(cluster)]
        for number, line in enumerate(sorted(lines, key=_height, reverse=True)):
            if number == len(voices):
                voices.append([])
            voices[number] += line
    return tuple(tuple(voice) for voice in voices)


def _stems(notes: Sequence[Note]) -> list[Chord]:
    """Chords by onset, at one onset the highest first."""
    stems = [
        Chord(onset, end, tuple(sorted(group, key=lambda note: note.pitch)))
        for (onset, end), group in groupby(
            sorted(notes, key=lambda note: (note.onset, note.end)),
            key=lambda note: (note.onset, note.end),
        )
    ]
    return sorted(stems, key=lambda stem: (stem.start, -stem.notes[-1].pitch))


def _clusters(stems: Sequence[Chord]) -> Iterator[list[Chord]]:
    """Stretches between which nothing is held."""
    cluster: list[Chord] = []
    end = 0
    for stem in stems:
        if cluster and stem.start >= end:
            yield cluster
            cluster = []
        cluster.append(stem)
        end = max(end, stem.end)
    if cluster:
        yield cluster


def _lines(cluster: Iterable[Chord]) -> list[list[Chord]]:
    """As few lines as can be; each goes on with what lies near to what it had."""
    lines: list[list[Chord]] = []
    for stem in cluster:
        free = [line for line in lines if line[-1].end <= stem.start]
        if free:
            min(free, key=lambda line: abs(_height([line[-1]]) - _height([stem]))).append(stem)
        else:
            lines.append([stem])
    return lines


def _height(line: Iterable[Chord]) -> float:
    return fmean(note.pitch for chord in line for note in chord.notes)


def _cut(cluster: Sequence[Chord]) -> list[Chord]:
    """One line with a chord wherever any note begins or ends."""
    notes = [note for stem in cluster for note in stem.notes]
    times = sorted({note.onset for note in notes} | {note.end for note in notes})
    return [
        Chord(
            start,
            end,
            tuple(
                sorted(
                    (note for note in notes if note.onset <= start and note.end >= end),
                    key=lambda note: note.pitch,
                )
            ),
        )
        for start, end in pairwise(times)
    ]
