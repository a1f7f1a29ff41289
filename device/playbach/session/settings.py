"""All live settings: command lines, configuration, state, page and documentation derive from here.

To add a setting, add a field to ``Settings``; if it belongs to a layer below, as most do, its type
is that of the layer's own field, which says its limits and its meaning.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, TypeAlias

from playbach.command_line import add_option, options_given
from playbach.composer.settings import (
    DurationTemperature,
    Memory,
    PitchTemperature,
    PlanStrength,
    Playable,
    Repeats,
    ShiftTemperature,
    Temperature,
    Tempo,
    TopP,
    check_bar,
    parse_temperatures,
)
from playbach.errors import InputError
from playbach.music.form import FORMS, parse_form
from playbach.music.key import PITCH_CLASSES, Key, Mode, parse_key
from playbach.music.meter import parse_meter
from playbach.performer.performer import Articulation, Dynamics, Expression
from playbach.playback.controls import (
    Accent,
    Program,
    Transpose,
    Velocity,
    Volume,
    check_loudest,
)
from playbach.schema import Setting, TakesEffect, Value, changed, settings_of
from playbach.session.commands import Command
from playbach.session.control_map import MEANING as MAPPED
from playbach.session.control_map import parse_controls
from playbach.session.hours import MEANING, canonical_hours
from playbach.sinks.table import SINK_NAMES, find_kind
from playbach.sound.options import DEFAULT as DEFAULT_SOUND
from playbach.sound.options import SoundOptions

GROUPS: Mapping[str, str] = {
    "music": "What is composed.",
    "sound": "Where it is played, and how.",
    "model": "The network that composes.",
    "hours": "When it plays.",
    "control": "What steers it: knobs, pedals and keys of a MIDI controller.",
}
"""Headings of the settings, each a section of the configuration, and what they are for."""
_NOTE, _MOVEMENT = TakesEffect.NEXT_NOTE, TakesEffect.NEXT_MOVEMENT
_AT_ONCE = TakesEffect.AT_ONCE
LISTEN_BEATS = ("played", "own")
"""Whose beat: found from what is played, or the one that the music has."""
_KEYS = tuple(str(Key(tonic, mode)) for mode in Mode for tonic in range(PITCH_CLASSES))


def _form(text: str) -> str:
    return parse_form(text).name


def _key(text: str) -> str:
    return str(parse_key(text))


def _meter(text: str) -> str:
    return str(check_bar(parse_meter(text)))


def _sink(text: str) -> str:
    return find_kind(text).name


def _controls(text: str) -> str:
    return parse_controls(text, TURNED, frozenset(command.value for command in Command))


@dataclass(frozen=True, slots=True)
class Settings:
    """All live settings at one moment.

    Raises:
        InputError: two that hold each other in bounds do not go together.
    """

    tempo: Tempo = None
    transpose: Transpose = 0
    form: Annotated[
        str | None,
        Setting(
            "every movement of this form", _MOVEMENT, group="music", label="Form",
            canonical=_form,
            choices=tuple(form.name for form in FORMS), none_means="suites",
        ),
    ] = None  # fmt: skip
    key: Annotated[
        str | None,
        Setting(
            "every movement in this key", _MOVEMENT, group="music", label="Key",
            canonical=_key, choices=_KEYS,
            meaning="a key, such as D minor, Bb, or f#", none_means="each suite has its own",
        ),
    ] = None  # fmt: skip
    meter: Annotated[
        str | None,
        Setting(
            "every movement in this meter", _MOVEMENT, group="music",
            canonical=_meter,
            meaning="a meter, such as 3/4", none_means="as often as Bach uses each in the form",
        ),
    ] = None  # fmt: skip
    repeats: Repeats = False
    temperature: Temperature = 1.0
    shift_temperature: ShiftTemperature = None
    pitch_temperature: PitchTemperature = None
    duration_temperature: DurationTemperature = None
    top_p: TopP = 0.97
    memory: Memory = 1.0
    plan: PlanStrength = 1.0
    playable: Playable = True
    sink: Annotated[
        str | None,
        Setting(
            "what plays the notes", _AT_ONCE, group="sound",
            canonical=_sink, choices=SINK_NAMES,
            none_means="the best there is",
        ),
    ] = None  # fmt: skip
    port: Annotated[
        str | None,
        Setting(
            "MIDI port: a name, part of one or a pattern; several with commas, best first; own for "
            "a port of its own that others connect to",
            _AT_ONCE, group="sound", label="Plays to", meaning="names",
            none_means="the likeliest synth",
        ),
    ] = None  # fmt: skip
    soundfont: Annotated[
        str | None,
        Setting(
            "sound font of the sinks fluidsynth and sound, a .sf2 or .sf3 file", _AT_ONCE,
            group="sound", meaning="a path", none_means="$SOUNDFONT, or the system's",
        ),
    ] = None  # fmt: skip
    gain: Annotated[
        float,
        Setting(
            "loudness of the sinks fluidsynth and sound, a factor", _AT_ONCE,
            group="sound", low=0, high=10,
        ),
    ] = DEFAULT_SOUND.gain  # fmt: skip
    reverb: Annotated[
        float,
        Setting("level of the sink sound's room", _AT_ONCE, group="sound", low=0, high=1),
    ] = DEFAULT_SOUND.reverb  # fmt: skip
    chorus: Annotated[
        float,
        Setting("level of the sink sound's chorus", _AT_ONCE, group="sound", low=0, high=10),
    ] = DEFAULT_SOUND.chorus  # fmt: skip
    effect: Annotated[
        str | None,
        Setting(
            "neural effect that the sink sound goes through, a .effect file", _AT_ONCE,
            group="sound", label="Effect", meaning="a path, or pedal, which is included",
            none_means="no effect",
        ),
    ] = None  # fmt: skip
    program: Program = 42
    channel: Annotated[int, Setting("MIDI channel", _NOTE, group="sound", low=1, high=16)] = 1
    volume: Volume = 100
    expression: Expression = 1.0
    dynamics: Dynamics = 1.0
    articulation: Articulation = 1.0
    velocity: Velocity = 80
    accent: Accent = 8
    clock_out: Annotated[
        bool, Setting("send MIDI clock, start, stop and song position", _NOTE, group="sound")
    ] = False
    clock_in: Annotated[
        str | None,
        Setting(
            "MIDI input whose clock sets the tempo and starts and stops the music", _AT_ONCE,
            group="sound", meaning="a name", none_means="the program's own clock",
        ),
    ] = None  # fmt: skip
    listen: Annotated[
        str | None,
        Setting(
            "MIDI input that is listened to: the music stops for who plays there, and answers "
            "after a bar of silence",
            _AT_ONCE, group="sound", meaning="a name", none_means="nobody",
        ),
    ] = None  # fmt: skip
    listen_beat: Annotated[
        str,
        Setting(
            "the beat that playing is heard against: that of the playing, or the music's own",
            _AT_ONCE, group="sound", choices=LISTEN_BEATS,
        ),
    ] = LISTEN_BEATS[0]  # fmt: skip
    answer: Annotated[
        int | None,
        Setting(
            "bars of an answer to who plays, after which it waits to be played to", _AT_ONCE,
            group="sound", low=1, high=64, unit="bars", none_means="it plays on",
        ),
    ] = None  # fmt: skip
    bundle: Annotated[
        str | None,
        Setting(
            "the model's bundle, a file", _MOVEMENT, group="model", label="Model",
            meaning="a path", none_means="the one included",
        ),
    ] = None  # fmt: skip
    variant: Annotated[
        str | None,
        Setting(
            "numeric variant of the model", _MOVEMENT, group="model",
            meaning="a name, such as dynamic or int8", none_means="the bundle's own choice",
        ),
    ] = None  # fmt: skip
    fallback: Annotated[
        bool,
        Setting(
            "the processor takes over where the Edge TPU is missing or unplugged", _MOVEMENT,
            group="model",
        ),
    ] = True  # fmt: skip
    hours: Annotated[
        str | None,
        Setting(
            "hours in which it plays, in local time; they end in a fade, and the next begin with "
            "another movement", TakesEffect.SOON, group="hours", label="Plays between",
            canonical=canonical_hours, meaning=MEANING, none_means="always",
        ),
    ] = None  # fmt: skip

    control_in: Annotated[
        str | None,
        Setting(
            "MIDI input whose controls steer it", _AT_ONCE, group="control",
            label="Controller", meaning="a name", none_means="no controller",
        ),
    ] = None  # fmt: skip
    controls: Annotated[
        str | None,
        Setting(
            "what each control does: settings that knobs turn, and commands",
            _AT_ONCE, group="control", canonical=_controls,
            meaning=f"pairs with commas, {MAPPED}", none_means="nothing",
        ),
    ] = None  # fmt: skip

    def __post_init__(self) -> None:
        check_loudest(self.velocity, self.accent)


MOST_SEED = 2**63 - 1
Seed: TypeAlias = Annotated[
    int | None,
    Setting(
        "random seed; the same seed gives the same music", low=0, high=MOST_SEED,
        none_means="one by chance",
    ),
]  # fmt: skip
TABLE = settings_of(Settings)
"""The settings by name."""
_DEVICES = frozenset(("sink", "port", "clock_in", "control_in", "listen", "soundfont", "effect"))
REMOTE: Mapping[str, Setting] = {
    name: setting
    for name, setting in TABLE.items()
    if setting.group != "model" and name not in _DEVICES
}
"""Settings of the music and its sound, not of files and devices: for who has no token."""
TURNED: Mapping[str, Setting] = {
    name: setting for name, setting in REMOTE.items() if setting.kind is not str or setting.choices
}
"""Those that a knob can turn or a key can switch."""
DEFAULTS = Settings()


def check_sink(settings: Settings) -> None:
    """See that sink and port are such as a service can have, whether they are there or not.

    Raises:
        InputError: it is a file, which keeps no time; or a port is named, and it has none.
    """
    if settings.sink == "file":
        raise InputError("sink file: a service never ends, and a file has to; choose another sink")
    if settings.sink is not None:
        find_kind(settings.sink).make(settings.port, sound_of(settings))


def sound_of(settings: Settings) -> SoundOptions:
    """What of the settings concerns a synth that runs here."""
    return SoundOptions(*(getattr(settings, name) for name in SoundOptions._fields))


def as_values(settings: Settings) -> dict[str, Value]:
    """The settings by name, as JSON, TOML and ``changed`` take them."""
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


def add_setting_arguments(
    parser: argparse.ArgumentParser,
) -> dict[str, argparse._ArgumentGroup]:
    """Add an option for each setting to a command; returns the groups, by name."""
    groups = {title: parser.add_argument_group(title) for title in GROUPS}
    groups["music"].description = (
        "--temperature may also be a number for each part of a note, as in "
        "1,shift=0.8,pitch=0.9,duration=0.7"
    )
    for setting in TABLE.values():
        add_option(groups[setting.group], setting)
    return groups


def settings_from(args: argparse.Namespace, default: Settings = DEFAULTS) -> Settings:
    """What the options ask for; the rest is as in ``default``.

    Raises:
        InputError: a line for each that is outside what is allowed.
    """
    wanted: dict[str, object] = options_given(args, TABLE)
    temperature = str(wanted.get("temperature", ""))
    if "=" in temperature or "," in temperature:
        # One number for each part of a note, as in ``1,pitch=0.9``.
        wanted |= {"temperature": default.temperature, **parse_temperatures(temperature)}
    return changed(default, wanted)


def seed_of(asked: int | None) -> int:
    """The seed that was asked for, else one by chance."""
    return secrets.randbelow(1_000_000) if asked is None else asked
