"""Composing to a plan: how much likelier it makes each shift, pitch and duration.

Everything here is a factor by which a probability of the network is multiplied, which is the same
as a weight in its logits: notes of the planned chord and scale, of the register, and, where a bar
is to be like an earlier one, the notes of that one, moved. Nothing is forced by it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from playbach.composer.harmony import Chord
from playbach.composer.likenesses import Likeness
from playbach.composer.phrases import OPEN
from playbach.composer.plan import Bar, Plan
from playbach.composer.rhythms import Rhythm
from playbach.music.encoding import ESCAPE, Encoding
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.note import MAX_PITCH, Place
from playbach.music.scale import STEPS_PER_OCTAVE
from playbach.stateful import Stateful

Factors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """What is added to the logits of pitches.

    Attributes:
        chord: to a note of the planned chord.
        root: to its root besides.
        third: to its third besides.
        altered: to a note of it besides that the home key has not.
        step: to a note of the scale, not of the chord, that is a step from the last note.
        leap: to a note of the chord that lies further off than a third.
        at_times: to one that the scale has at times.
        outside: to one that it has not.
        bass: to one that lies an octave below the middle of the register; above it is as much less.
    """

    chord: float
    root: float
    third: float
    altered: float
    step: float
    leap: float
    at_times: float
    outside: float
    bass: float

    def of_classes(self, chord: Chord, key: Key, home: Key, *, stepwise: bool) -> Factors:
        """To each pitch class from C up ``(12,)``, where ``key`` prevails in ``home``."""
        found = np.full(PITCH_CLASSES, self.outside, np.float32)
        found[list(chord.at_times)] = self.at_times + stepwise * self.step
        found[list(chord.scale)] = stepwise * self.step
        found[list(chord.tones)] = self.chord + (not stepwise) * self.leap
        found[chord.tones[0]] += self.root
        found[chord.tones[1]] += self.third
        found = np.roll(found, key.tonic)
        own = {(home.tonic + step) % PITCH_CLASSES for step in _STEPS[home.mode]}
        for tone in chord.tones:
            place = (key.tonic + tone) % PITCH_CLASSES
            found[place] += self.altered * (place not in own)
        return found


ON_LINE, ON_CHANGE, ON_BEAT, OFF_BEAT, IN_STOP = range(5)
"""Where a note begins: with a chord on a bar line or elsewhere, on another beat, off the beat; or
above another note."""
WEIGHTS = (
    Weights(2.9, 0.95, 1.3, 2.2, 0.0, -0.1, -0.8, 0.1, 0.7),
    Weights(2.8, 1.2, 1.45, 0.4, 0.15, 0.1, -1.0, 0.0, 0.45),
    Weights(2.7, 0.35, 0.05, 2.2, 0.5, 0.2, -1.0, -0.05, -0.05),
    Weights(2.6, 0.1, -0.1, 2.0, 1.3, 0.1, -1.0, 0.4, 0.0),
    Weights(3.0, 0.0, 0.6, 1.0, 0.0, 0.0, -1.5, -3.0, 0.0),
)
"""By that. The first four were found by composing again and again and changing each by the
logarithm of a share of notes in Bach's movements by the same share in those composed, until none
changed by more than chance."""


@lru_cache(maxsize=128)
def _of_classes(chord: Chord, key: Key, home: Key, level: int) -> Factors:
    """Factors of every pitch, when leapt to and by step ``(2, 128)``."""
    weights = [WEIGHTS[level].of_classes(chord, key, home, stepwise=by) for by in (False, True)]
    found: Factors = np.exp(np.tile(weights, MAX_PITCH // PITCH_CLASSES + 1)[:, : MAX_PITCH + 1])
    return found


SAME_PITCH = math.exp(5)
"""Factor of a pitch that the bar that is copied has."""
SAME_THEME, SAME_TIME = math.exp(10), 0.999
"""The same, and how likely a note begins where it does in the bar that is copied, where a theme
that was given is to be known again."""
SAME = 0.98
"""How likely the next note begins, and a copied one lasts until, when the planned rhythm or the bar
that is copied has it, whatever the network expects: it is so sure of the note values that it heard
last that no factor would lead it to others."""
RESTS_ON = 0.9
"""How likely the last notes of a part last until its end."""
STEP, NEAR = 2, 4
"""Semitones: the widest step, and a third, beyond which an interval is a leap here."""
STEPS = 2.15
"""Factor of any step."""
KEEP = 1.4
"""Power to which the odds of a step that are planned, by those of late, are taken."""
HEARD = 28
"""Notes of which the latest share of steps is a mean, older ones counting less and less."""
FEWEST_STEPS, SPAN = 0.05, 0.9
"""What a share is at least, and how much more it can be."""
UNUSUAL = 0.6
"""Factor of an interval that lines avoid: to another form of the same step, as from F to F sharp,
and the augmented second of a minor key."""
CROSS = 0.3
"""Factor of a form of the sixth or seventh step of a minor key, of which the other was heard within
a beat."""
HELD, RISES, PASSED = 0.5, 10.0, 0.2
"""Factors of what is higher than all so far before the bar that is the peak and in it, and of what
is as high after it."""
RUN_ON = 1.7
"""Factor of one more step in the direction of the last, if that was a step."""
TURN, GAP = 1.3, 5
"""Factor of an interval back after one of so many semitones or more, and of its inverse on."""
LEAP = 7
"""Semitones: a bar is not taken to be narrower."""
WIDEN = 2.2
"""Power to which the width that is planned for a bar, by the width so far, is taken: a factor of
notes beyond those so far."""
OCTAVE = 0.36
"""Factor of an octave, as it leads to the same note of the chord."""
CADENCE = 1.3
"""Power to which the factors of chord and scale are taken in a bar that closes and the one before:
there a listener is to hear where the harmony goes."""
REPEATED = 6.3
"""Factor of a note that is the same as the last, whatever the chord."""
FAR_BELOW, FAR_ABOVE, REACH = 0.55, 0.22, 8.0
"""Logits that a pitch loses which lies so many semitones from the middle of the register; it loses
more as the square of the distance. Bach's low notes are rare ones."""
MIDDLE = 0.56
"""Where the mean of Bach's pitches lies in his registers, from the lowest note up."""
STOPS_LED = 1.6
"""Power to which the planned share of stops, by the share so far, is taken."""
AFTER_A_STOP = 0.5
"""Factor of several notes together at an onset right after another such one."""
STOPS_COUNTED = 24
"""Onsets that the planned share of stops is taken to have been kept for at the beginning."""

