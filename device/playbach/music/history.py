"""What a piece has done so far, said so that what comes next is easy to guess.

Bach continues as he began: a figure comes again a bar or a beat later, on another step; a hidden
second voice goes on from its own last note, several notes back; a note altered for a moment stays
altered for a while. Each of these is a small number here, a *hint*, relative to the last pitch.

A note *answers* an earlier one that stands a certain lag before it, such as a bar, with as many
notes of its chord below. The *run* of that lag counts how many notes in a row, up to the last,
moved as those that they answered did.
"""

from __future__ import annotations

from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import Meter
from playbach.music.note import MAX_PITCH, Place
from playbach.stateful import Stateful

FARTHEST = 24
NOWHERE = 2 * FARTHEST + 1
DISTANCES = NOWHERE + 1
"""Distances in semitones or steps, clipped to ``FARTHEST`` either way, and one for "no such"."""
BACK = (2, 3, 4, 5, 6)
"""Which earlier notes ``outline`` tells of, counted back from the last. The note before the last is
1, and told by the last interval."""
RUNS = 4
"""A run is told as 0, 1, 2, or 3 and more."""
AGES = 6
"""How long ago a pitch class was heard: 1 note, 2 to 3, 4 to 7, 8 to 15, 16 to 31, longer."""
LAGS = 4
"""How many lags ``answered`` looks back by."""
ANCHORS = 4
"""How many notes of this bar and the one before ``outline`` tells of besides ``BACK``."""
_NOTHING = 0


def distance(semitones: int) -> int:
    """A distance in semitones or steps as a row: 0 is ``FARTHEST`` down or more."""
    return min(max(semitones, -FARTHEST), FARTHEST) + FARTHEST


# For every difference of two pitches, those below 0 counted from the end as Python does.
_ROW = tuple(map(distance, (*range(MAX_PITCH + 1), *range(-MAX_PITCH - 1, 0))))


class History(Stateful):
    """The notes of a piece so far.

    Entry 0 of each list stands for the time before the first note; no note answers it.
    """

    def __init__(self, pitch: int, nothing: tuple[int, int]) -> None:
        """Begin before the first note.

        Args:
            pitch: what the first interval is counted from.
            nothing: the shift and the duration symbol that mean "no such".
        """
        self.pitch = pitch
        self._nothing = nothing
        self._onsets = [-1]
        self._pitches = [pitch]
        self._moves = [NOWHERE]
        self._steps = [NOWHERE]
        self._followed = [nothing[0]]
        self._durations = [nothing[1]]
        self._struck: dict[int, int] = {}
        self._heard = [-(2**AGES)] * PITCH_CLASSES
        self._runs = [(0, 0)] * LAGS
        self._first: list[int | None] = [None] * ANCHORS
        self._meter: Meter | None = None
        self._lags = (0,) * LAGS

    def answered(self, onset: int, stack: int, meter: Meter) -> list[int]:
        """For each lag, the earlier note that the one at ``onset`` answers, or 0 for none.

        The lags are a bar, a beat, two bars and two beats; notes are counted from 1.

        Args:
            onset: of the note asked for, in ticks.
            stack: how many notes of its chord lie below it.
            meter: of its bar.
        """
        # Meters compute these anew whenever they are asked, and seldom change.
        if meter is not self._meter:
            bar, beat = meter.bar_ticks, meter.beat_ticks
            self._meter, self._lags = meter, (bar, beat, 2 * bar, 2 * beat)
        struck = self._struck.get
        found = [struck(onset - lag, _NOTHING) for lag in self._lags]
        return [self._in_chord(at, stack) for at in found] if stack else found

    def _in_chord(self, first: int, stack: int) -> int:
        at = first + stack
        same = at < len(self._onsets) and self._onsets[at] == self._onsets[first]
        return at if first and same else _NOTHING

    def add(
        self,
        onset: int,
        pitch: int,
        *,
        steps: int,
        symbols: tuple[int, int],
        answers: list[int],
        places: tuple[Place, Place],
    ) -> None:
        """A note is known.

        Args:
            onset: in ticks.
            pitch: MIDI note number.
            steps: of the scale, from the note before.
            symbols: of its shift and duration.
            answers: the earlier notes that it answers, from ``answered``.
            places: of the note before and of this one.
        """
        index = len(self._onsets)
        move, step = _ROW[pitch - self.pitch], _ROW[steps]
        moves, all_steps = self._moves, self._steps
        self._runs = [
            (
                _LONGER[run] if moves[at] == move else 0,
                _LONGER[walk] if all_steps[at] == step else 0,
            )
            for at, (run, walk) in zip(answers, self._runs, strict=True)
        ]
        moves.append(move)
        all_steps.append(step)
        self._pitches.append(pitch)
        self._durations.append(symbols[1])
        if index > 1:
            self._followed[-1] = symbols[0]
        self._followed.append(self._nothing[0])
        if self._onsets[-1] != onset:
            self._struck[onset] = index
        self._onsets.append(onset)
        self._heard[pitch % PITCH_CLASSES] = index
        self._anchor(pitch, *places, begins=index == 1)
        self.pitch = pitch

    def _anchor(self, pitch: int, before: Place, place: Place, *, begins: bool) -> None:
        first = self._first
        beat = place.meter.beat_ticks
        if begins or place.bar != before.bar:
            self._first = [pitch, pitch, first[0], pitch]
        else:
            if place.tick // beat != before.tick // beat:
                first[1] = pitch
            lowest = first[3]
            if lowest is None or pitch < lowest:
                first[3] = pitch

    def outline(self) -> list[int]:
        """Rows of the distances from the last pitch to the notes of ``BACK``, and to four anchors.

        These are the first note of the bar, the first of the beat, the first of the bar before,
        and the lowest of the bar.
        """
        here, pitches, count = self.pitch, self._pitches, len(self._pitches)
        found = [_ROW[pitches[-1 - back] - here] if back < count else NOWHERE for back in BACK]
        found += [NOWHERE if at is None else _ROW[at - here] for at in self._first]
        return found

    def ages(self, tonic: int) -> list[int]:
        """How long ago each pitch class was heard, from the tonic up: 12 rows, as in ``AGES``."""
        count, heard = len(self._onsets), self._heard
        found = [_AGES[ago] if (ago := count - last) < _OLDEST else AGES - 1 for last in heard]
        return found[tonic:] + found[:tonic]

    def moves(self, answers: list[int]) -> list[int]:
        """Three rows for each of the ``answers``: where it lies, and how it was reached.

        Its distance from the last pitch; then the interval and the steps of the scale that led to
        it, each together with the run of its lag.
        """
        here = self.pitch
        found: list[int] = []
        for at, (run, walk) in zip(answers, self._runs, strict=True):
            found += (
                _ROW[self._pitches[at] - here] if at else NOWHERE,
                run * DISTANCES + self._moves[at],
                walk * DISTANCES + self._steps[at],
            )
        return found

    def rhythm(self, answers: list[int]) -> list[int]:
        """Two for each of the ``answers``: symbols of the shift after it, and of its duration."""
        found: list[int] = []
        for at in answers:
            found += (self._followed[at], self._durations[at])
        return found


_LONGER = (*range(1, RUNS), RUNS - 1)
_OLDEST = 2 ** (AGES - 1)
_AGES = tuple(ago.bit_length() - 1 for ago in range(_OLDEST))
