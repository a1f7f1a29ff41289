"""A movement that the included network composed, unselected: its first lines, engraved."""

from __future__ import annotations

import io
import subprocess
from xml.etree import ElementTree as ET

import numpy as np
from bench.figures.picture import Measured, Picture, Sources
from PIL import Image, ImageOps

from playbach.bundle import read_bundle
from playbach.cli.save import compose
from playbach.composer.composer import Composer, Settings
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.midi_write import Placed
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.predictor import load_predictor
from playbach.save.engraving import pages
from playbach.save.needs import require_program

SEED = 1
_PIXELS = 1500
"""Width of the page, of which the margins are cut off."""
_LINES = 4
"""How many systems are shown."""
_MARGIN = 20
_SHADES = 8
_GAP = 12
"""Pixels without ink, at least, between one system and the next."""


def _measure(sources: Sources) -> Measured:
    bundle = read_bundle(sources.bundle)
    settings = Settings()
    rng = np.random.default_rng(SEED)
    composer = Composer(load_predictor(bundle), bundle.manifest.range, rng, lambda: settings)
    placed = compose(composer)[0]
    piece = placed.piece
    return {
        "seed": SEED,
        "title": piece.title,
        "form": piece.form.name,
        "key": str(piece.keys[0][1]),
        "meter": str(piece.meters[0][1]),
        "pickup": piece.pickup,
        "tempo": placed.tempo,
        "length": placed.length,
        "notes": [[note.onset, note.pitch, note.duration] for note in piece.notes],
    }


def _draw(figures: Measured) -> bytes:
    program = require_program("rsvg-convert", "apt install librsvg2-bin")
    command = [program, f"--width={_PIXELS}", "--background-color=white"]
    svg = ET.tostring(next(iter(pages([_placed(figures)]))))
    done = subprocess.run(command, input=svg, capture_output=True, check=True)
    grey = Image.open(io.BytesIO(done.stdout)).convert("L")
    left, top, right, bottom = ImageOps.invert(grey).getbbox() or (0, 0, *grey.size)
    lines = _systems(np.asarray(grey.crop((left, top, right, bottom))) < 255)
    shown = grey.crop((left, top, right, top + lines[: _LINES + 1][-1]))
    # Most of its bytes are shades that nobody tells apart.
    shaded = ImageOps.expand(shown, _MARGIN, 255).quantize(_SHADES)
    out = io.BytesIO()
    shaded.save(out, "PNG", optimize=True)
    return out.getvalue()


def _systems(ink: np.ndarray) -> list[int]:
    """Where each band of ink ends: first the title, then system by system."""
    rows = np.flatnonzero(ink.any(axis=1))
    ends = rows[np.flatnonzero(np.diff(rows, append=rows[-1] + _GAP + 1) > _GAP)]
    return [int(end) + 1 for end in ends]


def _placed(figures: Measured) -> Placed:
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


def _caption(figures: Measured) -> str:
    return (
        f"{figures['title']}: the beginning of the first movement that seed {figures['seed']} "
        f"gives, as it was composed ({len(figures['notes'])} notes in all)."
    )


SAMPLE = Picture(
    file="sample.png",
    about="The first lines of a movement that the included network composed",
    options=("bundle",),
    measure=_measure,
    draw=_draw,
    caption=_caption,
)
