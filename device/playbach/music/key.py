"""Keys: a tonic pitch class and a mode, and how they are written and read."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from playbach.errors import InputError

PITCH_CLASSES = 12
TONIC_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NATURALS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_KEY_PATTERN = re.compile(
    r"([a-g])\s*(sharp|flat|#|♯|b|♭)?\s*(major|minor|maj|min|m)?", re.IGNORECASE
)


class Mode(enum.Enum):
    """Major or minor."""

    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Key:
    """A tonal centre.

    Attributes:
        tonic: pitch class of the tonic, 0 (C) to 11 (B).
        mode: major or minor.

    Raises:
        InputError: the tonic is no pitch class.
    """

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.tonic < PITCH_CLASSES:
            raise InputError(f"tonic {self.tonic}: pitch classes run from 0 (C) to 11 (B)")

    def __str__(self) -> str:
        return f"{TONIC_NAMES[self.tonic]} {self.mode.value}"

    @property
    def sharps(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, -6 to 5.

        Each fifth up is a sharp more. F sharp major has six flats, as G flat major.
        """
        major_tonic = self.tonic if self.mode is Mode.MAJOR else self.tonic + 3
        return (major_tonic * 7 + 6) % PITCH_CLASSES - 6


C_MAJOR = Key(0, Mode.MAJOR)


def parse_key(text: str) -> Key:
    """Read a key such as ``G``, ``d minor``, ``F# major``, ``Bbm`` or ``E flat minor``.

    Without a mode, a capital letter is major and a small one is minor, as musicians write.

    Raises:
        InputError: the text names no key.
    """
    match = _KEY_PATTERN.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"key {text[:40]!r}: not a key; write a letter from A to G, # or b if needed, and "
            "major or minor, such as 'D minor', 'Bb major' or 'F#m'"
        )
    letter, accidental, mode_word = match.groups()
    tonic = (_NATURALS[letter.lower()] + _ACCIDENTALS[(accidental or "").lower()]) % PITCH_CLASSES
    # A single letter, of the mode or else of the tonic, is minor when it is small.
    word = mode_word or letter
    minor = word.islower() if len(word) == 1 else word.lower().startswith("min")
    return Key(tonic, Mode.MINOR if minor else Mode.MAJOR)
