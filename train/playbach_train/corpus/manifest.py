"""``sources.json``: which files of a public repository make which movements.

The SHA-256 of each file is part of it, so that what is compiled is what was looked at, wherever
it came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from playbach.errors import InputError


@dataclass(frozen=True, slots=True)
class Work:
    """A main file, what it includes, and the movements it yields.

    Attributes:
        main: path of the file to compile, below the repository's base.
        licence: terms of use.
        movements: names, in the order LilyPond writes their MIDI files.
        files: path below the base and SHA-256 (hexadecimal) of every file needed, main included.
    """

    main: str
    licence: str
    movements: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where engravings are published.

    Attributes:
        repository: owner and name on GitHub.
        commit: the version, 40 hexadecimal digits.
        base: folder in the repository that all paths are below.
        corpora: works of each corpus, by its name.
    """

    repository: str
    commit: str
    base: str
    corpora: Mapping[str, tuple[Work, ...]]

    @property
    def origin(self) -> str:
        """Repository and version, for provenance."""
        return f"https://github.com/{self.repository} at {self.commit}"


def packaged_manifest() -> Manifest:
    """The manifest that comes with this package."""
    return parse_manifest(resources.files(__package__).joinpath("sources.json").read_bytes())


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        InputError: it is not JSON of the right shape, or a path or name in it leaves its folder.
    """
    try:
        fields = json.loads(content)
        corpora = {name: tuple(map(_work, works)) for name, works in fields["corpora"].items()}
        manifest = Manifest(fields["repository"], fields["commit"], fields["base"], corpora)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"manifest of sources: not of the expected shape ({error})") from error
    for path in (manifest.repository, manifest.commit, manifest.base):
        _check_path(path)
    return manifest


def _work(fields: Any) -> Work:
    work = Work(
        main=fields["main"],
        licence=fields["license"],
        movements=tuple(fields["movements"]),
        files=tuple(sorted(fields["files"].items())),
    )
    for path in (work.main, *dict(work.files)):
        _check_path(path)
    for movement in work.movements:
        if "/" in movement:
            raise InputError(f"manifest of sources: {movement!r} is no name of a movement")
        _check_path(movement)
    if work.main not in dict(work.files):
        raise InputError(f"manifest of sources: {work.main} has no SHA-256")
    return work


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or not {".", ".."}.isdisjoint(parts):
        raise InputError(f"manifest of sources: {path!r} is not a path inside the repository")
