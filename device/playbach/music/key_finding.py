"""The key of a piece: what its file says, weighed against its notes.

Every key gets points, meant as logarithms of likelihood ratios. Those for the notes were fitted by
logistic regression to movements by Bach for keyboard, whose keys their engravers give; those for
what a file says were set by hand.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playbach.music.key import C_MAJOR, PITCH_CLASSES, TONIC_NAMES, Key, Mode
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
_LEADING_NOTES = ("B", "B#", "C#", "D", "D#", "E", "E#", "F#", "G", "G#", "A", "A#")
"""By the tonic; each is a letter below it."""
KEYS = tuple(Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES))
_FIFTH, _MINOR_SEVENTH, _LEADING_NOTE = 7, 10, 11
_THIRDS = {Mode.MAJOR: 4, Mode.MINOR: 3}

_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
# Share of the time that notes outside of the signature sound: in 19 of 20 of these movements at
# most the first under their own, at least the second under one that lacks two accidentals.
BELIEVED_BELOW, DISBELIEVED_ABOVE = 0.19, 0.25

# Points for what the file says.
SIGNATURE_OF_THE_KEY = 4.0
OLD_SIGNATURE = 1.5
LOST_SIGNATURE = 0.0
ANOTHER_SIGNATURE = -4.0
NAMED = 4.0
NAMED_BY_DEFAULT = 0.5
NAMED_IN_TITLE = 2.0
# Points for the notes.
ALL_OF_THE_PROFILE = 5.0
LAST_BASS_IS_TONIC = 4.0
FIRST_BASS_IS_TONIC_OR_DOMINANT = 1.7
FIRST_BASS_IS_TONIC = 0.7
"""Of what is no whole piece."""
ALL_THIRDS_OF_THE_MODE = 4.0
ALL_SEVENTHS_LEADING = 1.0


@dataclass(frozen=True, slots=True)
class Signature:
    """A key signature as a file has it.

    Attributes:
        fifths: sharps (positive) or flats (negative).
        key: the key that the file names with it, ``None`` if it names none.
    """

    fifths: int
    key: Key | None = None

    @property
    def major(self) -> Key:
        """The major key of this signature."""
        return Key(_FIFTH * self.fifths % PITCH_CLASSES, Mode.MAJOR)

    @property
    def minor(self) -> Key:
        """The minor key of this signature."""
        return Key((_FIFTH * self.fifths - 3) % PITCH_CLASSES, Mode.MINOR)

    @property
    def names_minor(self) -> bool:
        """Whether the file names a minor key, which no program does by default."""
        return self.key is not None and self.key.mode is Mode.MINOR


def weigh(
    signature: Signature | None,
    notes: Sequence[Note],
    *,
    titled: Key | None = None,
    knows_modes: bool = False,
    is_whole: bool = True,
) -> tuple[Key, str]:
    """The key of notes under a signature, and why it is not what the file says, if it is not.

    Programs that know no modes call every piece major; some lose its signature; and in Bach's time
    a minor key was written with a flat less. So no signature is beyond doubt, but it counts.

    Args:
        signature: what the file says; ``None`` if nothing.
        notes: those under it, in order of onset.
        titled: the key that a title names, which may be that of other movements of the work.
        knows_modes: whether the file names minor keys at all, so that major is no default.
        is_whole: whether the last note is an ending; else the first tells more.

    Returns:
        The key, and a reason of one line; no reason where the file says just this.
    """
    heard = _Heard(notes, is_whole=is_whole)
    if len(notes) < FEWEST_NOTES or heard.tells_nothing:
        return _of_few(signature, heard)

    belief = 0.0 if signature is None else heard.belief(signature)

    def points(key: Key) -> float:
        title = NAMED_IN_TITLE * (key == titled)
        return heard.points(key) + _said(signature, key, belief, knows_modes=knows_modes) + title

    key = max(KEYS, key=points)
    if signature is not None and key == signature.key:
        return key, ""
    return key, f"{_doubt(signature, key)} ({heard.reason(key)})"


def _of_few(signature: Signature | None, heard: _Heard) -> tuple[Key, str]:
    """The key of notes that are too few to outweigh what the file says."""
    if signature is None:
        key = C_MAJOR if heard.tells_nothing else max(KEYS, key=heard.points)
        return key, "as the file says none"
    if signature.key is not None:
        return signature.key, ""
    both = (signature.major, signature.minor)
    key = signature.major if heard.tells_nothing else max(both, key=heard.points)
    return key, _doubt(signature, key)


def _doubt(signature: Signature | None, key: Key) -> str:
    if signature is None:
        return "as the file says none"
    if signature.key is not None:
        return f"not {signature.key} as the file says"
    if key in {signature.major, signature.minor}:
        return "as the file names no mode"
    return f"not what its signature says, {signature.major} or {signature.minor}"


def _said(signature: Signature | None, key: Key, belief: float, *, knows_modes: bool) -> float:
    """Points for a key under a signature that is to be believed as much as ``belief``, 0 to 1."""
    if signature is None:
        return 0.0
    points = 0.0
    if key == signature.key:
        points = NAMED if signature.names_minor or knows_modes else NAMED_BY_DEFAULT
    more = (key.sharps - signature.fifths + 6) % PITCH_CLASSES - 6
    if more == 0:
        return points + belief * SIGNATURE_OF_THE_KEY
    # None at all is what programs write by default.
    if signature.fifths == 0 and not signature.names_minor:
        return points + LOST_SIGNATURE
    # Dorian, lydian and mixolydian signatures: a flat less, or a sharp less in major.
    if more == -1 or (more == 1 and key.mode is Mode.MAJOR):
        return points + OLD_SIGNATURE
    return points + ANOTHER_SIGNATURE


class _Heard:
    """What the notes tell of their key."""

    def __init__(self, notes: Sequence[Note], *, is_whole: bool) -> None:
        self._sounding = [0] * PITCH_CLASSES
        for note in notes:
            self._sounding[note.pitch % PITCH_CLASSES] += note.duration
        self._is_whole = is_whole
        self.tells_nothing = min(self._sounding) == max(self._sounding)
        self.last_bass = self._first_bass = 0
        if notes:
            first, last = notes[0].onset, notes[-1].onset
            self._first_bass = _bass(notes, lambda note: note.onset == first)
            self.last_bass = _bass(notes, lambda note: note.end > last)

    def points(self, key: Key) -> float:
        """Points for a key."""
        sounding = self._sounding[key.tonic :] + self._sounding[: key.tonic]
        thirds = {mode: sounding[third] for mode, third in _THIRDS.items()}
        opens_on = (self._first_bass - key.tonic) % PITCH_CLASSES
        return (
            ALL_OF_THE_PROFILE * statistics.correlation(sounding, PROFILES[key.mode])
            + LAST_BASS_IS_TONIC * (self._is_whole and self.last_bass == key.tonic)
            + FIRST_BASS_IS_TONIC * (not self._is_whole and opens_on == 0)
            + FIRST_BASS_IS_TONIC_OR_DOMINANT * (opens_on in (0, _FIFTH))
            + ALL_THIRDS_OF_THE_MODE * _share(thirds[key.mode], sum(thirds.values()))
            + ALL_SEVENTHS_LEADING
            * _share(sounding[_LEADING_NOTE], sounding[_LEADING_NOTE] + sounding[_MINOR_SEVENTH])
        )

    def belief(self, signature: Signature) -> float:
        """How far the notes lie within a signature, 0 to 1."""
        tonic = signature.major.tonic
        inside = sum(self._sounding[(tonic + step) % PITCH_CLASSES] for step in _MAJOR_SCALE)
        outside = 1 - inside / sum(self._sounding)
        doubt = (outside - BELIEVED_BELOW) / (DISBELIEVED_ABOVE - BELIEVED_BELOW)
        return 1 - min(1.0, max(0.0, doubt))

    def reason(self, key: Key) -> str:
        """What speaks for a key, in a few words."""
        leading = (key.tonic + _LEADING_NOTE) % PITCH_CLASSES
        words = [f"last bass {TONIC_NAMES[self.last_bass]}"]
        if self._sounding[leading]:
            words.append(f"leading note {_LEADING_NOTES[key.tonic]}")
        return ", ".join([*words, "its scale"])


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _bass(notes: Sequence[Note], is_meant: Callable[[Note], bool]) -> int:
    """The pitch class of the lowest of some notes."""
    return min(note.pitch for note in notes if is_meant(note)) % PITCH_CLASSES
