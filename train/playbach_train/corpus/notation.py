"""A score as music21 holds it, as a piece.

music21 is imported by ``notation_files``, not here: its objects say what they are by class name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

from playbach.errors import InputError
from playbach.music.form import OTHER, Form, form_in_title
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Ticks
from playbach_train.corpus.grid import (
    Changes,
    ReadResult,
    WrittenNote,
    changes,
    check_amount,
    join_ties,
    one_line,
    ticks,
    to_grid,
    without_overlaps,
)
from playbach_train.corpus.key_finding import estimate_key

# By the third above the tonic, which is what an ear calls major or minor.
_MODES = {
    **dict.fromkeys(("major", "ionian", "lydian", "mixolydian"), Mode.MAJOR),
    **dict.fromkeys(("minor", "aeolian", "dorian", "phrygian", "locrian"), Mode.MINOR),
}
_DECIMALS = 1 << 16


def piece_from_score(score: Any, name: str, form: Form | None = None) -> ReadResult:
    """All parts of a ``music21.stream.Score`` played together, as written (no repeats unfolded).

    Grace notes, chord symbols and unpitched notes are left out. A key signature without a mode is
    major or its relative minor by the last bass note; without a signature the key is estimated.

    Args:
        score: the score, at written or sounding pitch; changed to sounding pitch.
        name: what the movement is called, for its title and form where the score has no better.
        form: the form if it is known, else the one named in the title or ``name``.

    Raises:
        InputError: no notes, too many, no meter, or a meter that cannot be played.
    """
    if any(getattr(i, "transposition", None) for i in score["Instrument"]):
        score.toSoundingPitch(inPlace=True)
    parts = [part.flatten() for part in score.parts] or [score.flatten()]
    written = join_ties(chain.from_iterable(_noteheads(part) for part in parts))
    _check_size(written)
    on_grid, off_grid = to_grid(written)
    notes, merged = without_overlaps(on_grid)
    title = one_line((score.metadata and score.metadata.title) or name)
    meters = _meters(parts)
    piece = Piece(
        notes,
        keys=_keys(parts, notes),
        meters=meters,
        form=form or _form(name, title),
        pickup=_pickup(score, meters[0][1]),
        title=title,
    )
    return ReadResult(piece, off_grid, merged)


def _noteheads(part: Any) -> Iterator[WrittenNote]:
    for element in part.notes:
        if element.duration.isGrace or not element.pitches or "Harmony" in element.classes:
            continue
        onset, length = _exact(element.offset), _exact(element.quarterLength)
        for member in getattr(element, "notes", (element,)):
            tie = member.tie or element.tie
            continues = tie is not None and tie.type in ("stop", "continue")
            yield WrittenNote(onset, member.pitch.midi, length, continues)


def _exact(quarters: float | Fraction) -> Fraction:
    """music21 has a float where it is exact and a fraction elsewhere."""
    return Fraction(quarters).limit_denominator(_DECIMALS)


def _check_size(written: list[WrittenNote]) -> None:
    if not written:
        raise InputError("the score has no notes")
    check_amount(len(written), max(note.end for note in written))


def _form(name: str, title: str) -> Form:
    by_name = form_in_title(name)
    return by_name if by_name is not OTHER else form_in_title(title)


def _of_class(parts: Iterable[Any], name: str) -> list[Any]:
    """The elements of that class in the first part that has any."""
    return next(filter(None, (list(part.getElementsByClass(name)) for part in parts)), [])


def _meters(parts: list[Any]) -> Changes[Meter]:
    signatures = _of_class(parts, "TimeSignature")
    if not signatures:
        raise InputError("the score has no meter: add a time signature")
    found = ((s.offset, Meter(s.numerator, s.denominator)) for s in signatures)
    return changes(((ticks(_exact(at)), meter) for at, meter in found), from_start=True)


def _keys(parts: list[Any], notes: tuple[Note, ...]) -> Changes[Key]:
    # music21's Key, which knows its tonic, is a KeySignature too; sorted after one at its offset.
    signatures = sorted(
        _of_class(parts, "KeySignature"), key=lambda s: (s.offset, "Key" in s.classes)
    )
    found = ((ticks(_exact(sign.offset)), _key(sign, notes)) for sign in signatures)
    keys = changes(found, from_start=True)
    return keys or ((Ticks(0), estimate_key(notes)),)


def _key(signature: Any, notes: tuple[Note, ...]) -> Key:
    mode = _MODES.get(str(getattr(signature, "mode", None)).lower())
    if mode is not None and "Key" in signature.classes:
        return Key(signature.tonic.pitchClass, mode)
    major = 7 * signature.sharps % PITCH_CLASSES
    relative_minor = (major + 9) % PITCH_CLASSES
    last_onset = notes[-1].onset
    bass = min(note.pitch for note in notes if note.end > last_onset) % PITCH_CLASSES
    return Key(relative_minor, Mode.MINOR) if bass == relative_minor else Key(major, Mode.MAJOR)


def _pickup(score: Any, meter: Meter) -> Ticks:
    """The length of the first measure if it is shorter than a bar."""
    part = score.parts.first() or score
    offsets = [_exact(measure.offset) for measure in part.getElementsByClass("Measure")[:2]]
    length = ticks(offsets[-1] - offsets[0]) if offsets else 0
    return Ticks(length if 0 < length < meter.bar_ticks else 0)
