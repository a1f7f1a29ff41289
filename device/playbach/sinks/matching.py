"""Choosing a port by name: patterns in order of preference."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from playbach.errors import PortAbsentError

OWN = "own"
"""In place of a pattern: a port of our own that others connect to, and that connects to none."""
_WILD = frozenset("*?[")
_SHOWN = 60
# Ports that lead nowhere by themselves; taken last when nothing was asked for.
_DULL = ("midi through", "pipewire", "announce", "timer")
# ALSA's numbers of client and port, and the process that fluidsynth puts into its names: they
# change when a synth is switched off and on.
_NUMBERS = re.compile(r" \d+:\d+$|\(\d+(?::\d+)?\)")


def stable_name(name: str) -> str:
    """What of a port's name stays the same when it goes and comes back."""
    return _NUMBERS.sub("", name)


def patterns_of(text: str) -> tuple[str, ...]:
    """The patterns in ``A,B*``, in order of preference; at least one."""
    return tuple(part.strip() for part in text.split(",") if part.strip()) or (text,)


def match(pattern: str, names: Sequence[str]) -> int | None:
    """Index of the port that one pattern names, ``None`` if there is none.

    The whole name goes before a part of it, and the first of several before the others.
    """
    wanted = pattern.casefold()
    folded = [name.casefold() for name in names]
    if wanted in folded:
        return folded.index(wanted)
    stable = [stable_name(name) for name in folded]
    if stable_name(wanted) in stable:
        return stable.index(stable_name(wanted))
    glob = wanted if _WILD & set(wanted) else None
    for index, name in enumerate(folded):
        if fnmatch.fnmatchcase(name, glob) if glob else wanted in name:
            return index
    return None


def preferred(text: str | None, names: Sequence[str], last: str | None = None) -> int | None:
    """Index of the port to take, ``None`` if none of them will do.

    Args:
        text: patterns as in ``A,B*``; or the whole name of one port, comma and all; ``None`` for
            whatever is likeliest.
        names: of the ports there are.
        last: name of the port taken before, which is the first choice if no pattern was given.
    """
    if text is None:
        again = None if last is None else match(stable_name(last), names)
        return likeliest(names) if again is None else again
    for pattern in dict.fromkeys((text, *patterns_of(text))):
        index = match(pattern, names)
        if index is not None:
            return index
    return None


class Named(Protocol):
    """A port of any interface."""

    @property
    def name(self) -> str:
        """As it is shown and matched."""


P = TypeVar("P", bound=Named)


def port_again(text: str | None, ports: Sequence[P], last: P | None) -> P | None:
    """The port to take, as of ``preferred``; ``last`` was taken before."""
    index = preferred(text, [port.name for port in ports], last.name if last else None)
    return None if index is None else ports[index]


def first_port(text: str | None, ports: Sequence[P], kind: str, absent: str) -> P:
    """The port that ``text`` names as for ``find_port``, or the likeliest if that is ``None``.

    Raises:
        PortAbsentError: none fits; ``absent`` says so where none was named.
    """
    return ports[first_index(text, [port.name for port in ports], kind, absent)]


def first_index(text: str | None, names: Sequence[str], kind: str, absent: str) -> int:
    """As ``first_port``, of names."""
    index = likeliest(names) if text is None else find_port(text, names, kind)
    if index is None:
        raise PortAbsentError(absent)
    return index


def find_port(text: str, names: Sequence[str], kind: str) -> int:
    """Index of the port that ``text`` names.

    Args:
        text: part of the name, or a glob such as ``*Piano*``, or several with commas between, in
            order of preference; case does not matter.
        names: of the ports there are.
        kind: what they are, for the message, such as ``MIDI output``.

    Raises:
        PortAbsentError: none fits; the message lists those there are and suggests the nearest.
    """
    index = preferred(text, names)
    if index is None:
        raise PortAbsentError(_missing(text, names, kind))
    return index


def likeliest(names: Sequence[str]) -> int | None:
    """Index of the port to take when nothing was asked for; ``None`` if none leads anywhere."""
    lively = (
        index
        for index, name in enumerate(names)
        if not any(word in name.casefold() for word in _DULL)
    )
    return next(lively, None)


def _missing(text: str, names: Sequence[str], kind: str) -> str:
    said = f"port {text[:_SHOWN]!r}: no {kind} port has that in its name"
    if not names:
        return f"{said}: there is none at all; connect the device or start the program that has it"
    near = _nearest(patterns_of(text)[0], names)
    hint = f"; did you mean {near!r}?" if near else ";"
    return f"{said}{hint} there are: {', '.join(repr(name) for name in names)}"


def _nearest(pattern: str, names: Sequence[str]) -> str | None:
    """The name of which some part is most like ``pattern``."""
    import difflib  # noqa: PLC0415 for a mistake only; whoever sends is to be there at once

    words = {part.casefold(): name for name in names for part in (name, *name.split(":"))}
    parts = {word: name for full, name in words.items() for word in (full, *full.split())}
    found = difflib.get_close_matches(pattern.casefold()[:_SHOWN], parts, n=1, cutoff=0.5)
    return parts[found[0]] if found else None
