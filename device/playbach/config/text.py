"""Configurations as TOML: the file of defaults that documents every key, and values in effect."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

from playbach.config.schema import SECTIONS, Config, Key, Section
from playbach.session.settings import Value, as_values

_WIDTH = 100
_INTRODUCTION = """\
Play Bach: every key there is, with its default. A file of your own needs only the keys that differ.

"playbach daemon" reads ~/.config/playbach/config.toml, or --config FILE. The service reads
/etc/playbach/config.toml, and reads it again after "systemctl reload playbach". "playbach play" has
options instead and reads no file. "auto" leaves the choice to the program. "playbach check" finds
mistakes; "playbach config --effective" shows the values in effect and where each comes from."""


def default_text() -> str:
    """The file of defaults; the package ships it, and a test holds the two equal."""
    return f"{_comment(_INTRODUCTION)}\n{_sections(_documented)}"


def effective_text(config: Config, origins: Mapping[tuple[str, str], str]) -> str:
    """Every key with its value in effect, and beside it where that comes from."""
    values = flat(config)

    def line(section: Section, key: Key) -> str:
        place = section.name, key.name
        return f"{key.name} = {to_toml(values[place])}  # {origins.get(place, 'default')}"

    return _sections(line).lstrip()


def flat(config: Config) -> dict[tuple[str, str], Value]:
    """Values by section and key."""
    live = as_values(config.settings)
    own = {"recording": config.recording, "page": config.page, "service": config.service}
    return {
        (section.name, key.name): getattr(own[section.name], key.name)
        if section.name in own
        else live[key.name]
        for section in SECTIONS
        for key in section.keys
    }


def to_toml(value: Value) -> str:
    """A value as TOML."""
    if value is None:
        return '"auto"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # What a setting may hold is printable, so these are all that need escaping.
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def _documented(section: Section, key: Key) -> str:
    del section
    about = f"{key.about[0].upper()}{key.about[1:]}. A change takes effect {key.acts}."
    allowed = f"Allowed: {key.allowed}."
    return f"{_comment(about)}\n{_comment(allowed)}\n{key.name} = {to_toml(key.default)}\n"


def _sections(line: Callable[[Section, Key], str]) -> str:
    parts = []
    for section in SECTIONS:
        parts += ["", f"[{section.name}]  # {section.about}"]
        parts += [line(section, key) for key in section.keys]
    return "\n".join([*parts, ""])


def _comment(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n#\n".join(
        textwrap.fill(
            paragraph, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        for paragraph in paragraphs
    )
