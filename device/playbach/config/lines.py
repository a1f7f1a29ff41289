"""Where in a TOML file a key stands. ``tomllib`` reads values, and says nothing about lines."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")

Place = tuple[str, ...]
"""A section, or a section and a key in it."""


def line_numbers(text: str) -> Mapping[Place, int]:
    """The line, from 1, on which each section and each key of a valid TOML text is first named.

    A string of several lines may hold what looks like a key; it is then taken for one, which can
    only matter for a key of that name that stands further down.
    """
    found: dict[Place, int] = {}
    section: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            section = _parts(header[1])
            found.setdefault(section, number)
        elif key := _KEY.match(line):
            place = (*section, *_parts(key[1]))
            for length in range(len(section) + 1, len(place) + 1):
                found.setdefault(place[:length], number)
    return found


def _parts(name: str) -> Place:
    return tuple(part.strip("\"'") for part in _PART.findall(name))
