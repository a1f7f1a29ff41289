"""What docstrings say of fields, for ``--help`` and the reference."""

from __future__ import annotations

import re
from inspect import getdoc
from typing import Any

_ATTRIBUTE = re.compile(r" {4}(\w+): (.*)$")
_FURTHER = " " * 8


def attributes(record: type[Any]) -> dict[str, str]:
    """What the docstring of a dataclass says of its fields, by name; nothing under ``-OO``."""
    _, _, listed = (getdoc(record) or "").partition("Attributes:\n")
    told: dict[str, str] = {}
    last = ""
    for line in listed.splitlines():
        if begun := _ATTRIBUTE.match(line):
            last = begun[1]
            told[last] = begun[2]
        elif not line.startswith(_FURTHER):
            break
        else:
            told[last] += f" {line.strip()}"
    return told
