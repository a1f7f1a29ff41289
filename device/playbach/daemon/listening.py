"""Whether what is played is heard, again and again: the status says it if nobody hears it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence

from playbach.errors import PortError
from playbach.lifetime import Lifetime
from playbach.session.session import Session
from playbach.session.status import Event, NoteAhead, Withdrawn
from playbach.sinks.microphone import Ear
from playbach.sound.ears import LATE, NOTES, Heard, Played, can_be_heard

_LOG = logging.getLogger(__name__)
_INTERVAL = 30.0
"""Seconds between two looks; after one at which nothing was heard the next comes at once."""
_LONGEST = 20.0
"""Seconds of music in which there must be notes enough, else nothing is known this time."""
_CERTAIN = 2
"""Looks in a row at which nothing was heard, before that is said."""
_JOIN = 3.0
"""Seconds that ``stop`` waits for the process that listens."""
_TURN = 0.25
"""Seconds between looks at what is announced."""


class Listening(Lifetime):
    """Listens to a microphone or a loop-back; a component of the service."""

    name = "ears"

    def __init__(self, session: Session, source: str) -> None:
        """``source``: as of ``Ear``; nothing is opened before ``start``."""
        self._session = session
        self._source = source
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-ears", daemon=True)
        self._ear: Ear | None = None
        self._missed = 0
        self._is_heard = False
        self.error: BaseException | None = None
        """The exception that ended its thread, if any did."""

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; may be called again."""
        self._ended.set()
        if self._ear is not None:
            self._ear.end()
        if self._thread.is_alive():
            # A library that hangs in the other process is not waited for.
            self._thread.join(_JOIN)

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    self._judge(self._look())
                except PortError as error:
                    self._say(f"nobody listens: {error}")
                    self._missed = 0
                if not 0 < self._missed < _CERTAIN:
                    self._ended.wait(_INTERVAL)
        except BaseException as error:  # noqa: BLE001 no thread dies alone: its owner looks here
            self.error = error

    def _judge(self, heard: Heard) -> None:
        if heard.is_heard:
            what = f"{heard.notes} of {heard.of} notes are heard, {heard.delay:.2f} s late"
            _LOG.log(logging.DEBUG if self._is_heard else logging.INFO, "%s", what)
            self._is_heard, self._missed = True, 0
            self._say("")
        elif heard.is_known:
            self._missed += 1
            if self._missed >= _CERTAIN:
                self._is_heard = False
                self._say(
                    f"nobody hears it by {self._source}; see to the cable, the volume and the "
                    "microphone"
                )

    def _say(self, problem: str) -> None:
        # When it ends, what is missing is no longer anybody's concern.
        if not self._ended.is_set():
            self._session.report(self.name, problem)

    def _look(self) -> Heard:
        """Listen until there were notes enough.

        Raises:
            PortError: there is no such source, or it went away.
        """
        self._ear = Ear(self._source)
        with self._ear as ear, self._session.subscribe() as subscription:
            begins = self._session.now() - ear.seconds
            notes: list[NoteAhead] = []
            played: list[Played] = []
            until = ear.seconds + _LONGEST
            while not self._ended.wait(_TURN) and ear.seconds < until:
                notes = _followed(notes, subscription.take())
                played = [Played(note.at - begins, note.duration, note.pitch) for note in notes]
                due = [note.at for note in played if can_be_heard(note)][:NOTES]
                # By the time of what plays, which a server that is held up keeps waiting.
                if len(due) == NOTES and self._session.now() - begins > due[-1] + LATE + _TURN:
                    break
            return ear.find(sorted(played))


def _followed(notes: Sequence[NoteAhead], events: Iterable[Event]) -> list[NoteAhead]:
    """The notes that are played, after these events too."""
    found = list(notes)
    for event in events:
        if isinstance(event, NoteAhead):
            found.append(event)
        elif isinstance(event, Withdrawn):
            found = [note for note in found if note.at < event.after]
    return found
