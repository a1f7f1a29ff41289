"""All sinks in one table, from which commands, lists and checks are derived."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import InputError, PlaybachError, PortError
from playbach.sinks.alsa import AlsaSink
from playbach.sinks.alsa_client import alsa_ports
from playbach.sinks.base import Sink
from playbach.sinks.file import FileSink
from playbach.sinks.fluidsynth import fluidsynth_sink
from playbach.sinks.jack import JackSink, jack_ports
from playbach.sinks.matching import likeliest
from playbach.sinks.midi import midi_sink
from playbach.sinks.midi_api import ALSA_DEVICE, midi_ports
from playbach.sinks.none import none_sink
from playbach.sinks.soundfont import require_driver, require_font, require_program


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a sink can be used on this machine, now.

    Attributes:
        usable: whether it would work if chosen.
        found: what is there, or what is missing.
        remedy: what would make it usable; ``""`` if it is.
    """

    usable: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SinkKind:
    """A kind of sink.

    Attributes:
        name: the word that chooses it.
        description: one line about it.
        make: makes one, given what ``--port`` said, or ``None``.
        availability: looks for what it needs; takes some milliseconds.
        audible: whether a listener hears it; such sinks are tried when none was asked for.
    """

    name: str
    description: str
    make: Callable[[str | None], Sink]
    availability: Callable[[], Availability]
    audible: bool = True


def _alsa() -> Availability:
    if not ALSA_DEVICE.exists():
        return Availability(
            False, f"no ALSA sequencer, {ALSA_DEVICE} is missing", "sudo modprobe snd-seq"
        )
    try:
        names = [port.name for port in alsa_ports()]
    except PortError as error:
        return _without(error)
    return _first_of(names, "the ALSA sequencer has no synth")


def _jack() -> Availability:
    try:
        names = jack_ports()
    except PortError as error:
        return _without(error)
    return _first_of(names, "no JACK server, or no synth on it")


def _midi() -> Availability:
    try:
        names = [f"{port.name} ({port.api})" for port in midi_ports()]
    except PortError as error:
        return _without(error)
    return _first_of(names, "no MIDI output port")


def _first_of(names: list[str], otherwise: str) -> Availability:
    index = likeliest(names)
    if index is None:
        return Availability(False, otherwise, "connect a MIDI synth, or start a software one")
    return Availability(True, names[index])


def _without(error: PlaybachError) -> Availability:
    """From an error that reads ``what is missing; what to do``, perhaps after ``sink NAME:``."""
    what, _, remedy = re.sub(r"^sink \w+: ", "", str(error)).partition("; ")
    return Availability(False, what, remedy)


def _fluidsynth() -> Availability:
    try:
        program = require_program()
        font = require_font()
        driver = require_driver(program)
    except PortError as error:
        return _without(error)
    return Availability(True, f"{program} with {font}, audio by {driver}")


def _make_fluidsynth(port: str | None) -> Sink:
    if port is not None:
        raise InputError(f"--port {port[:60]}: the sink fluidsynth has no ports; leave it out")
    return fluidsynth_sink()


def _make_file(port: str | None) -> Sink:
    if port is None:
        raise InputError("sink file: name the MIDI file to be written, such as --port out.mid")
    return FileSink(Path(port))


def _make_none(port: str | None) -> Sink:
    if port is not None:
        raise InputError(f"--port {port[:60]}: the sink none has no ports; leave it out")
    return none_sink()


def _always() -> Availability:
    return Availability(True, "always there")


# In order of preference when none was asked for.
SINKS = (
    SinkKind("alsa", "ALSA sequencer: the kernel sends each note on time", AlsaSink, _alsa),
    SinkKind("jack", "JACK or PipeWire: each note at its very frame", JackSink, _jack),
    SinkKind("midi", "any MIDI port: ALSA, JACK, CoreMIDI, Windows", midi_sink, _midi),
    SinkKind("fluidsynth", "a software synth started here", _make_fluidsynth, _fluidsynth),
    SinkKind("file", "a MIDI file, named by --port", _make_file, _always, audible=False),
    SinkKind("none", "keeps time and sends nowhere", _make_none, _always, audible=False),
)
SINK_NAMES = tuple(kind.name for kind in SINKS)


def find_kind(name: str) -> SinkKind:
    """The kind of sink of that name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    for kind in SINKS:
        if kind.name == name.strip().lower():
            return kind
    raise InputError(f"sink {name[:40]!r}: there is no such sink; choose {', '.join(SINK_NAMES)}")


def availability(kind: SinkKind) -> Availability:
    """Whether ``kind`` can be used; an error on the way is the answer, not a failure."""
    try:
        return kind.availability()
    except PlaybachError as error:
        return _without(error)
