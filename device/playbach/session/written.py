"""Music in writing: a movement that was played as a file, and the one that plays, bar by bar.

What is needed for that is imported when it is asked for: most boards never are.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from playbach.errors import OutputError, PlaybachError
from playbach.music.note import Note, Piece, Ticks
from playbach.session.played import PlayedMovement
from playbach.session.settings import Settings, sound_of
from playbach.stream import Movement, MovementEnd, StreamItem

KINDS = ("mid", "wav", "musicxml", "pdf", "png", "mxl", "ly", "abc", "svg")
"""Suffixes of the files that a movement can be had as, the likeliest first."""
MOST_BARS, NARROWEST, WIDEST = 8, 240, 2400
"""Of a picture: its bars, and its width in pixels."""
LONGEST = 20.0
"""Minutes of a movement as sound: 10 MB each, wherever files lie for a while."""
_SCALE = 40
"""Per cent of verovio's own size: staves 29 pixels high."""
_KEPT = 16
"""Pictures."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    suffix: Annotated[str, "of its name, without the dot"]
    name: Annotated[str, "what it is"]
    missing: Annotated[str, "why it cannot be had here, in one line; empty if it can"]


def kinds(settings: Settings) -> list[Kind]:
    """What movements can be had as, and what not; looks what is installed."""
    from playbach.save.formats import BY_SUFFIX, format_of  # noqa: PLC0415 see above

    found = []
    for suffix in KINDS:
        missing = ""
        try:
            format_of(Path(f"movement.{suffix}"), sound_of(settings))
        except PlaybachError as error:
            missing = str(error).partition(": ")[2]
        found.append(Kind(suffix, BY_SUFFIX[f".{suffix}"].name, missing))
    return found


def write(played: PlayedMovement, path: Path, settings: Settings) -> None:
    """Write a movement as it was played.

    Args:
        played: the movement.
        path: its suffix says as what.
        settings: that say how sound sounds.

    Raises:
        OutputError: as sound it would take more than ``LONGEST``, what is needed is not
            installed, or the file cannot be written.
    """
    from playbach.save.formats import save  # noqa: PLC0415 see above
    from playbach.save.wav import seconds  # noqa: PLC0415 see above

    placed = played.placed()
    if path.suffix == ".wav" and seconds([placed]) > 60 * LONGEST:
        raise OutputError(f"a sound of more than {LONGEST:.0f} minutes is not made for the page")
    try:
        save([placed], path, force=True, options=sound_of(settings))
    except OutputError as error:
        # Whoever asked knows no files here.
        raise OutputError(str(error).removeprefix(f"{path}: ")) from error


@dataclass(frozen=True, slots=True)
class Present:
    """What is composed of the movement that is heard.

    Attributes:
        movement: which it is.
        notes: of it, in order, as composed.
        bars: how many are composed to their end, a pickup not counted.
    """

    movement: Movement
    notes: tuple[Note, ...]
    bars: int


def present(
    heard: Movement | None,
    passed: tuple[Movement | None, Sequence[Note]],
    items: Sequence[StreamItem],
) -> Present | None:
    """What is composed of a movement.

    Args:
        heard: the movement.
        passed: notes that have been played last, and the movement they belong to.
        items: composed and not played yet, or played meanwhile; they follow those.
    """
    movement, before = passed
    notes, end = dict.fromkeys(before), None
    begun = items.index(movement) + 1 if movement in items else 0
    for item in items[begun:]:
        if isinstance(item, Movement):
            if movement == heard and notes:
                break
            movement, notes, end = item, {}, None
        elif isinstance(item, Note):
            # As the player knows it, which may be moved.
            notes[Note(item.onset, item.pitch, item.duration)] = None
        else:
            end = item
    if movement is None or movement != heard or not notes:
        return None
    ordered = tuple(sorted(notes, key=lambda note: (note.onset, note.pitch)))
    return Present(movement, ordered, _bars(movement, ordered, end))


def _bars(movement: Movement, notes: Sequence[Note], end: MovementEnd | None) -> int:
    known = notes[-1].onset if end is None else end.length - 1 + movement.meter.bar_ticks
    return max(known - movement.pickup, 0) // movement.meter.bar_ticks


@dataclass(frozen=True, slots=True)
class Bars:
    """Engraved bars."""

    movement: Annotated[str, "title of the movement"]
    numbers: Annotated[
        list[int], "of the bars that are drawn; one with a double bar in it comes twice"
    ]
    svg: Annotated[str, "the picture; empty if none of them is composed"]


class BarEngraver:
    """Draws bars, and keeps the last pictures, as several pages ask for the same. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], Bars] = OrderedDict()

    def bars(self, of: Present, wanted: range, width: int, *, repeats: bool) -> Bars:
        """Draw bars that are composed to their end.

        Args:
            of: the movement.
            wanted: numbers, 0 for a pickup.
            width: of the picture in pixels.
            repeats: whether parts are played twice: then its double bar is not known here.

        Raises:
            OutputError: verovio is not installed.
        """
        there = range(wanted.start, min(wanted.stop, of.bars + 1))
        end = of.movement.pickup + there.stop * of.movement.meter.bar_ticks
        notes = tuple(note for note in of.notes if note.onset < end)
        key = (of.movement, notes, there, wanted, width)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _drawn(of, there, width, len(there) == len(wanted), repeats)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]


def _drawn(of: Present, wanted: range, width: int, is_full: bool, repeats: bool) -> Bars:
    from playbach.midi.files import Placed  # noqa: PLC0415 see above
    from playbach.save import engraver  # noqa: PLC0415 see above
    from playbach.save.musicxml import musicxml  # noqa: PLC0415 see above
    from playbach.save.score import measures_of  # noqa: PLC0415 see above

    engraver.check()
    movement = of.movement
    piece = Piece(
        of.notes, ((Ticks(0), movement.key),), ((Ticks(0), movement.meter),), movement.form,
        movement.pickup, movement.title,
    )  # fmt: skip
    line = Ticks(0) if repeats else movement.double_bar
    placed = Placed(piece, movement.tempo, piece.end, double_bar=line)
    measures = measures_of(placed)
    numbers = [one.bar.number for one in measures if one.bar.number in wanted]
    if not numbers:
        return Bars(movement.title, [], "")
    score = musicxml([placed], metronome=False, bars=wanted)
    options: engraver.Options = {
        "inputFrom": "xml", "scale": _SCALE, "pageWidth": width * 100 // _SCALE,
        "pageHeight": 60_000, "adjustPageHeight": True, "header": "none", "footer": "none",
        "pageMarginTop": 40, "pageMarginBottom": 0, "pageMarginLeft": 20, "pageMarginRight": 20,
        # A line that is to grow stays as it is; a full one fills its width.
        "minLastJustification": 0.0 if is_full else 0.8,
        "svgViewBox": True, "svgRemoveXlink": True,
    }  # fmt: skip
    drawn = engraver.engraved([score], options).pages[0][0]
    # A page has its own style, and takes no other.
    return Bars(movement.title, numbers, re.sub(r"<style.*?</style>", "", drawn, flags=re.DOTALL))
