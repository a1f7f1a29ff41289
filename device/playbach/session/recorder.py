"""Each movement that was played as a MIDI file in a folder, the oldest deleted to make room."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable
from pathlib import Path

from playbach.errors import OutputError, PlaybachError
from playbach.files import FolderLock, make_folder, write_atomically
from playbach.session.kept import file_name
from playbach.session.played import PlayedMovement

_WAITING = 8
"""Movements that may wait to be written."""
_PATIENCE = 5.0
"""Seconds that a slow disk is waited for in the end."""
_OURS = re.compile(r"\d{4}-\d\d-\d\d \d\d-\d\d-\d\d .*\.mid")


class Recorder:
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
        self._lock: FolderLock | None = None
        self._waiting: queue.Queue[PlayedMovement | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="playbach-record", daemon=True)

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
        if self._lock:
            self._lock.release()

    def put(self, movement: PlayedMovement) -> None:
        """A movement is over. If writing is far behind, it is left out, and that is said."""
        try:
            self._waiting.put_nowait(movement)
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
        self._lock = self._lock or FolderLock(self._folder)

    def _save(self, played: PlayedMovement) -> None:
        self._take_folder()
        content = played.midi()
        path = self._folder / file_name(played)
        _make_room(self._folder, self._limit - len(content))
        write_atomically(path, content, force=True)


def _make_room(folder: Path, limit: int) -> None:
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
