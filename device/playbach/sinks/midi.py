"""Any MIDI output that rtmidi reaches but those of JACK, which are for the sink ``jack``."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from playbach.errors import PortAbsentError, PortError
from playbach.sinks.jack import jack_ports
from playbach.sinks.matching import first_port, preferred
from playbach.sinks.midi_api import OUTPUT_APIS, RtMidiPort
from playbach.sinks.paced import PacedSink
from playbach.timing import Seconds

_ABSENT = (
    "sink midi: there is no MIDI output port; connect a synth, or start one such as fluidsynth, "
    "and see 'playbach ports'"
)


class RtMidiOutput(RtMidiPort):
    """One MIDI output port."""

    name = "midi"
    drain = Seconds(0.05)  # the system may hand it on from a thread of its own

    def __init__(self, pattern: str | None, apis: Iterable[str] = OUTPUT_APIS) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest. ``apis``: of ``APIS``."""
        super().__init__("MidiOut", apis, pattern, "out")

    def open(self) -> None:
        if self._is_own:
            self._publish()
            return
        try:
            self._take(first_port(self._pattern, self._scanner.ports(), "MIDI output", _ABSENT))
        except PortAbsentError as error:
            on_jack = port_of_jack(self._pattern)
            if on_jack is None:
                # Whoever waits for it looks on, with the same clients.
                raise
            raise PortError(
                f"sink midi: port {on_jack!r} is one of JACK, to which the sink jack plays; choose "
                "that (--sink jack)"
            ) from error

    def write(self, data: bytes) -> None:
        with self._using:
            if self._client is not None:
                self._client.rtmidi.send_message(data)


def port_of_jack(pattern: str | None) -> str | None:
    """The port of JACK that ``pattern`` names, or the likeliest; ``None`` if there is none."""
    names = []
    # Without the library there is none; 'playbach check' says of a server that hangs.
    with suppress(PortError):
        names = jack_ports()
    index = preferred(pattern, names)
    return None if index is None else names[index]


def midi_sink(pattern: str | None = None) -> PacedSink:
    """A sink over the MIDI output that ``pattern`` names, or the likeliest."""
    return PacedSink(RtMidiOutput(pattern))
