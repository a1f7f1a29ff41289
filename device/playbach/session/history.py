"""What a session remembers of the music, and whom it tells: bounded, and nobody is waited for."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.errors import InputError
from playbach.midi.messages import TimedMessage, note_off, note_on, program_change
from playbach.music.note import Note
from playbach.playback.schedule import Entry
from playbach.playback.sent_notes import SentNote
from playbach.playback.timeline import Timeline
from playbach.session.played import NOTE_BYTES, PlayedMovement, note_bytes, notes_of
from playbach.session.status import Event, NoteAhead, Withdrawn
from playbach.sinks.file import file_bytes
from playbach.stream import Movement, MovementEnd, RecallingNote, Seconds

MOST_WAITING = 1_000
"""Events kept for a listener that does not take them; beyond that the oldest are lost."""
LONGEST = 60.0
"""Minutes that can be asked for of what was played last."""
_MOVEMENTS = 24
"""Movements that are kept: three suites and more."""
_NOTES = 36_000
"""Notes that are kept: an hour and more of ten a second. At 19 bytes each, under a megabyte."""
_FEWEST_BARS = 4
"""Bars of a movement that was left, for it to be kept."""
_MOST_NOTES = 50_000
"""Of a movement: as many as the reader of MIDI files takes."""
_SENT = np.dtype(
    [("on", "i8"), ("off", "i8"), ("channel", "u1"), ("pitch", "u1"), ("velocity", "u1")]
)
"""When a note began and ended, in nanoseconds, and what was sent."""


class Subscription:
    """What one listener has not taken yet. May be used from any thread."""

    def __init__(self, wake: Callable[[], object] | None = None) -> None:
        """``wake`` is called after each event, from the player's thread; it must not wait."""
        self._events: deque[Event] = deque(maxlen=MOST_WAITING)
        self._changed = threading.Condition()
        self._wake = wake
        self.is_watched = True
        """Whether somebody looks at what is told: if not, it is kept and nobody is woken."""
        self.lost = 0
        """Events this listener was too slow for, since the beginning."""

    def take(self, timeout: float = 0.0) -> list[Event]:
        """All events since the last time, waiting up to ``timeout`` seconds for the first."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._events), timeout)
            events = list(self._events)
            self._events.clear()
            return events

    def put(self, event: Event) -> None:
        """Add an event. For the session."""
        with self._changed:
            self.lost += len(self._events) == MOST_WAITING
            self._events.append(event)
            self._changed.notify_all()
        if self._wake and self.is_watched:
            self._wake()


class History:
    """The player's listener. All but what the player calls may be used from any thread."""

    def __init__(
        self,
        *,
        now: Callable[[], Seconds],
        link: Callable[[Movement], str],
        record: Callable[[PlayedMovement], object] | None = None,
        follow: Callable[[Event], object] = lambda _: None,
    ) -> None:
        """Nothing was heard yet.

        Args:
            now: the sink's time.
            link: gives the text of a link to a movement.
            follow: told all that subscribers are, without being one; must not wait.
            record: is given each movement that is over, if anything is; must not wait.
        """
        self._now, self._link, self._record, self._follow = now, link, record, follow
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()
        # All memory is taken now, so that a year of music takes no more than an hour.
        self._sent = np.empty(_NOTES, _SENT)
        self._sent[:] = 0
        self._count = 0
        self._notes = bytearray()
        self._movement: Movement | None = None
        self._played: deque[PlayedMovement] = deque(maxlen=_MOVEMENTS)
        self._ended = 0

    @property
    def has_listeners(self) -> bool:
        """Whether somebody looks at what is told."""
        return any(one.is_watched for one in self._subscriptions)

    @contextlib.contextmanager
    def subscribed(self, wake: Callable[[], object] | None = None) -> Iterator[Subscription]:
        """A subscription for as long as the context lasts."""
        subscription = Subscription(wake)
        with self._lock:
            self._subscriptions += (subscription,)
        try:
            yield subscription
        finally:
            with self._lock:
                rest = (one for one in self._subscriptions if one is not subscription)
                self._subscriptions = tuple(rest)

    def publish(self, event: Event) -> None:
        """Tell everybody."""
        self._follow(event)
        for subscription in self._subscriptions:
            subscription.put(event)

    def movements(self) -> tuple[PlayedMovement, ...]:
        """Those played last, the very last first."""
        return tuple(reversed(tuple(self._played)))

    def present(self) -> tuple[Movement | None, list[Note]]:
        """The movement that was begun last, and the notes of it that have begun, as composed."""
        # In this order: of two movements, rather the one that is over.
        movement, notes = self._movement, bytes(self._notes)
        return movement, notes_of(notes)

    def midi(self, minutes: float, program: int | None) -> bytes:
        """The notes that ended in the last ``minutes``, as a MIDI file.

        Raises:
            InputError: ``minutes`` is not above 0 and at most ``LONGEST``, or nothing was played.
        """
        # Written so that NaN is refused too.
        if not 0 < minutes <= LONGEST:
            raise InputError(f"minutes {minutes}: it must be above 0 and at most {LONGEST:g}")
        since = to_nanoseconds(self._now()) - to_nanoseconds(60 * minutes)
        with self._lock:
            sent = self._sent[: min(self._count, _NOTES)]
            notes = sent[sent["on"] >= since].tolist()
        if not notes:
            raise InputError(f"nothing was played in the last {minutes:g} minutes; play first")
        return file_bytes(list(_messages(notes, program)))

    def announced(self, sent: SentNote, note: Note, bar: int, movement: Movement) -> None:
        """A note is on its way to the sink."""
        recalling = note if isinstance(note, RecallingNote) else None
        self.publish(
            NoteAhead(
                at=to_seconds(sent.on),
                duration=to_seconds(Nanoseconds(sent.off - sent.on)),
                pitch=sent.pitch,
                velocity=sent.velocity,
                bar=bar,
                movement=movement,
                index=recalling.index if recalling else 0,
                recalls=recalling.recalls if recalling else (),
            )
        )

    def withdrawn(self, since: Nanoseconds) -> None:
        """What was announced from then on does not come."""
        self.publish(Withdrawn(to_seconds(since)))

    def passed(self, entries: Sequence[Entry], notes: Iterable[SentNote]) -> None:
        """These items have happened, these notes have ended."""
        with self._lock:
            for note in notes:
                row = note.on, note.off, note.channel, note.pitch, note.velocity
                self._sent[self._count % _NOTES] = row
                self._count += 1
        for entry in entries:
            item = entry.composed.item
            if isinstance(item, Movement):
                self._notes.clear()
                self._movement = item
            elif entry.sent is not None:
                if len(self._notes) < _MOST_NOTES * NOTE_BYTES:
                    self._notes += note_bytes(entry.sent)
            elif isinstance(item, MovementEnd) and self._notes and entry.before.movement:
                if not (entry.composed.is_final and _is_stub(entry.before.movement, item)):
                    self._end(item, entry.before, self._link(entry.before.movement))
                self._notes.clear()

    def _end(self, end: MovementEnd, place: Timeline, link: str) -> None:
        self._ended += 1
        notes = bytes(self._notes)
        played = PlayedMovement.over(self._ended, end, place, notes, link=link, now=self._now())
        self._played.append(played)
        if self._record:
            self._record(played)


def _is_stub(movement: Movement, end: MovementEnd) -> bool:
    """Whether so little was played of a movement that was left that nobody wants to find it."""
    return end.length < movement.pickup + _FEWEST_BARS * movement.meter.bar_ticks


def _messages(
    notes: Sequence[tuple[int, int, int, int, int]], program: int | None
) -> Iterator[TimedMessage]:
    first = min(on for on, *_ in notes)
    if program is not None:
        for channel in sorted({channel for _, _, channel, _, _ in notes}):
            yield TimedMessage(Seconds(0.0), program_change(channel, program))
    # At one moment what ends comes before what begins.
    ends = [(off - first, 0, note_off(*note[:2])) for _, off, *note in notes]
    begins = [(on - first, 1, note_on(*note)) for on, _, *note in notes]
    for time, _, data in sorted(ends + begins):
        yield TimedMessage(to_seconds(Nanoseconds(time)), data)
