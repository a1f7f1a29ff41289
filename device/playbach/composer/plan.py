"""The plan of a movement: what each of its bars is to be, before there is a note.

A network that predicts a note from the notes before it has nobody to tell it where the movement is
going. The plan does: where the double bar lies and phrases end, the key and the chords of each bar,
which bars are like an earlier one, moved by how many steps, how wide the register is, how often
notes sound together. It is drawn by chance, with the habits of Bach's movements; notes are then
composed to it (``guide``), which is a matter of weights, not of force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.habits import Habits, draw_habits
from playbach.composer.harmony import (
    DOMINANT,
    TONIC,
    Chord,
    grammar,
    likelihood,
    moved,
    progression,
    tables,
)
from playbach.composer.likenesses import Likeness, Likenesses
from playbach.composer.phrases import OPEN, Phrase, draw_phrases
from playbach.composer.rhythms import CLOSES, ENDS, GOES_ON, Rhythm, draw_rhythms
from playbach.music.key import PITCH_CLASSES, Key
from playbach.music.meter import Meter
from playbach.music.theme import Theme
from playbach.stream import Movement

FIFTH = 7
"""Semitones by which a theme can be moved at least, in the register planned for it."""
MOVES_ON = 0.6
"""How likely the harmony moves on within a bar in which a phrase closes."""
WIDER = 4
"""Semitones by which a register is planned wider than Bach's: its ends are seldom reached."""
LEAST_WIDE = 24
"""Semitones of the narrowest register."""
PEAK = 1.9, 2.3
"""Of the beta distribution of where the highest note lies, as a share of the bars."""
SPAN_VARIES = 0.25
"""Standard deviation, from bar to bar, of the logarithm of a bar's width."""
CANDIDATES = 4
"""Harmonies drawn for a phrase; the one is taken whose copied bars join best to those beside them.
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a bar is to be.

    Attributes:
        key: in which it is.
        chords: each with the tick after the bar line at which it begins, the first at 0.
        like: the bar it is like, ``None`` for a new one.
        rhythm: ticks after the bar line at which notes begin, none if it is not planned.
        span: semitones from its lowest note to its highest.
        closes: degree of the chord on which a phrase ends here, ``OPEN`` where none does.
    """

    key: Key
    chords: tuple[tuple[int, Chord], ...]
    like: Likeness | None = None
    closes: int = OPEN
    rhythm: Rhythm = ()
    span: int = 0

    def __str__(self) -> str:
        names = " ".join(chord.name for _, chord in self.chords)
        like = f" = {self.like.bar}{self.like.steps:+d}" if self.like else ""
        return f"{self.key}: {names}{like}{' |' if self.closes != OPEN else ''}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a movement is to be.

    Attributes:
        bars: the first is bar 1; the movement ends with the last.
        double_bar: bars before the double bar, 0 for none.
        pitches: its register.
        habits: what it is to be like.
        alone: bars at the beginning in which one voice is heard.
        peak: the bar that is to have the highest note.
        given_up: what could not be planned, a few words each.
    """

    bars: tuple[Bar, ...]
    double_bar: int
    pitches: PitchRange
    habits: Habits
    alone: int
    peak: int
    given_up: tuple[str, ...] = ()

    def bar(self, number: int) -> Bar:
        """That bar; the first for a pickup, the last for any beyond the end."""
        return self.bars[min(max(number, 1), len(self.bars)) - 1]

    def rests_on(self, number: int) -> tuple[int, ...]:
        """Degrees to rest on at the end of a bar, the root first: semitones above the home tonic.

        At a double bar that is never the home tonic.
        """
        bar, home = self.bar(number), self.bars[0].key
        tones = bar.chords[-1][1].tones[:3]
        return tuple((bar.key.tonic + tone - home.tonic) % PITCH_CLASSES for tone in tones)

    def rests_at(self, number: int) -> int:
        """Tick after the bar line at which to rest there: the last of its rhythm, else 0."""
        return max(self.bar(number).rhythm, default=0)

    def __str__(self) -> str:
        """A line a bar."""
        lines = [f"{n:3} {bar}" for n, bar in enumerate(self.bars, 1)]
        if self.double_bar:
            lines.insert(self.double_bar, "    :||:")
        return "\n".join([*lines, *(f"    given up: {what}" for what in self.given_up)])


def draw_plan(
    movement: Movement,
    bars: int,
    double_bar: int,
    pitches: PitchRange,
    rng: np.random.Generator,
    *,
    theme: Theme | None = None,
) -> Plan:
    """A plan of so many bars.

    Args:
        movement: form, key, meter and pickup.
        bars: at least 1.
        double_bar: bars before the double bar, 0 for none.
        pitches: the instrument's range.
        rng: source of chance.
        theme: with which it begins.
    """
    habits = draw_habits(movement.form, movement.meter, rng)
    given_up = []
    if movement.form.is_binary and not double_bar:
        given_up.append(f"no double bar: too few bars, {bars}")
    if not habits.bars:
        given_up.append(f"no rhythms: Bach has none in {movement.meter}")
    register, narrow = _register(pitches, habits.width + WIDER, rng)
    if narrow is not None:
        given_up.append(f"a register of {narrow} semitones, the instrument has no more")
    phrases = draw_phrases(movement, bars, double_bar, rng)
    if theme is not None:
        phrases = _at_home(phrases, theme.bars)
        register = _wide_enough(register, theme, pitches)
    likenesses = Likenesses(phrases, bars, double_bar, habits.alike, rng, theme=theme).found
    harmonised = _harmonised(movement.meter, phrases, likenesses, rng, theme)
    rhythmic = _with_rhythms(harmonised, habits.bars, double_bar, rng)
    if theme is not None:
        rhythmic = _with_theme(rhythmic, theme)
    return Plan(
        _with_spans(rhythmic, habits.span, rng),
        double_bar,
        register,
        habits,
        int(rng.integers(2, 5)) if movement.form.name == "fugue" else 0,
        1 + int(bars * rng.beta(*PEAK)),
        tuple(given_up),
    )


def _register(
    pitches: PitchRange, width: int, rng: np.random.Generator
) -> tuple[PitchRange, int | None]:
    """Where in the instrument's range the movement lies; and how wide that is if it is narrow."""
    wide = pitches.highest - pitches.lowest
    width = max(width, LEAST_WIDE)
    if wide <= width:
        return pitches, wide if wide < LEAST_WIDE else None
    # Low on the instrument, as the open strings are.
    up = min(int(rng.integers(0, 4)), wide - width)
    lowest = pitches.lowest + up
    return PitchRange(lowest, lowest + width), None


