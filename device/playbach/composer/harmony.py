"""Chords of a key and how they follow one another, as the plan of a movement needs them.

Everything is relative to a tonic: pitch classes are semitones above it, 0 to 11. ``CHORDS`` has a
row for each triad on a degree of the scale and ``APPLIED`` one for each dominant of another degree;
a chord brings the scale that is played over it, so that the sixth and seventh of a minor key are
raised where they lead up to the tonic and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.music.key import Mode
from playbach.music.scale import STEPS_PER_OCTAVE

STAYS, RARE = 0.1, 0.01
"""Probabilities that stand for a chord that stays, and for one that hardly ever follows."""
TONIC, DOMINANT = 0, 4
"""Degrees."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord in a key.

    Attributes:
        name: Roman numeral.
        degree: step of the scale that it stands on, 0 to 6; of an applied dominant, where its root
            is.
        tones: pitch classes, the root first.
        scale: pitch classes that go with it.
        at_times: further ones that pass now and then.
        leads_to: of an applied dominant, the degree that it is the dominant of; else -1.
    """

    name: str
    degree: int
    tones: tuple[int, ...]
    scale: tuple[int, ...]
    at_times: tuple[int, ...] = ()
    leads_to: int = -1


_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_NATURAL = (0, 2, 3, 5, 7, 8, 10)
_HARMONIC = (0, 2, 3, 5, 7, 8, 11)

CHORDS: Mapping[Mode, tuple[Chord, ...]] = {
    Mode.MAJOR: (
        Chord("I", 0, (0, 4, 7), _MAJOR),
        Chord("ii", 1, (2, 5, 9), _MAJOR),
        Chord("iii", 2, (4, 7, 11), _MAJOR),
        Chord("IV", 3, (5, 9, 0), _MAJOR),
        Chord("V", 4, (7, 11, 2, 5), _MAJOR),
        Chord("vi", 5, (9, 0, 4), _MAJOR),
        Chord("vii", 6, (11, 2, 5), _MAJOR),
        Chord("V/ii", 5, (9, 1, 4, 7), (9, 10, 1, 2, 4, 5, 7), (11,), 1),
        Chord("V/IV", 0, (0, 4, 7, 10), (0, 2, 4, 5, 7, 9, 10), (), 3),
        Chord("V/V", 1, (2, 6, 9, 0), (0, 2, 4, 6, 7, 9, 11), (), 4),
        Chord("V/vi", 2, (4, 8, 11, 2), (0, 2, 4, 5, 8, 9, 11), (), 5),
    ),
    Mode.MINOR: (
        Chord("i", 0, (0, 3, 7), _HARMONIC, (9, 10)),
        Chord("ii", 1, (2, 5, 8), _NATURAL),
        Chord("III", 2, (3, 7, 10), _NATURAL),
        Chord("iv", 3, (5, 8, 0), _NATURAL),
        Chord("V", 4, (7, 11, 2, 5), _HARMONIC, (9,)),
        Chord("VI", 5, (8, 0, 3), _NATURAL),
        Chord("VII", 6, (10, 2, 5), _NATURAL),
        Chord("vii", 6, (11, 2, 5, 8), _HARMONIC, (9,)),
        Chord("V/III", 6, (10, 2, 5, 8), _NATURAL, (), 2),
        Chord("V/iv", 0, (0, 4, 7, 10), (0, 1, 4, 5, 7, 8, 10), (2,), 3),
        Chord("V/V", 1, (2, 6, 9, 0), (0, 2, 3, 6, 7, 9, 10), (), 4),
        Chord("V/VI", 2, (3, 7, 10, 1), (0, 1, 3, 5, 7, 8, 10), (), 5),
    ),
}
"""The chords of a key; the dominant comes with its seventh."""

TABLES = "plan_tables.json"
"""Beside this file: made by ``playbach-train plan``."""

_OPENS: Mapping[Mode, Mapping[str, float]] = {
    Mode.MAJOR: {"I": 6, "V": 1, "vi": 1, "IV": 0.7, "ii": 0.5},
    Mode.MINOR: {"i": 6, "V": 1, "VI": 0.8, "iv": 0.7, "III": 0.4},
}
"""With what a phrase begins that does not begin the movement."""


@dataclass(frozen=True)
class Grammar:
    """What may follow what in one mode.

    Attributes:
        chords: the states.
        follows: probability of each chord after each ``(n, n)``, from the row to the column.
        opens: of each at the beginning of a phrase ``(n,)``.
    """

    chords: tuple[Chord, ...]
    follows: NDArray[np.float64]
    opens: NDArray[np.float64]

    def named(self, degree: int) -> Chord:
        """The first chord on a degree."""
        return next(chord for chord in self.chords if chord.degree == degree)


@lru_cache(maxsize=2)
def grammar(mode: Mode) -> Grammar:
    """That of a mode."""
    chords = CHORDS[mode]

    def row(weights: Mapping[str, float]) -> NDArray[np.float64]:
        found = np.array([weights.get(chord.name, 0.0) for chord in chords])
        shares: NDArray[np.float64] = found / found.sum()
        return shares

    table = tables()["chords"][mode.value]
    follows = np.array([row(table[chord.name]) for chord in chords])
    return Grammar(chords, follows, row(_OPENS[mode]))


@lru_cache(maxsize=1)
def tables() -> Any:
    """Statistics of Bach's movements, as ``playbach-train plan`` found them."""
    return json.loads(resources.files(__package__).joinpath(TABLES).read_text("utf-8"))


