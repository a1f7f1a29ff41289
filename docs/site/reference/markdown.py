"""Markdown for what is generated."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from inspect import getdoc
from typing import Any

_ATTRIBUTE = re.compile(r" {4}(\w+): (.*)$")
_FURTHER = " " * 8
"""How a docstring lists the fields of a class: a name, then lines that go on."""
_SIGNS = re.compile(r"([\\*_<>\[\]|#&$~^{}])|(?<!`)`(?!`)")


def plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _SIGNS.sub(lambda sign: f"\\{sign.group()}", text)


def code(text: str) -> str:
    """A text as code."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def block(text: str, language: str = "text") -> str:
    """A text as a block of code."""
    return f"```{language}\n{text.strip()}\n```"


def terms(rows: Iterable[tuple[str, str]]) -> str:
    """A list of terms, each with its meaning in Markdown."""
    return "\n\n".join(f"{term}\n{textwrap.indent(about, '  ').replace(' ', ':', 1)}"
                       for term, about in rows)  # fmt: skip


def summary(record: type[Any]) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((getdoc(record) or "").split("\n\n")[0].split())


def is_optional(one: Field[Any]) -> bool:
    """Whether a field of a dataclass has a default."""
    return one.default is not MISSING or one.default_factory is not MISSING


def fields_of(record: type[Any]) -> list[tuple[Field[Any], str]]:
    """The fields of a dataclass, in order, each with what its docstring says of it."""
    told = attributes(record)
    return [(one, told.get(one.name, "")) for one in fields(record)]


def attributes(record: type[Any]) -> dict[str, str]:
    """The meanings of a dataclass's fields from its docstring, by name; empty under ``-OO``."""
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
