"""Note values: how a sound that begins and ends at given places in the bar is written.

A bar is a tree: halves or beats, each of two halves or, in compound meters and triplets, three
thirds, and so on down. What crosses a branch is written with one value only where readers expect
it (from a beat on, up to the next strong place, or as a plain syncopation), else as two, tied
(Gould 2011, "Behind Bars", pages 166 to 171).

All is counted in half ticks, 48 to the quarter, so that the 64ths of a triplet are whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from playbach.music.meter import Meter

HALF_TICKS = 2
TRIPLET_NUMERATOR, TRIPLET_DENOMINATOR = 3, 2
_TYPES = ("64th", "32nd", "16th", "eighth", "quarter", "half", "whole", "breve")
_SHORTEST = 3
_THREE = 3
_QUARTER = _TYPES.index("quarter")


@dataclass(frozen=True, slots=True)
class Value:
    """A note value.

    Attributes:
        kind: MusicXML's word for it, ``64th`` to ``breve``.
        dots: 0 or 1.
        beams: 0 for a quarter note and longer, 1 for an eighth, and so on.
    """

    kind: str
    dots: int
    beams: int


_PLAIN = {_SHORTEST << i: Value(kind, 0, max(0, _QUARTER - i)) for i, kind in enumerate(_TYPES)}
_DOTTED = {
    length * 3 // 2: Value(value.kind, 1, value.beams)
    for length, value in _PLAIN.items()
    if length > _SHORTEST
}
VALUES = _PLAIN | _DOTTED
"""By length in half ticks."""


@dataclass(frozen=True, slots=True)
class Window:
    """A branch of the bar's tree.

    Attributes:
        start: half ticks from the bar line.
        length: half ticks.
        parts: how many equal branches it has.
        beat: half ticks of a felt beat if its branches are groups of beats or beats, else 0.
        is_compound: whether those beats are dotted.
    """

    start: int
    length: int
    parts: int
    beat: int = 0
    is_compound: bool = False

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def part(self) -> int:
        """Length of a branch."""
        return self.length // self.parts

    @property
    def children(self) -> tuple[Window, ...]:
        """Its branches; none for the shortest value."""
        if self.part < _SHORTEST or self.length % self.parts:
            return ()
        starts = range(self.start, self.end, self.part)
        if self.part > self.beat > 0:
            parts = _split(self.part // self.beat)
            return tuple(Window(s, self.part, parts, self.beat, self.is_compound) for s in starts)
        parts = 3 if self.beat and self.is_compound else 2
        return tuple(Window(s, self.part, parts) for s in starts)


def bar_window(meter: Meter) -> Window:
    """The tree of a bar."""
    beat = HALF_TICKS * meter.beat_ticks
    length = HALF_TICKS * meter.bar_ticks
    if beat == length:
        return Window(0, length, 3 if meter.is_compound else 2)
    return Window(0, length, _split(length // beat), beat, meter.is_compound)


def _split(beats: int) -> int:
    """Branches of a group of beats: two if it can be halved, else each beat by itself."""
    return 2 if beats % 2 == 0 else beats


def triplets(window: Window, times: Iterable[int]) -> Iterator[Window]:
    """The branches that must be written as triplets, in order.

    Args:
        window: the bar or a branch.
        times: places where something begins or ends, in half ticks, even numbers.
    """
    inside = [time for time in times if window.start < time < window.end]
    if all((time - window.start) % (HALF_TICKS * _SHORTEST) == 0 for time in inside):
        return
    thirds = {window.start + window.length * i // 3 for i in (1, 2)}
    middle = window.start + window.length // 2
    is_binary = window.length in _PLAIN and window.parts == 2  # noqa: PLR2004 halves
    sixth = window.length // 6
    in_sixths = all((time - window.start) % sixth == 0 for time in inside)
    smallest = window.length == HALF_TICKS * _SHORTEST
    if is_binary and (
        smallest or thirds.issuperset(inside) or (in_sixths and middle not in inside)
    ):
        yield window
        return
    for child in window.children:
        yield from triplets(child, inside)


def in_triplet(window: Window) -> Window:
    """The tree inside a triplet, as long as it looks: three notes of half its own value."""
    return Window(0, window.length * TRIPLET_NUMERATOR // TRIPLET_DENOMINATOR, 3)


def written(start: int, end: int, window: Window, *, rest: bool = False) -> Iterator[int]:
    """Where the values that write a sound from ``start`` to ``end`` end; the last at ``end``.

    A sound that begins on a beat begins with as long a value as may cross the beats after it, any
    other with what leads to the next beat.

    Args:
        start: half ticks, in ``window``, in whole 64ths.
        end: likewise.
        window: the tree they are in.
        rest: whether it is silence, which is written more strictly.
    """
    if (start, end) == (window.start, window.end) and end - start in VALUES:
        yield end
        return
    children = window.children
    lines = [child.start for child in children[1:]]
    crossed = [line for line in lines if start < line < end]
    if not crossed:
        inside = next(child for child in children if child.start <= start and end <= child.end)
        yield from written(start, end, inside, rest=rest)
    elif _may_cross(start, end, window, rest=rest):
        yield end
    else:
        longest = [line for line in crossed if _may_cross(start, line, window, rest=rest)]
        line = longest[-1] if longest and start in {window.start, *lines} else crossed[0]
        yield from written(start, line, window, rest=rest)
        yield from written(line, end, window, rest=rest)


def _may_cross(start: int, end: int, window: Window, *, rest: bool) -> bool:
    """Whether one value may be written over a line inside the window."""
    lines = {window.start, window.end} | {child.start for child in window.children}
    if end - start not in VALUES:
        return False
    if rest and window.parts == _THREE:
        # Each beat of three has its rest, each last third of a beat too (Gould, page 161).
        return not window.beat and start == window.start and end in lines
    if rest or window.is_compound:
        return {start, end} <= lines
    syncopated = end - start == window.part and (start - window.start) % (window.part // 2) == 0
    return start in lines or end in lines or syncopated


def pieces(times: Iterable[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch cut at those of ``times`` that lie inside it."""
    yield from pairwise([start, *sorted(t for t in set(times) if start < t < end), end])


EIGHTH, QUARTER, HALF = (_SHORTEST << _TYPES.index(kind) for kind in ("eighth", "quarter", "half"))
"""Half ticks."""


def beam_lengths(meter: Meter) -> tuple[int, int]:
    """Half ticks that share a beam: of any values, and of eighths alone.

    A felt beat of compound meters, else a quarter note; eighths alone are joined over half a bar of
    4/4, a bar of 3/4 and a beat of 2/2.
    """
    if meter.is_compound:
        beat = HALF_TICKS * meter.beat_ticks
        return beat, beat
    if meter.unit_ticks * HALF_TICKS < QUARTER:
        return QUARTER, QUARTER
    bar = HALF_TICKS * meter.bar_ticks
    return QUARTER, bar if bar == _THREE * QUARTER else HALF
