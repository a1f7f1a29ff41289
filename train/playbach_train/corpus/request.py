"""What is wanted of a corpus."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from playbach.errors import InputError


@dataclass(frozen=True, slots=True)
class Request:
    """Which movements are wanted, and where a named corpus may take them from.

    Attributes:
        exclude: patterns such as ``bwv1007-*`` of names to leave out.
        limit: movements wanted of each source, at least 1; all if None.
        from_dir: local copy of the engravings' repository, instead of the network.
        partial: whether engravings missing from ``from_dir`` are skipped instead of an error.
        cache: folder for compiled engravings, the user's cache folder if None.
    """

    exclude: tuple[str, ...] = ()
    limit: int | None = None
    from_dir: Path | None = None
    partial: bool = False
    cache: Path | None = None

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
