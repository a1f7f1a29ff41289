"""What is wrong with a bundle, said where the name of its file is not known."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

REMEDY = "copy the file again, or make it again with playbach-convert"
LONGEST_SHOWN = 60


class DefectError(Exception):
    """Something in a bundle is not allowed; the reader adds the file's name and the remedy.

    Attributes:
        remedy: what to do, in a few words.
    """

    def __init__(self, wrong: str, *, remedy: str = REMEDY) -> None:
        super().__init__(wrong)
        self.remedy = remedy


def shown(value: object) -> str:
    """A value from a file as it may stand in a message: one line, short, plain characters."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    try:
        text = json.dumps(value[:LONGEST_SHOWN] if isinstance(value, str) else value)
    except (TypeError, ValueError):
        text = ascii(value)
    if not text.isprintable():  # JSON leaves the last of ASCII as it is
        text = ascii(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint such as `` (did you mean "role"?)``, or no text when no word is near."""
    near = difflib.get_close_matches(word[:LONGEST_SHOWN], list(words), n=1)
    return f" (did you mean {shown(near[0])}?)" if near else ""


def shown_path(path: Path) -> str:
    """A path as it may stand in a message of one line."""
    return str(path) if str(path).isprintable() else ascii(str(path))
