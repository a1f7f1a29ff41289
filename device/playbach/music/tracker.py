"""Follows a piece note by note and describes it to the network in rows of ``features``."""

from __future__ import annotations

from operator import add

from playbach.music.encoding import Encoding, Heading, reference_pitch
from playbach.music.features import (
    BARS,
    PHASES,
    POSITIONS,
    REGISTER_LOWEST,
    REGISTERS,
    STACK,
    feature_tables,
    row_offsets,
)
from playbach.music.history import LAGS, History
from playbach.music.key import PITCH_CLASSES, Mode
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Place
from playbach.music.scale import steps_between
from playbach.stateful import Stateful


class Tracker(Stateful):
    """Follows a piece note by note and describes it.

    Ask ``note_rows`` first; then, with the next shift, ``pitch_rows``; then, with the next pitch,
    ``duration_rows``; then ``advance``. Each answer has one row a feature, an index into the
    stacked tables of ``FeatureTables``. Shifts and durations are in ticks, pitches are MIDI note
    numbers.

    Attributes:
        onset: tick of the last note, 0 before the first.
        pitch: of the last note, ``reference_pitch`` before the first.
        degree: semitones of the last pitch above the tonic, plus 12 in minor: 0 to 23.
    """

    def __init__(self, encoding: Encoding, heading: Heading) -> None:
        self._encoding = encoding
        tables = feature_tables(encoding)
        self._note_at = row_offsets(tables.note)
        self._pitch_at = row_offsets(tables.pitch)
        self._duration_at = row_offsets(tables.duration)
        self._lines = BarLines(heading.meters, heading.pickup)
        self._keys = heading.keys
        self._form = encoding.form_row.get(heading.form.name, 0)
        self.onset = 0
        self.pitch = int(reference_pitch(heading.key))
        self._stack = -1
        self._symbols = (
            encoding.shift_symbols,
            encoding.pitch_symbols,
            encoding.duration_symbols,
        )
        self._place = self._asked_place = self._lines.place(0)
        self._asked_shift = -1
        self._asked_stack = 0
        self._history = History(self.pitch, (encoding.shift_symbols, encoding.duration_symbols))
        self._answers = self._asked_answers = [0] * LAGS
        self._see_meter(self._place.meter)
        self._spot = self._asked_spot = self._spot_of(self._place, 0)
        self._meter_row = self._asked_meter_row
        self._describe()

    def _describe(self) -> None:
        """Keep what more than one kind of rows says of the last note."""
        key = self._keys[0][1]
        if len(self._keys) > 1:
            key = next(key for tick, key in reversed(self._keys) if tick <= self.onset)
        self._tonic = key.tonic
        self._minor = PITCH_CLASSES if key.mode is Mode.MINOR else 0
        self.degree = self._degree(self.pitch)
        self._hints = (*self._history.outline(), *self._history.ages(key.tonic))

    def _ask(self, shift: int) -> None:
        """Look at where a note ``shift`` ticks from the last would be."""
        if shift == self._asked_shift:
            return
        onset = self.onset + shift
        place = self._place if shift == 0 else self._lines.place(onset)
        stack = 0 if shift else self._stack + 1
        self._asked_shift, self._asked_place, self._asked_stack = shift, place, stack
        self._asked_answers = self._history.answered(onset, stack, place.meter)
        if place.meter is not self._meter:
            self._see_meter(place.meter)
        self._asked_spot = self._spot_of(place, stack)

    def _see_meter(self, meter: Meter) -> None:
        """Keep what a meter would compute anew for every note."""
        self._meter, self._beat = meter, meter.beat_ticks
        self._asked_meter_row = self._encoding.meter_row.get(str(meter), 0)

    def _spot_of(self, place: Place, stack: int) -> tuple[int, int, int]:
        """Ticks since the bar line and since the beat, notes below; each within its table."""
        tick = place.tick
        return min(tick, POSITIONS - 1), min(tick % self._beat, PHASES - 1), min(stack, STACK - 1)

    def place_after(self, shift: int) -> Place:
        """Place in the bar of a note ``shift`` ticks from the last."""
        self._ask(shift)
        return self._asked_place

    def note_rows(self) -> list[int]:
        """Rows that describe the last note, or the start of the piece."""
        values = (
            *self._symbols,
            self.degree,
            min(max(self.pitch - REGISTER_LOWEST, 0), REGISTERS - 1),
            *self._spot,
            self._form,
            self._meter_row,
            min(self._place.bar, BARS - 1),
            *self._hints,
            *self._history.rhythm(self._answers),
        )
        return list(map(add, self._note_at, values))

    def pitch_rows(self, shift: int) -> list[int]:
        """Rows that describe the place of the next note."""
        self._ask(shift)
        values = (
            self._encoding.shift_symbol(shift),
            *self._asked_spot,
            self.degree,
            self._symbols[1],
            *self._hints,
            *self._history.moves(self._asked_answers),
        )
        return list(map(add, self._pitch_at, values))

    def duration_rows(self, shift: int, pitch: int) -> list[int]:
        """Rows that describe the next note, all but its duration."""
        self._ask(shift)
        values = (
            self._encoding.shift_symbol(shift),
            self._encoding.pitch_symbol(pitch - self.pitch),
            self._degree(pitch),
            *self._asked_spot,
            *self._history.rhythm(self._asked_answers),
        )
        return list(map(add, self._duration_at, values))

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        """The next note is this."""
        self._ask(shift)
        encoding = self._encoding
        shift_symbol, duration_symbol = (
            encoding.shift_symbol(shift),
            encoding.duration_symbol(duration),
        )
        interval = pitch - self.pitch
        steps = steps_between(self.degree, interval)
        self._symbols = (shift_symbol, encoding.pitch_symbol(interval), duration_symbol)
        self.onset += shift
        self._history.add(
            self.onset,
            pitch,
            steps=steps,
            symbols=(shift_symbol, duration_symbol),
            answers=self._asked_answers,
            places=(self._place, self._asked_place),
        )
        self.pitch = pitch
        self._stack, self._place, self._answers = (
            self._asked_stack,
            self._asked_place,
            self._asked_answers,
        )
        self._spot, self._meter_row = self._asked_spot, self._asked_meter_row
        self._asked_shift = -1
        self._describe()

    def _degree(self, pitch: int) -> int:
        return (pitch - self._tonic) % PITCH_CLASSES + self._minor
