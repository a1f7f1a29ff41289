"""How a movement opens, where it comes to rest and when it ends: the rules of its form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playbach.music.form import Form
from playbach.music.key import PITCH_CLASSES, Mode
from playbach.music.note import BarLines, Place, Ticks
from playbach.music.theme import Theme
from playbach.stream import Movement

BARS_IN_GROUP = 4
"""In a dance: the group of bars that a listener expects to be completed."""

FEWEST_IN_HALVES = 8
"""Bars of a dance that can have a double bar."""

DOUBLE_BAR, SPREAD = 0.40, 0.06
"""Where the double bar lies as a share of the bars: median of Bach's dances, and a standard
deviation that gives their quartiles, .33 and .44."""

BARS_OVER = 8
"""Bars beyond the form's most in which an ending is waited for before one is forced."""

LAST_ON = 12
"""Ticks: the last notes begin on a multiple of an eighth after the bar line."""

LAST_LASTS = 18
"""Ticks: the last notes last for a dotted eighth or more.

Both are so in 64 of the 71 movements that the included model learned from.
"""

URGENCY = 32.0
"""How many times as likely the end of a movement of symbols becomes in the bar that is the goal,
and as many times again in each bar after it."""

MOST_URGENT = 6
"""The highest power of ``URGENCY``: bars after which an end becomes no likelier."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Where the music is to come to rest: at the double bar, and at the end.

    Attributes:
        bar: number of the bar.
        latest: tick, from the beginning, on which the note to rest on begins.
        line: tick at which nothing may sound any more; what follows begins there.
        degrees: semitones above the tonic of the movement: the bass to rest on, then what else may
            sound with it.
    """

    bar: int
    latest: int
    line: int
    degrees: tuple[int, ...]


def draw_goal(form: Form, fewest: int, most: int, rng: np.random.Generator) -> int:
    """The bar in which a movement is to end: in dances a multiple of four, if there is one."""
    group = BARS_IN_GROUP if form.is_binary else 1
    groups = range(-(-fewest // group), most // group + 1)
    if not groups:
        return most
    # Not the very longest, as few movements are.
    longest = max(groups.stop - 1 - max(len(groups) // 4, 1), groups.start)
    return int(rng.integers(groups.start, longest + 1)) * group


def draw_double_bar(form: Form, bars: int, rng: np.random.Generator) -> int:
    """Bars before the double bar, 0 for none."""
    if not form.is_binary or bars < FEWEST_IN_HALVES:
        return 0
    at = bars * min(max(rng.normal(DOUBLE_BAR, SPREAD), 0.25), 0.5)
    return max(round(at / BARS_IN_GROUP), 1) * BARS_IN_GROUP


class Shape:
    """Opening, length and double bar of one movement.

    Attributes:
        lines: where its bars begin.
        goal: the bar in which it is to end, drawn from those in which movements of its form do.
        double_bar: the bar with which its first part ends, 0 if it has but one.
    """

    def __init__(
        self, movement: Movement, rng: np.random.Generator, theme: Theme | None = None
    ) -> None:
        self.lines = BarLines(((Ticks(0), movement.meter),), movement.pickup)
        self._form = form = movement.form
        self._meter = movement.meter
        self._tonic = movement.key.tonic
        self._third = 3 if movement.key.mode is Mode.MINOR else 4
        self._pickup = movement.pickup
        fewest, self._most = form.bars(movement.meter)
        self.goal = draw_goal(form, fewest, self._most, rng)
        self.double_bar = draw_double_bar(form, self.goal, rng)
        if theme is not None:
            self._make_room(theme)

    def _make_room(self, theme: Theme) -> None:
        """A double bar comes after the theme, and the end long after it, unless that was asked."""
        if theme.bars_after is not None:
            self.goal, self.double_bar = theme.bars + theme.bars_after, 0
            return
        groups = (theme.bars + theme.head_bars) // BARS_IN_GROUP + 1
        self.goal = max(self.goal, 2 * groups * BARS_IN_GROUP)
        if self.double_bar:
            self.double_bar = max(self.double_bar, groups * BARS_IN_GROUP)

    def degree(self, pitch: int) -> int:
        """Semitones of ``pitch`` above the tonic, 0 to 11."""
        return (pitch - self._tonic) % PITCH_CLASSES

    def line_after(self, bar: int) -> int:
        """Tick at which a part ends whose last bar is that: the upbeat to the next begins there."""
        return bar * self._meter.bar_ticks

    def rest(self, bar: int, degrees: tuple[int, ...], at: int) -> Rest:
        """The rest at the end of a part, ``at`` ticks after the bar line if there is room."""
        meter, line = self._meter, self.line_after(bar)
        start = line + self._pickup - meter.bar_ticks
        beats = range(start, max(line - LAST_LASTS, start) + 1, meter.beat_ticks)
        return Rest(bar, [beat for beat in beats if beat <= start + at][-1], line, degrees)

    def latest_next(self, onset: int, *, first: bool) -> int | None:
        """The last tick at which the next note of the opening may begin; ``None`` for any.

        The first note begins before the first bar line or, without a pickup, within the first bar;
        a pickup leads to a note on the bar line.
        """
        if first:
            return (self._pickup or self._meter.bar_ticks) - 1
        return self._pickup if onset < self._pickup else None

    def opening(self, onset: int, shift: int, first: int) -> tuple[int, ...]:
        """Degrees of which the next bass must be one; empty for any.

        A pickup begins with a note of the tonic chord; unless that is the tonic, the bar it leads
        to begins on the tonic. Without a pickup the movement begins on the tonic.

        Args:
            onset: tick of the last note.
            shift: ticks from there to the bass.
            first: pitch of the movement's first note, -1 if the bass is it.
        """
        if first < 0:
            return (0, self._third, 7) if self._pickup else self._form.opens
        leads_in = onset < self._pickup <= onset + shift
        if leads_in and self.degree(first) not in self._form.opens:
            return self._form.opens
        return ()

    def urgency(self, place: Place) -> float:
        """Factor by which an end here becomes likelier than the network has it, at least 1."""
        over = place.bar - self.goal
        group = BARS_IN_GROUP if self._form.is_binary else 1
        if over < 0 or (over % group and over < 2 * group):
            return 1.0
        return float(URGENCY ** min(over + 1, MOST_URGENT))

    def is_overdue(self, place: Place) -> bool:
        """Whether an ending must be forced, as no rest could be made."""
        return place.bar > self.goal

    @property
    def last_bar(self) -> int:
        """The last bar in which an ending is waited for."""
        return self._most + BARS_OVER
