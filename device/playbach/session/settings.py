"""The live settings: one row each, from which command line, configuration, page and docs derive.

To add a setting, add a field to ``Settings`` and a row to ``TABLE``; a test holds the two equal.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum

from playbach.errors import InputError
from playbach.music.form import FORMS, parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.sinks.table import SINK_NAMES, find_kind

Value = bool | int | float | str | None
"""What a setting can be; also what JSON and TOML can say."""

MOST_TEXT = 1_000
"""Characters of a text setting: a path or a list of names of ports."""
_NOTHING = ("none", "auto")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Acts(Enum):
    """When a change is heard."""

    NEXT_NOTE = "next note"
    SOON = "within two seconds"
    NEXT_MOVEMENT = "next movement"
    AT_ONCE = "at once"


@dataclass(frozen=True, slots=True)
class Settings:
    """All live settings at one moment; ``TABLE`` says what each of them means and allows."""

    tempo: float | None = None
    transpose: int = 0
    volume: int = 100
    velocity: int = 80
    accent: int = 8
    program: int | None = 42
    channel: int = 1
    temperature: float = 1.0
    shift_temperature: float | None = None
    pitch_temperature: float | None = None
    duration_temperature: float | None = None
    top_p: float = 0.97
    memory: float = 1.0
    playable: bool = False
    form: str | None = None
    key: str | None = None
    meter: str | None = None
    repeats: bool = False
    bundle: str | None = None
    variant: str | None = None
    fallback: bool = True
    sink: str | None = None
    port: str | None = None
    clock_out: bool = False
    clock_in: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table.

    Attributes:
        name: the field of ``Settings``, and the word in configuration, page and messages.
        kind: ``float``, ``int``, ``bool`` or ``str``.
        about: one line for help, page and documentation.
        acts: when a change is heard.
        low: least value of a number, else ``None``.
        high: greatest value of a number, else ``None``.
        unit: of a number, ``""`` if it has none.
        nothing: what ``None`` means; ``""`` where there must be a value.
        canonical: brings a text into its one spelling, or raises ``InputError``.
        choices: the words allowed, for a page's menu; empty where any text will do.
    """

    name: str
    kind: type[bool | int | float | str]
    about: str
    acts: Acts
    low: float | None = None
    high: float | None = None
    unit: str = ""
    nothing: str = ""
    canonical: Callable[[str], str] | None = None
    choices: tuple[str, ...] = ()

    @property
    def default(self) -> Value:
        """What holds when nobody asks for anything."""
        value: Value = getattr(DEFAULTS, self.name)
        return value

    @property
    def option(self) -> str:
        """Its option on the command line, such as ``--top-p``."""
        return "--" + self.name.replace("_", "-")

    @property
    def allowed(self) -> str:
        """What may be given, such as ``10 to 400, or auto (the tempo of the form)``."""
        if self.kind is bool:
            return "true or false"
        if self.low is not None and self.high is not None:
            text = f"{self.low:g} to {self.high:g} {self.unit}".rstrip()
        else:
            text = ", ".join(self.choices) or "text"
        return f"{text}, or auto ({self.nothing})" if self.nothing else text

    def parse(self, given: object) -> Value:
        """The value that ``given`` says: a value of this kind, or a text that spells one.

        Raises:
            InputError: it is not allowed; one line that says what is.
        """
        word = given.strip().lower() if isinstance(given, str) else None
        if given is None or (self.nothing and word in _NOTHING and word not in self.choices):
            if not self.nothing:
                raise self._refusal(given)
            return None
        if self.kind is bool:
            return self._flag(given, word)
        if self.kind is str:
            return self._text(given)
        return self._number(given)

    def _flag(self, given: object, word: str | None) -> bool:
        if isinstance(given, bool):
            return given
        if word in (*_TRUE, *_FALSE):
            return word in _TRUE
        raise self._refusal(given)

    def _text(self, given: object) -> str:
        if not isinstance(given, str) or not given.isprintable() or len(given) > MOST_TEXT:
            raise self._refusal(given)
        if self.canonical:
            return self.canonical(given)
        if not given.strip():
            raise self._refusal(given)
        return given.strip()

    def _number(self, given: object) -> int | float:
        try:
            if isinstance(given, bool) or not isinstance(given, str | int | float):
                raise self._refusal(given)
            # More characters than any number in range needs; int() of a long text takes long.
            if isinstance(given, str) and len(given) > 40:  # noqa: PLR2004 as the line above says
                raise self._refusal(given)
            number = float(given)
            if self.kind is int and not number.is_integer():
                raise self._refusal(given)
        except (ValueError, OverflowError) as error:
            raise self._refusal(given) from error
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        # Written so that NaN is refused too.
        if not low <= number <= high:
            raise self._refusal(given)
        return int(number) if self.kind is int else number

    def _refusal(self, given: object) -> InputError:
        shown = repr(given) if isinstance(given, str | int | float | bool) else type(given).__name__
        if self.kind is not str and isinstance(given, str) and given.isprintable():
            shown = given.strip() or shown
        kind = "a whole number, " if self.kind is int else ""
        return InputError(f"{self.name} {shown[:60]}: it must be {kind}{self.allowed}")


