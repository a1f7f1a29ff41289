"""From a stream of movements and notes to messages with nominal times. Pure: no clock, no thread.

``now`` never enters here; when the music must rest, the player says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

from playbach.clock import (
    Nanoseconds,
    TempoMap,
    ns_per_tick,
    to_nanoseconds,
    to_seconds,
)
from playbach.errors import InputError
from playbach.midi_messages import (
    MAX_CHANNEL,
    MAX_DATA,
    TimedMessage,
    note_off,
    note_on,
    program_change,
)
from playbach.music.note import BarLines, Note, Ticks
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

_GAP = 15_000_000
"""Nanoseconds by which a note ends early, so that a repeated pitch is struck again."""
_GAP_SHARE = 10
"""A short note gives up at most one part in this many."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How the notes are sent.

    Attributes:
        channel: MIDI channel, 0 to 15.
        program: General MIDI program sent at the start of each movement, 0 to 127 (42 is the
            cello); ``None`` leaves the synth as it is.
        velocity: of every note, 1 to 127.
        accent: added to it on the first beat of a bar.
    """

    channel: int = 0
    program: int | None = None
    velocity: int = 80
    accent: int = 8

    def __post_init__(self) -> None:
        for what, number, low, high in (
            ("channel", self.channel, 0, MAX_CHANNEL),
            ("program", self.program or 0, 0, MAX_DATA),
            ("velocity", self.velocity, 1, MAX_DATA),
            ("accent", self.accent, 0, MAX_DATA - self.velocity),
        ):
            if not low <= number <= high:
                raise InputError(f"{what} {number}: it must be {low} to {high}")


def articulated(onset: Nanoseconds, end: Nanoseconds) -> Nanoseconds:
    """When the note-off is sent for a note that is written to last until ``end``."""
    return Nanoseconds(end - min(_GAP, (end - onset) // _GAP_SHARE))


class Timeline:
    """Nominal times of the items of a stream, movement after movement."""

    def __init__(self) -> None:
        self._start = Nanoseconds(0)
        self._map: TempoMap | None = None

    def due(self, item: StreamItem) -> Nanoseconds:
        """When ``item`` happens, given those entered before it."""
        if isinstance(item, Movement):
            return self._start
        return self.at(item.onset if isinstance(item, Note) else item.length)

    def at(self, tick: Ticks) -> Nanoseconds:
        """Nominal time of a tick of the present movement.

        Raises:
            ValueError: there is none; the stream must begin with a ``Movement``.
        """
        if self._map is None:
            raise ValueError("a stream begins with a Movement")
        return self._map.time_at(tick)

    def enter(self, item: StreamItem) -> None:
        """Go on to ``item``."""
        if isinstance(item, Movement):
            self._map = TempoMap.steady(self._start, ns_per_tick(item.tempo, item.meter))
        elif isinstance(item, MovementEnd):
            self._start = Nanoseconds(self.due(item) + to_nanoseconds(item.rest))

    def delay(self, by: Nanoseconds) -> None:
        """Move all that is to come."""
        self._start = Nanoseconds(self._start + by)
        if self._map is not None:
            self._map = self._map.delayed(by)


class Spans:
    """Seconds from each item of a stream to the next, for whoever composes ahead."""

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._last = Nanoseconds(0)

    def to(self, item: StreamItem) -> Seconds:
        """Seconds from the item before to ``item``, 0 for the first."""
        due = self._timeline.due(item)
        self._timeline.enter(item)
        span, self._last = due - self._last, due
        return to_seconds(Nanoseconds(span))


class Performance:
    """The music so far, as messages still to be taken."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._timeline = Timeline()
        self._bars: BarLines | None = None
        self._begun: list[TimedMessage] = []
        self._offs: dict[int, Nanoseconds] = {}
        self.last = Nanoseconds(0)
        """When the last message so far is due."""

    def due(self, item: StreamItem) -> Nanoseconds:
        """When ``item`` happens."""
        return self._timeline.due(item)

    def delay(self, by: Nanoseconds) -> None:
        """Let what is not added yet come later by ``by``; what sounds ends when it was to end."""
        self._timeline.delay(by)

    @property
    def next_off(self) -> Nanoseconds | None:
        """When the next note that sounds is to end."""
        return min(self._offs.values(), default=None)

    def bar(self, note: Note) -> int:
        """The bar in which ``note`` begins."""
        return self._bars.place(note.onset).bar if self._bars else 0

    def add(self, item: StreamItem) -> None:
        """Add the item that comes next in the stream."""
        self._timeline.enter(item)
        if isinstance(item, Note):
            self._begin(item)
        elif isinstance(item, Movement):
            self._bars = BarLines(((Ticks(0), item.meter),), item.pickup)
            if self._voice.program is not None:
                message = program_change(self._voice.channel, self._voice.program)
                self._begun.append(TimedMessage(to_seconds(self.due(item)), message))

    def take(self, until: Nanoseconds) -> list[TimedMessage]:
        """Messages due at ``until`` or before and not taken yet, in order, ends before starts."""
        over = [pitch for pitch, off in self._offs.items() if off <= until]
        ends = [self._end(pitch) for pitch in over]
        begun, self._begun = self._begun, []
        return sorted([*ends, *begun], key=lambda message: message.time)

    def cut(self, limit: Nanoseconds) -> None:
        """Let nothing sound after ``limit``."""
        self._offs = {pitch: min(off, limit) for pitch, off in self._offs.items()}
        self.last = min(self.last, limit)

    def _begin(self, note: Note) -> None:
        onset = self.due(note)
        if note.pitch in self._offs:
            # Written to sound once at a time, but a delay may have brought the two together.
            self._offs[note.pitch] = min(self._offs[note.pitch], onset)
            self._begun.append(self._end(note.pitch))
        voice = self._voice
        on_beat = self._bars is not None and self._bars.place(note.onset).tick == 0
        velocity = voice.velocity + (voice.accent if on_beat else 0)
        message = note_on(voice.channel, note.pitch, velocity)
        self._begun.append(TimedMessage(to_seconds(onset), message))
        off = articulated(onset, self._timeline.at(note.end))
        self._offs[note.pitch] = off
        self.last = max(self.last, off)

    def _end(self, pitch: int) -> TimedMessage:
        off = to_seconds(self._offs.pop(pitch))
        return TimedMessage(off, note_off(self._voice.channel, pitch))