def _at_home(phrases: Sequence[Phrase], bars: int) -> list[Phrase]:
    """The same, in the home key as long as the theme lasts."""
    found: list[Phrase] = []
    for phrase in phrases:
        home = phrases[0].key
        key = home if phrase.last <= bars else phrase.key
        before = found[-1].key if found and phrase.before != phrase.key else key
        found.append(replace(phrase, key=key, before=before))
    return found


def _wide_enough(register: PitchRange, theme: Theme, pitches: PitchRange) -> PitchRange:
    """The register, widened so that the theme can be moved by a fifth within the range."""
    lowest = min(note.pitch for note in theme.notes) - FIFTH
    highest = max(note.pitch for note in theme.notes) + FIFTH
    return PitchRange(
        max(min(register.lowest, lowest), pitches.lowest),
        min(max(register.highest, highest), pitches.highest),
    )


def _with_theme(bars: Sequence[Bar], theme: Theme) -> Sequence[Bar]:
    """The bars of the theme in its own rhythm, and in the planned one where it has ended."""
    found = list(bars)
    for number, bar in enumerate(bars[: theme.bars], 1):
        given = {tick for tick, _ in theme.within(number)}
        ends = theme.length - theme.pickup - (number - 1) * theme.meter.bar_ticks
        found[number - 1] = replace(
            bar, rhythm=tuple(sorted(given | {tick for tick in bar.rhythm if tick >= ends}))
        )
    return found


