"""What a file or a text says of a theme, before it is made one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from playbach.music.grid import WrittenNote
from playbach.music.key_finding import Signature
from playbach.music.meter import Meter

MOST_NOTES = 50_000
"""Notes that are read of anything; the first eight bars of them are the theme."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said; what is not is found from the notes.

    Attributes:
        notes: noteheads, in any order.
        signature: key signature.
        meter: time signature.
        pickup: quarter notes before the first bar line.
        length: quarter notes to the end of the last rest.
        remarks: what was left out, a few words each.
    """

    notes: Sequence[WrittenNote]
    signature: Signature | None = None
    meter: Meter | None = None
    pickup: Fraction | None = None
    length: Fraction = Fraction(0)
    remarks: tuple[str, ...] = ()