_STEPS = {Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11), Mode.MINOR: (0, 2, 3, 5, 7, 8, 10)}
_OF_PITCH = {
    Mode.MAJOR: (0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6),
    Mode.MINOR: (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6),
}

_OTHER_FORM = {8: 9, 9: 8, 10: 11, 11: 10}
"""Of the sixth and seventh steps of a minor key, in semitones above the tonic."""
_UNUSUAL = {
    mode: tuple(
        tuple(by for by in (-1, 1) if steps[above] == steps[(above + by) % PITCH_CLASSES])
        + ({8: (3,), 11: (-3,)}.get(above, ()) if mode is Mode.MINOR else ())
        for above in range(PITCH_CLASSES)
    )
    for mode, steps in _OF_PITCH.items()
}
"""Semitones of these intervals, by mode and semitones of the last note above the tonic."""

ChordBuilder = Mapping[int, tuple[tuple[int, int], ...]]
"""Notes of a bar, pitch and duration, upwards, by the tick after the bar line at which they
begin."""


class Guide(Stateful):
    """Follows a movement note by note and says what the plan would have next."""

    def __init__(self, plan: Plan, encoding: Encoding) -> None:
        """Before the first note."""
        self.plan = plan
        self.encoding = encoding
        self._widest = encoding.widest
        # Of whole bars, never changed but replaced.
        self._heard: dict[int, ChordBuilder] = {}
        self._bar = -1
        self._to_copy: ChordBuilder = {}
        self._is_theme = False
        self._rhythm: Rhythm = ()
        self._octaves = 0
        self._onsets = self._stops = 0
        self._in_stop = self._after_stop = False
        self._run, self._leapt, self._last = 0, 0, -1
        self._steps, self._kept = plan.habits.steps, 1.0
        self._lately: list[tuple[int, int]] = []
        """Ticks and pitches of the notes of the last beat."""
        self._top = -1
        # Of the notes of this bar.
        self._lowest = self._highest = -1
        self._span = 0
        self._register = _register_factors(plan)
        self._heights = (np.arange(MAX_PITCH + 1) - _middle(plan)) / PITCH_CLASSES
        self._near = min(NEAR, self._widest)
        self._planned = plan.bar(0)
        self._key, self._closing = "", False
        # By key, chord and level, as names: they are looked up at every note.
        self._of_chords: dict[tuple[str, str, int], tuple[Factors, Factors]] = {}

    def shift(
        self, place: Place, together: int, chances: Factors, strength: float = 1.0
    ) -> Factors:
        """Chances of shift symbols, with the plan's weights, after ``together`` notes at ``place``.

        Args:
            place: of the last note.
            together: how many began there.
            chances: what the network says ``(shift_symbols,)``.
            strength: with which the plan is kept, 0 for not at all.
        """
        self._enter(place.bar)
        zero = self.encoding.shift_symbol(0)
        if self._to_copy:
            following = self._next_shift(self._to_copy, place, together)
            same = SAME_TIME if self._is_theme else SAME
            return _mixed(chances, following, 1.0, _kept(same, strength))
        if self._rhythm:
            ticks = self._next_tick(self._rhythm, place) - place.tick
            later = chances.sum() - chances[zero]
            found = _mixed(chances, self.encoding.shift_symbol(ticks), later, _kept(SAME, strength))
            # Whether one more begins here is left to the network.
            found[zero] = chances[zero]
        else:
            found = chances.copy()
        if together == 1:
            wanted = self.plan.habits.stops
            rate = (self._stops + STOPS_COUNTED * wanted) / (self._onsets + STOPS_COUNTED)
            led = ((wanted + 0.003) / (rate + 0.003)) ** STOPS_LED
            found[zero] *= (led * AFTER_A_STOP if self._after_stop else led) ** strength
        return found

    def _next_shift(self, model: ChordBuilder, place: Place, together: int) -> int:
        """The symbol of the shift that follows in a bar after so many notes at ``place``."""
        ticks = 0
        if together >= len(model.get(place.tick, ())):
            ticks = self._next_tick(model, place) - place.tick
        return self.encoding.shift_symbol(ticks)

    def _next_tick(self, onsets: Iterable[int], place: Place) -> int:
        """The next of these ticks after the bar line, or where the next bar begins to sound."""
        later = [tick for tick in onsets if tick > place.tick]
        if later:
            return min(later)
        following = self.plan.bar(place.bar + 1)
        heard = self._heard.get(following.like.bar, {}) if following.like else {}
        return place.meter.bar_ticks + min(heard or following.rhythm, default=0)

    def pitch(self, place: Place, last: int, stack: int, strength: float = 1.0) -> Factors:
        """Factors of the pitch symbols ``(pitch_symbols,)``.

        Args:
            place: of the note asked for.
            last: pitch of the note before.
            stack: notes of its chord below it.
            strength: with which the plan is kept, 0 for not at all.
        """
        self._enter(place.bar)
        begins, chord = _chord_at(self._planned, place.tick)
        level = ON_BEAT if not place.tick % place.meter.beat_ticks else OFF_BEAT
        if stack:
            level = IN_STOP
        elif place.tick == begins:
            level = ON_CHANGE if place.tick else ON_LINE
        leaps, steps = self._chord_factors(chord, level)
        # Symbol ``middle`` is the interval of none; seconds and thirds lie around it.
        middle, near = self._widest + 1, self._near
        found = leaps[last : last + 2 * middle].copy()
        found[middle - near : middle + near + 1] = steps[
            last + middle - near : last + middle + near + 1
        ]
        self._weigh_direction(found, middle)
        if not stack:
            self._weigh_width(found, middle, last)
            self._weigh_forms(found, middle, place)
            self._weigh_peak(found, middle, last)
            if self._widest >= PITCH_CLASSES:
                found[middle - PITCH_CLASSES] *= OCTAVE
                found[middle + PITCH_CLASSES] *= OCTAVE
            found[middle] = REPEATED * self._register[last]
        wanted = self._to_copy.get(place.tick)
        if wanted and stack < len(wanted):
            symbol = self.encoding.pitch_symbol(wanted[stack][0] - last)
            if symbol != ESCAPE:
                found[symbol] *= SAME_THEME if self._is_theme else SAME_PITCH
        return found if strength == 1 else found**strength

    def _weigh_direction(self, found: Factors, middle: int) -> None:
        """Steps go on as they went, the line turns back after a leap."""
        up = down = STEPS * self._kept
        if self._run > 0:
            up *= RUN_ON
        elif self._run < 0:
            down *= RUN_ON
        elif self._leapt:
            found[:middle] *= TURN**self._leapt
            found[middle + 1 :] *= TURN**-self._leapt
        found[max(middle - STEP, 1) : middle] *= down
        found[middle + 1 : middle + STEP + 1] *= up
        key = self._planned.key
        for semitones in _UNUSUAL[key.mode][(self._last - key.tonic) % PITCH_CLASSES]:
            if abs(semitones) <= self._widest:
                found[middle + semitones] *= UNUSUAL

    def _weigh_width(self, found: Factors, middle: int, last: int) -> None:
        """What widens the bar is likelier or not, as it is narrower or wider than planned."""
        if self._lowest >= 0:
            wider = (self._span / max(self._highest - self._lowest, LEAP)) ** WIDEN
            found[: max(self._lowest - last + middle, 0)] *= wider
            found[max(self._highest + 1 - last + middle, 0) :] *= wider

    def _weigh_forms(self, found: Factors, middle: int, place: Place) -> None:
        """In minor a step heard a moment ago in one form seldom comes in the other."""
        key = self._planned.key
        since = place.bar * place.meter.bar_ticks + place.tick - place.meter.beat_ticks
        self._lately = [one for one in self._lately if one[0] >= since]
        if key.mode is Mode.MAJOR:
            return
        above = {(pitch - key.tonic) % PITCH_CLASSES for _, pitch in self._lately}
        now = (self._last - key.tonic) % PITCH_CLASSES
        # What follows the note itself is weighed with its direction.
        for other in {_OTHER_FORM.get(one, now) for one in above} - {now, _OTHER_FORM.get(now)}:
            found[(other - now + middle) % PITCH_CLASSES :: PITCH_CLASSES] *= CROSS

    def _weigh_peak(self, found: Factors, middle: int, last: int) -> None:
        """One bar has the highest note."""
        peak = self.plan.peak
        above = max(self._top + (self._bar <= peak) - last + middle, 0)
        found[above:] *= HELD if self._bar < peak else RISES if self._bar == peak else PASSED

    def duration(
        self, place: Place, stack: int, rests: int, chances: Factors, strength: float = 1.0
    ) -> Factors:
        """Chances of duration symbols, with the plan's weights.

        Args:
            place: of the note.
            stack: notes of its chord below it.
            rests: ticks for which it can be rested on, 0 if it is not.
            chances: what the network says ``(duration_symbols,)``.
            strength: with which the plan is kept, 0 for not at all.
        """
        self._enter(place.bar)
        copied = self._to_copy.get(place.tick, ())
        if rests:
            ticks, share = rests, RESTS_ON
        elif stack < len(copied):
            ticks, share = copied[stack][1], SAME
        elif self._rhythm:
            ticks = self._next_tick(self._rhythm, place) - place.tick
            share = self.plan.habits.joined
        else:
            return chances
        symbol = self.encoding.duration_symbol(ticks)
        return chances if symbol == ESCAPE else _mixed(chances, symbol, 1.0, _kept(share, strength))

    def add(self, place: Place, pitch: int, duration: int, stack: int) -> None:
        """A note was chosen."""
        self._enter(place.bar)
        heard = self._heard.get(place.bar, {})
        notes = (*heard.get(place.tick, ()), (pitch, duration))
        self._heard[place.bar] = {**heard, place.tick: notes}
        move = pitch - self._last
        if self._last >= 0 and not stack:
            self._steps += (FEWEST_STEPS + (0 < abs(move) <= STEP) * SPAN - self._steps) / HEARD
            wanted, is_so = self.plan.habits.steps, self._steps
            self._kept = (wanted * (1 - is_so) / (1 - wanted) / is_so) ** KEEP
        sign = (move > 0) - (move < 0) if self._last >= 0 else 0
        self._run = sign if abs(move) <= STEP else 0
        self._leapt = sign if abs(move) >= GAP else 0
        self._last = pitch
        self._top = max(self._top, pitch)
        self._lately.append((place.bar * place.meter.bar_ticks + place.tick, pitch))
        self._lowest = pitch if self._lowest < 0 else min(self._lowest, pitch)
        self._highest = max(self._highest, pitch)
        if not stack:
            self._after_stop, self._in_stop = self._in_stop, False
        self._in_stop |= stack > 0
        self._onsets += not stack
        self._stops += stack == 1

    def _chord_factors(self, chord: Chord, level: int) -> tuple[Factors, Factors]:
        """Of every pitch, when leapt to and by step; before them ``widest + 1`` of no pitch."""
        found = self._of_chords.get((self._key, chord.name, level))
        if found is None:
            classes = _of_classes(chord, self._planned.key, self.plan.bars[0].key, level)
            if self._closing:
                classes = classes**CADENCE
            heights = np.exp(-WEIGHTS[level].bass * self._heights) * self._register
            margin = self._widest + 1
            leaps, steps = np.ones((2, MAX_PITCH + 1 + 2 * margin), np.float32)
            for factors, by_class in zip((leaps, steps), classes, strict=True):
                factors[margin : margin + MAX_PITCH + 1] = by_class * heights
            found = self._of_chords[self._key, chord.name, level] = leaps, steps
        return found

    def _enter(self, number: int) -> None:
        """Look up what a bar is to be like when it begins."""
        if number == self._bar:
            return
        going_on = number == self._bar + 1
        before = self.plan.bar(self._bar).like if self._bar > 0 else None
        self._bar = number
        self._to_copy, self._rhythm, self._is_theme = {}, (), False
        self._lowest = self._highest = -1
        self._planned = planned = self.plan.bar(number)
        self._span = planned.span
        self._closing = planned.closes != OPEN or self.plan.bar(number + 1).closes != OPEN
        self._key = f"{planned.key}{' closing' * self._closing}"
        if not 0 < number <= len(self.plan.bars):
            return
        self._rhythm = planned.rhythm
        like = planned.like
        source = self._heard.get(like.bar) if like else None
        if like is not None and source:
            goes_on = going_on and before is not None and before.bar + 1 == like.bar
            if not (goes_on and before is not None and before.steps == like.steps):
                self._octaves = self._octaves_of(planned, like)
            self._to_copy = self._copied(source, planned, like)
            self._is_theme = like.is_theme
        self._lead_in(number)

    def _lead_in(self, number: int) -> None:
        """Before a bar with which the theme comes back, its upbeat comes back as well."""
        following = self.plan.bar(number + 1)
        like, upbeat = following.like, self._heard.get(0)
        if not upbeat or number >= len(self.plan.bars):
            return
        if like is None or not like.is_theme or like.bar != 1:
            return
        octaves, self._octaves = self._octaves, self._octaves_of(following, like)
        copied = self._copied(upbeat, following, like)
        self._octaves = octaves
        before: ChordBuilder = self._to_copy or dict.fromkeys(self._rhythm or (0,), ())
        start = min(copied)
        earlier = {tick: notes for tick, notes in before.items() if tick < start}
        self._to_copy, self._is_theme = {**earlier, **copied}, True

    def _copied(self, source: ChordBuilder, planned: Bar, like: Likeness) -> ChordBuilder:
        """The notes of a bar, moved to where they come back."""
        keys = self.plan.bar(like.bar).key, planned.key
        up = PITCH_CLASSES * self._octaves
        return {
            tick: tuple(
                (_moved(pitch, keys, like.steps, _chord_at(planned, tick)[1]) + up, duration)
                for pitch, duration in notes
            )
            for tick, notes in source.items()
        }

    def _octaves_of(self, planned: Bar, like: Likeness) -> int:
        """By how many octaves what comes back in a bar, with its upbeat, is moved besides."""
        source = dict(self._heard.get(like.bar, {}))
        if like.is_theme and like.bar == 1:
            source = {**self._heard.get(0, {}), **source}
        return self._best_octaves(source, (self.plan.bar(like.bar).key, planned.key), like.steps)

    def _best_octaves(self, source: ChordBuilder, keys: tuple[Key, Key], steps: int) -> int:
        """By how many octaves a copy is to be moved to lie within the register."""
        pitches = np.array(
            [_moved(p, keys, steps, None) for notes in source.values() for p, _ in notes]
        )
        low, high = self.plan.pitches.lowest, self.plan.pitches.highest

        def misfit(octaves: int) -> tuple[int, int]:
            there = pitches + PITCH_CLASSES * octaves
            return int(((there < low) | (there > high)).sum()), abs(octaves)

        return min((0, 1, -1), key=misfit)


