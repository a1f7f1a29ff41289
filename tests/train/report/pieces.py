"""Pieces written note by note."""

from __future__ import annotations

from playbach.music.form import FORM_INDEX, FORMS
from playbach.music.key import C_MAJOR, Key, Mode
from playbach.music.note import Note, Piece, Pitch, Ticks

D_MAJOR = Key(2, Mode.MAJOR)


def piece(
    *notes: tuple[int, int, int], key: Key = C_MAJOR, pickup: int = 0, form: str = "menuet"
) -> Piece:
    """Notes as onset, pitch and duration; in 4/4."""
    return Piece(
        tuple(Note(Ticks(onset), Pitch(pitch), Ticks(ticks)) for onset, pitch, ticks in notes),
        keys=((Ticks(0), key),),
        form=FORMS[FORM_INDEX[form]],
        pickup=Ticks(pickup),
    )


def melody(*intervals: int, form: str = "menuet") -> Piece:
    """Eighth notes from middle C, one interval after the other."""
    pitch, notes = 60, [(0, 60, 12)]
    for number, interval in enumerate(intervals, start=1):
        pitch += interval
        notes.append((12 * number, pitch, 12))
    return piece(*notes, form=form)
