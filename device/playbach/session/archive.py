"""Each movement that was played as a MIDI file in a folder, the oldest deleted to make room."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import OutputError, PlaybachError
from playbach.files import Claim, make_folder, write_atomically
from playbach.music.midi_write import midi_bytes
from playbach.music.note import Note, Piece, Ticks
from playbach.stream import Movement, StreamItem

MEGABYTE = 1_000_000
_WAITING = 8
"""Movements that may wait to be written."""
_PATIENCE = 5.0
"""Seconds that a slow disk is waited for in the end."""
_MOST_NOTES = 50_000
"""Of a movement: as many as the reader of MIDI files takes."""
_STAMP = "%Y-%m-%d %H-%M-%S"
_OURS = re.compile(r"\d{4}-\d\d-\d\d \d\d-\d\d-\d\d .*\.mid")


@dataclass(frozen=True, slots=True)
class Archived:
    """A movement and what was heard of it.

    Attributes:
        movement: as it was composed.
        tempo: felt beats per minute at which it was played.
        notes: those of it that were played, in order and not transposed.
    """

    movement: Movement
    tempo: float
    notes: tuple[Note, ...]


class Collector:
    """Puts the notes of each movement together."""

    def __init__(self) -> None:
        self._movement: Movement | None = None
        self._notes: list[Note] = []

    def follow(
        self, items: Sequence[StreamItem], tempo: Callable[[Movement], float]
    ) -> Iterator[Archived]:
        """These items have happened; the movements that ended with them.

        Args:
            items: in order.
            tempo: the beats per minute at which a movement is played.
        """
        for item in items:
            if isinstance(item, Movement):
                self._movement, self._notes = item, []
            elif isinstance(item, Note):
                if len(self._notes) < _MOST_NOTES:
                    self._notes.append(item)
            elif self._movement is not None and self._notes:
                yield Archived(self._movement, tempo(self._movement), tuple(self._notes))
                self._movement, self._notes = None, []


class Archive:
    """Writes movements from a thread of its own; the player never waits for a disk."""

    def __init__(
        self,
        folder: Path,
        limit: int,
        *,
        on_problem: Callable[[str], object],
        on_failure: Callable[[BaseException], object],
        absent_ok: bool = False,
    ) -> None:
        """Prepare.

        Args:
            folder: made when it is missing.
            limit: bytes that the movements in it may take; the oldest are deleted first. Files
                of other names are left alone.
            on_problem: told when one cannot be written, and ``""`` when one can again.
            on_failure: told what ended the thread, if anything does.
            absent_ok: whether ``start`` may go well though the folder cannot be had: it is tried
                again for each movement.
        """
        self._folder = folder
        self._limit = limit
        self._on_problem = on_problem
        self._on_failure = on_failure
        self._absent_ok = absent_ok
        self._claim: Claim | None = None
        self._waiting: queue.Queue[Archived | None] = queue.Queue(_WAITING)
        self._collector = Collector()
        self._thread = threading.Thread(target=self._run, name="playbach-archive", daemon=True)

    def start(self) -> None:
        """Begin.

        Raises:
            OutputError: the folder cannot be had.
        """
        try:
            self._take_folder()
        except OutputError as error:
            if not self._absent_ok:
                raise
            self._on_problem(f"nothing is recorded: {error}")
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, and end."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(_PATIENCE)
        if self._claim:
            self._claim.release()

    def follow(self, items: Sequence[StreamItem], tempo: Callable[[Movement], float]) -> None:
        """These items have happened.

        Never waits: if writing is far behind, a movement is left out and that is said.

        Args:
            items: in order.
            tempo: the beats per minute at which a movement is played.
        """
        for archived in self._collector.follow(items, tempo):
            self._hand_in(archived)

    def _hand_in(self, archived: Archived) -> None:
        try:
            self._waiting.put_nowait(archived)
        except queue.Full:
            self._on_problem(f"{self._folder}: the disk is too slow; a movement was not saved")

    def _run(self) -> None:
        try:
            while (movement := self._waiting.get()) is not None:
                try:
                    self._save(movement)
                except PlaybachError as error:
                    self._on_problem(str(error))
                else:
                    self._on_problem("")
        except BaseException as error:  # noqa: BLE001 no thread dies alone: the session ends with it
            self._on_failure(error)

    def _take_folder(self) -> None:
        make_folder(self._folder)
        # Of two programs, each would delete the movements of the other to make room.
        self._claim = self._claim or Claim(self._folder)

    def _save(self, movement: Archived) -> None:
        self._take_folder()
        content = midi_of(movement)
        # The time of day names files and decides nothing else.
        stamp = time.strftime(_STAMP)
        path = self._folder / f"{stamp} {movement.movement.title}.mid"
        make_room(self._folder, self._limit - len(content))
        write_atomically(path, content, force=True)


def piece_of(archived: Archived) -> Piece:
    """The movement as it was written."""
    movement = archived.movement
    return Piece(
        archived.notes,
        ((Ticks(0), movement.key),),
        ((Ticks(0), movement.meter),),
        movement.form,
        movement.pickup,
        movement.title,
    )


def midi_of(archived: Archived) -> bytes:
    """The movement as a MIDI file, played by a cello."""
    return midi_bytes(piece_of(archived), tempo=archived.tempo, program=42)


def make_room(folder: Path, limit: int) -> None:
    """Delete the oldest movements in ``folder`` until they take at most ``limit`` bytes.

    Raises:
        OutputError: one cannot be deleted.
    """
    try:
        ours = sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))
        sizes = {path: path.stat().st_size for path in ours}
        total = sum(sizes.values())
        for path in ours:
            if total <= limit:
                break
            path.unlink()
            total -= sizes[path]
    except OSError as error:
        raise OutputError(
            f"{folder}: old movements cannot be deleted: {error.strerror}; check who owns them"
        ) from error
