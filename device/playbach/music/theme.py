"""A theme: notes that somebody gives, with which a movement begins and which it comes back to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playbach.errors import InputError
from playbach.music.grid import without_overlaps
from playbach.music.key import PITCH_CLASSES, Key, parse_key
from playbach.music.meter import Meter, parse_meter
from playbach.music.note import Note, Pitch, Ticks

MOST_BARS = 8
"""Bars of the longest theme, a pickup not counted."""
HEAD = 5
"""Onsets, four steps of a melody, by which a listener knows it again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a theme, whatever it says; ``None`` leaves it to what it says."""

    key: Key | None = None
    meter: Meter | None = None

    @staticmethod
    def of(key: str | None = None, meter: str | None = None) -> Asked:
        """The same, of texts.

        Raises:
            InputError: one is no key, or no meter.
        """
        return Asked(
            None if key is None else parse_key(key), None if meter is None else parse_meter(meter)
        )


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note as it was played.

    Attributes:
        on: when it began, seconds of any steady clock.
        off: when it ended.
        pitch: MIDI note number.
    """

    on: float
    off: float
    pitch: int


@dataclass(frozen=True, slots=True)
class Theme:
    """The beginning of a movement, as it was given.

    Two are the same only if they are one object: a theme that is given twice begins two movements.

    Attributes:
        notes: in order, onsets from the first tick of the pickup or of bar 1; at least one.
        key: home key.
        meter: throughout.
        pickup: ticks before the first bar line, less than a bar.
        tempo: felt beats per minute, ``None`` for the usual one of the form.
        length: ticks after which other music may begin, at least to the last note's end.
        bars_after: bars with which the movement goes on and ends, ``None`` for as many as usual.
        is_heard: whether it was played already: the movement then begins after it, on a bar line.
        changed: what was found out or had to be changed, a few words each.
    """

    notes: tuple[Note, ...]
    key: Key
    meter: Meter
    pickup: Ticks
    length: Ticks
    tempo: float | None = None
    bars_after: int | None = None
    is_heard: bool = False
    changed: tuple[str, ...] = ()

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def bars(self) -> int:
        """Bars in which it sounds, the last perhaps not to its end; at least 1."""
        return max(-(-(self.length - self.pickup) // self.meter.bar_ticks), 1)

    @property
    def end(self) -> Ticks:
        """The bar line with which its last bar ends."""
        return Ticks(self.pickup + self.bars * self.meter.bar_ticks)

    def __str__(self) -> str:
        upbeat = f", upbeat of {self.pickup}/24 of a quarter" if self.pickup else ""
        bars = f"{self.bars} bar{'s' * (self.bars > 1)}"
        notes = f"{len(self.notes)} note{'s' * (len(self.notes) > 1)}"
        said = "; ".join((f"theme: {notes} in {bars}", *self.changed))
        return f"{said}; {self.key}, {self.meter}{upbeat}"

    @property
    def head_bars(self) -> int:
        """Bars, from the first, that hold its first ``HEAD`` onsets; at least 1."""
        onsets = sorted({note.onset for note in self.notes})[:HEAD]
        return max((onsets[-1] - self.pickup) // self.meter.bar_ticks + 1, 1)

    def within(self, bar: int) -> list[tuple[int, Note]]:
        """The notes that begin in a bar, each with its tick after the bar line."""
        line = self.pickup + (bar - 1) * self.meter.bar_ticks
        places = ((note.onset - line, note) for note in self.notes)
        return [place for place in places if 0 <= place[0] < self.meter.bar_ticks]

    def fitted(self, lowest: int, highest: int) -> Theme:
        """The same within a range of pitches: by whole octaves, all of it if that is enough.

        Raises:
            InputError: no octave of any of its notes lies there.
        """
        pitches = [note.pitch for note in self.notes]
        low, high = min(pitches), max(pitches)
        if lowest <= low and high <= highest:
            return self
        octaves = [
            by
            for by in range(-10, 11)
            if lowest <= low + PITCH_CLASSES * by and high + PITCH_CLASSES * by <= highest
        ]
        if octaves:
            by = min(octaves, key=abs)
            notes = self.notes_at([pitch + PITCH_CLASSES * by for pitch in pitches])
            way = f"{abs(by)} octave{'s' * (abs(by) > 1)} {'higher' if by > 0 else 'lower'}"
            return replace(self, notes=notes, changed=(*self.changed, f"moved {way}"))
        folded = [_folded(pitch, lowest, highest) for pitch in pitches]
        notes = self.notes_at(folded)
        if not notes:
            raise InputError(
                f"theme: none of its notes lies within the model's range, {lowest} to {highest}"
            )
        moved = sum(one != other for one, other in zip(pitches, folded, strict=True))
        what = f"{moved} of {len(pitches)} notes moved into the model's range"
        return replace(self, notes=notes, changed=(*self.changed, what))

    def notes_at(self, pitches: list[int]) -> tuple[Note, ...]:
        """Its notes at other pitches, without those at a pitch below 0."""
        notes, _ = without_overlaps(
            replace(note, pitch=Pitch(pitch))
            for note, pitch in zip(self.notes, pitches, strict=True)
            if pitch >= 0
        )
        return notes


def _folded(pitch: int, lowest: int, highest: int) -> int:
    """The octave of a pitch nearest to it within a range, -1 if there is none."""
    there = range(lowest + (pitch - lowest) % PITCH_CLASSES, highest + 1, PITCH_CLASSES)
    return min(there, key=lambda one: abs(one - pitch), default=-1)
