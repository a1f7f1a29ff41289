"""What is handed over when, and what of it can be taken back. Pure: no clock, no thread.

Every item of the stream is entered here once, with its nominal time. Messages, note-offs and clocks
are taken from here in order of time; whatever is taken back from whoever was to send them is taken
back here, by ``rewind``, and nowhere else. ``now`` never enters; when the music must rest, the
engine says by how much.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, replace

from playbach.clock import Nanoseconds, TempoMap
from playbach.midi.messages import MAX_DATA, note_on
from playbach.music.note import Note, Ticks
from playbach.music.performed import Lean, PerformedNote
from playbach.performer.playing import played
from playbach.performer.reading import Read
from playbach.playback.controls import Controls
from playbach.playback.fades import Fade
from playbach.playback.midi_clock import MidiClock
from playbach.playback.queue import Composed
from playbach.playback.sent_notes import Outgoing, SentNote, SentNotes, end_of
from playbach.playback.timeline import Timeline
from playbach.stream import Movement, MovementEnd, StreamItem

_FOREVER = 1 << 61
"""Nanoseconds; later than any music."""
_BETWEEN = "between movements"


@dataclass(frozen=True, slots=True)
class Cue:
    """What a listener is told from a moment on.

    Attributes:
        movement: what plays.
        bar: its bar, from 1; 0 in a pickup or before the first note.
        notes: notes begun since the start.
        resting: why nothing new sounds, or ``""``.
    """

    movement: Movement | None = None
    bar: int = 0
    notes: int = 0
    resting: str = "starting"


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of the stream and what becomes of it.

    Attributes:
        composed: the item.
        due: when it happens.
        before: the place in the stream before it.
        cue: what holds from then on.
        sent: a note as it is sent.
    """

    composed: Composed
    due: Nanoseconds
    before: Timeline
    cue: Cue
    sent: SentNote | None


