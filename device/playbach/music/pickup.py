"""Where the first bar line falls in a piece that does not say it."""

from __future__ import annotations

from collections.abc import Sequence

from playbach.music.form import Form
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks


def infer_pickup(notes: Sequence[Note], meter: Meter, form: Form) -> Ticks:
    """Ticks before the first bar line."""
    _ = notes, meter, form
    return Ticks(0)
