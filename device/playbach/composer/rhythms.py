"""The rhythm of each bar of a plan: where in the bar notes begin.

They are those of one of Bach's movements, one following another as there, but from one phrase to
the next. So a movement keeps its note values, which a network that looks back but a few bars does
not, and phrases close as his do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from playbach.composer.phrases import GROUP

Rhythm = tuple[int, ...]
"""Ticks after the bar line at which notes begin, upwards."""
GOES_ON, CLOSES, ENDS = range(3)
"""What becomes of a phrase in a bar: it goes on, it closes, it ends a part."""
FOLLOWS = 0.65
"""How likely a rhythm is followed by one that follows it in the movement that lends them."""


def draw_rhythms(
    order: Sequence[Rhythm], places: Sequence[int], like: Sequence[int], rng: np.random.Generator
) -> list[Rhythm]:
    """A rhythm for each bar.

    Args:
        order: rhythms of the bars of a movement, at least ``GROUP + 1``.
        places: of each bar, one of ``GOES_ON``, ``CLOSES`` and ``ENDS``.
        like: of each bar, the number of the earlier one that it is like, from 1; 0 for none.
        rng: source of chance.
    """
    found: list[Rhythm] = []
    deck: list[Rhythm] = []
    for place, source in zip(places, like, strict=True):
        starts = not found or places[len(found) - 1] != GOES_ON
        if place == ENDS:
            found.append(order[-1])
        elif source:
            found.append(found[source - 1])
        else:
            some = _candidates(order, place, None if starts else found[-1], rng)
            if not some:
                # Each comes once before any comes again, as rare ones would else be rarer.
                deck = deck or [order[at] for at in rng.permutation(len(order) - 1)]
                some = [deck.pop()]
            found.append(some[int(rng.integers(len(some)))])
    return found


def _candidates(
    order: Sequence[Rhythm], place: int, before: Rhythm | None, rng: np.random.Generator
) -> Sequence[Rhythm]:
    """Rhythms to draw from, after the one ``before`` in a phrase; none where any will do."""
    if place == CLOSES:
        return order[GROUP - 1 : -1 : GROUP]
    if before is None:
        return order[:-1:GROUP]
    following = [two for one, two in pairwise(order[:-1]) if one == before]
    return following if rng.random() < FOLLOWS else ()
