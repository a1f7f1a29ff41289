"""From a file to a configuration: every mistake found at once, each with its line."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playbach.config.lines import Place, line_numbers
from playbach.config.schema import (
    BY_SECTION,
    LIVE_SECTIONS,
    Config,
    shown,
)
from playbach.errors import ConfigError, InputError
from playbach.files import at_home
from playbach.session.settings import Value, changed, check_sink

MAX_BYTES = 65_536
_LINE_OF_TOML = re.compile(r" \(at line (\d+), column \d+\)$")

Values = Mapping[tuple[str, str], Value]
"""Value by section and key."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where it comes from.

    Attributes:
        config: what holds.
        origins: ``FILE:LINE`` for each section and key that a file sets.
        path: the file, ``None`` if there is none.
    """

    config: Config
    origins: Mapping[tuple[str, str], str]
    path: Path | None


def load_config(path: Path | None) -> Loaded:
    """The defaults, changed by the file.

    Args:
        path: a TOML file, ``None`` for the defaults alone. The path of a model in it is relative
            to its folder.

    Raises:
        InputError: the file cannot be read at all.
        ConfigError: all that is wrong in it, a line each.
    """
    if path is None:
        return Loaded(Config(), {}, None)
    text = _read(path)
    document, lines = _parsed(path, text), line_numbers(text)
    values, mistakes = _checked(path, document, lines)
    try:
        config = _built(values, path.parent)
        check_sink(config.settings)
    except InputError as error:
        mistakes.append(f"{path}: {error}")
    if mistakes:
        raise ConfigError(mistakes)
    return Loaded(config, {place: _where(path, lines, place) for place in values}, path)


def find_config(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The user's own file, ``$XDG_CONFIG_HOME/playbach/config.toml``, if it is there."""
    home = environment.get("XDG_CONFIG_HOME", "")
    base = Path(home) if home.startswith("/") else at_home("~/.config")
    path = base / "playbach" / "config.toml"
    return path if path.exists() else None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES:,} bytes; not a configuration")
        return content.decode()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; give a TOML file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; give a TOML file") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    # ValueError: not TOML, or a number of thousands of digits; the other: nested as deeply.
    except (ValueError, RecursionError) as error:
        said = str(error)
        line = _LINE_OF_TOML.search(said)
        where = f"{path}:{line[1]}" if line else f"{path}"
        what = said[: line.start()] if line else said
        raise InputError(f"{where}: not TOML: {what}; see 'playbach config'") from error


def _checked(
    path: Path, document: Mapping[str, Any], lines: Mapping[Place, int]
) -> tuple[dict[tuple[str, str], Value], list[str]]:
    """The values that are right, and a line about each that is not."""
    values: dict[tuple[str, str], Value] = {}
    mistakes: list[str] = []
    for section, table in document.items():
        where = _where(path, lines, (section,))
        if section not in BY_SECTION or not isinstance(table, dict):
            mistakes.append(f"{where}: {_no_section(section, table)}")
            continue
        for name, given in table.items():
            where = _where(path, lines, (section, name))
            key = BY_SECTION[section].get(name)
            if key is None:
                mistakes.append(f"{where}: {_no_key(section, name)}")
                continue
            try:
                values[section, name] = key.parse(given)
            except InputError as error:
                mistakes.append(f"{where}: {error}")
    return values, mistakes


def _where(path: Path, lines: Mapping[Place, int], place: Place) -> str:
    # Without a line only where somebody writes keys in a way that hides it, over several lines.
    return f"{path}:{lines[place]}" if place in lines else str(path)


def _no_section(name: str, given: object) -> str:
    if name in BY_SECTION:
        return f"{name} {shown(given)}: it must be a section, [{name}], with keys under it"
    homes = [section for section, keys in BY_SECTION.items() if name in keys]
    if homes:
        return f"{name}: it belongs under [{homes[0]}]"
    return f"there is no section {shown(name)}{_near(name, list(BY_SECTION))}"


def _no_key(section: str, name: str) -> str:
    homes = [other for other, keys in BY_SECTION.items() if name in keys]
    if homes:
        return f"{name}: it belongs under [{homes[0]}], not [{section}]"
    return f"[{section}] has no key {shown(name)}{_near(name, list(BY_SECTION[section]))}"


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:40].lower(), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _built(values: Values, folder: Path) -> Config:
    live = {name: value for (section, name), value in values.items() if section in LIVE_SECTIONS}
    if live.get("bundle"):
        live["bundle"] = str(folder.resolve() / str(live["bundle"]))
    default = Config()
    return Config(
        settings=changed(default.settings, live),
        recording=replace(default.recording, **_of(values, "recording")),
        page=replace(default.page, **_of(values, "page")),
        service=replace(default.service, **_of(values, "service")),
    )


def _of(values: Values, section: str) -> dict[str, Any]:
    return {name: value for (of, name), value in values.items() if of == section}
