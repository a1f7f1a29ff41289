"""From a file to a configuration: every mistake found at once, each with its line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.config.schema import SECTIONS, Config, Place
from playbach.errors import InputError
from playbach.files import at_home, read_toml
from playbach.schema import Mistakes, Value, changed, nearest, shown
from playbach.session.settings import GROUPS, check_sink

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where it comes from."""

    config: Config  # what holds
    origins: Mapping[Place, str]  # ``FILE:LINE`` for each section and key that a file sets
    path: Path | None  # the file, ``None`` if there is none


def load_config(path: Path | None) -> Loaded:
    """The defaults, changed by the file.

    Args:
        path: a TOML file, ``None`` for the defaults alone. The path of a model in it is relative
            to its folder.

    Raises:
        InputError: the file cannot be read at all, or all that is wrong in it, a line each.
    """
    if path is None:
        return Loaded(Config(), {}, None)
    text, document = read_toml(path)
    lines = line_numbers(text)
    mistakes = Mistakes()
    values = _checked(path, document, lines, mistakes)
    with mistakes.noted(f"{path}: "):
        config = _built(values, path.parent)
        check_sink(config.settings)
    mistakes.check()
    places = [(section, name) for section, keys in values.items() for name in keys]
    return Loaded(config, {place: _where(path, lines, place) for place in places}, path)


def find_config(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The user's own file, ``$XDG_CONFIG_HOME/playbach/config.toml``, if it is there."""
    home = environment.get("XDG_CONFIG_HOME", "")
    base = Path(home) if home.startswith("/") else at_home("~/.config")
    path = base / "playbach" / "config.toml"
    return path if path.exists() else None


def _checked(
    path: Path, document: Mapping[str, Any], lines: Mapping[Place, int], mistakes: Mistakes
) -> dict[str, dict[str, Value]]:
    """The values that are right, by section and key."""
    values: dict[str, dict[str, Value]] = {}
    for section, table in document.items():
        if mistakes.are_enough:
            break
        with mistakes.noted(f"{_where(path, lines, (section,))}: "):
            _check_section(section, table)
            for name, given in table.items():
                if mistakes.are_enough:
                    break
                with mistakes.noted(f"{_where(path, lines, (section, name))}: "):
                    _check_key(section, name)
                    value = SECTIONS[section][name].parse(given)
                    values.setdefault(section, {})[name] = value
    return values


def _where(path: Path, lines: Mapping[Place, int], place: Place) -> str:
    # Without a line only where somebody writes keys in a way that hides it, over several lines.
    return f"{path}:{lines[place]}" if place in lines else str(path)


def _check_section(name: str, given: object) -> None:
    if name in SECTIONS:
        if not isinstance(given, dict):
            raise InputError(f"{name} {shown(given)}: it must be a section, [{name}], with keys")
        return
    for section, keys in SECTIONS.items():
        if name in keys:
            raise InputError(f"{name}: it belongs under [{section}]")
    raise InputError(f"there is no section {shown(name)}{_near(name, SECTIONS)}")


def _check_key(section: str, name: str) -> None:
    for other, keys in SECTIONS.items():
        if name in keys and other != section:
            raise InputError(f"{name}: it belongs under [{other}], not [{section}]")
    if name not in SECTIONS[section]:
        raise InputError(f"[{section}] has no key {shown(name)}{_near(name, SECTIONS[section])}")


def _near(name: str, known: Mapping[str, object]) -> str:
    return nearest(name, known) or f"; there are {', '.join(known)}"


def _built(values: Mapping[str, Mapping[str, Value]], folder: Path) -> Config:
    live = {name: value for group in GROUPS for name, value in values.get(group, {}).items()}
    if live.get("bundle"):
        live["bundle"] = str(folder.resolve() / str(live["bundle"]))
    default = Config()
    return Config(
        settings=changed(default.settings, live),
        recording=changed(default.recording, values.get("recording", {})),
        page=changed(default.page, values.get("page", {})),
        osc=changed(default.osc, values.get("osc", {})),
        service=changed(default.service, values.get("service", {})),
    )


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
