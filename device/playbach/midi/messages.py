"""MIDI messages as bytes with a nominal time.

The bytes are those of the MIDI 1.0 Detailed Specification, tables I to V. One table holds all
kinds of message that are sent or understood here; a new kind is a new row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from playbach.timing import Seconds

NOTE_OFF = 0x80
NOTE_ON = 0x90
CONTROL_CHANGE = 0xB0
PROGRAM_CHANGE = 0xC0
POLY_PRESSURE = 0xA0
CHANNEL_PRESSURE = 0xD0
PITCH_BEND = 0xE0
SYSTEM = 0xF0
"""From here on a message has no channel."""
SONG_POSITION = 0xF2
CLOCK = 0xF8
START = 0xFA
CONTINUE = 0xFB
STOP = 0xFC
REAL_TIME = 0xF8
"""From here on a message is one byte, which may come within another message."""

VOLUME = 7
EXPRESSION = 11
ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123

CLOCKS_PER_QUARTER = 24
CLOCKS_PER_SONG_POSITION = 6
"""A song position counts sixteenth notes."""

MAX_DATA = 0x7F
MAX_CHANNEL = 0x0F
MAX_SONG_POSITION = 0x3FFF


class Field(NamedTuple):
    """A number in a message."""

    name: str  # of what it says
    low: int = 0  # the least value allowed
    high: int = MAX_DATA  # the greatest
    size: int = 1  # bytes that carry it, seven bits each, the least significant first

    def check(self, value: int) -> int:
        """``value`` again.

        Raises:
            ValueError: it is outside the range.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} {value}: it must be {self.low} to {self.high}")
        return value

    def encode(self, value: int) -> Iterable[int]:
        """The data bytes that carry ``value``.

        Raises:
            ValueError: it is outside the range.
        """
        self.check(value)
        return (value >> 7 * index & MAX_DATA for index in range(self.size))

    def decode(self, data: bytes) -> int:
        """The value that ``size`` data bytes carry."""
        return sum(byte << 7 * index for index, byte in enumerate(data))


class Kind(NamedTuple):
    """A kind of message."""

    name: str  # the specification's
    status: int  # its first byte; the channel is added below ``SYSTEM``
    fields: tuple[Field, ...] = ()  # what follows

    @property
    def size(self) -> int:
        """Bytes of a message."""
        return 1 + sum(field.size for field in self.fields)


_CHANNEL = Field("channel", high=MAX_CHANNEL)
_KEY = Field("key")

KINDS = {
    kind.status: kind
    for kind in (
        Kind("note off", NOTE_OFF, (_KEY, Field("velocity"))),
        # Velocity 0 would be a note-off.
        Kind("note on", NOTE_ON, (_KEY, Field("velocity", low=1))),
        Kind("control change", CONTROL_CHANGE, (Field("controller"), Field("value"))),
        Kind("program change", PROGRAM_CHANGE, (Field("program"),)),
        Kind("polyphonic pressure", POLY_PRESSURE, (_KEY, Field("pressure"))),
        Kind("channel pressure", CHANNEL_PRESSURE, (Field("pressure"),)),
        Kind("pitch bend", PITCH_BEND, (Field("bend", 0, 0x3FFF, size=2),)),
        Kind("song position", SONG_POSITION, (Field("sixteenths", 0, MAX_SONG_POSITION, size=2),)),
        Kind("clock", CLOCK),
        Kind("start", START),
        Kind("continue", CONTINUE),
        Kind("stop", STOP),
    )
}


class TimedMessage(NamedTuple):
    """A message and when it is to leave for the synth."""

    time: Seconds  # nominal seconds since the sink's origin
    data: bytes  # one complete message of a kind in ``KINDS``


def channel_message(status: int, channel: int, *values: int) -> bytes:
    """A message of a kind that has a channel.

    Raises:
        ValueError: a number is outside its range.
    """
    return _encode(status, _CHANNEL.check(channel), values)


def system_message(status: int, *values: int) -> bytes:
    """A message of a kind without a channel, such as ``CLOCK``.

    Raises:
        ValueError: a number is outside its range.
    """
    return _encode(status, 0, values)


def _encode(status: int, channel: int, values: Iterable[int]) -> bytes:
    pairs = zip(KINDS[status].fields, values, strict=True)
    return bytes((status | channel, *(byte for field, v in pairs for byte in field.encode(v))))


def kind_of(data: bytes) -> Kind | None:
    """The kind of a message that arrived; ``None`` if it is damaged or of no kind known here."""
    if not data:
        return None
    kind = KINDS.get(data[0] if data[0] >= SYSTEM else data[0] & 0xF0)
    if kind is None or len(data) != kind.size or max(data[1:], default=0) > MAX_DATA:
        return None
    return kind


def values_of(data: bytes) -> tuple[int, ...]:
    """The numbers in a message of a known kind, without the channel."""
    kind = kind_of(data)
    values, start = [], 1
    for field in kind.fields if kind else ():
        values.append(field.decode(data[start : start + field.size]))
        start += field.size
    return tuple(values)


class MessageParser:
    """Makes messages of bytes, however they were cut.

    It knows running status and bytes of real time within a message. System exclusive, damaged
    messages and kinds that are not in ``KINDS`` are dropped; a note-on of velocity 0 becomes a
    note-off.
    """

    def __init__(self) -> None:
        self._message = bytearray()
        self._kind: Kind | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are complete with ``data``, in order."""
        for byte in data:
            if byte >= REAL_TIME:
                if byte in KINDS:
                    yield bytes((byte,))
                continue
            if byte > MAX_DATA:
                self._message[:] = (byte,)
                self._kind = KINDS.get(byte if byte >= SYSTEM else byte & 0xF0)
            elif self._kind is not None:
                self._message.append(byte)
            if self._kind is not None and len(self._message) == self._kind.size:
                yield from self._complete()

    def _complete(self) -> Iterator[bytes]:
        message = bytes(self._message)
        status = message[0]
        if status & 0xF0 == NOTE_ON and not message[2]:
            message = bytes((NOTE_OFF | status & MAX_CHANNEL, message[1], 0x40))
        del self._message[1:]
        if status >= SYSTEM:
            # They have no running status.
            self._kind = None
        yield message


def note_on(channel: int, pitch: int, velocity: int) -> bytes:
    """``9c pp vv``: start a note; channel 0 to 15, pitch 0 to 127, velocity 1 to 127."""
    return channel_message(NOTE_ON, channel, pitch, velocity)


def note_off(channel: int, pitch: int) -> bytes:
    """``8c pp 40``: end a note, with the release velocity of a keyboard that has none."""
    return channel_message(NOTE_OFF, channel, pitch, 0x40)


def control_change(channel: int, controller: int, value: int) -> bytes:
    """``Bc nn vv``: set a controller; number and value 0 to 127."""
    return channel_message(CONTROL_CHANGE, channel, controller, value)


def volume(channel: int, value: int) -> bytes:
    """``Bc 07 vv``: the volume of a channel, 0 to 127."""
    return control_change(channel, VOLUME, value)


def program_change(channel: int, program: int) -> bytes:
    """``Cc pp``: choose an instrument, 0 to 127."""
    return channel_message(PROGRAM_CHANGE, channel, program)


def song_position(sixteenths: int) -> bytes:
    """``F2 ll mm``: where ``CONTINUE`` goes on, in sixteenth notes from the start, 0 to 16,383."""
    return system_message(SONG_POSITION, sixteenths)
