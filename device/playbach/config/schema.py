"""What a configuration can say: one row for each key.

Live settings are the rows of ``playbach.session.settings``, sorted into sections; the others are
rows here. Checks and ``playbach config`` follow from ``SECTIONS``, and so does the file of
defaults: after a change, ``playbach config > device/playbach/config/default.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from playbach.errors import InputError
from playbach.page_address import Address, parse_address
from playbach.session.settings import BY_NAME, TABLE, Setting, Settings, Value

MOST_MEGABYTES = 1_000_000
NOWHERE = "off"
"""The address of a page that is not served."""
LEVELS = ("debug", "info", "warning", "error")
"""How much the log says, most first."""
_MOST_PATH = 1_000
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Service:
    """What concerns the program, not the music.

    Attributes:
        log_level: the least that is logged, one of ``LEVELS``.
        remember: whether changes made while it runs survive a restart.
    """

    log_level: str = "info"
    remember: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """What of the music is kept.

    Attributes:
        folder: each movement is saved here as a MIDI file, a relative path being one in the
            state folder; ``None`` saves none.
        megabytes: size that the folder may reach before the oldest movements are deleted.
    """

    folder: str | None = None
    megabytes: int = 100


@dataclass(frozen=True, slots=True)
class Page:
    """The page in a browser.

    Attributes:
        address: where it is served, ``HOST:PORT``; ``off`` for nowhere.
        models: folder whose bundles can be chosen there; ``None`` for the included one alone.
    """

    address: str = str(Address())
    models: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration.

    Attributes:
        settings: what can be changed while it plays, as it is at the start.
        recording: what is kept.
        page: the page in a browser.
        service: the program itself.
    """

    settings: Settings = field(default_factory=Settings)
    recording: Recording = field(default_factory=Recording)
    page: Page = field(default_factory=Page)
    service: Service = field(default_factory=Service)


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the configuration.

    Attributes:
        name: as it stands in the file.
        about: one line: what it means.
        allowed: what may be given, such as ``1 to 16``.
        acts: when a change takes effect, such as ``at the next start``.
        default: what holds when the file says nothing.
        parse: the value that a value of TOML stands for; ``InputError`` says why there is none.
    """

    name: str
    about: str
    allowed: str
    acts: str
    default: Value
    parse: Callable[[object], Value]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the configuration.

    Attributes:
        name: as it stands in brackets.
        about: one line: what it is for.
        keys: in the order of the file.
    """

    name: str
    about: str
    keys: tuple[Key, ...]


def _flag(name: str) -> Callable[[object], bool]:
    def parse(given: object) -> bool:
        if not isinstance(given, bool):
            raise InputError(f"{name} {shown(given)}: it must be true or false")
        return given

    return parse


def _word(name: str, choices: tuple[str, ...]) -> Callable[[object], str]:
    def parse(given: object) -> str:
        if not isinstance(given, str) or given.lower() not in choices:
            raise InputError(f"{name} {shown(given)}: it must be {' or '.join(choices)}")
        return given.lower()

    return parse


def _whole(name: str, low: int, high: int) -> Callable[[object], int]:
    def parse(given: object) -> int:
        if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
            raise InputError(
                f"{name} {shown(given)}: it must be a whole number, {low:,} to {high:,}"
            )
        return given

    return parse


def _folder(name: str) -> Callable[[object], str | None]:
    def parse(given: object) -> str | None:
        if not isinstance(given, str) or not given.isprintable() or len(given) > _MOST_PATH:
            raise InputError(f"{name} {shown(given)}: it must be the path of a folder, or auto")
        return None if given.strip().lower() in {"", "auto"} else given

    return parse


def _address(given: object) -> str:
    if not isinstance(given, str):
        raise InputError(f"address {shown(given)}: it must be HOST:PORT in quotes, or off")
    return NOWHERE if given.strip().lower() == NOWHERE else str(parse_address(given))


def shown(given: object) -> str:
    """A value as a message may quote it, however long it is."""
    text = repr(given)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _live(rows: Iterable[Setting]) -> tuple[Key, ...]:
    return tuple(
        Key(row.name, row.about, row.allowed, row.acts.value, row.default, row.parse)
        for row in rows
    )


_SOUND = ("sink", "port", "program", "channel", "volume", "velocity", "accent", "clock_out",
          "clock_in")  # fmt: skip
_MODEL = ("bundle", "variant", "fallback")
_START, _RELOAD = "at the next start", "at once"

SECTIONS = (
    Section(
        "music", "What is composed.",
        _live(row for row in TABLE if row.name not in {*_SOUND, *_MODEL}),
    ),
    Section(
        "sound", "Where it is played, and how.", _live(BY_NAME[name] for name in _SOUND),
    ),
    Section("model", "The network that composes.", _live(BY_NAME[name] for name in _MODEL)),
    Section(
        "recording", "What is saved of the music.",
        (
            Key("folder", "movements are saved here as MIDI files; a relative path is one in the "
                "state folder", "a path, or auto (nothing is saved)", _START, None,
                _folder("folder")),
            Key("megabytes", "size that this folder may reach before the oldest movements are "
                "deleted", f"1 to {MOST_MEGABYTES:,} megabytes", _START, Recording().megabytes,
                _whole("megabytes", 1, MOST_MEGABYTES)),
        ),
    ),
    Section(
        "page", "The page in a browser.",
        (
            Key("address", "where it is served; beyond this machine only with the link that "
                "'playbach page' prints", "HOST:PORT, such as 0.0.0.0:8420 for the whole network, "
                "or off", _START, Page().address, _address),
            Key("models", "bundles in this folder can be chosen there; a relative path is one in "
                "the state folder", "a path, or auto (only the model that is included)",
                _START, None, _folder("models")),
        ),
    ),
    Section(
        "service", "The program itself.",
        (
            Key("log_level", "the least that is logged", " or ".join(LEVELS), _RELOAD,
                Service().log_level, _word("log_level", LEVELS)),
            Key("remember", "changes made while it runs survive a restart", "true or false",
                _START, Service().remember, _flag("remember")),
        ),
    ),
)  # fmt: skip
BY_SECTION: Mapping[str, Mapping[str, Key]] = {
    section.name: {key.name: key for key in section.keys} for section in SECTIONS
}
LIVE_SECTIONS = ("music", "sound", "model")
"""Sections whose keys are live settings."""