def _harmonised(
    meter: Meter,
    phrases: Sequence[Phrase],
    likenesses: Mapping[int, Likeness],
    rng: np.random.Generator,
    theme: Theme | None,
) -> tuple[Bar, ...]:
    found: list[Bar] = []
    for phrase in phrases:
        copies = any(n in likenesses for n in range(phrase.first, phrase.last + 1))
        candidates = CANDIDATES if copies else 1
        drawn = [_Harmony(meter, phrase, likenesses, found, rng, theme) for _ in range(candidates)]
        found += max(drawn, key=lambda one: one.joins).bars
    return tuple(found)


@dataclass
class _Harmony:
    """The chords of one phrase."""

    meter: Meter
    phrase: Phrase
    likenesses: Mapping[int, Likeness]
    earlier: Sequence[Bar]
    rng: np.random.Generator
    theme: Theme | None = None
    bars: list[Bar] = field(default_factory=list)

    def __post_init__(self) -> None:
        phrase = self.phrase
        number = phrase.first
        while number <= phrase.last:
            like = self.likenesses.get(number)
            if like is not None:
                self.bars.append(self._like(number, like))
                number += 1
                continue
            free = number
            while free <= phrase.last and free not in self.likenesses:
                free += 1
            self._draw(number, free)
            number = free

    @property
    def joins(self) -> float:
        """How well bars that are copied join to those beside them: a sum of log probabilities."""
        total = 0.0
        for n, (one, other) in enumerate(pairwise(self.bars), self.phrase.first):
            copied = n in self.likenesses or n + 1 in self.likenesses
            if copied and one.key == other.key:
                total += likelihood(other.key.mode, one.chords[-1][1], other.chords[0][1])
        return total

    def _key(self, number: int) -> Key:
        return self.phrase.before if number == self.phrase.first else self.phrase.key

    def _closes(self, number: int) -> int:
        return self.phrase.closes if number == self.phrase.last else OPEN

    def _like(self, number: int, like: Likeness) -> Bar:
        source = [*self.earlier, *self.bars][like.bar - 1]
        key = self._key(number)
        chords = tuple(
            (tick, moved(chord, like.steps, source.key.mode, key.mode))
            for tick, chord in source.chords
        )
        closes = self._closes(number)
        if closes != OPEN:
            chords = ((0, self._closing(closes)),)
        return Bar(key, chords, like, closes)

    def _closing(self, degree: int) -> Chord:
        return grammar(self.phrase.key.mode).named(degree)

    def _draw(self, first: int, stop: int) -> None:
        """New bars, from ``first`` to before ``stop``."""
        phrase, mode = self.phrase, self.phrase.key.mode
        places = [(number, tick) for number in range(first, stop) for tick in self._ticks(number)]
        wanted: list[Chord | None] = [None] * len(places)
        if stop > phrase.last and phrase.closes != OPEN:
            at = places.index((phrase.last, 0))
            wanted[at] = self._closing(phrase.closes)
            if phrase.closes == TONIC and at:
                wanted[at - 1] = self._closing(DOMINANT)
        if first == 1:
            wanted[0] = self._closing(TONIC)
        if self.theme is not None:
            self._fit(self.theme, places, wanted)
        before = self._before(first)
        drawn = progression(mode, wanted, self.rng, before)
        for number in range(first, stop):
            chords = [(t, c) for (n, t), c in zip(places, drawn, strict=True) if n == number]
            if not chords or chords[0][0]:
                last = before if before is not None else self._closing(TONIC)
                chords.insert(0, (0, last))
            before = chords[-1][1]
            key = self._key(number)
            if key.mode != mode:
                chords = [(tick, moved(chord, 0, mode, key.mode)) for tick, chord in chords]
            self.bars.append(Bar(key, tuple(chords), None, self._closes(number)))

    def _fit(
        self, theme: Theme, places: Sequence[tuple[int, int]], wanted: list[Chord | None]
    ) -> None:
        """Where the theme sounds, the chords that its notes fit best."""
        bar, chords = self.meter.bar_ticks, grammar(self.phrase.key.mode).chords
        lines = [theme.pickup + (number - 1) * bar + tick for number, tick in places]
        for n, (start, stop) in enumerate(pairwise([*lines, theme.end])):
            sounding = [0.0] * PITCH_CLASSES
            for note in theme.notes:
                heard = max(min(note.end, stop) - max(note.onset, start), 0)
                sounding[(note.pitch - self.phrase.key.tonic) % PITCH_CLASSES] += heard
            if any(sounding):
                wanted[n] = max(chords, key=lambda chord: _fitness(chord, sounding))

    def _before(self, first: int) -> Chord | None:
        """The chord before a bar, as one of this phrase's key; ``None`` where a part begins."""
        phrase = self.phrase
        if first == phrase.first and phrase.starts:
            return None
        bar = [*self.earlier, *self.bars][-1]
        chord, key = bar.chords[-1][1], phrase.key
        if first == phrase.first and bar.key != key:
            # What was at home becomes a step of the new key: the tonic of one is another's fourth.
            found = _common(chord, bar.key, key)
            return found if found is not None else grammar(key.mode).named(TONIC)
        return moved(chord, 0, bar.key.mode, key.mode)

    def _ticks(self, number: int) -> list[int]:
        """Where the chords of a new bar begin."""
        phrase = self.phrase
        if number == phrase.last and phrase.closes != OPEN:
            moves_on = not phrase.ends and self.rng.random() < MOVES_ON
            return [0, _later_half(self.meter)] if moves_on else [0]
        ticks = _rhythm(self.meter, self.rng)
        if number == phrase.first and 0 not in ticks:
            ticks = [0, *ticks]
        if number == phrase.last - 1 and phrase.closes != OPEN:
            # The dominant has time to be heard.
            ticks = [0, _later_half(self.meter)]
        return ticks


