"""What is wanted of a corpus, and what it holds: movements, their origins, what was left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

from playbach.errors import InputError
from playbach.music.note import Piece, Ticks
from playbach_train.corpus.labels import PLAIN, Asked

Say = Callable[[str], None]
"""Receives one line of text for the user."""

UNKNOWN_LICENCE = "unknown"


@dataclass(frozen=True, slots=True)
class ScoreMovement:
    """One movement of a corpus.

    Attributes:
        name: unique in its corpus; the path below the folder without suffix, such as
            ``bwv1007-1-prelude``.
        piece: the music.
        source: the folder or corpus it belongs to.
        file: what it was read from.
        off_grid: notes moved to the grid of 24 ticks to the quarter.
        merged: notes joined or cut because their pitch sounded already.
        remarks: what was wrong with the file and read all the same, one line each.
        changed: what was left out or folded, one line each.
        guessed: what the file does not say, or says otherwise, one line each that begins with
            ``form:``, ``key:``, ``upbeat:`` or ``repeats:``.
        upbeat: ticks of the upbeat, written as a short bar or after rests.
        origin: who made the score and where it is published, with the version.
        licence: terms of use.
        is_altered: whether the file says something else: more staves than this, or another key.
    """

    name: str
    piece: Piece
    source: str
    file: Path
    off_grid: int = 0
    merged: int = 0
    remarks: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    upbeat: Ticks = Ticks(0)
    origin: str = ""
    licence: str = UNKNOWN_LICENCE
    is_altered: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A score that was left out.

    Attributes:
        name: what its movement would have been called.
        reason: why, with the file, in one line.
        file: the score, if it is one.
    """

    name: str
    reason: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where scores come from and on what terms.

    Attributes:
        source: the folder or corpus.
        origin: who made the scores and where they are published, with the version.
        licence: terms of use.
        movements: how many movements of this source and licence there are.
    """

    source: str
    origin: str
    licence: str
    movements: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything a network is trained on.

    Attributes:
        movements: in a fixed order: sources as given, names sorted within each.
        skipped: scores that could not be read.
        excluded: names of movements left out on request.
    """

    movements: tuple[ScoreMovement, ...]
    skipped: tuple[Skipped, ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def notes(self) -> int:
        """Notes in all movements."""
        return sum(len(movement.piece.notes) for movement in self.movements)

    @property
    def off_grid(self) -> int:
        """Notes moved to the grid."""
        return sum(movement.off_grid for movement in self.movements)

    @property
    def merged(self) -> int:
        """Notes joined or cut because their pitch sounded already."""
        return sum(movement.merged for movement in self.movements)

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """One entry for each source, origin and licence, in order of appearance."""
        counts = Counter((m.source, m.origin, m.licence) for m in self.movements)
        return tuple(Provenance(*terms, movements) for terms, movements in counts.items())

    @property
    def guessed(self) -> Mapping[str, int]:
        """In how many movements each kind of thing was guessed or found, such as ``key``."""
        kinds = ({line.partition(":")[0] for line in m.guessed} for m in self.movements)
        return Counter(chain.from_iterable(sorted(kind) for kind in kinds))

    @property
    def guesses(self) -> tuple[str, ...]:
        """A line with the counts of ``guessed``, if there are any."""
        if not self.guessed:
            return ()
        counts = ", ".join(f"{kind} of {count}" for kind, count in self.guessed.items())
        return (f"guessed or found: {counts}",)

    @property
    def summary(self) -> str:
        """One line with all counts."""
        return (
            f"{len(self.movements)} movements, {self.notes} notes ({self.off_grid} moved to the "
            f"grid, {self.merged} merged with a sounding pitch); {len(self.skipped)} "
            f"skipped, {len(self.excluded)} movements excluded"
        )


@dataclass(frozen=True, slots=True)
class Request:
    """Which movements are wanted, and where a named corpus may take them from.

    Attributes:
        exclude: patterns such as ``bwv1007-*`` of names to leave out.
        limit: movements wanted of each source, at least 1; all if None.
        from_dir: local copy of the engravings' repository, instead of the network.
        partial: whether engravings missing from ``from_dir`` are skipped instead of an error.
        cache: folder for compiled engravings, the user's cache folder if None.
        asked: what the user says of the scores in folders, and what is folded in them.
    """

    exclude: tuple[str, ...] = ()
    limit: int | None = None
    from_dir: Path | None = None
    partial: bool = False
    cache: Path | None = None
    asked: Asked = PLAIN

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise InputError(f"--limit {self.limit}: it must be at least 1")
        if self.partial and self.from_dir is None:
            raise InputError(
                "--partial: it goes with --from DIR only, a copy that may be incomplete"
            )

    def excludes(self, name: str) -> bool:
        """Whether the movement of that name is to be left out."""
        return any(fnmatchcase(name, pattern) for pattern in self.exclude)


def user_cache() -> Path:
    """Where compiled corpora are kept, by the XDG base directory specification."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(root) if root.startswith("/") else Path.home() / ".cache"
    return base / "playbach" / "corpora"
