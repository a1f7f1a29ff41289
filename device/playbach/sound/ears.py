"""Whether notes that were played are heard: each key against its neighbours, in a recording.

No recogniser is trained. A note counts if, while it sounds, its key and the first partials above it
are louder than each of six keys nearby that do not sound; in noise that is so for one in seven.
Whoever played knows the notes, but not how late they are heard, so the delay is searched.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
NOTES = 24
"""Notes that are looked for."""
ENOUGH = 15
"""Notes of them that must count; in noise, speech and other music fourteen did at best."""
EARLY, LATE = 0.2, 1.5
"""Seconds by which what is heard may come before it is due, as far as clocks agree, and after."""
_LASTING = 0.2
"""Seconds from one note of the phrase to the next."""
_PHRASE = range(55, 80)
"""Its keys: high enough to be told apart in a fifth of a second."""
_KEYS = range(36, 80)
"""Those that are looked for."""
_APART = 4
"""Semitones between its neighbours, at least."""
_STEP = 0.02
"""Seconds between the delays that are tried."""
_LOOK = 0.18
"""Seconds of a note that are looked at."""
_SHORTEST = 0.1
"""Seconds that a note must last to be looked for."""
_ECHO = 0.35
"""Seconds for which a key counts as sounding after its note has ended."""
_DECOYS = 6
_REACH = 12
"""Semitones from a key to the furthest that it may be compared with."""
_PARTIALS = 4
_RATE = 14_000
"""Samples a second that are looked at, at least: enough for all partials of the highest key."""
_ALL = range(min(_KEYS) - _REACH, max(_KEYS) + _REACH + 1)
"""Keys whose loudness is measured."""


class Played(NamedTuple):
    """A note that may be heard."""

    at: float  # seconds until it is due
    lasts: float  # seconds
    key: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found of the notes.

    Attributes:
        notes: how many of them count.
        of: how many were looked for: ``NOTES``, or fewer if there were no more, none if the
            recording is too short.
        delay: seconds at which most count.
        before: kinds of sound that were heard before them, if they were to be told: how likely
            each is, likeliest first.
    """

    notes: int
    of: int
    delay: float
    before: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether there were notes enough to tell."""
        return self.of == NOTES

    @property
    def is_heard(self) -> bool:
        """Whether that cannot be chance."""
        return self.is_known and self.notes >= ENOUGH


def phrase(seed: int) -> list[Played]:
    """Notes that no other music has, the first of them at once."""
    chance = random.Random(seed)
    keys = [chance.choice(_PHRASE)]
    while len(keys) < NOTES:
        key = chance.choice(_PHRASE)
        if abs(key - keys[-1]) >= _APART:
            keys.append(key)
    return [Played(number * _LASTING, _LASTING - 0.01, key) for number, key in enumerate(keys)]


def can_be_heard(note: Played) -> bool:
    """Whether a note is one that is looked for."""
    return note.lasts >= _SHORTEST and note.key in _KEYS


def listen(recording: Samples, rate: int, notes: Sequence[Played]) -> Heard:
    """Look for notes in a recording, which is to last ``LATE`` beyond the last of them.

    Args:
        recording: -1 to 1.
        rate: samples per second.
        notes: all that were played meanwhile, in order, by the time in the recording.
    """
    judged = [note for note in notes if can_be_heard(note)][:NOTES]
    if len(judged) < NOTES:
        return Heard(0, len(judged), 0.0)
    loudness = _loudness(recording, rate)
    if len(loudness) * _STEP < judged[-1].at:
        return Heard(0, 0, 0.0)
    own = np.array([note.key for note in judged]) - _ALL[0]
    beside = np.array([_decoys(note, notes) for note in judged]) - _ALL[0]
    starts = np.array([note.at for note in judged]) / _STEP
    best, clearest = Heard(0, NOTES, 0.0), -math.inf
    for late in range(round(-EARLY / _STEP), round(LATE / _STEP)):
        frames = np.round(starts + late).astype(int)
        if frames[0] < 0 or frames[-1] >= len(loudness):
            continue
        key = loudness[frames, own]
        other = loudness[frames[:, None], beside].max(axis=1)
        found = int(np.sum(key > other)), float(np.mean(key - other))
        if found > (best.notes, clearest):
            best, clearest = Heard(found[0], NOTES, late * _STEP), found[1]
    return best


def _decoys(note: Played, notes: Sequence[Played]) -> list[int]:
    """The nearest keys, of which none sounds while the note begins if there are enough of them."""
    begin, end = note.at - _ECHO, note.at + _LOOK
    sounding = {one.key for one in notes if one.at < end and one.at + one.lasts > begin}
    beside = [note.key + sign * step for step in range(1, _REACH + 1) for sign in (-1, 1)]
    return sorted(beside, key=lambda key: key in sounding)[:_DECOYS]


def _loudness(recording: Samples, rate: int) -> NDArray[Any]:
    """Every ``_STEP`` seconds, of each key of ``_ALL``: the sum of its partials' levels in dB."""
    fewer = max(1, rate // _RATE)
    samples = recording[: len(recording) // fewer * fewer].reshape(-1, fewer).mean(axis=1)
    per_second = rate / fewer
    size = round(_LOOK * per_second)
    padded = 1 << math.ceil(math.log2(4 * size))
    hertz = 440 * 2 ** ((np.array(_ALL) - 69) / 12)
    partials = np.arange(1, _PARTIALS + 1)[:, None]
    bins = np.round(partials * hertz * padded / per_second).astype(int)
    window = np.hanning(size)
    frames = max(0, int((len(samples) - size) / (_STEP * per_second)) + 1)
    found = np.zeros((frames, len(_ALL)))
    for frame in range(frames):
        start = round(frame * _STEP * per_second)
        spectrum = np.fft.rfft(samples[start : start + size] * window, padded)[bins]
        found[frame] = np.sum(20 * np.log10(np.abs(spectrum) + 1e-9), axis=0)
    return found
