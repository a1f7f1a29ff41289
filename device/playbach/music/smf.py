"""Standard MIDI Files as bytes: chunks, variable-length quantities and events, read and written.

The format is that of the MIDI Manufacturers Association's "Standard MIDI Files 1.0" (RP-001).
A general MIDI library is not used for this, because files come from strangers: here a number is
at most four bytes, a length is checked before anything is read or kept, and system exclusive
messages are skipped instead of stored, so that time and memory are bounded by the limits below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from playbach.errors import MidiFileError
from playbach.music.meter import TICKS_PER_QUARTER

MAX_EVENTS = 250_000
MAX_TRACKS = 256
NOTE_OFF = 0x80
NOTE_ON = 0x90
PROGRAM_CHANGE = 0xC0
META = 0xFF
# Bytes after the status byte of a channel message, by the upper half of the status.
CHANNEL_DATA = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
SYSTEM_EXCLUSIVE = (0xF0, 0xF7)

# Types of meta event.
TEXT = 0x01
TRACK_NAME = 0x03
MARKER = 0x06
END_OF_TRACK = 0x2F
SET_TEMPO = 0x51
TIME_SIGNATURE = 0x58
KEY_SIGNATURE = 0x59

_VARIABLE_BYTES = 4
_STATUS_BIT = 0x80
_SMPTE_BIT = 0x8000


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


@dataclass(frozen=True, slots=True)
class MidiData:
    """What a file holds.

    Attributes:
        format: 0 for one track, 1 for tracks played together.
        ticks_per_quarter: 1 to 32767.
        tracks: the events of each track, in order of time.
    """

    format: int
    ticks_per_quarter: int
    tracks: tuple[tuple[Event, ...], ...]

    def on_grid(self, tick: int) -> int:
        """The tick of the grid nearest to ``tick`` of the file; of two as near, the later."""
        return (2 * tick * TICKS_PER_QUARTER // self.ticks_per_quarter + 1) // 2

    def is_on_grid(self, tick: int) -> bool:
        """Whether ``tick`` of the file falls on the grid exactly."""
        return tick * TICKS_PER_QUARTER % self.ticks_per_quarter == 0


class _Cursor:
    """A place in some bytes, which never runs past their end."""

    def __init__(self, content: bytes, what: str) -> None:
        self._content = content
        self._what = what
        self._place = 0

    @property
    def left(self) -> int:
        return len(self._content) - self._place

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise _damaged(f"{self._what} is cut short: {count} bytes expected, {self.left} left")
        taken = self._content[self._place : self._place + count]
        self._place += count
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def variable(self) -> int:
        number = 0
        for _ in range(_VARIABLE_BYTES):
            byte = self.byte()
            number = number << 7 | byte & 0x7F
            if byte < _STATUS_BIT:
                return number
        raise _damaged(f"{self._what} is damaged: a number of more than four bytes")

    def push_back(self) -> None:
        self._place -= 1


def parse(content: bytes) -> MidiData:
    """Read a whole file of format 0 or 1.

    Raises:
        MidiFileError: it is not such a file, is cut short or damaged, counts time in SMPTE
            frames, or holds more than ``MAX_EVENTS`` events or ``MAX_TRACKS`` tracks.
    """
    if not content:
        raise MidiFileError("the file is empty")
    if content[:4] != b"MThd":
        raise MidiFileError("not a MIDI file: it does not begin with MThd")
    chunks = _chunks(_Cursor(content, "the file"))
    header = _Cursor(next(chunks)[1], "the header")
    kind, track_count, division = (int.from_bytes(header.take(2)) for _ in range(3))
    _check_header(kind, track_count, division)
    tracks: list[tuple[Event, ...]] = []
    room = MAX_EVENTS
    for name, body in chunks:
        if name == b"MTrk":
            tracks.append(tuple(_events(_Cursor(body, f"track {len(tracks) + 1}"), room)))
            room -= len(tracks[-1])
        if len(tracks) == track_count:
            return MidiData(kind, division, tuple(tracks))
    raise _damaged(f"the file is cut short: {len(tracks)} of {track_count} tracks")


def serialise(midi: MidiData) -> bytes:
    """The bytes of a file; ``parse`` gives the same ``midi`` back.

    Each track must be in order of time and end with ``END_OF_TRACK``.
    """
    header = b"".join(
        number.to_bytes(2) for number in (midi.format, len(midi.tracks), midi.ticks_per_quarter)
    )
    return _chunk(b"MThd", header) + b"".join(_chunk(b"MTrk", _body(t)) for t in midi.tracks)


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


def words(payload: bytes) -> str:
    """The text of a meta event: UTF-8, or Latin-1 as older programs wrote."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload.decode("latin-1")


def _damaged(what: str) -> MidiFileError:
    return MidiFileError(f"{what}; export it anew")


def _check_header(kind: int, track_count: int, division: int) -> None:
    if kind not in (0, 1):
        raise MidiFileError(f"MIDI format {kind}: only formats 0 and 1 can be read; export it anew")
    if division & _SMPTE_BIT:
        raise MidiFileError(
            "time is counted in SMPTE frames: only ticks to the quarter note can be read; "
            "export it with musical time"
        )
    if division == 0:
        raise _damaged("the header is damaged: 0 ticks to the quarter note")
    if not 1 <= track_count <= MAX_TRACKS:
        raise MidiFileError(
            f"{track_count} tracks: 1 to {MAX_TRACKS} can be read; export it with fewer"
        )


def _chunks(file: _Cursor) -> Iterator[tuple[bytes, bytes]]:
    while file.left:
        name = file.take(4)
        yield name, file.take(int.from_bytes(file.take(4)))


def _events(track: _Cursor, room: int) -> Iterator[Event]:
    tick = status = count = 0
    while track.left:
        count += 1
        if count > room:
            raise MidiFileError(f"more than {MAX_EVENTS:,} events: split the file into movements")
        tick += track.variable()
        first = track.byte()
        if first == META:
            kind = track.byte()
            yield meta(tick, kind, track.take(track.variable()))
            if kind == END_OF_TRACK:
                return
        elif first in SYSTEM_EXCLUSIVE:
            track.take(track.variable())
        else:
            if first < _STATUS_BIT:
                track.push_back()
            else:
                status = first
            yield _channel_message(track, tick, status)


def _channel_message(track: _Cursor, tick: int, status: int) -> Event:
    length = CHANNEL_DATA.get(status & 0xF0)
    if length is None:
        what = f"status byte 0x{status:02X}" if status else "running status before any message"
        raise _damaged(f"the file is damaged: {what} at tick {tick}")
    payload = track.take(length)
    if max(payload) >= _STATUS_BIT:
        raise _damaged(f"the file is damaged: a number above 127 in a message at tick {tick}")
    return Event(tick, status, 0, payload)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4) + body


def _body(events: Sequence[Event]) -> bytes:
    return b"".join(_event_parts(events))


def _event_parts(events: Iterable[Event]) -> Iterator[bytes]:
    now = 0
    for event in events:
        yield variable_bytes(event.tick - now)
        now = event.tick
        yield bytes([event.status])
        if event.status == META:
            yield bytes([event.kind]) + variable_bytes(len(event.payload))
        yield event.payload
