"""A tiny piece that never changes: a scale with chords, movement after movement."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.playback.queue import GoBack
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

TEMPO = 480.0  # an eighth note of a scale every 62.5 ms
EIGHTH = 12


def scales(movements: int | None = None, rest: float = 0.05) -> Iterator[StreamItem]:
    """Bars of eight eighth notes up the scale, a chord of three on the first; endless by default.

    Ten notes to a movement; the first pitch is repeated at the end.
    """
    numbers = itertools.count(1) if movements is None else range(1, movements + 1)
    for number in numbers:
        yield Movement(number, 2, parse_form("allemande"), C_MAJOR, Meter(4, 4), TEMPO)
        for pitch in (60, 64, 67):
            yield note(0, pitch)
        for step, pitch in enumerate((62, 65, 69, 71, 72, 60, 60), start=1):
            yield note(step * EIGHTH, pitch)
        yield MovementEnd(Ticks(8 * EIGHTH), Seconds(rest))


class Recorded:
    """A source that gives the items of a stream, and can go back on them."""

    def __init__(self, stream: Iterator[StreamItem]) -> None:
        self._stream = stream
        self._pulled: list[StreamItem] = []
        self._at = 0
        self._skipping = False

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        while True:
            if self._at == len(self._pulled):
                self._pulled.append(next(self._stream))
            item = self._pulled[self._at]
            self._at += 1
            if not self._skipping or isinstance(item, Movement):
                self._skipping = False
                return item

    def skip(self) -> None:
        self._skipping = True

    def bookmark(self) -> GoBack:
        at, skipping = self._at, self._skipping

        def go_back() -> None:
            self._at, self._skipping = at, skipping

        return go_back


def note(onset: int, pitch: int, duration: int = EIGHTH) -> Note:
    return Note(Ticks(onset), Pitch(pitch), Ticks(duration))


def pitches_of_scale() -> list[int]:
    return [60, 64, 67, 62, 65, 69, 71, 72, 60, 60]
