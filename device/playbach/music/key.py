"""Keys: a tonic pitch class and a mode, and how they are written and read."""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from playbach.errors import InputError

PITCH_CLASSES = 12
TONIC_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""Of pitch classes by themselves, without a key that would spell them."""
LETTERS = "FCGDAEB"
"""Those of the line of fifths, of which F is the first (... Bb F C G D A E B F# ...)."""
FIFTHS_OF_F = -1
"""Fifths from C to F."""
_MINOR_TONIC = 3
"""Fifths from the tonic of a signature's major key to that of its minor key."""


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
        alter, letter = divmod(self.fifths - FIFTHS_OF_F, len(LETTERS))
        return f"{LETTERS[letter]}{('', '#', 'b')[alter]} {self.mode.value}"

    @property
    def title(self) -> str:
        """As it stands in titles, with musical signs: ``B♭ major``."""
        return str(self).replace("b ", "♭ ").replace("# ", "♯ ")

    @property
    def fifths(self) -> int:
        """The tonic's place on the line of fifths, C being 0, as the key signature spells it."""
        return self.sharps + (_MINOR_TONIC if self.mode is Mode.MINOR else 0)

    @property
    def sharps(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, -6 to 5.

        Each fifth up is a sharp more. F sharp major has six flats, as G flat major.
        """
        major_tonic = self.tonic if self.mode is Mode.MAJOR else self.tonic + 3
        return (major_tonic * 7 + 6) % PITCH_CLASSES - 6


C_MAJOR = Key(0, Mode.MAJOR)


@dataclass(frozen=True)
class _Language:
    """How keys are named in a language.

    Attributes:
        naturals: pitch classes of the names without an accidental.
        accidentals: semitones of what may follow a name.
        modes: what may follow that; ``""`` where a capital letter is major and a small one minor.
    """

    naturals: Mapping[str, int]
    accidentals: Mapping[str, int]
    modes: Mapping[str, Mode | None]

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """A name, an accidental, a mode; case is looked at by whoever reads."""
        name, accidental, mode = (
            "|".join(sorted(map(re.escape, words), key=len, reverse=True))
            for words in (self.naturals, self.accidentals, self.modes)
        )
        return re.compile(rf"({name})[\s-]*({accidental})[\s-]*({mode})", re.IGNORECASE)


_SIGNS = {"": 0, "#": 1, "\N{MUSIC SHARP SIGN}": 1, "b": -1, "\N{MUSIC FLAT SIGN}": -1}
_ENGLISH = _Language(
    {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11},
    {**_SIGNS, "sharp": 1, "flat": -1},
    {
        "": None, "m": None, "major": Mode.MAJOR, "maj": Mode.MAJOR, "minor": Mode.MINOR,
        "min": Mode.MINOR,
    },
)  # fmt: skip
_GERMAN = _Language(
    {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 10, "h": 11},
    {"": 0, "is": 1, "es": -1, "s": -1},
    {"dur": Mode.MAJOR, "moll": Mode.MINOR},
)
_ROMANCE = _Language(
    {
        "ut": 0, "do": 0, "r\u00e9": 2, "re": 2, "mi": 4, "fa": 5, "sol": 7, "la": 9, "si": 11,
    },
    {
        **_SIGNS, "di\u00e8se": 1, "diese": 1, "diesis": 1, "b\u00e9mol": -1, "bemol": -1,
        "bemolle": -1,
    },
    {
        "majeur": Mode.MAJOR, "mineur": Mode.MINOR, "maggiore": Mode.MAJOR, "minore": Mode.MINOR,
    },
)  # fmt: skip
_LANGUAGES = (_ENGLISH, _GERMAN, _ROMANCE)


def parse_key(text: str) -> Key:
    """Read a key such as ``G``, ``d minor``, ``F# major``, ``Bbm``, ``Es-Dur`` or ``si mineur``.

    Without a mode, a capital letter is major and a small one is minor, as musicians write.

    Raises:
        InputError: the text names no key.
    """
    for language in _LANGUAGES:
        match = language.pattern.fullmatch(text.strip())
        if match is not None:
            return _key_of(language, *match.groups())
    raise InputError(
        f"key {text[:40]!r}: not a key; write a letter from A to G, # or b if needed, and "
        "major or minor, such as 'D minor', 'Bb major' or 'F#m' ('d-Moll' and 'si mineur' will do)"
    )


def _key_of(language: _Language, name: str, accidental: str, word: str) -> Key:
    tonic = language.naturals[name.lower()] + language.accidentals[accidental.lower()]
    # A single letter, of the mode or else of the tonic, is minor when it is small.
    written = Mode.MINOR if (word or name).islower() else Mode.MAJOR
    return Key(tonic % PITCH_CLASSES, language.modes[word.lower()] or written)