class Schedule:
    """The music so far, as messages to be taken.

    ``cue_at`` may be asked by any thread, all else is for the playback thread.
    """

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._timeline = Timeline()
        self._entries: deque[Entry] = deque()
        self._outgoing: list[Outgoing] = []
        self._notes = SentNotes()
        self._clock = MidiClock()
        self._fade: Fade | None = None
        self._taken = Nanoseconds(0)
        self._cue = Cue()
        self._passed: Composed | None = None
        self._lock = threading.Lock()
        self.last = Nanoseconds(0)
        """When the last message so far is due."""

    @property
    def timeline(self) -> Timeline:
        """The place in the stream."""
        return self._timeline

    def composed(self) -> list[StreamItem]:
        """The items that have not passed, in order."""
        return [entry.composed.item for entry in self._entries]

    @property
    def controls(self) -> Controls:
        """How notes are sent from the next one on."""
        return self._controls

    @property
    def latest(self) -> Composed | None:
        """The last item that was added and not taken back; ``None`` before the first."""
        return self._entries[-1].composed if self._entries else self._passed

    @property
    def has_begun(self) -> bool:
        """Whether a note was added, even if it is still to come."""
        return self._last_cue.notes > 0

    @property
    def next_off(self) -> Nanoseconds | None:
        """When the next note that sounds is to end."""
        return self._notes.next_off

    def due(self, composed: Composed) -> Nanoseconds:
        """When an item happens if it comes next; a note, when it is struck."""
        item = composed.item
        if not isinstance(item, Note):
            return self._timeline.due(item)
        timeline = self._timeline.leaning(self._leans(composed))
        return self._struck(self._played(item, composed.read)[0], timeline)

    def cue_at(self, now: Nanoseconds) -> Cue:
        """What is heard at ``now``."""
        with self._lock:
            heard = self._cue
            for entry in self._entries:
                if entry.due > now:
                    break
                heard = entry.cue
            return heard

    def delay(self, by: Nanoseconds, item: StreamItem) -> None:
        """Let what is to come, ``item`` first, be later; what sounds ends when it was to end."""
        self._timeline = self._timeline.delayed(by)
        if isinstance(item, Note):
            # Whoever follows our clock waits for us.
            self._resume_clock(item.onset)

    def add(self, composed: Composed) -> Entry:
        """Add the item that comes next in the stream."""
        item, before, leans = composed.item, self._timeline, self._leans(composed)
        due, sent = before.due(item), None
        if isinstance(item, Movement):
            tempo, rubato = self._controls.tempo_of(item), self._controls.rubato
            self._timeline = before.after(item, tempo, rubato).leaning(leans)
        elif isinstance(item, Note):
            self._timeline = timeline = before.leaning(leans)
            if timeline.map is not before.map:
                # What sounds longer than the tempo was known.
                self._notes.retime(timeline.ordinal, timeline.at, self._taken)
                self.last = max(self.last, self._notes.last_off)
            sent = self._begin(item, composed.read)
            due = sent.on
        else:
            self._timeline = before.after(item)
        entry = Entry(composed, due, before, self._cue_after(item), sent)
        with self._lock:
            self._entries.append(entry)
        if isinstance(item, Movement):
            self.announce(due)
            self._clock.start(due, self._map.pace_at(0))
            self._repace_clock(due)
        else:
            # Before its first movement no stream has a note.
            self._repace_clock(before.map.segments[-1].start if before.map else due)
        if isinstance(item, MovementEnd):
            self._clock.stop(due)
        return entry

    def pass_over(self, composed: Composed) -> None:
        """An item is left out; what it says of the tempo stays."""
        self._timeline = self._timeline.leaning(composed.read.leans)

    def is_surprised_by(self, composed: Composed) -> bool:
        """Whether what was taken turns out wrong, now that it is known what comes next.

        Messages beyond an item were taken in a tempo that turns out to be another, or a note-off of
        its pitch that comes too late.
        """
        item, leans = composed.item, self._leans(composed)
        if not isinstance(item, Note):
            return False
        if (busy := self._busy_until(item)) and busy > self.due(composed):
            return True
        beyond = next((lean.tick for lean in leans if lean.tick > item.onset), None)
        return beyond is not None and self._timeline.at(beyond) < self._taken

    def take(self, until: Nanoseconds) -> list[Outgoing]:
        """Messages due at ``until`` or before and not taken yet, in order, ends before starts."""
        ends = self._notes.take(until)
        begun, self._outgoing = self._outgoing, []
        # Clocks never end by themselves: where there is no limit, the last note is one.
        until = min(until, self.last) if until >= _FOREVER else until
        self._taken = max(self._taken, until)
        clocks = self._clock.take(until) if self._controls.clock else []
        self._clock.skip(until)
        messages = [*ends, *begun]
        if fade := self._fade:
            # The fade has the loudness to itself, and gives it back as it was at first.
            apart = [message for message in messages if not fade.covers(message)]
            messages = [*apart, *fade.take(until)]
        return sorted([*clocks, *messages], key=lambda message: message.time)

    def fade(self, begin: Nanoseconds, end: Nanoseconds) -> None:
        """Let the loudness go to nothing, after a ``rewind``; one that goes already goes on."""
        if self._fade is None or self._fade.end <= begin:
            self._fade = Fade.between(self._controls.voice.channel, begin, end)

    @property
    def fades_until(self) -> Nanoseconds | None:
        """When the last fade is over, ``None`` if there is none."""
        return None if self._fade is None else self._fade.end

    def break_off_fade(self, at: Nanoseconds) -> None:
        """The music goes on ``at`` that moment, after a ``rewind`` to there."""
        if self._fade is not None:
            self._fade = self._fade.broken_off(at)

    def cut(self, limit: Nanoseconds) -> None:
        """Let nothing sound after ``limit``."""
        self._notes.cut(limit)
        self.last = min(self.last, limit)

    def rewind(self, since: Nanoseconds) -> list[Composed]:
        """What is due at ``since`` or later was taken back from whoever was to send it.

        Returns:
            The items to be added again, in order. The end of a note that began before is not among
            them: it is taken again.
        """
        again: deque[Composed] = deque()
        with self._lock:
            while self._entries and self._entries[-1].due >= since:
                entry = self._entries.pop()
                again.appendleft(entry.composed)
                self._timeline = entry.before
        self._taken = min(self._taken, since)
        self._outgoing = [message for message in self._outgoing if message.time < since]
        self._notes.rewind(since)
        if self._fade is not None:
            self._fade.rewind(since)
        self._clock.rewind(since)
        if self._timeline.map is not None:
            self._repace_clock(Nanoseconds(since - 1))
        return list(again)

    def control(self, controls: Controls, since: Nanoseconds) -> None:
        """Other controls from ``since`` on, after a ``rewind`` to there."""
        before, self._controls = self._controls, controls
        self._outgoing += [Outgoing(since, data) for data in controls.voice.news(before.voice)]
        movement = self._timeline.movement
        if movement is None or self._timeline.is_between:
            return
        tempo, rubato = controls.tempo_of(movement), controls.rubato
        if (tempo, rubato) != (before.tempo_of(movement), before.rubato):
            self._timeline = timeline = self._timeline.paced(tempo, rubato, since)
            self._notes.retime(timeline.ordinal, timeline.at, since)
            self.last = max(self.last, self._notes.last_off)
            self._repace_clock(Nanoseconds(since - 1))
        if controls.clock and not before.clock:
            self._resume_clock(self._timeline.next_tick(since))

    def announce(self, at: Nanoseconds) -> None:
        """Tell the synth what it must know before a note."""
        self._outgoing += [Outgoing(at, data) for data in self._controls.voice.announcement()]

    def interrupt(self, at: Nanoseconds) -> None:
        """Let what sounds end at ``at``, after a ``rewind`` to there."""
        self._notes.cut(at)
        if not self._timeline.is_between:
            self._clock.stop(at)

    def start_at(self, time: Nanoseconds) -> None:
        """Between two movements: the next one begins at ``time``."""
        self._timeline = replace(self._timeline, start=time)

    def settle(self, now: Nanoseconds) -> tuple[list[Entry], list[SentNote]]:
        """Forget what has passed; returns the entries that have happened and notes that have ended.

        ``rewind`` cannot go back before ``now`` any more.
        """
        passed = []
        with self._lock:
            while self._entries and self._entries[0].due < now:
                entry = self._entries.popleft()
                self._cue, self._passed = entry.cue, entry.composed
                passed.append(entry)
        if self._fade is not None and self._fade.is_over(now):
            self._fade = None
        self._clock.settle(now)
        return passed, self._notes.settle(now)

    @property
    def _last_cue(self) -> Cue:
        return self._entries[-1].cue if self._entries else self._cue

    def _cue_after(self, item: StreamItem) -> Cue:
        last = self._last_cue
        if isinstance(item, Movement):
            return Cue(item, 0, last.notes, "")
        if isinstance(item, Note):
            place = self._timeline.place(item.onset)
            return Cue(last.movement, place.bar if place else 0, last.notes + 1, "")
        return replace(last, resting=_BETWEEN)

    @property
    def _map(self) -> TempoMap:
        map_ = self._timeline.map
        if map_ is None:
            raise ValueError("a stream begins with a Movement")
        return map_

    def _leans(self, composed: Composed) -> tuple[Lean, ...]:
        """What an item says of the tempo.

        Music that is composed again may say too late how long the beats before it are: they are as
        long as was taken for granted.
        """
        item, leans = composed.item, composed.read.leans
        if not isinstance(item, Note) or not leans or leans[0].tick > item.onset:
            return leans
        return tuple(lean for lean in leans if self._timeline.at(lean.tick) >= self._taken)

    def _resume_clock(self, tick: Ticks) -> None:
        at = self._timeline.at(tick)
        self._clock.resume(at, self._map.pace_at(tick), tick)
        self._repace_clock(at)

    def _repace_clock(self, since: Nanoseconds) -> None:
        """The clock follows the tempi that begin later than that."""
        segments = self._map.segments
        first = bisect_right(segments, since, key=lambda segment: segment.start)
        for segment in segments[first:]:
            self._clock.repace(segment.start, segment.pace)

    def _played(self, note: Note, read: Read) -> tuple[PerformedNote, bool]:
        """The note as it is played, and whether that is evenly: as written, with an accent."""
        manner = self._controls.manner
        if read.gesture is None or not manner.expression:
            place = self._timeline.place(note.onset)
            is_first = place is not None and not place.tick
            return PerformedNote(note, louder=self._controls.voice.accent if is_first else 0), True
        return played(note, read.gesture, manner.hand(float(self._timeline.pace))), False

    def _struck(self, played: PerformedNote, timeline: Timeline) -> Nanoseconds:
        """When a note begins, which comes next; in order, though the tempo may change meanwhile."""
        last = self._entries[-1].due if self._entries else 0
        return Nanoseconds(max(played.begins(timeline.at), last))

    def _busy_until(self, note: Note) -> Nanoseconds:
        """Until when the pitch of a note sounds, as far as that was taken."""
        voice = self._controls.voice
        return self._notes.busy_until(voice.channel, voice.pitch(note.pitch))

    def _begin(self, note: Note, read: Read) -> SentNote:
        timeline, voice = self._timeline, self._controls.voice
        performed, is_even = self._played(note, read)
        # A note-off that has left cannot be had back: until then the pitch is not free.
        on = max(self._struck(performed, timeline), self._busy_until(note))
        off = end_of(performed, on, timeline.at, is_even=is_even)
        velocity = max(1, min(MAX_DATA, voice.velocity + performed.louder))
        pitch, ordinal = voice.pitch(note.pitch), timeline.ordinal
        sent = SentNote(voice.channel, pitch, velocity, on, off, performed, ordinal, is_even)
        self._outgoing += self._notes.begin(sent)
        self._outgoing.append(Outgoing(on, note_on(sent.channel, sent.pitch, sent.velocity)))
        self.last = max(self.last, off)
        return sent