def _form(text: str) -> str:
    return parse_form(text).name


def _key(text: str) -> str:
    return str(parse_key(text))


def _sink(text: str) -> str:
    return find_kind(text).name


def _meter(text: str) -> str:
    return str(parse_meter(text))


DEFAULTS = Settings()
_NOTE, _SOON, _MOVEMENT = Acts.NEXT_NOTE, Acts.SOON, Acts.NEXT_MOVEMENT


def _part(part: str, what: str) -> Setting:
    name = f"{part}_temperature"
    return Setting(name, float, f"temperature of {what}", _SOON, 0.05, 5, nothing="the temperature")


TABLE = (
    Setting(
        "tempo", float, "tempo of everything", _NOTE, 10, 400, "felt beats per minute",
        "each form has its own",
    ),
    Setting("transpose", int, "moves all pitches", _NOTE, -24, 24, "semitones"),
    Setting("volume", int, "MIDI volume, controller 7", _NOTE, 0, 127),
    Setting("velocity", int, "how hard each note is struck", _NOTE, 1, 127),
    Setting("accent", int, "added to the velocity on the first beat of a bar", _NOTE, 0, 40),
    Setting(
        "program", int, "General MIDI instrument; 42 is the cello", _NOTE, 0, 127, "",
        "the synth stays as it is",
    ),
    Setting("channel", int, "MIDI channel", _NOTE, 1, 16),
    Setting(
        "temperature", float, "1 as learned, lower is safer, higher is bolder", _SOON, 0.05, 5
    ),
    _part("shift", "when notes begin"),
    _part("pitch", "pitches"),
    _part("duration", "durations"),
    Setting("top_p", float, "choose among the likeliest notes with this share", _SOON, 0.01, 1),
    Setting(
        "memory", float, "how strongly a piece returns to its own motifs; 1 as learned", _SOON, 0, 2
    ),
    Setting("playable", bool, "only chords that a cellist's hand can stop", _SOON),
    Setting(
        "form", str, "every movement of this form", _SOON, nothing="suites", canonical=_form,
        choices=tuple(form.name for form in FORMS),
    ),
    Setting(
        "key", str, "every movement in this key, such as D minor", _SOON,
        nothing="each suite has its own", canonical=_key,
    ),
    Setting(
        "meter", str, "every movement in this meter, such as 3/4", _MOVEMENT,
        nothing="as often as Bach has them in the form", canonical=_meter,
    ),
    Setting("repeats", bool, "play each half of a dance twice", _MOVEMENT),
    Setting("bundle", str, "file of the model", _MOVEMENT, nothing="the one included"),
    Setting("variant", str, "variant of the model", _MOVEMENT, nothing="the bundle's own choice"),
    Setting(
        "fallback", bool, "where there is no Edge TPU, or none any more, the processor takes over",
        _MOVEMENT,
    ),
    Setting(
        "sink", str, "what plays the notes", Acts.AT_ONCE, nothing="the best there is",
        canonical=_sink, choices=SINK_NAMES,
    ),
    Setting(
        "port", str, "names or patterns of MIDI ports, best first", Acts.AT_ONCE,
        nothing="the likeliest synth",
    ),
    Setting("clock_out", bool, "send MIDI clock, 24 to the quarter note", _NOTE),
    Setting(
        "clock_in", str, "MIDI input whose clock the tempo follows", Acts.AT_ONCE,
        nothing="an own clock",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Setting] = {row.name: row for row in TABLE}


def find_setting(name: str) -> Setting:
    """The row of that name.

    Raises:
        InputError: there is none; the message names the nearest.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    near = difflib.get_close_matches(name[:40], BY_NAME, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InputError(
        f"setting {name[:40]!r}: there is no such setting{hint}; there are {', '.join(BY_NAME)}"
    )


def changed(settings: Settings, wanted: Mapping[str, object]) -> Settings:
    """``settings`` with what is wanted, all of it or, if any is refused, none.

    Args:
        settings: as they are.
        wanted: value or text by name of setting.

    Raises:
        InputError: a name or value is not allowed.
    """
    # Every value comes from the parser of its own row, which mypy cannot know.
    new = {name: find_setting(name).parse(value) for name, value in wanted.items()}
    settings = replace(settings, **new)  # type: ignore[arg-type]
    loudest = settings.velocity + settings.accent
    if loudest > 127:  # noqa: PLR2004 the greatest velocity
        raise InputError(
            f"velocity {settings.velocity} and accent {settings.accent}: together they must be at "
            "most 127"
        )
    return settings


def as_values(settings: Settings) -> dict[str, Value]:
    """The settings by name, as JSON, TOML and ``changed`` take them."""
    return {field.name: getattr(settings, field.name) for field in fields(settings)}
