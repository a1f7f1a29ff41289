"""Standard MIDI Files as bytes: chunks, variable-length quantities and events.

The format is that of the MIDI Manufacturers Association's "Standard MIDI Files 1.0" (RP-001). They
are only written here; ``playbach_train.corpus`` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

NOTE_OFF = 0x80
NOTE_ON = 0x90
PROGRAM_CHANGE = 0xC0
META = 0xFF

# Types of meta event.
TEXT = 0x01
TRACK_NAME = 0x03
MARKER = 0x06
END_OF_TRACK = 0x2F
SET_TEMPO = 0x51
TIME_SIGNATURE = 0x58
KEY_SIGNATURE = 0x59

_STATUS_BIT = 0x80


class Event(NamedTuple):
    """One event of a track.

    Attributes:
        tick: file ticks from the start of the track.
        status: 0x80 to 0xEF for a channel message, 0xFF for a meta event.
        kind: the type of a meta event, 0 to 127; 0 for a channel message.
        payload: the data bytes of a channel message, or of a meta event those after its length.
    """

    tick: int
    status: int
    kind: int
    payload: bytes


def serialise(events: Sequence[Event], ticks_per_quarter: int) -> bytes:
    """The bytes of a file of format 0.

    Args:
        events: of its only track, in order of time, the last one ``END_OF_TRACK``.
        ticks_per_quarter: 1 to 32767.
    """
    header = b"".join(number.to_bytes(2) for number in (0, 1, ticks_per_quarter))
    return _chunk(b"MThd", header) + _chunk(b"MTrk", b"".join(_parts(events)))


def variable_bytes(number: int) -> bytes:
    """``number`` (0 to 2^28 - 1) as a variable-length quantity.

    Groups of seven bits, the highest first; all bytes but the last have their top bit set.
    """
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | _STATUS_BIT)
    return bytes(reversed(groups))


def meta(tick: int, kind: int, payload: bytes = b"") -> Event:
    """A meta event of type ``kind``."""
    return Event(tick, META, kind, payload)


def text(tick: int, kind: int, words: str) -> Event:
    """A meta event that carries text, in UTF-8."""
    return meta(tick, kind, words.encode())


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4) + body


def _parts(events: Iterable[Event]) -> Iterator[bytes]:
    now = 0
    for event in events:
        yield variable_bytes(event.tick - now)
        now = event.tick
        yield bytes([event.status])
        if event.status == META:
            yield bytes([event.kind]) + variable_bytes(len(event.payload))
        yield event.payload
