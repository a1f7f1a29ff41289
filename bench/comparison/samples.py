"""One sample of each network, unselected: the first that the seed gives."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench.comparison.composing import SEED
from bench.figures.engraved import check_rasteriser, small_png, without_margins

from playbach.bundle import Bundle
from playbach.cli.save import compose
from playbach.composer.composer import Composer, Settings
from playbach.files import write_atomically
from playbach.music.midi_write import Placed
from playbach.music.note import Ticks
from playbach.predictor import load_predictor
from playbach.save.engraving import check_svg, pages
from playbach.save.formats import save

Figures = dict[str, Any]
SECONDS = 40.0
_PIXELS = 850
"""Width of a page."""


def check_engraver() -> None:
    """Find out before long work whether pages can be made.

    Raises:
        OutputError: verovio or rsvg-convert is not installed.
    """
    check_svg()
    check_rasteriser()


def sample(bundle: Bundle, seed: int = SEED) -> Placed:
    """The first movement that the seed gives, cut at the first bar line after 40 seconds."""
    settings = Settings()
    rng = np.random.default_rng(seed)
    composer = Composer(load_predictor(bundle), bundle.manifest.range, rng, lambda: settings)
    return shortened(compose(composer)[0])


def shortened(placed: Placed, seconds: float = SECONDS) -> Placed:
    """Whole bars of a movement, as few as last ``seconds``, or all of it."""
    piece = placed.piece
    meter = piece.meters[0][1]
    ticks = seconds / 60 * placed.tempo * meter.beat_ticks
    bars = -(-(ticks - piece.pickup) // meter.bar_ticks)
    end = int(piece.pickup + bars * meter.bar_ticks)
    if end >= placed.length:
        return placed
    notes = tuple(
        replace(note, duration=Ticks(min(note.duration, end - note.onset)))
        for note in piece.notes
        if note.onset < end
    )
    return Placed(replace(piece, notes=notes), placed.tempo, Ticks(end))


def write_sample(placed: Placed, midi: Path) -> Figures:
    """The MIDI file, its first page beside it, and what is in them.

    Raises:
        OutputError: they cannot be written.
    """
    save([placed], midi, force=True)
    write_atomically(midi.with_suffix(".png"), page_png(placed), force=True)
    piece = placed.piece
    return {
        "digest": hashlib.sha256(midi.read_bytes()).hexdigest()[:16],
        "title": piece.title,
        "meter": str(piece.meters[0][1]),
        "notes": len(piece.notes),
        "seconds": placed.length / piece.meters[0][1].beat_ticks / placed.tempo * 60,
    }


def page_png(placed: Placed) -> bytes:
    """The first page, without the empty paper around it, in a few shades of grey."""
    return small_png(without_margins(next(iter(pages([placed]))), _PIXELS))
