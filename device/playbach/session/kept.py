"""Movements that are kept for good: MIDI files in a folder, each with the link to its movement."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from playbach.errors import InputError, OutputError
from playbach.files import make_folder, write_atomically
from playbach.session.played import PlayedMovement

KEPT = "kept"
"""Name of the folder, in that of the state."""
MOST = 1_000
"""Movements that may be kept: some megabytes."""
_STAMP = "%Y-%m-%d %H-%M-%S"
_NAME = re.compile(r"\d{4}-\d\d-\d\d \d\d-\d\d-\d\d ([^/\\\0]{1,150})\.mid")
_LINK = re.compile(rb"playbach seed=\d{1,19} movement=\d{1,7} link=([!-~]{1,1000})\x00?")
_HEAD = 4_096
"""Bytes of a file among which the link is."""


def file_name(played: PlayedMovement) -> str:
    """Of a movement that has just been over, or is kept now."""
    # The time of day names files and decides nothing else.
    return f"{time.strftime(_STAMP)} {played.movement.title}.mid"


@dataclass(frozen=True, slots=True)
class KeptMovement:
    """A movement that is kept."""

    name: str  # of its file
    title: str  # of the movement
    link: str  # to it; ``""`` if the file says none


class Keeping:
    """The folder of the movements that are kept. May be used from any thread."""

    def __init__(self, folder: Path | None) -> None:
        """``folder``: made when something is kept; ``None`` keeps nothing."""
        self._folder = folder
        self._names: dict[int, str] = {}

    def name_of(self, played: PlayedMovement) -> str:
        """The file that a movement is kept as, ``""`` if it is not."""
        name = self._names.get(played.id, "")
        return name if self._folder and name and (self._folder / name).exists() else ""

    def keep(self, played: PlayedMovement) -> None:
        """Keep a movement; one that is kept already stays as it is.

        Raises:
            OutputError: it cannot be written, or too many are kept.
        """
        folder = self._folder
        if folder is None:
            raise OutputError("nothing is kept here: this program was given no folder for it")
        if self.name_of(played):
            return
        if len(self._files()) >= MOST:
            raise OutputError(
                f"{folder}: {MOST:,} movements are kept; let go of some, or move some away"
            )
        make_folder(folder, 0o700)
        name = file_name(played)
        write_atomically(folder / name, played.midi(), force=True)
        self._names[played.id] = name

    def let_go(self, name: str) -> None:
        """Delete the file of that name, if there is one.

        Raises:
            InputError: it is no name of a movement that is kept.
            OutputError: it cannot be deleted.
        """
        path = self.path_of(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be deleted: {error.strerror}; check who owns it"
            ) from error

    def path_of(self, name: str) -> Path:
        """The file of that name.

        Raises:
            InputError: there is none.
        """
        if self._folder is None or name not in self._files():
            raise InputError(f"kept movement {name[:60]!r}: there is none of that name")
        return self._folder / name

    def movements(self) -> tuple[KeptMovement, ...]:
        """All that are kept, the last first; files of other names are left alone."""
        files = self._files()
        return tuple(KeptMovement(name, files[name], self._link(name)) for name in files)

    def _files(self) -> dict[str, str]:
        """Titles by name of file, the last first."""
        try:
            names = sorted(path.name for path in self._folder.iterdir()) if self._folder else []
        except OSError:
            return {}
        matches = (match for name in reversed(names) if (match := _NAME.fullmatch(name)))
        return {match[0]: match[1] for match in islice(matches, MOST)}

    def _link(self, name: str) -> str:
        try:
            with (self._folder or Path()).joinpath(name).open("rb") as file:
                match = _LINK.search(file.read(_HEAD))
        except OSError:
            return ""
        return match[1].decode() if match else ""
