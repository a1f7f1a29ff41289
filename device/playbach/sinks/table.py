"""All sinks in one table, from which commands, lists and checks are derived.

Each is imported when it is used: the process that sends uses one, and is to be there at once.
"""
# ruff: noqa: PLC0415 as above

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from playbach.errors import InputError, PlaybachError
from playbach.sinks.base import Sink
from playbach.sound.options import DEFAULT, SoundOptions


class Check(NamedTuple):
    """Something that was looked for: a line of ``playbach check``."""

    thing: str  # what was looked for
    found: bool  # whether it can be used on this machine, now
    detail: str  # what is there or missing
    remedy: str = ""  # what to do; ``""`` if nothing


class SinkKind(NamedTuple):
    """A kind of sink."""

    name: str  # the word that chooses it
    description: str  # one line about it
    maker: str  # module of this package, and what in it makes one, given what ``--port`` said
    # says what there is to play to, in some milliseconds; ``PlaybachError`` if nothing is
    look: Callable[[], str]
    audible: bool = True  # whether a listener hears it
    by_itself: bool = True  # whether it is tried when none was asked for
    has_ports: bool = True  # whether ``--port`` says anything to it
    sounds: bool = False  # whether it is a synth that runs here, to which ``SoundOptions`` matter

    def make(self, port: str | None, options: SoundOptions = DEFAULT) -> Sink:
        """One of them, not opened yet.

        Args:
            port: what ``--port`` said.
            options: how it sounds, if it is a synth that runs here.

        Raises:
            InputError: it has no ports, or needs one.
        """
        if port is not None and not self.has_ports:
            raise InputError(f"--port {port[:60]}: the sink {self.name} has no ports; leave it out")
        module, _, name = self.maker.partition(".")
        make = getattr(import_module(f"playbach.sinks.{module}"), name)
        given = [*([port] if self.has_ports else []), *([options] if self.sounds else [])]
        sink: Sink = make(*given)
        return sink


def _alsa() -> str:
    from playbach.sinks.alsa_client import alsa_library, alsa_ports

    alsa_library()
    return _first_of([port.name for port in alsa_ports()], "the ALSA sequencer has no synth")


def _jack() -> str:
    from playbach.sinks.jack import jack_ports

    return _first_of(jack_ports(), "no JACK server, or no synth on it")


def _midi() -> str:
    from playbach.sinks.midi_api import OUTPUT_APIS, midi_ports

    ports = midi_ports("MidiOut", OUTPUT_APIS)
    return _first_of([f"{port.name} ({port.api})" for port in ports], "no MIDI output port")


def _first_of(names: list[str], otherwise: str) -> str:
    from playbach.sinks.matching import first_index

    remedy = "connect a MIDI synth, or start a software one"
    return names[first_index(None, names, "", f"{otherwise}; {remedy}")]


def _fluidsynth() -> str:
    from playbach.sinks.soundfont import require_driver, require_font, require_program

    program = require_program()
    return f"{program} with {require_font()}, audio by {require_driver(program)}"


def _sound() -> str:
    from playbach.sinks.sound import ways_out
    from playbach.sinks.soundfont import require_font
    from playbach.sound.synth import library

    library()
    return f"libfluidsynth with {require_font()}, audio by {ways_out()}"


def _always() -> str:
    return "always there"


# In order of preference when none was asked for.
SINKS = (
    SinkKind("alsa", "ALSA sequencer: the kernel sends each note on time", "alsa.AlsaSink", _alsa),
    SinkKind("jack", "JACK or PipeWire: each note at its very frame", "jack.JackSink", _jack),
    SinkKind("midi", "any other MIDI port: CoreMIDI, Windows, ALSA", "midi.midi_sink", _midi),
    SinkKind(
        "fluidsynth", "a software synth started here", "fluidsynth.fluidsynth_sink", _fluidsynth,
        has_ports=False, sounds=True,
    ),
    SinkKind(
        "sound", "its own sound, each note at its very sample", "sound.SoundSink", _sound,
        sounds=True, by_itself=False,
    ),
    SinkKind("file", "a MIDI file, named by --port", "file.file_sink", _always, audible=False),
    SinkKind(
        "none", "keeps time and sends nowhere", "paced.none_sink", _always,
        audible=False, has_ports=False,
    ),
)  # fmt: skip
SYNTHS = tuple(kind.name for kind in SINKS if kind.sounds)
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


def check(kind: SinkKind) -> Check:
    """Whether ``kind`` can be used; an error on the way is the answer, not a failure."""
    try:
        return Check(f"sink {kind.name}", True, kind.look())
    except PlaybachError as error:
        what, _, remedy = re.sub(r"^sink \w+: ", "", str(error)).partition("; ")
        return Check(f"sink {kind.name}", False, what, remedy)
