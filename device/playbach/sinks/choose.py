"""Choosing a sink, listing ports, and saying what is there and what is missing."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from playbach.errors import PortError
from playbach.sinks.alsa_client import alsa_ports
from playbach.sinks.base import ALSA_DEVICE, Sink
from playbach.sinks.jack import jack_ports
from playbach.sinks.jack_server import jack_is_running
from playbach.sinks.matching import OWN, find_port
from playbach.sinks.midi_api import APIS, JACK, OUTPUT_APIS, midi_ports
from playbach.sinks.paced import none_sink
from playbach.sinks.soundfont import INSTALL
from playbach.sinks.table import SINKS, Check, check, find_kind
from playbach.sound.options import DEFAULT, SoundOptions

_TO_HEAR = (
    f"to hear it: connect a MIDI synth, or '{INSTALL}', which needs a sound card or a sound "
    "server; 'playbach check' says more"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A sink and why it was chosen."""

    sink: Sink  # not opened yet
    # lines about what was found, what was chosen, what would make it audible
    explanation: tuple[str, ...]
    port: str | None = None  # what it was made with
    is_heard: bool = True  # whether something is known to be there that sounds


@dataclass(frozen=True, slots=True)
class PortRow:
    """A port that can be played to or listened to."""

    name: Annotated[str, "what --port is matched against"]
    api: Annotated[str, "the interface it is reached through"]
    sink: Annotated[str, 'the sink that reaches it; "" for an input']


def choose_sink(
    requested: str | None, port: str | None = None, options: SoundOptions = DEFAULT
) -> Choice:
    """The sink asked for, or the best there is.

    Args:
        requested: name of a sink, or ``None`` for the best.
        port: part of a port's name, a glob, or for the sink ``file`` the file.
        options: how a synth sounds that is started here.

    Raises:
        InputError: there is no sink of that name, or it has no ports.
        PortError: no port fits. That an explicitly named sink cannot be used shows on opening it.
    """
    if requested is not None:
        sink = find_kind(requested).make(port, options)
        explanation = (f"playing to: {sink.description}, as asked",)
        return Choice(sink, explanation, port, is_heard=sink.name != "none")
    if port == OWN:
        sink = _own_sink()
        return Choice(sink, (f"playing to: {sink.description}; connect a synth to it",), port)
    if port is not None:
        return _by_port(port, options)
    return _best(options)


def list_ports() -> list[PortRow]:
    """All ports that can be played to, those with the best timing first.

    Ports of ALSA are reached by the sink ``midi`` too; the better one is shown.
    """
    # What is not installed, or does not answer, 'playbach check' says. rtmidi reaches ALSA where
    # libasound cannot be loaded.
    rows: list[PortRow] = []
    with suppress(PortError):
        rows += [PortRow(port.name, "ALSA", "alsa") for port in alsa_ports()]
    with suppress(PortError):
        rows += [PortRow(name, JACK, "jack") for name in jack_ports()]
    reached = {row.api for row in rows}
    with suppress(PortError):
        apis = [api for api in OUTPUT_APIS if api not in reached]
        rows += [PortRow(port.name, port.api, "midi") for port in midi_ports("MidiOut", apis)]
    return rows


def list_inputs() -> list[PortRow]:
    """All ports that an external clock could come from.

    Where there is an ALSA sequencer those of other interfaces are not reached.
    """
    try:
        if ALSA_DEVICE.exists():
            return [PortRow(port.name, "ALSA", "") for port in alsa_ports(reading=True)]
        return [PortRow(port.name, port.api, "") for port in midi_ports("MidiIn", APIS.values())]
    except PortError:
        # Not installed, or JACK does not answer, as 'playbach check' says.
        return []


def checks() -> list[Check]:
    """What the sinks need, and whether it is there."""
    return [check(kind) for kind in SINKS if kind.audible]


def _by_port(pattern: str, options: SoundOptions) -> Choice:
    rows = list_ports()
    row = rows[find_port(pattern, [row.name for row in rows], "MIDI")]
    # Made with the pattern, not the name: numbers in names change when a synth comes back.
    sink = find_kind(row.sink).make(pattern, options)
    return Choice(sink, (f"playing to: {row.name} ({row.api}), as asked",), pattern)


def _best(options: SoundOptions) -> Choice:
    lines = []
    for kind in SINKS:
        if not (kind.audible and kind.by_itself):
            continue
        found = check(kind)
        lines.append(f"{kind.name}: {found.detail}{f' ({found.remedy})' if found.remedy else ''}")
        if found.found:
            sink = kind.make(None, options)
            return Choice(sink, (*lines, f"playing to: {sink.description}"))
    port = OWN if _has_own() else None
    sink = none_sink() if port is None else _own_sink()
    explanation = (*lines, f"playing to: {sink.description}", _TO_HEAR)
    return Choice(sink, explanation, port, is_heard=False)


def _has_own() -> bool:
    """Whether there can be a port of our own for certain."""
    return ALSA_DEVICE.exists() or sys.platform == "darwin" or jack_is_running()


def _own_sink() -> Sink:
    """One with a port of our own, where this system's programs look for ports."""
    with_jack = "jack" if jack_is_running() else "midi"
    return find_kind("alsa" if ALSA_DEVICE.exists() else with_jack).make(OWN)