def _kept(share: float, strength: float) -> float:
    """A share of what is kept at strength 1, at another one."""
    return float(1 - (1 - share) ** strength)


def _mixed(chances: Factors, symbol: int, total: float, share: float) -> Factors:
    """``chances`` with ``share`` of ``total`` moved to a symbol."""
    found: Factors = chances * np.float32(1 - share)
    found[symbol] += share * total
    return found


def _chord_at(bar: Bar, tick: int) -> tuple[int, Chord]:
    """The chord at a tick after the bar line, and the tick at which it begins."""
    at = bisect_right(bar.chords, tick, key=lambda pair: pair[0]) - 1
    return bar.chords[max(at, 0)]


def _moved(pitch: int, keys: tuple[Key, Key], steps: int, chord: Chord | None) -> int:
    """A pitch of one key, ``steps`` of the scale higher in the other.

    Where nothing but the tonic changes it keeps its alteration; else it takes the form that the
    ``chord`` has of its step.
    """
    key, into = keys
    octave, above = divmod(pitch - key.tonic, PITCH_CLASSES)
    step = _OF_PITCH[key.mode][above]
    altered = above - _STEPS[key.mode][step]
    tonic = key.tonic + (into.tonic - key.tonic + 5) % PITCH_CLASSES - 5
    octaves, there = divmod(STEPS_PER_OCTAVE * octave + step + steps, STEPS_PER_OCTAVE)
    found = _STEPS[into.mode][there]
    if key.mode == into.mode and not steps:
        found += altered
    elif chord is not None:
        found = _in_chord(there, into.mode, chord, found)
    return tonic + PITCH_CLASSES * octaves + found


def _in_chord(step: int, mode: Mode, chord: Chord, plain: int) -> int:
    forms = [pc for pc, of in enumerate(_OF_PITCH[mode]) if of == step]
    fits = [pc for pc in forms if pc in chord.tones] or [pc for pc in forms if pc in chord.scale]
    return plain if plain in fits or not fits else fits[0]


def _middle(plan: Plan) -> float:
    low, high = plan.pitches.lowest, plan.pitches.highest
    return low + MIDDLE * (high - low)


def _register_factors(plan: Plan) -> Factors:
    """Factors of each pitch ``(128,)``."""
    middle = _middle(plan)
    pitches = np.arange(MAX_PITCH + 1)
    far = np.where(pitches < middle, FAR_BELOW, FAR_ABOVE)
    found: Factors = np.exp(-far * ((pitches - middle) / REACH) ** 2).astype(np.float32)
    return found
