"""The live settings: one row each, from which command line, configuration, page and docs derive.

To add a setting, add a field to ``Settings`` and a row to ``TABLE``; a test holds the two equal.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace

from playbach.errors import InputError
from playbach.music.form import FORMS, parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.session.setting import Acts, Setting
from playbach.session.values import DEFAULTS, Settings, Value
from playbach.sinks.table import SINK_NAMES, find_kind

__all__ = [
    "BY_NAME",
    "DEFAULTS",
    "TABLE",
    "Acts",
    "Setting",
    "Settings",
    "Value",
    "as_values",
    "changed",
    "check_sink",
    "find_setting",
]


def _form(text: str) -> str:
    return parse_form(text).name


def _key(text: str) -> str:
    return str(parse_key(text))


def _sink(text: str) -> str:
    return find_kind(text).name


def _meter(text: str) -> str:
    return str(parse_meter(text))


_NOTE, _SOON, _MOVEMENT = Acts.NEXT_NOTE, Acts.SOON, Acts.NEXT_MOVEMENT


def _part(part: str, what: str) -> Setting:
    name = f"{part}_temperature"
    return Setting(name, float, f"temperature of {what}", _SOON, 0.05, 5, nothing="as temperature")


TABLE = (
    Setting(
        "tempo", float, "tempo of every movement", _NOTE, 10, 400, "felt beats per minute",
        "each form has its own",
    ),
    Setting("transpose", int, "moves every pitch up or down", _NOTE, -24, 24, "semitones"),
    Setting("volume", int, "MIDI volume, controller 7", _NOTE, 0, 127),
    Setting("velocity", int, "MIDI velocity of every note", _NOTE, 1, 127),
    Setting("accent", int, "added to the velocity on the first beat of a bar", _NOTE, 0, 40),
    Setting(
        "program", int, "General MIDI instrument, counted from 0; 42 is the cello", _NOTE, 0, 127,
        nothing="the synth stays as it is",
    ),
    Setting("channel", int, "MIDI channel", _NOTE, 1, 16),
    Setting(
        "temperature", float, "sampling temperature: 1 as learned, lower is safer, higher bolder",
        _SOON, 0.05, 5,
    ),
    _part("shift", "when notes begin"),
    _part("pitch", "pitches"),
    _part("duration", "durations"),
    Setting(
        "top_p", float, "draw from the likeliest choices that together have this probability",
        _SOON, 0.01, 1,
    ),
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
        nothing="as often as Bach uses each in the form", canonical=_meter,
    ),
    Setting("repeats", bool, "play each half of a dance twice", _MOVEMENT),
    Setting("bundle", str, "the model's bundle, a file", _MOVEMENT, nothing="the one included"),
    Setting(
        "variant", str, "numeric variant of the model, such as dynamic or int8", _MOVEMENT,
        nothing="the bundle's own choice",
    ),
    Setting(
        "fallback", bool, "the processor takes over where the Edge TPU is missing or unplugged",
        _MOVEMENT,
    ),
    Setting(
        "sink", str, "what plays the notes", Acts.AT_ONCE, nothing="the best there is",
        canonical=_sink, choices=SINK_NAMES,
    ),
    Setting(
        "port", str, "MIDI port: a name, part of one or a pattern; several with commas, best first",
        Acts.AT_ONCE, nothing="the likeliest synth",
    ),
    Setting("clock_out", bool, "send MIDI clock, start, stop and song position", _NOTE),
    Setting(
        "clock_in", str, "MIDI input whose clock sets the tempo and starts and stops the music",
        Acts.AT_ONCE, nothing="the program's own clock",
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


def check_sink(settings: Settings) -> None:
    """See that sink and port are such as a service can have, whether they are there or not.

    Raises:
        InputError: it is a file, which keeps no time; or a port is named, and it has none.
    """
    if settings.sink == "file":
        raise InputError("sink file: a service never ends, and a file has to; choose another sink")
    if settings.sink is not None:
        find_kind(settings.sink).make(settings.port)


def as_values(settings: Settings) -> dict[str, Value]:
    """The settings by name, as JSON, TOML and ``changed`` take them."""
    return {field.name: getattr(settings, field.name) for field in fields(settings)}
