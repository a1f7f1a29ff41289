"""Notes as they are typed: ``D4/8 F4/8 E4/8 | A4/4. r/8 C3+E3+G3/2``.

A name, an octave (4 begins at middle C), a value from 1 to 32 for a whole note to a thirty-second,
with a dot if it lasts half as long again. Octave and value are carried on where they are left out;
the first value is a quarter. ``r`` rests, ``+`` joins notes that sound together, and the first
``|`` stands after the upbeat.
"""

from __future__ import annotations

import re
from fractions import Fraction

from playbach.errors import InputError
from playbach.music.grid import WrittenNote
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH
from playbach.themes.said import Said

MOST_CHARACTERS = 20_000
VALUES = ("1", "2", "4", "8", "16", "32")
_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS = {"": 0, "#": 1, "\u266f": 1, "##": 2, "b": -1, "\u266d": -1, "bb": -2}
_NOTE = re.compile(r"([a-g])(##?|bb?|\u266f|\u266d)?(-?[0-9])?", re.IGNORECASE)
_SHOWN = 20


def parse_notes(text: str) -> Said:
    """What typed notes say.

    Raises:
        InputError: one cannot be read, or the text is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            f"theme: {len(text):,} characters; at most {MOST_CHARACTERS:,} are read; the first "
            "eight bars are enough"
        )
    notes: list[WrittenNote] = []
    at, length, octave = Fraction(0), Fraction(1), 4
    pickup: Fraction | None = None
    for word in text.replace(",", " ").replace("|", " | ").split():
        if word == "|":
            pickup = at if pickup is None else pickup
            continue
        names, slash, value = word.partition("/")
        length = _length(value, word) if slash else length
        if names.lower() != "r":
            for name in names.split("+"):
                pitch, octave = _pitch(name, octave, word)
                notes.append(WrittenNote(at, pitch, length))
        at += length
    return Said(notes, pickup=pickup, length=at)


def _length(value: str, word: str) -> Fraction:
    """How many quarter notes a value such as ``8.`` lasts."""
    plain = value.removesuffix(".")
    if plain not in VALUES:
        raise InputError(
            f"theme: {word[:_SHOWN]!r}: the value after the slash is one of {', '.join(VALUES)}, "
            "with a dot if it is dotted, as in D4/8."
        )
    return Fraction(4, int(plain)) * (Fraction(3, 2) if value.endswith(".") else 1)


def _pitch(name: str, octave: int, word: str) -> tuple[int, int]:
    """Pitch and octave of a name such as ``Bb4``; ``octave`` where it has none."""
    match = _NOTE.fullmatch(name)
    if match is None:
        raise InputError(
            f"theme: {word[:_SHOWN]!r} is no note; write a name from A to G, # or b, an octave and "
            "a value, as in Bb4/8, r/8 for a rest, C3+E3+G3/4 for a chord; or name a .mid, "
            ".musicxml or .mxl file"
        )
    letter, sign, digits = match.groups()
    octave = octave if digits is None else int(digits)
    step = _CLASSES[letter.lower()] + _SIGNS[(sign or "").lower()]
    pitch = PITCH_CLASSES * (octave + 1) + step
    if not 0 <= pitch <= MAX_PITCH:
        raise InputError(f"theme: {word[:_SHOWN]!r}: a pitch lies between C-1 and G9")
    return pitch, octave
