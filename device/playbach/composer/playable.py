"""What a hand can hold down on a cello at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

STRINGS = (36, 43, 50, 57)
"""Pitches of the open strings: C, G, D and A."""

HAND = 5
"""Semitones from the lowest to the highest stop that a hand spans, from one string to another.

With 5 all 292 chords of the suites BWV 1007 to 1010 can be played; with 4, 98.6 %. Those of
BWV 1011 and 1012 are for a cello that is tuned or strung otherwise.
"""

FINGERBOARD = 31
"""Semitones from an open string to the end of the fingerboard."""

_HIGHEST = STRINGS[-1] + FINGERBOARD


def is_playable(begun: Sequence[int], held: Sequence[int] = ()) -> bool:
    """Whether these pitches can sound together, each on a string of its own.

    The lower of two pitches is on the lower string. What begins together is bowed together, so it
    is on strings that lie side by side; what is held from before may ring on any other.

    Args:
        begun: MIDI note numbers that begin at once, all different.
        held: MIDI note numbers that still sound, none of them in ``begun``.
    """
    pitches = sorted({*begun, *held})
    return any(
        _can_hold(pitches, strings) and _side_by_side(begun, pitches, strings)
        for strings in combinations(range(len(STRINGS)), len(pitches))
    )


def playable_with(begun: frozenset[int], held: frozenset[int]) -> tuple[int, ...]:
    """The pitches, upwards, that can begin together with ``begun`` while ``held`` sound."""
    others = begun | held
    return tuple(
        pitch
        for pitch in range(STRINGS[0], _HIGHEST + 1)
        if pitch not in others and is_playable((*begun, pitch), tuple(held))
    )


def _can_hold(pitches: Sequence[int], strings: Sequence[int]) -> bool:
    stops = [pitch - STRINGS[string] for pitch, string in zip(pitches, strings, strict=True)]
    stopped = [stop for stop in stops if stop]
    return all(0 <= stop <= FINGERBOARD for stop in stops) and (
        not stopped or max(stopped) - min(stopped) <= HAND
    )


def _side_by_side(begun: Sequence[int], pitches: Sequence[int], strings: Sequence[int]) -> bool:
    bowed = [string for pitch, string in zip(pitches, strings, strict=True) if pitch in begun]
    return all(after - before == 1 for before, after in pairwise(bowed))
