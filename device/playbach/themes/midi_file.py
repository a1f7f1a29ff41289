"""Reads Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001), formats 0 and 1.

No more than a theme needs: notes, key, meter, upbeat. Training reads whole movements with a library
that the board does not need.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from playbach.errors import InputError
from playbach.midi.files import (
    KEY_SIGNATURE,
    META,
    SEQUENCER_SPECIFIC,
    TEXT,
    TIME_SIGNATURE,
    TRILLED,
    WRITTEN,
    numbers_of,
    written_notes,
)
from playbach.midi.messages import KINDS, NOTE_OFF, NOTE_ON, SYSTEM
from playbach.music.grid import WrittenNote
from playbach.music.key import Key, Mode
from playbach.music.key_finding import Signature
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.themes.said import MOST_NOTES, Said

DRUM_CHANNEL = 9
_HEADER = 14
_RIFF_HEADER = 20
"""Bytes before the MIDI file in a RIFF file of the kind RMID."""
_DATA = 0x7F
_MOST_SHARPS, _MOST_UNIT = 7, 5
_ABOUT = re.compile(rb"playbach form=[a-z]{1,20} pickup=([0-9]{1,4})")


class _Event(NamedTuple):
    """An event of a track: a channel message, or a meta event with its type in place of data."""

    tick: int  # of the file, since its start
    status: int
    data: bytes


def parse_midi(content: bytes) -> Said:
    """What a MIDI file says: of all tracks together, without drums.

    Raises:
        InputError: it is none, is damaged, or counts time in frames.
    """
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        content = content[_RIFF_HEADER:]
    division = _division(content)
    try:
        events = [event for track in _tracks(content) for event in _events(track)]
    except IndexError as error:
        raise InputError("the file is damaged: a track is cut short; export it anew") from error
    events.sort(key=lambda event: event.tick)
    metas = [event for event in events if event.status == META]
    notes = _as_written(metas, events, division) or list(_notes(events, division))
    meter, pickup = _meter(metas, division)
    return Said(notes, _signature(metas), meter, pickup)


def _division(content: bytes) -> int:
    """Ticks of the file to the quarter."""
    if content[:4] != b"MThd" or len(content) < _HEADER:
        raise InputError("not a MIDI file, or its header is cut short; export it anew")
    kind, _, division = (int.from_bytes(content[n : n + 2]) for n in (8, 10, 12))
    if kind not in (0, 1):
        raise InputError(f"MIDI format {kind}: only formats 0 and 1 can be read; export it anew")
    if division & 0x8000 or not division:
        raise InputError("time is not counted in ticks to the quarter note; export it so")
    return division


def _tracks(content: bytes) -> Iterator[bytes]:
    place = 8 + int.from_bytes(content[4:8])
    while place + 8 <= len(content):
        end = place + 8 + int.from_bytes(content[place + 4 : place + 8])
        if content[place : place + 4] == b"MTrk":
            yield content[place + 8 : end]
        place = end


def _events(track: bytes) -> Iterator[_Event]:
    """The events of a track; what is neither of a channel nor meta is passed over.

    Raises:
        IndexError: the track is cut short.
    """
    place, tick, running = 0, 0, 0
    while place < len(track):
        wait, place = _number(track, place)
        tick += wait
        if track[place] > _DATA:
            running, place = track[place], place + 1
        if running == META:
            kind = track[place]
            length, place = _number(track, place + 1)
            yield _Event(tick, META, bytes((kind,)) + track[place : place + length])
            place += length
        elif running >= SYSTEM:
            length, place = _number(track, place)
            place += length
        elif running:
            size = KINDS[running & 0xF0].size - 1
            if place + size > len(track):
                raise IndexError
            yield _Event(tick, running, track[place : place + size])
            place += size
        else:
            raise InputError("the file is damaged: data before any message; export it anew")


def _number(track: bytes, place: int) -> tuple[int, int]:
    """A variable-length quantity of at most four bytes, and the place after it."""
    number = 0
    for at in range(place, place + 4):
        number = number << 7 | track[at] & _DATA
        if track[at] <= _DATA:
            return number, at + 1
    raise InputError("the file is damaged: a number of more than four bytes; export it anew")


def _notes(events: list[_Event], division: int) -> Iterator[WrittenNote]:
    """The first struck of a pitch is the first released; what is never released has no end."""
    sounding: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
    count = 0
    for tick, status, data in events:
        channel, kind = status & 0x0F, status & 0xF0
        if kind not in (NOTE_ON, NOTE_OFF) or channel == DRUM_CHANNEL or max(data) > _DATA:
            continue
        starts = sounding[channel, data[0]]
        if kind == NOTE_ON and data[1]:
            starts.append(tick)
        elif starts:
            start = starts.popleft()
            length = Fraction(tick - start, division)
            yield WrittenNote(Fraction(start, division), data[0], length)
            count += 1
            if count >= MOST_NOTES:
                return


def _as_written(
    metas: list[_Event], events: list[_Event], division: int
) -> list[WrittenNote] | None:
    """The written notes of a performance of ours; ``None`` where they are not those played."""
    written: list[WrittenNote] = []
    trilled: Counter[int] = Counter()
    for tick, _, data in metas:
        said = data[1:] if data[0] == SEQUENCER_SPECIFIC else b""
        if said.startswith(WRITTEN):
            start = Fraction(tick, division)
            for note in written_notes(said, 0):
                onset = start + Fraction(note.onset, TICKS_PER_QUARTER)
                length = Fraction(note.duration, TICKS_PER_QUARTER)
                written.append(WrittenNote(onset, note.pitch, length))
        elif said.startswith(TRILLED):
            numbers = numbers_of(said[len(TRILLED) :])
            trilled.update(dict(zip(numbers[::2], numbers[1::2], strict=False)))
    played = Counter(data[0] for _, status, data in events if status & 0xF0 == NOTE_ON and data[1])
    is_played = played == trilled + Counter(note.pitch for note in written)
    return written if written and is_played else None


def _meter(metas: list[_Event], division: int) -> tuple[Meter | None, Fraction | None]:
    """The meter and the upbeat, which is written as a short first bar, or as a text of ours."""
    found = []
    about: Fraction | None = None
    for tick, _, data in metas:
        if data[0] == TIME_SIGNATURE and len(data) > 2 and data[2] <= _MOST_UNIT:  # noqa: PLR2004
            try:
                found.append((Fraction(tick, division), Meter(data[1], 2 ** data[2])))
            except InputError:
                continue
        elif data[0] == TEXT and (match := _ABOUT.fullmatch(data[1:])):
            about = Fraction(int(match[1]), TICKS_PER_QUARTER)
    if not found:
        return None, about
    if len(found) > 1:
        (_, short), (line, meter) = found[:2]
        bar = bar_of(short)
        if line == bar and (about == bar if about is not None else bar_of(meter) > bar):
            return meter, bar
    return found[0][1], about


def bar_of(meter: Meter) -> Fraction:
    """How many quarter notes a bar lasts."""
    return Fraction(meter.bar_ticks, TICKS_PER_QUARTER)


def _signature(metas: list[_Event]) -> Signature | None:
    for _, _, data in metas:
        if data[0] == KEY_SIGNATURE and len(data) > 2:  # noqa: PLR2004 the type and two bytes
            fifths, minor = int.from_bytes(data[1:2], signed=True), data[2]
            if abs(fifths) <= _MOST_SHARPS:
                tonic = (7 * fifths - 3 * bool(minor)) % 12
                return Signature(fifths, Key(tonic, Mode.MINOR if minor else Mode.MAJOR))
    return None
