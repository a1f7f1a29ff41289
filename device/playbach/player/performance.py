"""From a stream of movements and notes to messages with nominal times. Pure: no clock, no thread.

``now`` never enters here; when the music must rest, the player says by how much. What was made may
be taken back from a moment on, and comes again with whatever was changed meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from playbach.clock import Nanoseconds, ns_per_tick, to_seconds
from playbach.midi_messages import TimedMessage, note_on
from playbach.music.note import Note
from playbach.player.controls import Controls
from playbach.player.held import HeldNotes, Sent, articulated
from playbach.player.pulse import Pulse
from playbach.player.timeline import Timeline
from playbach.stream import Movement, StreamItem

_FOREVER = 1 << 61
"""Nanoseconds; later than any music."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """An item that was added.

    Attributes:
        item: of the stream.
        due: when it happens.
        before: the place in the stream before it.
    """

    item: StreamItem
    due: Nanoseconds
    before: Timeline


class Performance:
    """The music so far, as messages still to be taken."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._timeline = Timeline()
        self._placed: deque[_Placed] = deque()
        self._begun: list[TimedMessage] = []
        self._held = HeldNotes()
        self._pulse = Pulse()
        self.last = Nanoseconds(0)
        """When the last message so far is due."""

    @property
    def timeline(self) -> Timeline:
        """The place in the stream."""
        return self._timeline

    @property
    def controls(self) -> Controls:
        """How notes are sent from the next one on."""
        return self._controls

    @property
    def next_off(self) -> Nanoseconds | None:
        """When the next note that sounds is to end."""
        return self._held.next_off

    def due(self, item: StreamItem) -> Nanoseconds:
        """When ``item`` happens if it comes next."""
        return self._timeline.due(item)

    def delay(self, by: Nanoseconds, item: StreamItem) -> None:
        """Let what is to come, ``item`` first, be later; what sounds ends when it was to end."""
        self._timeline = timeline = self._timeline.delayed(by)
        if isinstance(item, Note) and timeline.movement is not None:
            # Whoever follows our clock waits for us.
            self._pulse.resume(self.due(item), self._pace(timeline.movement), item.onset)

    def add(self, item: StreamItem) -> Sent | None:
        """Add the item that comes next in the stream; a note is returned as it is sent."""
        due = self.due(item)
        self._placed.append(_Placed(item, due, self._timeline))
        tempo = self._controls.tempo_of(item) if isinstance(item, Movement) else None
        self._timeline = self._timeline.after(item, tempo)
        if isinstance(item, Note):
            return self._begin(item, due)
        if isinstance(item, Movement):
            self.announce(due)
            self._pulse.start(due, self._pace(item))
        else:
            self._pulse.stop(due)
        return None

    def take(self, until: Nanoseconds) -> list[TimedMessage]:
        """Messages due at ``until`` or before and not taken yet, in order, ends before starts."""
        ends = self._held.take(until)
        begun, self._begun = self._begun, []
        # Clocks never end by themselves: where there is no limit, the last note is one.
        until = min(until, self.last) if until >= _FOREVER else until
        clocks = self._pulse.take(until) if self._controls.clock else []
        self._pulse.skip(until)
        return sorted([*clocks, *ends, *begun], key=lambda message: message.time)

    def cut(self, limit: Nanoseconds) -> None:
        """Let nothing sound after ``limit``."""
        self._held.cut(limit)
        self.last = min(self.last, limit)

    def rewind(self, since: Nanoseconds) -> list[StreamItem]:
        """What is due at ``since`` or later was taken back from whoever was to send it.

        Returns:
            The items to be added again, in order. The end of a note that began before is not among
            them: it is taken again.
        """
        again: list[_Placed] = []
        while self._placed and self._placed[-1].due >= since:
            again.append(self._placed.pop())
        if again:
            self._timeline = again[-1].before
        self._begun = [message for message in self._begun if message.time < to_seconds(since)]
        self._held.rewind(since)
        self._pulse.rewind(since)
        return [placed.item for placed in reversed(again)]

    def control(self, controls: Controls, since: Nanoseconds) -> None:
        """Other controls from ``since`` on, after a ``rewind`` to there."""
        before, self._controls = self._controls, controls
        for data in controls.voice.news(before.voice):
            self._begun.append(TimedMessage(to_seconds(since), data))
        movement = self._timeline.movement
        if movement is None or self._timeline.is_between:
            return
        tempo = controls.tempo_of(movement)
        if tempo != before.tempo_of(movement):
            self._timeline = timeline = self._timeline.paced(tempo, since)
            self._held.retime(timeline.ordinal, timeline.at, since)
            self._pulse.repace(timeline.at(timeline.next_tick(since)), self._pace(movement))
        if controls.clock and not before.clock:
            tick = self._timeline.next_tick(since)
            self._pulse.resume(self._timeline.at(tick), self._pace(movement), tick)

    def announce(self, at: Nanoseconds) -> None:
        """Tell the synth what it must know before a note."""
        for data in self._controls.voice.announcement():
            self._begun.append(TimedMessage(to_seconds(at), data))

    def interrupt(self, at: Nanoseconds) -> None:
        """Let what sounds end at ``at``, after a ``rewind`` to there."""
        self._held.cut(at)
        if not self._timeline.is_between:
            self._pulse.stop(at)

    def start_at(self, time: Nanoseconds) -> None:
        """Between two movements: the next one begins at ``time``."""
        self._timeline = replace(self._timeline, start=time)

    def settle(self, now: Nanoseconds) -> tuple[list[StreamItem], Iterable[Sent]]:
        """Forget what has passed; returns the items that have happened and notes that have ended.

        ``rewind`` cannot go back before ``now`` any more.
        """
        passed = []
        while self._placed and self._placed[0].due < now:
            passed.append(self._placed.popleft().item)
        self._pulse.settle(now)
        return passed, self._held.settle(now)

    def _pace(self, movement: Movement) -> Fraction:
        return ns_per_tick(self._controls.tempo_of(movement), movement.meter)

    def _begin(self, note: Note, onset: Nanoseconds) -> Sent:
        timeline, voice = self._timeline, self._controls.voice
        place = timeline.place(note.onset)
        velocity = voice.velocity + (voice.accent if place is not None and not place.tick else 0)
        off = articulated(onset, timeline.at(note.end))
        sent = Sent(
            voice.channel,
            voice.pitch(note.pitch),
            velocity,
            onset,
            off,
            note.end,
            timeline.ordinal,
        )
        self._begun += self._held.begin(sent)
        message = note_on(sent.channel, sent.pitch, sent.velocity)
        self._begun.append(TimedMessage(to_seconds(onset), message))
        self.last = max(self.last, off)
        return sent
