"""Movements as a picture: a piano roll in rows, as wide as a screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.midi.files import Placed
from playbach.music.note import BarLines, Note, Piece
from playbach.save.needs import require_library

# Pixels.
WIDTH = 1600
MARGIN = 40
SEMITONE = 6
TITLE = 52
GAP = 22
_AROUND = 2
"""Semitones shown above the highest and below the lowest note."""
_BARS_IN_ROW = 8
MOST_HEIGHT = 30_000
"""Pixels: programs that show pictures take no more. Longer music has more bars in a row."""

_PAPER, _INK = (253, 252, 248), (40, 40, 48)
_BLACK_KEY, _BAR, _OCTAVE = (244, 241, 233), (205, 200, 188), (222, 216, 203)
_NOTE, _EDGE = (176, 58, 46), (120, 30, 24)
_BLACK_KEYS = {1, 3, 6, 8, 10}


@dataclass(frozen=True, slots=True)
class RollRow:
    """A stretch of a movement across the picture.

    Attributes:
        piece: the movement.
        start: first tick; below 0 in a row that begins with a pickup.
        ticks: how many the whole width between the margins shows.
        top: pixels from the top of the picture.
        pitches: lowest and highest shown.
        title: what stands above it, empty for a row that goes on.
    """

    piece: Piece
    start: int
    ticks: int
    top: int
    pitches: tuple[int, int]
    title: str

    @property
    def height(self) -> int:
        """Pixels."""
        low, high = self.pitches
        return (high - low + 1) * SEMITONE

    def x(self, tick: int) -> float:
        """Pixels from the left."""
        share = min(max((tick - self.start) / self.ticks, 0), 1)
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def y(self, pitch: int) -> int:
        """Pixels from the top to the upper edge of a pitch."""
        return self.top + (self.pitches[1] - pitch) * SEMITONE


def check() -> None:
    """Check that the library that draws is installed.

    Raises:
        OutputError: Pillow is not.
    """
    require_library("PIL", "pillow")


def layout(movements: Sequence[Placed]) -> tuple[list[RollRow], int]:
    """The rows of the picture, and its height in pixels."""
    bars = _BARS_IN_ROW
    while True:
        rows = list(_rows(movements, bars))
        height = rows[-1].top + rows[-1].height + MARGIN
        # Rows that hold a whole movement each do not get fewer.
        if height <= MOST_HEIGHT or len(rows) == len(movements):
            return rows, height
        bars *= 2


def write(movements: Sequence[Placed], path: Path) -> None:
    """Draw into ``path`` as PNG."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 only pictures need it

    rows, height = layout(movements)
    image = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(22), ImageFont.load_default(11)
    for row in rows:
        if row.title:
            draw.text((MARGIN, row.top - TITLE + 8), row.title, fill=_INK, font=font)
        _grid(draw, row, small)
        for note in row.piece.notes:
            _note(draw, row, note)
    image.save(path, format="PNG", optimize=False)


def _rows(movements: Sequence[Placed], bars: int) -> Iterator[RollRow]:
    top = MARGIN
    for movement in movements:
        piece = movement.piece
        pitches = [note.pitch for note in piece.notes]
        shown = (min(pitches) - _AROUND, max(pitches) + _AROUND)
        ticks = bars * piece.meters[0][1].bar_ticks
        first = piece.pickup - piece.meters[0][1].bar_ticks if piece.pickup else 0
        for start in range(first, piece.end, ticks):
            title = piece.title if start == first else ""
            top += TITLE if title else 0
            row = RollRow(piece, start, ticks, top, shown, title)
            yield row
            top += row.height + GAP


def _grid(draw: Any, row: RollRow, font: Any) -> None:
    low, high = row.pitches
    lines = BarLines(row.piece.meters, row.piece.pickup)
    bar_lines = list(_bar_lines(row, lines))
    left, right = MARGIN, row.x(bar_lines[-1])
    for pitch in range(low, high + 1):
        y = row.y(pitch)
        if pitch % 12 in _BLACK_KEYS:
            draw.rectangle((left, y, right, y + SEMITONE - 1), fill=_BLACK_KEY)
        if pitch % 12 == 0:
            draw.line((left, y + SEMITONE - 1, right, y + SEMITONE - 1), fill=_OCTAVE)
            draw.text((8, y - 4), f"C{pitch // 12 - 1}", fill=_INK, font=font)
    for tick in bar_lines:
        x = row.x(tick)
        draw.line((x, row.top, x, row.top + row.height - 1), fill=_BAR)
        if tick < min(row.piece.end, row.start + row.ticks):
            number = str(lines.place(tick).bar)
            draw.text((x + 2, row.top - 13), number, fill=_INK, font=font)


def _bar_lines(row: RollRow, lines: BarLines) -> Iterator[int]:
    """Ticks of those in the row, up to the one that ends it or the movement."""
    tick = max(row.start, 0)
    while True:
        place = lines.place(tick)
        if place.tick == 0:
            yield tick
        if tick >= min(row.piece.end, row.start + row.ticks):
            break
        tick += place.meter.bar_ticks - place.tick


def _note(draw: Any, row: RollRow, note: Note) -> None:
    if note.end <= row.start or note.onset >= row.start + row.ticks:
        return
    y = row.y(note.pitch)
    # A pixel of air keeps repeated notes apart.
    right = max(row.x(note.end) - 2, row.x(note.onset) + 1)
    draw.rectangle((row.x(note.onset), y, right, y + SEMITONE - 1), fill=_NOTE, outline=_EDGE)
