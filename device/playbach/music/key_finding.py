"""The key of a piece, estimated from its notes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from playbach.music.key import C_MAJOR, PITCH_CLASSES, Key, Mode
from playbach.music.note import Note

# How well listeners found each pitch class to fit after a key had been set, from the tonic up:
# Krumhansl and Kessler 1982; as table 2.1 in C. L. Krumhansl, Cognitive Foundations of Musical
# Pitch, Oxford 1990, whose key-finding algorithm (chapter 4) this is.
PROFILES = {
    Mode.MAJOR: (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    Mode.MINOR: (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
KEYS = tuple(Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES))


def estimate_key(notes: Iterable[Note]) -> Key:
    """The key whose profile correlates best with how long each pitch class sounds.

    C major where there is nothing to go by: no notes, or all pitch classes alike.
    """
    sounding = [0] * PITCH_CLASSES
    for note in notes:
        sounding[note.pitch % PITCH_CLASSES] += note.duration
    if min(sounding) == max(sounding):
        return C_MAJOR
    return max(KEYS, key=lambda key: _fit(sounding, key))


def _fit(sounding: list[int], key: Key) -> float:
    from_tonic = sounding[key.tonic :] + sounding[: key.tonic]
    return statistics.correlation(from_tonic, PROFILES[key.mode])
