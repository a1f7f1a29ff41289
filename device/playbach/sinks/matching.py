"""Choosing a port by name."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Sequence

from playbach.errors import PortError

_WILD = frozenset("*?[")
_SHOWN = 60
# Ports that lead nowhere by themselves; taken last when nothing was asked for.
_DULL = ("midi through", "pipewire", "announce", "timer")


def find_port(pattern: str, names: Sequence[str], kind: str) -> int:
    """Index of the port that ``pattern`` names.

    The whole name goes before a part of it, and the first of several before the others.

    Args:
        pattern: part of the name, or a glob such as ``*Piano*``; case does not matter.
        names: of the ports there are.
        kind: what they are, for the message, such as ``MIDI output``.

    Raises:
        PortError: none fits; the message lists those there are and suggests the nearest.
    """
    wanted = pattern.casefold()
    folded = [name.casefold() for name in names]
    if wanted in folded:
        return folded.index(wanted)
    glob = wanted if _WILD & set(wanted) else None
    for index, name in enumerate(folded):
        if fnmatch.fnmatchcase(name, glob) if glob else wanted in name:
            return index
    raise PortError(_missing(pattern, names, kind))


def likeliest(names: Sequence[str]) -> int | None:
    """Index of the port to take when nothing was asked for; ``None`` if none leads anywhere."""
    lively = (
        index
        for index, name in enumerate(names)
        if not any(word in name.casefold() for word in _DULL)
    )
    return next(lively, None)


def _missing(pattern: str, names: Sequence[str], kind: str) -> str:
    said = f"port {pattern[:_SHOWN]!r}: no {kind} port has that in its name"
    if not names:
        return f"{said}, because there is none; switch the synth on or start one, then try again"
    near = _nearest(pattern, names)
    hint = f"; did you mean {near!r}?" if near else ";"
    return f"{said}{hint} there are: {', '.join(repr(name) for name in names)}"


def _nearest(pattern: str, names: Sequence[str]) -> str | None:
    """The name of which some part is most like ``pattern``."""
    words = {part.casefold(): name for name in names for part in (name, *name.split(":"))}
    parts = {word: name for full, name in words.items() for word in (full, *full.split())}
    found = difflib.get_close_matches(pattern.casefold()[:_SHOWN], parts, n=1, cutoff=0.5)
    return parts[found[0]] if found else None