def progression(
    mode: Mode,
    wanted: Sequence[Chord | None],
    rng: np.random.Generator,
    before: Chord | None = None,
) -> tuple[Chord, ...]:
    """Chords one after another, drawn so that those which are given come where they are to.

    It is a Markov chain, drawn forwards with the probabilities of what is still to be met; where
    nothing leads to a chord that is given, it comes all the same.

    Args:
        mode: of the key.
        wanted: what is given, ``None`` where it is to be drawn.
        rng: source of chance.
        before: the chord that leads to the first, ``None`` where a phrase begins.
    """
    table = grammar(mode)
    count = len(table.chords)
    ahead = np.ones((len(wanted) + 1, count))
    for n in range(len(wanted) - 1, -1, -1):
        here = ahead[n + 1] * _allowed(table, wanted[n])
        row = table.follows @ here if n else here
        ahead[n] = row / row.sum() if row.sum() else 1.0
    found: list[Chord] = []
    chances = table.opens if before is None else table.follows[table.chords.index(before)]
    for n, given in enumerate(wanted):
        chances = chances * _allowed(table, given) * ahead[n + 1]
        if not chances.sum():
            chances = _allowed(table, given)
        heaped = np.add.accumulate(chances)
        drawn = int(heaped.searchsorted(rng.random() * heaped[-1], side="right"))
        drawn = min(drawn, int(chances.nonzero()[0][-1]))
        found.append(table.chords[drawn] if given is None else given)
        chances = table.follows[drawn]
    return tuple(found)


def likelihood(mode: Mode, one: Chord, other: Chord) -> float:
    """Logarithm of how likely a chord follows another; a chord that stays is as good as most."""
    table = grammar(mode)
    if one not in table.chords or other not in table.chords:
        return float(np.log(RARE))
    if one == other:
        return float(np.log(STAYS))
    chance = table.follows[table.chords.index(one), table.chords.index(other)]
    return float(np.log(chance + RARE))


def _allowed(table: Grammar, given: Chord | None) -> NDArray[np.float64]:
    if given is None:
        return np.ones(len(table.chords))
    return np.array([float(chord == given) for chord in table.chords])


def moved(chord: Chord, steps: int, mode: Mode, into: Mode) -> Chord:
    """The chord that stands ``steps`` of the scale higher, in another mode if need be.

    A dominant remains one where it can: of another degree.
    """
    rows = CHORDS[into]
    if mode == into and not steps % STEPS_PER_OCTAVE:
        return chord
    leads_to = TONIC if chord.degree == DOMINANT else chord.leads_to
    if leads_to >= 0:
        target = (leads_to + steps) % STEPS_PER_OCTAVE
        applied = [row for row in rows if row.leads_to == target]
        if applied:
            return applied[0]
    degree = (chord.degree + steps) % STEPS_PER_OCTAVE
    same = [row for row in rows if row.degree == degree and row.leads_to < 0]
    # Both forms of the seventh degree in minor: the raised one where nothing is moved.
    return same[-1] if not steps % STEPS_PER_OCTAVE else same[0]
