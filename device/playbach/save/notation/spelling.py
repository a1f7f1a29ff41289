"""Which letter and accidental a pitch is written with.

Spellings are places on the line of fifths (... Bb F C G D A E B F# ...): in a key, each pitch
class has the one place that lies within a window around the tonic (Temperley 2001, "The Cognition
of Basic Musical Structures", chapter 5). The window reaches from what the key borrows from its
flat side to the leading notes of the chords it goes to.
"""

from __future__ import annotations

from dataclasses import dataclass

from playbach.music.key import PITCH_CLASSES, Key, Mode

# Fifths from C to F, the first of the seven letters on the line.
_FIRST = -1
_LETTERS = "FCGDAEB"
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_LOWEST_FROM_TONIC = {Mode.MAJOR: -3, Mode.MINOR: -5}
"""The flattest spelling used, in fifths from the tonic: in major the third of the parallel minor,
in minor the lowered second (of the Neapolitan chord)."""
_MINOR_TONIC = 3
"""Fifths from the tonic of a signature's major key to that of its minor key."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A pitch as it is written.

    Attributes:
        letter: C to B.
        alter: semitones up (sharps) or down (flats), -2 to 2.
        octave: in scientific pitch notation, where middle C is C4; that of the letter.
    """

    letter: str
    alter: int
    octave: int


def spell(pitch: int, key: Key) -> Spelling:
    """How ``pitch`` (0 to 127) is written in ``key``."""
    tonic = key.sharps + (_MINOR_TONIC if key.mode is Mode.MINOR else 0)
    lowest = tonic + _LOWEST_FROM_TONIC[key.mode]
    fifths = lowest + (pitch * 7 - lowest) % PITCH_CLASSES
    alter, place = divmod(fifths - _FIRST, len(_LETTERS))
    letter = _LETTERS[place]
    octave = (pitch - alter - _NATURAL[letter]) // PITCH_CLASSES - 1
    return Spelling(letter, alter, octave)


def signature_alter(letter: str, sharps: int) -> int:
    """What a key signature of ``sharps`` (flats negative) does to a letter: -1, 0 or 1."""
    return (sharps - _LETTERS.index(letter) - 1) // len(_LETTERS) + 1
