"""A suite that the included network composed, unselected: how its movements begin, engraved."""

from __future__ import annotations

import numpy as np
from bench.figures.engraved import small_png, without_margins
from bench.figures.picture import Measured, Picture, Sources
from bench.report import composer_of
from PIL import Image

from playbach.bundle import read_bundle
from playbach.cli.save import compose
from playbach.midi.files import Placed
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save.engraving import pages

SEED = 1
"""Of ``composer_of``."""
_PIXELS = 1500
"""Width of the page, of which the margins are cut off."""
_FORMS = ("prelude", "allemande", "courante", "sarabande", "gigue")
"""Of the movements of which the first line is shown."""
_BARS = 12
"""As many as a line may hold, and a few more."""
_GAP = 12
"""Pixels without ink, at least, between one system and the next."""
_INK, _STAFF = 255, 0.8
"""What is darker is ink, and that share of a row is ink only in a line of a staff."""
_APART = 30
"""Pixels between one movement and the next."""


def _measure(sources: Sources) -> Measured:
    bundle = read_bundle(sources.bundle)
    suite = compose(composer_of(bundle), suite=True)
    beginnings = [_beginning(placed) for placed in suite if placed.piece.form.name in _FORMS]
    notes = sum(len(placed.piece.notes) for placed in suite)
    return {
        "seed": SEED,
        "suite": suite[0].piece.title.partition(", ")[0],
        "movements": len(suite),
        "notes": notes,
        "beginnings": beginnings,
    }


def _beginning(placed: Placed) -> Measured:
    bar = placed.piece.meters[0][1].bar_ticks
    movement = row_of(placed, placed.piece.pickup + _BARS * bar)
    return movement | {"title": placed.piece.title.partition(", ")[2]}


def row_of(placed: Placed, end: int) -> Measured:
    """A movement up to a tick, as figures are kept."""
    piece = placed.piece
    return {
        "title": piece.title,
        "form": piece.form.name,
        "key": str(piece.keys[0][1]),
        "meter": str(piece.meters[0][1]),
        "pickup": piece.pickup,
        "tempo": placed.tempo,
        "length": end,
        "notes": [
            [note.onset, note.pitch, min(note.duration, end - note.onset)]
            for note in piece.notes
            if note.onset < end
        ],
    }


def _draw(figures: Measured) -> bytes:
    lines = [_first_line(beginning) for beginning in figures["beginnings"]]
    size = (max(line.width for line in lines), sum(line.height + _APART for line in lines) - _APART)
    whole = Image.new("L", size, 255)
    top = 0
    for line in lines:
        whole.paste(line, (0, top))
        top += line.height + _APART
    return small_png(whole)


def _first_line(beginning: Measured) -> Image.Image:
    """A title and the system below it."""
    page = without_margins(next(iter(pages([placed_of(beginning)]))), _PIXELS)
    return page.crop((0, 0, page.width, _end_of_system(np.asarray(page) < _INK)))


def _end_of_system(ink: np.ndarray) -> int:
    """Where the first band of ink ends that has a line of a staff in it."""
    rows = np.flatnonzero(ink.any(axis=1))
    staff = int(np.argmax(ink.mean(axis=1) > _STAFF))
    ends = rows[np.flatnonzero(np.diff(rows, append=rows[-1] + _GAP + 1) > _GAP)]
    return int(ends[ends >= staff][0]) + 1


def placed_of(figures: Measured) -> Placed:
    """The movement of a row."""
    notes = (Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in figures["notes"])
    piece = Piece(
        tuple(notes),
        keys=((Ticks(0), parse_key(figures["key"])),),
        meters=((Ticks(0), parse_meter(figures["meter"])),),
        form=parse_form(figures["form"]),
        pickup=Ticks(figures["pickup"]),
        title=figures["title"],
    )
    return Placed(piece, figures["tempo"], Ticks(figures["length"]))


SAMPLE = Picture("sample.png", ("bundle",), _measure, _draw)
