"""Notes and pieces on a grid of 24 ticks to the quarter note."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NewType

from playbach.errors import InputError
from playbach.music.form import OTHER, Form
from playbach.music.key import C_MAJOR, Key
from playbach.music.meter import COMMON_TIME, Meter

Ticks = NewType("Ticks", int)
"""Time in music: 24 to the quarter note."""

Pitch = NewType("Pitch", int)
"""A MIDI note number, 0 to 127; 60 is middle C."""

MAX_PITCH = 127


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note; ordering is by onset, then pitch upwards.

    Attributes:
        onset: ticks from the start of the piece, at least 0.
        pitch: MIDI note number, 0 to 127.
        duration: ticks, at least 1.
    """

    onset: Ticks
    pitch: Pitch
    duration: Ticks

    @property
    def end(self) -> Ticks:
        """The first tick at which the note no longer sounds."""
        return Ticks(self.onset + self.duration)


@dataclass(frozen=True, slots=True)
class Piece:
    """A movement: its notes in order and what is asked of it.

    Two notes of one pitch never sound at once, so a MIDI file can hold every piece.

    Attributes:
        notes: sorted by onset, then pitch.
        keys: ``(tick, key)`` from that tick on; the first is at tick 0.
        meters: ``(tick, meter)`` from that tick on; the first is at tick 0. A change starts a bar.
        form: the kind of movement.
        pickup: ticks before the first bar line, 0 to less than a bar.
        title: free text of one line.

    Raises:
        InputError: any of this does not hold.
    """

    notes: tuple[Note, ...]
    keys: tuple[tuple[Ticks, Key], ...] = ((Ticks(0), C_MAJOR),)
    meters: tuple[tuple[Ticks, Meter], ...] = ((Ticks(0), COMMON_TIME),)
    form: Form = OTHER
    pickup: Ticks = Ticks(0)
    title: str = ""

    def __post_init__(self) -> None:
        _check_changes("key", [tick for tick, _ in self.keys])
        _check_changes("meter", [tick for tick, _ in self.meters])
        if not 0 <= self.pickup < self.meters[0][1].bar_ticks:
            raise InputError(
                f"pickup of {self.pickup} ticks: it must be shorter than a bar, "
                f"0 to {self.meters[0][1].bar_ticks - 1}"
            )
        _check_notes(self.notes)

    @property
    def end(self) -> Ticks:
        """The tick at which the last note stops, 0 for an empty piece."""
        return Ticks(max((note.end for note in self.notes), default=0))

    def notes_within(self, start: int, end: int) -> tuple[Note, ...]:
        """The notes that begin between two ticks, counted from the first; none sounds on beyond."""
        return tuple(
            Note(Ticks(n.onset - start), n.pitch, Ticks(min(n.end, end) - n.onset))
            for n in self.notes
            if start <= n.onset < end
        )

    def transposed(self, semitones: int) -> Piece:
        """The same piece, ``semitones`` higher.

        Raises:
            InputError: a note would leave 0 to 127.
        """
        notes = tuple(replace(n, pitch=Pitch(n.pitch + semitones)) for n in self.notes)
        keys = tuple((t, Key((k.tonic + semitones) % 12, k.mode)) for t, k in self.keys)
        return replace(self, notes=notes, keys=keys)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the bar a tick falls.

    Attributes:
        bar: number of the bar, 0 for a pickup, else from 1.
        tick: ticks since the bar line.
        meter: the meter of that bar.
    """

    bar: int
    tick: int
    meter: Meter


class BarLines:
    """Finds the place in the bar of any tick, given meters and pickup."""

    def __init__(self, meters: tuple[tuple[Ticks, Meter], ...], pickup: int) -> None:
        """``meters`` and ``pickup`` as in ``Piece``."""
        self._starts: list[int] = []
        self._rows: list[tuple[int, int, Meter]] = []
        bar = 0 if pickup else 1
        for index, (tick, meter) in enumerate(meters):
            # The bar line the count starts from; before tick 0 when there is a pickup.
            line = tick - (meter.bar_ticks - pickup if index == 0 and pickup else 0)
            if self._rows:
                previous_line, previous_bar, previous = self._rows[-1]
                bar = previous_bar - (previous_line - tick) // previous.bar_ticks
            self._starts.append(tick)
            self._rows.append((line, bar, meter))

    def place(self, tick: int) -> Place:
        """The place in the bar of ``tick`` (at least 0)."""
        line, bar, meter = self._rows[bisect_right(self._starts, tick) - 1]
        bars, within = divmod(tick - line, meter.bar_ticks)
        return Place(bar + bars, within, meter)


def _check_changes(what: str, ticks: list[Ticks]) -> None:
    if not ticks or ticks[0] != 0 or any(b <= a for a, b in pairwise(ticks)):
        raise InputError(
            f"{what} changes at ticks {ticks[:8]}: the first must be at 0, each later than the one "
            "before"
        )


def _check_notes(notes: tuple[Note, ...]) -> None:
    sounding_until: dict[int, int] = {}
    for index, note in enumerate(notes):
        where = f"note {index + 1} of {len(notes)}"
        if not 0 <= note.pitch <= MAX_PITCH:
            raise InputError(f"{where}: pitch {note.pitch} is outside 0 to {MAX_PITCH}")
        if note.onset < 0 or note.duration < 1:
            raise InputError(
                f"{where}: onset {note.onset} or duration {note.duration} is too small; they must "
                "be at least 0 and 1"
            )
        if index and (note.onset, note.pitch) < (notes[index - 1].onset, notes[index - 1].pitch):
            raise InputError(f"{where}: notes must be sorted by onset, then pitch")
        if sounding_until.get(note.pitch, 0) > note.onset:
            raise InputError(
                f"{where}: pitch {note.pitch} sounds already; it must end before it begins again"
            )
        sounding_until[note.pitch] = note.end
