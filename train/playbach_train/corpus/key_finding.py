"""The key of a piece, estimated from its notes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from playbach.music.key import C_MAJOR, PITCH_CLASSES, Key, Mode
from playbach.music.note import Note

# How well listeners found each pitch class to fit after a key had been set, from the tonic up:
# Krumhansl and Kessler 1982; as table 2.1 in C. L. Krumhansl, Cognitive Foundations of Musical
# Pitch, Oxford 1990, whose key-finding algorithm (chapter 4) this is.
PROFILES = {
    Mode.MAJOR: (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    Mode.MINOR: (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
FEWEST_NOTES = 24
"""Below this the notes do not outweigh what is printed."""
KEYS = tuple(Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES))


def estimate_key(notes: Iterable[Note]) -> Key:
    """The key whose profile correlates best with how long each pitch class sounds.

    C major where there is nothing to go by: no notes, or all pitch classes alike.
    """
    sounding = _sounding(notes)
    if min(sounding) == max(sounding):
        return C_MAJOR
    return max(KEYS, key=lambda key: _fit(sounding, key))


def key_under_old_signature(printed: Key, notes: Sequence[Note]) -> Key:
    """The key of a piece whose signature may lack its last flat, as in Bach's time.

    G minor was written with one flat, and scores and MIDI files that keep this signature call it
    D minor or F major. It is taken for G minor if the last bass note is G and G minor fits the
    notes better.

    Args:
        printed: the key that the signature stands for.
        notes: all notes, in order of onset; at least one.
    """
    last_bass = min(note.pitch for note in notes if note.onset == notes[-1].onset)
    candidates = [Key(last_bass % PITCH_CLASSES, mode) for mode in Mode]
    one_flat_more = [key for key in candidates if key.sharps == printed.sharps - 1]
    sounding = _sounding(notes)
    if len(notes) < FEWEST_NOTES or min(sounding) == max(sounding):
        return printed
    return max([printed, *one_flat_more], key=lambda key: _fit(sounding, key))


def _sounding(notes: Iterable[Note]) -> list[int]:
    """Ticks that each pitch class sounds, from C up."""
    sounding = [0] * PITCH_CLASSES
    for note in notes:
        sounding[note.pitch % PITCH_CLASSES] += note.duration
    return sounding


def _fit(sounding: list[int], key: Key) -> float:
    from_tonic = sounding[key.tonic :] + sounding[: key.tonic]
    return statistics.correlation(from_tonic, PROFILES[key.mode])
