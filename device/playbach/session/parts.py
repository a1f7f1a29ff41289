"""The parts that a session makes from its settings; tests give it makers of other parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playbach.player.controls import Controls, Voice
from playbach.sender.process import apart
from playbach.session.model import Model, load_model
from playbach.session.settings import Settings
from playbach.sinks.base import Sink
from playbach.sinks.choose import choose_sink
from playbach.sinks.clock_input import ClockInput
from playbach.sinks.clock_sources import clock_input

MakeSink = Callable[[Settings], Sink]
LoadModel = Callable[[Settings], Model]
MakeClock = Callable[[Settings], ClockInput | None]


def controls_of(settings: Settings) -> Controls:
    """What of the settings concerns how notes are sent."""
    voice = Voice(
        channel=settings.channel - 1,
        program=settings.program,
        velocity=settings.velocity,
        accent=settings.accent,
        volume=settings.volume,
        transpose=settings.transpose,
    )
    return Controls(voice, settings.tempo, clock=settings.clock_out)


def make_clock(settings: Settings) -> ClockInput | None:
    """The external clock that the settings name, not opened yet; ``None`` if they name none."""
    return None if settings.clock_in is None else clock_input(settings.clock_in)


def make_sink(settings: Settings) -> Sink:
    """The sink that the settings name, or the best there is.

    Raises:
        InputError: there is no such sink.
        PortError: no port fits.
    """
    return apart(choose_sink(settings.sink, settings.port).sink, settings.port)


@dataclass(frozen=True, slots=True)
class Parts:
    """Makers of what settings name.

    Attributes:
        make_sink: makes the sink.
        make_clock: makes the external clock, if the settings name one.
        load_model: loads the model.
    """

    make_sink: MakeSink = make_sink
    make_clock: MakeClock = make_clock
    load_model: LoadModel = load_model


PARTS = Parts()
