"""What is kept of a movement that was played: numbers, and the MIDI file they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.clock import beats_per_minute
from playbach.midi.files import Placed, placed_midi_bytes
from playbach.music.note import Note, Piece, Ticks
from playbach.music.performed import Pace, Performance, PerformedNote
from playbach.playback.sent_notes import SentNote
from playbach.playback.timeline import Timeline
from playbach.stream import Movement, MovementEnd, Seconds

_PER_SHARE = 1000
_NOTE = np.dtype(
    [
        ("onset", "i4"), ("pitch", "u1"), ("duration", "i4"), ("is_even", "?"), ("offset", "i4"),
        ("share", "u2"), ("overlap", "i4"), ("louder", "i1"), ("swell", "u1"),
    ]
)  # fmt: skip
"""A note as written, and what a ``PerformedNote`` adds, the share in thousandths. Played live, no
note is trilled."""
_PACE = np.dtype([("tick", "i4"), ("stretch", "f8")])
"""As of ``Pace``."""
NOTE_BYTES = _NOTE.itemsize


def note_bytes(sent: SentNote) -> bytes:
    """A note that was sent, as ``NOTE_BYTES`` bytes; an even one as it is written."""
    played, note = sent.played, sent.played.note
    row = (
        note.onset, note.pitch, note.duration, sent.is_even, played.offset,
        round(played.share * _PER_SHARE), played.overlap, 0 if sent.is_even else played.louder,
        played.swell,
    )  # fmt: skip
    return np.array([row], _NOTE).tobytes()


def notes_of(rows: bytes) -> list[Note]:
    """Notes as composed, of their ``note_bytes`` one after the other."""
    written = np.frombuffer(rows, _NOTE)[["onset", "pitch", "duration"]]
    return [Note(onset, pitch, duration) for onset, pitch, duration in written.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class PlayedMovement:
    """A movement and what was heard of it.

    Attributes:
        id: number since the start, from 1.
        movement: as it was composed.
        tempo: felt beats per minute at which it was played, in the end.
        length: ticks from its start to where it ended or was left.
        notes: those of it that were played, in order and not transposed.
        paces: how fast its beats were, against ``tempo``.
        link: text of a link to it.
        ended: when its last bar was over, on the clock of ``Session.now``.
    """

    id: int
    movement: Movement
    tempo: float
    length: Ticks
    notes: NDArray[np.void]
    paces: NDArray[np.void]
    link: str
    ended: Seconds

    @classmethod
    def over(
        cls,
        number: int,
        end: MovementEnd,
        place: Timeline,
        notes: bytes,
        *,
        link: str,
        now: Seconds,
    ) -> PlayedMovement:
        """A movement that has just ended.

        Args:
            number: since the start, from 1.
            end: of it.
            place: before that; it knows the tempi.
            notes: of each ``note_bytes``.
            link: to it.
            now: the time.

        Raises:
            ValueError: the place is in no movement.
        """
        movement, map_ = place.movement, place.map
        if movement is None or map_ is None:
            raise ValueError("a stream begins with a Movement")
        paces = np.array([(one.tick, one.pace / place.pace) for one in map_.segments], _PACE)
        # Of a very long movement the first tempi are forgotten.
        paces["tick"][0] = 0
        tempo = beats_per_minute(place.pace, movement.meter)
        played = np.frombuffer(notes, _NOTE)
        return cls(number, movement, tempo, end.length, played, paces, link, now)

    def midi(self) -> bytes:
        """A MIDI file of it as it was played, by a cello; read, it is what was written."""
        return placed_midi_bytes(self.placed())

    def placed(self) -> Placed:
        """The movement as it was played, by a cello, to be written."""
        movement = self.movement
        notes = [_performed(row) for row in self.notes.tolist()]
        piece = Piece(
            tuple(one.note for one in notes),
            ((Ticks(0), movement.key),),
            ((Ticks(0), movement.meter),),
            movement.form,
            movement.pickup,
            movement.title,
        )
        performance = None
        if not (self.notes["is_even"].all() and (self.paces["stretch"] == 1).all()):
            paces = (Pace(tick, Fraction(stretch)) for tick, stretch in self.paces.tolist())
            performance = Performance(tuple(notes), tuple(paces))
        about = f"{movement.place} link={self.link}"
        return Placed(piece, self.tempo, self.length, performance=performance, about=about)


def _performed(row: tuple[Any, ...]) -> PerformedNote:
    onset, pitch, duration, _, offset, share, overlap, louder, swell = row
    part = Fraction(share, _PER_SHARE)
    return PerformedNote(Note(onset, pitch, duration), offset, part, overlap, louder, swell=swell)
