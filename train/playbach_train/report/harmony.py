"""Chords, local scales and local keys of a movement, read from nothing but its notes.

Such readings are often wrong of a single beat: key finding agrees with experts on about 72% of
bars, chord roots on half. They are for comparing sets of movements that are all read in the same
way, never for labels to learn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.key_finding import PROFILES
from playbach.music.note import Note

Profile = NDArray[np.float64]
"""Ticks that each pitch class sounds, from C up ``(12,)``, or ``(n, 12)`` in n spans of time."""

KINDS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10), (0, 3, 6, 9))
"""Semitones above the root: major, minor and diminished triad, dominant and diminished seventh."""
LEADING = frozenset({2, 4})
"""The kinds that lead to a root a semitone higher."""
DOMINANT = frozenset({0, 3})
"""The kinds that lead to a root a fourth higher."""
TRIADS = frozenset({0, 1, 3})
"""The kinds that are led to: with a seventh, a chord is arrived at all the same."""

ROOT_SOUNDS, ROOT_IN_BASS = 0.3, 0.2
"""What a chord gains for the share of its root in all that sounds, and for its root in the bass."""
FOURTH_NOTE = 0.1
"""What a chord of four notes loses, for it contains more than one of three."""
CHANGE = 0.7
"""What a change of chord costs: that share of a beat would have to fit better."""
KEY_CHANGE = 0.6
"""What a change of key costs, in correlations of one bar."""

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11), (0, 2, 3, 5, 7, 9, 11))
"""Major, which has the notes of natural minor, harmonic minor and ascending melodic minor."""


@dataclass(frozen=True, slots=True)
class Chord:
    """The harmony from one beat on."""

    beat: int  # index of the beat it begins with
    root: int  # pitch class
    kind: int  # index in ``KINDS``

    def resolves_to(self, other: Chord) -> bool:
        """Whether ``other``, the chord that follows, is what this dominant leads to."""
        up = (other.root - self.root) % PITCH_CLASSES
        leads = (self.kind in DOMINANT and up == 5) or (self.kind in LEADING and up == 1)  # noqa: PLR2004 a fourth
        return leads and other.kind in TRIADS


def profiles(notes: Sequence[Note], starts: Sequence[int]) -> Profile:
    """How long each pitch class sounds from each of ``starts``, ascending ticks, to the next.

    Returns:
        ``(len(starts) - 1, 12)``: the last of ``starts`` is where the last span ends.
    """
    edges = np.asarray(starts)
    found = np.zeros((len(edges) - 1, PITCH_CLASSES))
    for note in notes:
        first = max(int(np.searchsorted(edges, note.onset, side="right")) - 1, 0)
        last = int(np.searchsorted(edges, note.end, side="left"))
        for span in range(first, min(last, len(found))):
            sounds = min(note.end, int(edges[span + 1])) - max(note.onset, int(edges[span]))
            found[span, note.pitch % PITCH_CLASSES] += max(sounds, 0)
    return found


def chords(sounding: Profile, bass: Sequence[int]) -> list[Chord]:
    """The likeliest chords, as a path through ``KINDS`` on all roots (Viterbi 1967).

    A chord fits a beat by the share of what sounds that belongs to it, less what does not (after
    Pardo and Birmingham 2002), with a little for its root.

    Args:
        sounding: of each beat, ``(beats, 12)``.
        bass: lowest pitch that sounds in each beat, -1 where nothing does.
    """
    fits = _fits(sounding, np.asarray(bass))
    path = _path(fits, CHANGE)
    found: list[Chord] = []
    for beat, state in enumerate(path):
        kind, root = divmod(state, PITCH_CLASSES)
        if not found or (found[-1].root, found[-1].kind) != (root, kind):
            found.append(Chord(beat, root, kind))
    return found


def _fits(sounding: Profile, bass: NDArray[np.int64]) -> NDArray[np.float64]:
    """How well each chord fits each beat: ``(beats, kinds * 12)``; 0 where nothing sounds."""
    total = sounding.sum(axis=1, keepdims=True)
    part = np.divide(sounding, total, out=np.zeros_like(sounding), where=total > 0)
    lowest = np.eye(PITCH_CLASSES)[bass % PITCH_CLASSES] * (bass >= 0)[:, None]
    rows = []
    for tones in KINDS:
        inside = np.zeros((PITCH_CLASSES, PITCH_CLASSES))
        for root in range(PITCH_CLASSES):
            inside[[(root + tone) % PITCH_CLASSES for tone in tones], root] = 1
        fit = 2 * part @ inside - (total > 0) + ROOT_SOUNDS * part + ROOT_IN_BASS * lowest
        rows.append(fit - FOURTH_NOTE * (len(tones) - 3))
    return np.concatenate(rows, axis=1)


def _path(fits: NDArray[np.float64], change: float) -> list[int]:
    """The states with the greatest sum of fits, less ``change`` for each change."""
    if not len(fits):
        return []
    best, came = fits[0].copy(), []
    for fit in fits[1:]:
        top = int(best.argmax())
        stays = best >= best[top] - change
        came.append(np.where(stays, np.arange(len(best)), top))
        best = np.where(stays, best, best[top] - change) + fit
    state = int(best.argmax())
    path = [state]
    for row in reversed(came):
        state = int(row[state])
        path.append(state)
    return path[::-1]


def local_keys(sounding: Profile) -> list[Key]:
    """The key of each bar: profiles of Krumhansl and Kessler, smoothed over neighbouring bars.

    Args:
        sounding: of each bar, ``(bars, 12)``.
    """
    keys = [Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES)]
    wanted = np.array([np.roll(PROFILES[key.mode], key.tonic) for key in keys])
    wanted = (wanted - wanted.mean(axis=1, keepdims=True)) / wanted.std(axis=1, keepdims=True)
    around = np.zeros_like(sounding)
    for shift, weight in ((-1, 0.5), (0, 1.0), (1, 0.5)):
        here = slice(max(-shift, 0), len(sounding) - max(shift, 0))
        there = slice(max(shift, 0), len(sounding) + min(shift, 0))
        around[here] += weight * sounding[there]
    spread = around.std(axis=1, keepdims=True)
    centred = around - around.mean(axis=1, keepdims=True)
    level = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    return [keys[state] for state in _path(level @ wanted.T / PITCH_CLASSES, KEY_CHANGE)]


def outside_scale(pitches: NDArray[np.int64]) -> int:
    """Notes outside whichever of ``SCALES``, on any tonic, holds most of them."""
    counts = np.bincount(pitches % PITCH_CLASSES, minlength=PITCH_CLASSES)
    return int(len(pitches) - (_SCALES @ counts).max())


_SCALES = np.array(
    [
        np.roll(np.isin(np.arange(PITCH_CLASSES), scale).astype(np.int64), tonic)
        for scale in SCALES
        for tonic in range(PITCH_CLASSES)
    ]
)


def clusters(pitches: NDArray[np.int64]) -> int:
    """Runs of three neighbouring pitch classes, such as G, G sharp and A, among these notes."""
    there = np.bincount(pitches % PITCH_CLASSES, minlength=PITCH_CLASSES) > 0
    return int((there & np.roll(there, -1) & np.roll(there, -2)).sum())
