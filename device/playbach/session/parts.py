"""What a session makes from its settings, and the ports and instruments that they can name.

Tests give it makers of other parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playbach.midi.general_midi import INSTRUMENTS, Instrument
from playbach.playback.controls import ChannelSettings, Controls
from playbach.sender.process import apart
from playbach.session.input_port import MakeInput
from playbach.session.model import Model, load_model, manner_of
from playbach.session.settings import Settings, sound_of
from playbach.sinks.base import Sink
from playbach.sinks.choose import PortRow, choose_sink, list_inputs, list_ports
from playbach.sinks.midi_input import midi_input

__all__ = [
    "INSTRUMENTS",
    "PARTS",
    "Instrument",
    "Parts",
    "PortRow",
    "controls_of",
    "list_inputs",
    "list_ports",
]
MakeSink = Callable[[Settings], Sink]
LoadModel = Callable[[Settings], Model]


def controls_of(settings: Settings) -> Controls:
    """What of the settings concerns how notes are sent."""
    voice = ChannelSettings(
        channel=settings.channel - 1,
        program=settings.program,
        velocity=settings.velocity,
        accent=settings.accent,
        volume=settings.volume,
        transpose=settings.transpose,
    )
    return Controls(
        voice,
        settings.tempo,
        clock=settings.clock_out,
        manner=manner_of(settings),
        is_led=settings.clock_in is not None,
    )


def make_sink(settings: Settings) -> Sink:
    """The sink that the settings name, or the best there is.

    Raises:
        InputError: there is no such sink.
        PortError: no port fits.
    """
    options = sound_of(settings)
    choice = choose_sink(settings.sink, settings.port, options)
    return apart(choice.sink, choice.port, options)


@dataclass(frozen=True, slots=True)
class Parts:
    """Makers of what settings name."""

    make_sink: MakeSink = make_sink  # makes the sink
    make_input: MakeInput = midi_input  # makes the MIDI input of a name
    load_model: LoadModel = load_model  # loads the model


PARTS = Parts()
