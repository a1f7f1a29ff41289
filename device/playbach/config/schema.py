"""What a configuration can say, and how it is written down.

Live settings are those of ``playbach.session.settings``, each in the section it names; the others
are fields here. Checks and ``playbach config`` follow from ``SECTIONS``, and so does the file of
defaults: after a change, ``playbach config > device/playbach/config/default.toml``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from playbach.address import Address, parse_address
from playbach.schema import Setting, TakesEffect, Value, settings_of
from playbach.session.settings import GROUPS, TABLE, Settings, as_values

NOWHERE = "off"
"""The address of a page that is not served, or of OSC that is neither heard nor sent."""
LEVELS = ("debug", "info", "warning", "error")
"""How much the log says, most first."""
_START, _RELOAD = TakesEffect.NEXT_START, TakesEffect.AT_ONCE
_WIDTH = 100
_INTRODUCTION = """\
Play Bach: every key there is, with its default. A file of your own needs only the keys that differ.

"playbach daemon" reads ~/.config/playbach/config.toml, or --config FILE. The service reads
/etc/playbach/config.toml, and reads it again after "systemctl reload playbach". "playbach play" has
options instead and reads no file. "auto" leaves the choice to the program. "playbach check" finds
mistakes; "playbach config --effective" shows the values in effect and where each comes from."""


def _address(text: str) -> str:
    return NOWHERE if text.lower() == NOWHERE else str(parse_address(text))


def _osc(text: str) -> str:
    return NOWHERE if text.lower() == NOWHERE else str(parse_address(text, "OSC address"))


@dataclass(frozen=True, slots=True)
class Recording:
    """What is saved of the music."""

    folder: Annotated[
        str | None,
        Setting(
            "movements are saved here as MIDI files; a relative path is one in the state folder",
            _START, meaning="the path of a folder", none_means="nothing is saved",
        ),
    ] = None  # fmt: skip
    megabytes: Annotated[
        int,
        Setting(
            "size that this folder may reach before the oldest movements are deleted",
            _START, low=1, high=1_000_000, unit="megabytes",
        ),
    ] = 100  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """The page in a browser."""

    address: Annotated[
        str,
        Setting(
            "where it is served; beyond this machine only with the link that 'playbach page' "
            "prints",
            _START, canonical=_address,
            meaning="HOST:PORT in quotes, such as 0.0.0.0:8420 for the whole network, or off",
        ),
    ] = str(Address())  # fmt: skip
    models: Annotated[
        str | None,
        Setting(
            "bundles in this folder can be chosen there; a relative path is one in the state "
            "folder",
            _START, meaning="the path of a folder", none_means="only the model that is included",
        ),
    ] = None  # fmt: skip
    certificate: Annotated[
        str | None,
        Setting(
            "certificate of your own, with its key, by which the page is served over HTTPS; a "
            "relative path is one in the state folder",
            _START, meaning="the path of a PEM file", none_means="plain HTTP",
        ),
    ] = None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Osc:
    """Open Sound Control over UDP."""

    receive: Annotated[
        str,
        Setting(
            "where settings and commands are heard; whoever can send there can steer",
            _START, canonical=_osc, meaning="HOST:PORT in quotes, such as 127.0.0.1:9000, or off",
        ),
    ] = NOWHERE  # fmt: skip
    send: Annotated[
        str,
        Setting(
            "where notes are sent as they are heard, and settings as they change",
            _START, canonical=_osc, meaning="HOST:PORT in quotes, such as 127.0.0.1:9001, or off",
        ),
    ] = NOWHERE  # fmt: skip


@dataclass(frozen=True, slots=True)
class Service:
    """The program itself."""

    log_level: Annotated[str, Setting("the least that is logged", _RELOAD, choices=LEVELS)] = "info"
    remember: Annotated[bool, Setting("changes made while it runs survive a restart", _START)] = (
        True
    )
    listen_back: Annotated[
        str | None,
        Setting(
            "where the service listens, again and again, whether what it plays is heard",
            _START, meaning="microphone, part of the name of a JACK port, or a device of ALSA",
            none_means="nobody listens",
        ),
    ] = None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration."""

    # what can be changed while it plays, as it is at the start
    settings: Settings = field(default_factory=Settings)
    recording: Recording = field(default_factory=Recording)  # what is kept
    page: Page = field(default_factory=Page)  # the page in a browser
    osc: Osc = field(default_factory=Osc)  # Open Sound Control
    service: Service = field(default_factory=Service)  # the program itself


SECTIONS: Mapping[str, Mapping[str, Setting]] = {
    **{
        group: {name: setting for name, setting in TABLE.items() if setting.group == group}
        for group in GROUPS
    },
    "recording": settings_of(Recording),
    "page": settings_of(Page),
    "osc": settings_of(Osc),
    "service": settings_of(Service),
}
"""The keys of each section by name, in the order of the file."""
ABOUT: Mapping[str, str] = {
    **GROUPS,
    "recording": "What is saved of the music.",
    "page": "The page in a browser.",
    "osc": "Open Sound Control: other programs steer it, and follow its notes.",
    "service": "The program itself.",
}
"""What each section is for."""
Place = tuple[str, ...]
"""A section, or a section and a key in it."""


def default_text() -> str:
    """The file of defaults; the package ships it, and a test holds the two equal."""
    return f"{_comment(_INTRODUCTION)}\n{_sections(_documented)}"


def effective_text(config: Config, origins: Mapping[Place, str]) -> str:
    """Every key with its value in effect, and beside it where that comes from."""
    values = flat(config)

    def line(section: str, key: Setting) -> str:
        place = section, key.name
        return f"{key.name} = {to_toml(values[place])}  # {origins.get(place, 'default')}"

    return _sections(line).lstrip()


def flat(config: Config) -> dict[Place, Value]:
    """Values by section and key."""
    live = as_values(config.settings)
    return {
        (section, name): live[name]
        if section in GROUPS
        else getattr(getattr(config, section), name)
        for section, keys in SECTIONS.items()
        for name in keys
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


def _documented(section: str, key: Setting) -> str:
    del section
    about = f"{key.help[0].upper()}{key.help[1:]}. A change takes effect {key.takes_effect.value}."
    allowed = f"Allowed: {key.range}."
    return f"{_comment(about)}\n{_comment(allowed)}\n{key.name} = {to_toml(key.default)}\n"


def _sections(line: Callable[[str, Setting], str]) -> str:
    parts = []
    for section, keys in SECTIONS.items():
        parts += ["", f"[{section}]  # {ABOUT[section]}"]
        parts += [line(section, key) for key in keys.values()]
    return "\n".join([*parts, ""])


def _comment(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n#\n".join(
        textwrap.fill(
            paragraph, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        for paragraph in paragraphs
    )
