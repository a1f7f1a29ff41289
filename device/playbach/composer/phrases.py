"""The phrases of a movement: where they end, in which key, and on what they close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from playbach.composer.harmony import DOMINANT, TONIC
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.stream import Movement

GROUP = 4
"""Bars of most phrases."""
SHORT_BAR = 48
"""Ticks: in bars as short as this, phrases of eight are as usual as phrases of four elsewhere."""
OPEN = -1
"""In place of a degree: the phrase goes on into the next."""
CLOSES, CLOSES_CHANCES = (TONIC, DOMINANT, OPEN), (0.5, 0.2, 0.3)
"""On what a phrase closes that does not end a part, and how often."""
FIRST_GOALS: Mapping[Mode, tuple[tuple[int, Mode, float], ...]] = {
    Mode.MAJOR: ((7, Mode.MAJOR, 19), (9, Mode.MINOR, 2), (2, Mode.MINOR, 1)),
    Mode.MINOR: ((7, Mode.MINOR, 20), (3, Mode.MAJOR, 7)),
}
"""The first key that is gone to: semitones above the tonic, mode, and in how many movements."""
DOUBLE_BARS: Mapping[Mode, tuple[tuple[int, Mode, float], ...]] = {
    Mode.MAJOR: ((7, Mode.MAJOR, 12),),
    Mode.MINOR: ((7, Mode.MINOR, 10), (3, Mode.MAJOR, 5)),
}
"""The same for the first part of a dance."""
AWAY: Mapping[Mode, tuple[tuple[int, Mode, float], ...]] = {
    Mode.MAJOR: (
        (9, Mode.MINOR, 3), (2, Mode.MINOR, 2), (5, Mode.MAJOR, 2.5), (4, Mode.MINOR, 1),
        (7, Mode.MAJOR, 1),
    ),
    Mode.MINOR: (
        (3, Mode.MAJOR, 3), (5, Mode.MINOR, 4), (7, Mode.MINOR, 1), (10, Mode.MAJOR, 1),
        (8, Mode.MAJOR, 1),
    ),
}  # fmt: skip
"""Keys of the middle."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Bars ``first`` to ``last`` in ``key``; begun in ``before`` if that is another.

    It closes on a degree, ``starts`` or ``ends`` a part or neither.
    """

    first: int
    last: int
    key: Key
    before: Key
    closes: int
    starts: bool
    ends: bool

    @property
    def bars(self) -> int:
        return self.last - self.first + 1


def draw_phrases(
    movement: Movement, bars: int, double_bar: int, rng: np.random.Generator
) -> list[Phrase]:
    """The phrases of a movement of so many bars, ``double_bar`` of them before its double bar."""
    home = movement.key
    usual = 2 * GROUP if movement.meter.bar_ticks <= SHORT_BAR and bars >= 12 * GROUP else GROUP
    if not double_bar:
        ends = _ends(0, bars, usual, rng)
        keys = _keys_throughout(home, [0, *ends], rng)
    else:
        first, second = _ends(0, double_bar, usual, rng), _ends(double_bar, bars, usual, rng)
        ends = first + second
        keys = _keys_of_dance(home, len(first), len(second), rng)
    found: list[Phrase] = []
    last, before = 0, home
    for end, key in zip(ends, keys, strict=True):
        final = end in (double_bar, bars)
        closes = TONIC if final else CLOSES[int(rng.choice(len(CLOSES), p=CLOSES_CHANCES))]
        begun = key if last == double_bar or end - last < 3 else before  # noqa: PLR2004
        found.append(Phrase(last + 1, end, key, begun, closes, last in (0, double_bar), final))
        last, before = end, key
    return found


def _ends(start: int, stop: int, usual: int, rng: np.random.Generator) -> list[int]:
    """Last bars of the phrases from bar ``start + 1`` to ``stop``."""
    ends = []
    at = start
    while stop - at >= 2 * usual:
        length = usual
        if rng.random() < 0.2 and stop - at >= 3 * usual:  # noqa: PLR2004 phrases twice as long
            length = 2 * usual
        elif (stop - at) % usual and rng.random() < 0.4:  # noqa: PLR2004 the odd bars, once
            length = usual + (stop - at) % usual
        at += length
        ends.append(at)
    left = stop - at
    if left >= usual + usual // 2 and left - usual >= 3:  # noqa: PLR2004 bars make a phrase
        ends.append(at + usual)
    return [*ends, stop]


def _draw_key(
    home: Key,
    table: Sequence[tuple[int, Mode, float]],
    rng: np.random.Generator,
    but: Sequence[Key] = (),
) -> Key:
    rows = [(Key((home.tonic + up) % PITCH_CLASSES, mode), weight) for up, mode, weight in table]
    rows = [row for row in rows if row[0] not in but] or rows
    weights = np.array([weight for _, weight in rows])
    return rows[int(rng.choice(len(rows), p=weights / weights.sum()))][0]


def _keys_of_dance(home: Key, first: int, second: int, rng: np.random.Generator) -> list[Key]:
    goal = _draw_key(home, DOUBLE_BARS[home.mode], rng)
    there = 1 if first < 4 else 2  # noqa: PLR2004 phrases in the goal's key
    keys = [home] * (first - there) + [goal] * there
    back = max(round(second * rng.uniform(0.45, 0.7)), 1)
    away = _away(home, goal, second - back, rng, starts=True)
    return keys + away + [home] * back


def _keys_throughout(home: Key, edges: Sequence[int], rng: np.random.Generator) -> list[Key]:
    phrases = len(edges) - 1
    if phrases == 1:
        return [home]
    first = max(round(phrases * rng.uniform(0.15, 0.35)), 1)
    back = max(round(phrases * rng.uniform(0.25, 0.4)), 1)
    goal = _draw_key(home, FIRST_GOALS[home.mode], rng)
    away = _away(home, goal, max(phrases - first - back, 0), rng, starts=False)
    return ([home] * first + away + [home] * back)[:phrases]


def _away(
    home: Key, goal: Key, phrases: int, rng: np.random.Generator, *, starts: bool
) -> list[Key]:
    """Keys of so many phrases away from home; about nine bars each."""
    keys: list[Key] = []
    key = goal
    stay = 0.3 if starts else 0.5
    for n in range(phrases):
        if n and rng.random() > stay:
            table = (*AWAY[home.mode], (0, home.mode, 1.0))
            key = _draw_key(home, table, rng, but=(key,))
            stay = 0.5
        keys.append(key)
    if starts and phrases > 1 and keys[-1] == goal:
        keys[-1] = _draw_key(home, AWAY[home.mode], rng, but=(goal,))
    return keys
