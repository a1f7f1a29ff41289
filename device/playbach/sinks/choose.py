"""Choosing a sink, listing ports, and saying what is there and what is missing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from playbach.errors import PortError
from playbach.sinks.alsa_client import alsa_ports
from playbach.sinks.base import Sink
from playbach.sinks.jack import jack_ports
from playbach.sinks.matching import find_port
from playbach.sinks.midi_api import ALSA_DEVICE, APIS, JACK, midi_ports
from playbach.sinks.none import none_sink
from playbach.sinks.soundfont import INSTALL
from playbach.sinks.table import SINKS, Availability, availability, find_kind

_TO_HEAR = (
    f"to hear it: connect a MIDI synth, or '{INSTALL}', which needs a sound card or a sound "
    "server; 'playbach check' says more"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A sink and why it was chosen.

    Attributes:
        sink: not opened yet.
        explanation: lines about what was found, what was chosen, what would make it audible.
    """

    sink: Sink
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortRow:
    """A port that can be played to or listened to.

    Attributes:
        name: what ``--port`` is matched against.
        api: the interface it is reached through.
        sink: the sink that reaches it; ``""`` for an input.
    """

    name: str
    api: str
    sink: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``playbach check``.

    Attributes:
        thing: what was looked for.
        found: whether it can be used.
        detail: what is there or missing.
        remedy: what to do; ``""`` if nothing.
    """

    thing: str
    found: bool
    detail: str
    remedy: str


def choose_sink(requested: str | None, port: str | None = None) -> Choice:
    """The sink asked for, or the best there is.

    Args:
        requested: name of a sink, or ``None`` for the best.
        port: part of a port's name, a glob, or for the sink ``file`` the file.

    Raises:
        InputError: there is no sink of that name, or it has no ports.
        PortError: no port fits. That an explicitly named sink cannot be used shows on opening it.
    """
    if requested is not None:
        sink = find_kind(requested).make(port)
        return Choice(sink, (f"playing to: {sink.description}, as asked",))
    if port is not None:
        return _by_port(port)
    return _best()


def list_ports() -> list[PortRow]:
    """All ports that can be played to, those with the best timing first.

    Ports of ALSA and JACK are reached by the sink ``midi`` too; the better one is shown.
    """
    # What is not installed, or does not answer, 'playbach check' says. rtmidi reaches ALSA and
    # JACK where their own libraries are missing.
    rows: list[PortRow] = []
    with suppress(PortError):
        rows += [PortRow(port.name, "ALSA", "alsa") for port in alsa_ports()]
    with suppress(PortError):
        rows += [PortRow(name, JACK, "jack") for name in jack_ports()]
    reached = {row.api for row in rows}
    with suppress(PortError):
        apis = [api for api in APIS.values() if api not in reached]
        rows += [PortRow(port.name, port.api, "midi") for port in midi_ports(apis=apis)]
    return rows


def list_inputs() -> list[PortRow]:
    """All ports that an external clock could come from.

    Where there is an ALSA sequencer those of other interfaces are not reached.
    """
    try:
        if ALSA_DEVICE.exists():
            return [PortRow(port.name, "ALSA", "") for port in alsa_ports(reading=True)]
        return [PortRow(port.name, port.api, "") for port in midi_ports("MidiIn")]
    except PortError:
        # Not installed, or JACK does not answer, as 'playbach check' says.
        return []


def checks() -> list[Check]:
    """What the sinks need, and whether it is there."""
    return [
        Check(f"sink {kind.name}", state.usable, state.found, state.remedy)
        for kind in SINKS
        if kind.audible
        for state in (availability(kind),)
    ]


def _by_port(pattern: str) -> Choice:
    rows = list_ports()
    row = rows[find_port(pattern, [row.name for row in rows], "MIDI")]
    # Made with the pattern, not the name: numbers in names change when a synth comes back.
    sink = find_kind(row.sink).make(pattern)
    return Choice(sink, (f"playing to: {row.name} ({row.api}), as asked",))


def _best() -> Choice:
    lines = []
    for kind in SINKS:
        if not kind.audible:
            continue
        state = availability(kind)
        lines.append(_line(kind.name, state))
        if state.usable:
            sink = kind.make(None)
            return Choice(sink, (*lines, f"playing to: {sink.description}"))
    sink = none_sink()
    return Choice(sink, (*lines, f"playing to: {sink.description}", _TO_HEAR))


def _line(name: str, state: Availability) -> str:
    remedy = f" ({state.remedy})" if state.remedy else ""
    return f"{name}: {state.found}{remedy}"