def _fitness(chord: Chord, sounding: Sequence[float]) -> float:
    """How well a chord goes with pitch classes that sound for so long."""
    tones = sum(sounding[tone] for tone in chord.tones)
    outside = sum(sounding) - sum(sounding[tone] for tone in {*chord.tones, *chord.scale})
    return tones + sounding[chord.tones[0]] / 2 - 2 * outside


def _common(chord: Chord, key: Key, into: Key) -> Chord | None:
    """The chord of another key that has the same notes."""
    up = key.tonic - into.tonic
    tones = {(tone + up) % PITCH_CLASSES for tone in chord.tones[:3]}
    rows = grammar(into.mode).chords
    return next((row for row in rows if set(row.tones[:3]) == tones), None)


def _rhythm(meter: Meter, rng: np.random.Generator) -> list[int]:
    """Ticks of one bar at which chords begin."""
    rows = tables()["rhythm"].get(str(meter))
    if rows is None:
        return [0, _later_half(meter)] if rng.random() < meter.bar_ticks / 200 else [0]
    weights = np.array([weight for _, weight in rows], np.float64)
    return list(rows[int(rng.choice(len(rows), p=weights / weights.sum()))][0])


def _with_rhythms(
    bars: Sequence[Bar], order: Sequence[Rhythm], double_bar: int, rng: np.random.Generator
) -> Sequence[Bar]:
    if not order:
        return bars
    places = [
        ENDS if number in (double_bar, len(bars)) else CLOSES if bar.closes != OPEN else GOES_ON
        for number, bar in enumerate(bars, 1)
    ]
    like = [bar.like.bar if bar.like else 0 for bar in bars]
    rhythms = draw_rhythms(order, places, like, rng)
    return [replace(bar, rhythm=rhythm) for bar, rhythm in zip(bars, rhythms, strict=True)]


def _with_spans(bars: Sequence[Bar], usual: float, rng: np.random.Generator) -> tuple[Bar, ...]:
    spans = usual * np.exp(rng.normal(0, SPAN_VARIES, len(bars)))
    return tuple(replace(bar, span=round(span)) for bar, span in zip(bars, spans, strict=True))


def _later_half(meter: Meter) -> int:
    """Tick of the beat on which the second chord of a bar begins."""
    beats = max(meter.bar_ticks // meter.beat_ticks, 1)
    return (beats + 1) // 2 * meter.beat_ticks if beats > 1 else meter.bar_ticks * 2 // 3
