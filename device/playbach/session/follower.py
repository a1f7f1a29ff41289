"""The player's audience: passes on what happens to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from playbach.clock import Nanoseconds, to_seconds
from playbach.music.note import Note
from playbach.player.held import Sent
from playbach.session.archive import Archive
from playbach.session.events import Listeners
from playbach.session.pieces import Pieces
from playbach.session.recent import Recent
from playbach.session.status import NoteAhead, Withdrawn
from playbach.stream import Movement, RecallingNote, Seconds, StreamItem


class Follower:
    """What listeners, recordings and the page hear of the music; called by the player."""

    def __init__(
        self,
        *,
        archive: Archive | None,
        tempo: Callable[[Movement], float],
        now: Callable[[], Seconds],
    ) -> None:
        """Nothing was heard yet.

        Args:
            archive: where movements are saved; ``None`` for nowhere.
            tempo: beats per minute at which a movement is played.
            now: the sink's time.
        """
        self.listeners = Listeners()
        """Those who hear of notes ahead of time."""
        self.recent = Recent()
        """The notes played last."""
        self.pieces = Pieces()
        """The movements played last."""
        self._archive = archive
        self._tempo = tempo
        self._now = now

    def announced(self, sent: Sent, note: Note, bar: int, movement: Movement) -> None:
        """A note is on its way to the sink."""
        recalling = note if isinstance(note, RecallingNote) else None
        self.listeners.publish(
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
        self.listeners.publish(Withdrawn(to_seconds(since)))

    def passed(self, items: Sequence[StreamItem], notes: Iterable[Sent]) -> None:
        """These items have happened, these notes have ended."""
        self.recent.add(notes)
        self.pieces.follow(items, self._tempo, self._now())
        if self._archive:
            self._archive.follow(items, self._tempo)
