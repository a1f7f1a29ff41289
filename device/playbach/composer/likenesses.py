"""Which bars of a movement are like which, moved by so many steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playbach.composer.phrases import GROUP, Phrase
from playbach.music.theme import Theme

SEQUENCE_STEPS = ((-1, 0.46), (1, 0.26), (-2, 0.12), (2, 0.08), (3, 0.04), (-3, 0.04))
"""By how many steps a sequence moves on."""
AGAIN_STEPS = ((0, 0.55), (-1, 0.12), (1, 0.09), (-2, 0.06), (2, 0.06), (3, 0.06), (-3, 0.06))
"""By how many steps an earlier bar is moved when it comes back within a key."""

ANSWER_STEPS = ((4, 0.4), (-3, 0.3), (0, 0.3))
"""By how many steps a theme is moved that is answered at once: a fifth up, a fourth down."""
ANSWERED = 0.5
"""How likely that is."""
BARS_OF_A_RETURN = 10
"""Bars of a movement for each return of its theme."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """That a bar is like an earlier one.

    Attributes:
        bar: number of that one, from 1.
        steps: by how many steps of the key it is moved, from one's key to the other's.
        is_theme: whether it is to be known again, as the theme that was given.
    """

    bar: int
    steps: int
    is_theme: bool = False


class Likenesses:
    """Which bars are like which: returns, rhymes, answers and sequences, until there are enough."""

    def __init__(
        self,
        phrases: Sequence[Phrase],
        bars: int,
        double_bar: int,
        share: float,
        rng: np.random.Generator,
        *,
        theme: Theme | None = None,
    ) -> None:
        self.found: dict[int, Likeness] = {}
        self._phrases, self._bars, self._rng = phrases, bars, rng
        self._double_bar = double_bar
        self._sources: set[int] = {1}
        self._given = theme.bars if theme else 0
        if theme:
            self._return_of_the_theme(theme)
        wanted = (bars - 1) * min(share, 0.75)
        self._return_of_the_opening()
        self._rhyme()
        for _ in range(4 * bars):
            if len(self.found) >= wanted:
                break
            self._one_more()

    def _chance(self, probability: float) -> bool:
        return bool(self._rng.random() < probability)

    def _draw(self, table: Sequence[tuple[int, float]]) -> int:
        return table[int(self._rng.choice(len(table), p=[weight for _, weight in table]))][0]

    def _copy(self, source: int, at: int, bars: int, steps: int, *, is_theme: bool = False) -> None:
        """Bars from ``at`` on are like those from ``source`` on, as far as they are free."""
        for n in range(bars):
            if at + n in self.found or at + n > self._bars or source + n >= at + n:
                return
            if at + n <= self._given:
                return
            if n and at + n in self._sources:
                return
            self.found[at + n] = Likeness(source + n, steps, is_theme)
            self._sources.add(source + n)

    def _length(self, most: int) -> int:
        return int(min(self._rng.geometric(0.45), most))

    def _return_of_the_theme(self, theme: Theme) -> None:
        """It is answered at once, comes after the double bar, where home comes back, elsewhere."""
        head = theme.head_bars
        ends = {phrase.last for phrase in self._phrases if phrase.ends}
        if self._chance(ANSWERED) and ends.isdisjoint(range(theme.bars + 1, theme.bars + 1 + head)):
            self._copy(1, theme.bars + 1, head, self._draw(ANSWER_STEPS), is_theme=True)
        starts = [(p.first + (p.before != p.key), p) for p in self._phrases]
        # The cadence of a phrase is free.
        rooms = [(at, p) for at, p in starts if at > theme.bars and at + head <= p.last]
        if not rooms:
            places = range(theme.bars + 1, self._bars - head + 1)
            rooms = [(at, self._phrase_of(at)) for at in places]
            rooms = [(at, p) for at, p in rooms if ends.isdisjoint(range(at, at + head))][:1]
        key = self._phrases[0].key
        first = [(at, p) for at, p in rooms if p.starts][:1]
        home = [(at, p) for at, p in rooms if p.key == key and at > self._bars / 2][:1]
        others = [rooms[int(n)] for n in self._rng.permutation(len(rooms))]
        most = max(self._bars // BARS_OF_A_RETURN, 2)
        for at, phrase in dict.fromkeys((*first, *home, *others[: max(most - 2, 1)])):
            steps = 0 if phrase.key != key or (at, phrase) in home else self._draw(AGAIN_STEPS)
            length = min(head + self._length(theme.bars), theme.bars, max(phrase.last - at, head))
            self._copy(1, at, length, steps, is_theme=True)

    def _phrase_of(self, bar: int) -> Phrase:
        return next(phrase for phrase in self._phrases if bar <= phrase.last)

    def _return_of_the_opening(self) -> None:
        """After the double bar, in the key there; and where the home key comes back."""
        first = self._phrases[0]
        if self._double_bar and self._chance(0.35):
            self._copy(1, self._double_bar + 1, self._length(first.bars), 0)
        if not self._double_bar:
            others = [p for p in self._phrases[1:] if p.key != first.key and p.before == p.key]
            starts = [p.first + (p.before != p.key) for p in self._phrases[1:]]
            if (others or starts) and self._chance(0.4):
                at = starts[int(self._rng.integers(len(starts)))]
                self._copy(1, at, self._length(4), 0)
        home = [p for p in self._phrases[1:] if p.key == first.key and p.first > self._bars / 2]
        if home and self._chance(0.25):
            start = home[0]
            self._copy(1, start.first + (start.before != start.key), self._length(first.bars), 0)

    def _rhyme(self) -> None:
        """Both halves of a dance end alike, the second at home."""
        if self._double_bar and self._chance(0.45):
            bars = int(self._rng.integers(2, 5))
            self._copy(self._double_bar - bars + 1, self._bars - bars + 1, bars, 0)

    def _one_more(self) -> None:
        phrase = self._phrases[int(self._rng.integers(len(self._phrases)))]
        kind = self._rng.random()
        if kind < 0.35:  # noqa: PLR2004
            self._sequence(phrase)
        elif kind < 0.6:  # noqa: PLR2004
            self._answer(phrase)
        elif kind < 0.7:  # noqa: PLR2004
            self._echo(phrase)
        else:
            self._recall(phrase)

    def _sequence(self, phrase: Phrase) -> None:
        model = 2 if phrase.bars > 4 and self._chance(0.35) else 1  # noqa: PLR2004
        last = phrase.last - 2  # the cadence is free
        # As often as there is room for it, so that it does not break off.
        most = (last - phrase.first + 1) // model - 1
        if most < 1:
            return
        copies = min(int(self._rng.integers(1, 4)), most)
        room = last - phrase.first + 1 - (copies + 1) * model
        at = phrase.first + int(self._rng.integers(room + 1))
        steps = self._draw(SEQUENCE_STEPS)
        for n in range(1, copies + 1):
            self._copy(at, at + n * model, model, n * steps)

    def _answer(self, phrase: Phrase) -> None:
        """A phrase begins as an earlier one did."""
        earlier = [other for other in self._phrases if other.last < phrase.first]
        if earlier:
            other = earlier[-1 - min(int(self._rng.geometric(0.6)) - 1, len(earlier) - 1)]
            steps = 0 if other.key != phrase.key else self._draw(AGAIN_STEPS)
            bars = min(self._length(3), phrase.bars - 1, other.bars)
            self._copy(other.first, phrase.first, bars, steps)

    def _echo(self, phrase: Phrase) -> None:
        if phrase.bars > 3:  # noqa: PLR2004
            at = phrase.first + 1 + int(self._rng.integers(phrase.bars - 2))
            self._copy(at - 1, at, 1, 0)

    def _recall(self, phrase: Phrase) -> None:
        """Bars from anywhere before come again."""
        at = phrase.first + int(self._rng.integers(max(phrase.bars - 1, 1)))
        if at > GROUP:
            bars = self._length(phrase.last - at)
            source = 1 + int(self._rng.integers(at - 2))
            self._copy(source, at, bars, self._draw(AGAIN_STEPS))
