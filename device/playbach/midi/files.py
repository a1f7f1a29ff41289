"""Pieces as MIDI files: Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001).

They are only written here; ``playbach.themes`` and ``playbach_train.corpus`` read them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from playbach.errors import InputError
from playbach.midi.messages import (
    CONTROL_CHANGE,
    EXPRESSION,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM_CHANGE,
    TimedMessage,
    program_change,
    volume,
)
from playbach.music.form import OTHER
from playbach.music.key import Key, Mode
from playbach.music.meter import MAX_BEATS, TICKS_PER_QUARTER, TICKS_PER_WHOLE, UNITS, Meter
from playbach.music.note import MAX_PITCH, BarLines, Note, Piece, Pitch, Ticks
from playbach.music.performed import Performance, PerformedNote, swelling
from playbach.timing import Seconds

META = 0xFF
"""The status of a meta event; its types follow."""
TEXT = 0x01
TRACK_NAME = 0x03
MARKER = 0x06
END_OF_TRACK = 0x2F
SET_TEMPO = 0x51
TIME_SIGNATURE = 0x58
KEY_SIGNATURE = 0x59
SEQUENCER_SPECIFIC = 0x7F

_STATUS_BIT = 0x80

FILE_TICKS_PER_QUARTER = 480
SCALE = FILE_TICKS_PER_QUARTER // TICKS_PER_QUARTER
"""Ticks of the file in one of ours."""
MAX_MICROSECONDS = 0xFF_FF_FF
"""To the quarter note: a tempo event has three bytes."""
MICROSECONDS_PER_MINUTE = 60_000_000
DEFAULT_VELOCITY = 80
CELLO = 42
"""General MIDI program, counted from 0."""
# At one tick what is played comes after what is said about it, and old notes end before new ones
# begin, so that a repeated note is not cut off by its predecessor.
_RANK = {META: 0, PROGRAM_CHANGE: 0, CONTROL_CHANGE: 1, NOTE_OFF: 1, NOTE_ON: 2}


@dataclass(frozen=True, slots=True)
class Placed:
    """A movement of a suite as it is to be written.

    Attributes:
        piece: the movement.
        tempo: felt beats per minute.
        length: ticks from its start to the end of its last bar.
        rest: seconds of silence after it, at least 0.
        program: General MIDI program, 0 to 127; ``None`` leaves the synth as it is.
        channel: MIDI channel, 0 to 15.
        velocity: of every note, 1 to 127; what a performance adds stays within these.
        accent: added to it on the first beat of a bar if it is played evenly.
        volume: of the channel (controller 7), 0 to 127; ``None`` leaves the synth as it is.
        double_bar: ticks from its start to its double bar, 0 if it has none.
        repeated: whether both parts are in the piece twice, as they are played.
        borders: ticks at which its inner sections end, as they are played.
        performance: how it is played; ``None`` for evenly, as written.
        composer: as a score names it.
        about: what a MIDI file says of where it comes from, such as ``seed=42 movement=18``.
    """

    piece: Piece
    tempo: float
    length: Ticks
    rest: float = 0.0
    program: int | None = CELLO
    channel: int = 0
    velocity: int = DEFAULT_VELOCITY
    accent: int = 0
    volume: int | None = None
    double_bar: Ticks = Ticks(0)
    repeated: bool = False
    borders: tuple[Ticks, ...] = ()
    performance: Performance | None = None
    composer: str = "Play Bach"
    about: str = ""


def midi_bytes(
    piece: Piece, *, tempo: float, program: int = 0, velocity: int = DEFAULT_VELOCITY
) -> bytes:
    """``piece`` as a MIDI file of one track, which says all that ``piece`` does.

    A pickup is written as notation programs write it, as a short first bar where a time signature
    can say its length, and always in a text event such as ``playbach form=allemande pickup=6``.

    Args:
        piece: what to write.
        tempo: felt beats per minute.
        program: General MIDI program, 0 to 127.
        velocity: of every note, 1 to 127.

    Raises:
        InputError: the tempo, program or velocity is outside what a MIDI file can hold.
    """
    placed = Placed(piece, tempo, piece.end, program=program, velocity=velocity)
    return placed_midi_bytes(placed)


def placed_midi_bytes(movement: Placed) -> bytes:
    """As ``midi_bytes``, of a movement as it is to be written by itself."""
    piece = movement.piece
    opening = _opening(piece.title, piece.form.name, movement)
    return _file([*opening, *_movement(movement, 0)], piece.end)


def suite_midi_bytes(
    movements: Sequence[Placed],
    *,
    title: str,
) -> bytes:
    """Movements one after another in one file, with a marker at the start of each.

    Args:
        movements: at least one.
        title: name of the track.

    Raises:
        InputError: there is no movement, or a tempo, program, channel or velocity is outside what
            a MIDI file can hold.
    """
    return _file(*_suite(movements, title=title))


def timed_messages(movements: Sequence[Placed]) -> list[TimedMessage]:
    """What a synth gets of ``suite_midi_bytes``, in order, in seconds from the start.

    Raises:
        InputError: as of ``suite_midi_bytes``.
    """
    messages, tempo, before, now = [], 0, 0, 0.0
    for event in _ordered(_suite(movements, title="")[0]):
        now += (event.tick - before) * tempo / (1e6 * FILE_TICKS_PER_QUARTER)
        before = event.tick
        if event.status != META:
            data = bytes([event.status]) + event.payload
            messages.append(TimedMessage(Seconds(now), data))
        elif event.kind == SET_TEMPO:
            tempo = int.from_bytes(event.payload)
    return messages


def _suite(movements: Sequence[Placed], *, title: str) -> tuple[list[TrackEvent], int]:
    """Events of movements one after another, and the tick at which the last one ends."""
    if not movements:
        raise InputError("suite: it has no movement; at least one is needed")
    events = _opening(title, OTHER.name, movements[0])
    start = end = 0
    for movement in movements:
        events.append(text_event(start * SCALE, MARKER, movement.piece.title))
        events += _movement(movement, start)
        end = start + max(movement.length, movement.piece.end)
        last_meter = movement.piece.meters[-1][1]
        start = end + round(movement.rest / 60 * movement.tempo * last_meter.beat_ticks)
    return events, end


def _opening(title: str, form: str, first: Placed) -> list[TrackEvent]:
    name = [text_event(0, TRACK_NAME, title)] if title else []
    about = text_event(0, TEXT, f"playbach form={form} pickup={first.piece.pickup}")
    if first.program is None:
        return [*name, about]
    _check_range("program", first.program, 0, 127)
    _check_range("channel", first.channel, 0, 15)
    sent = [program_change(first.channel, first.program)]
    if first.volume is not None:
        sent.append(volume(first.channel, first.volume))
    return [*name, about, *(TrackEvent(0, message[0], 0, message[1:]) for message in sent)]


def _movement(movement: Placed, start: int) -> Iterator[TrackEvent]:
    _check_range("velocity", movement.velocity, 1, 127)
    _check_range("channel", movement.channel, 0, 15)
    piece = movement.piece
    if movement.about:
        yield text_event(start * SCALE, TEXT, f"playbach {movement.about}")
    for key_tick, key in piece.keys:
        yield meta_event((start + key_tick) * SCALE, KEY_SIGNATURE, _key_payload(key))
    for tick, meter in _written_meters(piece):
        yield meta_event((start + tick) * SCALE, TIME_SIGNATURE, _meter_payload(meter))
    if movement.performance is None:
        yield from _even(movement, start)
    else:
        yield from _performed(movement, movement.performance, start)


def _even(movement: Placed, start: int) -> Iterator[TrackEvent]:
    """The notes as they are written, at one tempo."""
    for tick, meter in movement.piece.meters:
        tempo = _microseconds(movement.tempo, meter)
        yield meta_event((start + tick) * SCALE, SET_TEMPO, tempo.to_bytes(3))
    lines = BarLines(movement.piece.meters, movement.piece.pickup)
    for note in movement.piece.notes:
        span = (start + note.onset) * SCALE, (start + note.end) * SCALE
        accent = movement.accent if movement.accent and not lines.place(note.onset).tick else 0
        yield from _note(movement, note.pitch, span, movement.velocity + accent)


def _note(
    movement: Placed, pitch: int, span: tuple[int, int], velocity: int
) -> Iterator[TrackEvent]:
    channel = movement.channel
    yield TrackEvent(span[0], NOTE_ON + channel, 0, bytes([pitch, velocity]))
    yield TrackEvent(span[1], NOTE_OFF + channel, 0, bytes([pitch, 0]))


def _performed(movement: Placed, performance: Performance, start: int) -> Iterator[TrackEvent]:
    """The notes as they are played; the tempo curve is one of tempo events, so bars stay bars."""
    curve = _Curve(movement, performance, start * SCALE)
    for tick, tempo in curve.tempi:
        yield meta_event(tick, SET_TEMPO, tempo.to_bytes(3))
    yield meta_event(start * SCALE, SEQUENCER_SPECIFIC, written_payload(movement.piece.notes))
    begins: dict[int, int] = {}
    ahead: list[tuple[PerformedNote, Pitch, tuple[int, int]]] = []
    for one in reversed(performance.notes):
        at = (start + one.note.onset) * SCALE
        sounds = [*one.sounds(curve.time)]
        for index, (pitch, begin, stop) in reversed([*enumerate(sounds)]):
            on = curve.file_tick(begin) if one.offset or index else at
            # Rounded to ticks of the file, a note may not reach the next of its pitch.
            off = min(curve.file_tick(stop), begins.get(pitch, 1 << 60))
            ahead.append((one, pitch, (on, max(off, on + 1))))
            begins[pitch] = on
    more = Counter(struck for _, struck, _ in ahead)
    more.subtract(note.pitch for note in movement.piece.notes)
    if any(more.values()):
        yield meta_event(start * SCALE, SEQUENCER_SPECIFIC, trilled_payload(more))
    for one, struck, span in ahead:
        velocity = max(1, min(127, movement.velocity + one.louder))
        yield from _note(movement, struck, span, velocity)
        for tick, value in swelling(one.swell, *span) if one.swell else ():
            status = CONTROL_CHANGE + movement.channel
            yield TrackEvent(tick, status, 0, bytes([EXPRESSION, value]))


class _Curve:
    """The tempo curve of a performance, as a file holds it: whole microseconds to the quarter."""

    def __init__(self, movement: Placed, performance: Performance, start: int) -> None:
        """``start`` is in ticks of the file, as those of the curve are."""
        meters = dict(movement.piece.meters)
        ticks = sorted({0, *meters, *(pace.tick for pace in performance.paces)})
        end = max(movement.length, movement.piece.end)
        self._start = start
        self.tempi: list[tuple[int, int]] = []
        meter = movement.piece.meters[0][1]
        for tick in [*(tick for tick in ticks if tick < end), end]:
            meter = meters.get(Ticks(tick), meter)
            # After its end, where the silence is, the movement is as fast as usual.
            stretch = performance.stretch_at(tick) if tick < end else Fraction(1)
            tempo = _microseconds(movement.tempo, meter, stretch)
            if not self.tempi or self.tempi[-1][1] != tempo:
                self.tempi.append((start + tick * SCALE, tempo))
        self._ticks = [tick for tick, _ in self.tempi]
        self._known: dict[int | Fraction, int] = {}
        self._times = [0.0]
        for (tick, tempo), (following, _) in pairwise(self.tempi):
            lasting = (following - tick) * tempo * 1000 / FILE_TICKS_PER_QUARTER
            self._times.append(self._times[-1] + lasting)

    def time(self, tick: int | Fraction) -> int:
        """Nanoseconds from the start of the movement to one of its ticks."""
        if tick not in self._known:
            at = self._start + tick * SCALE
            index = bisect_right(self._ticks, at) - 1
            first, tempo = self.tempi[index]
            since = float(at - first) * tempo * 1000 / FILE_TICKS_PER_QUARTER
            self._known[tick] = round(self._times[index] + since)
        return self._known[tick]

    def file_tick(self, time: int) -> int:
        """The tick of the file nearest to a time; not before the start."""
        index = max(bisect_right(self._times, time) - 1, 0)
        first, tempo = self.tempi[index]
        since = (time - self._times[index]) * FILE_TICKS_PER_QUARTER / (tempo * 1000)
        return max(self._start, first + round(since))


WRITTEN = b"\x7dplaybach written "
"""How an event begins that holds the written notes; 0x7d is no manufacturer's."""


def written_payload(notes: Sequence[Note]) -> bytes:
    """The notes as they are written, for who reads the file of a performance.

    After ``WRITTEN`` three variable-length quantities for each note: ticks since the onset before,
    pitch, duration.
    """
    parts, before = [WRITTEN], 0
    for note in notes:
        parts += map(variable_bytes, (note.onset - before, note.pitch, note.duration))
        before = note.onset
    return b"".join(parts)


def written_notes(payload: bytes, onset: int) -> Iterator[Note]:
    """The notes of ``written_payload``; those after a number without sense are left.

    Args:
        payload: of the event, from ``WRITTEN`` on.
        onset: tick at which the event stands.
    """
    numbers = numbers_of(payload[len(WRITTEN) :])
    for shift, pitch, duration in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=False):
        if pitch > MAX_PITCH or not duration:
            return
        onset += shift
        yield Note(Ticks(onset), Pitch(pitch), Ticks(duration))


def numbers_of(packed: bytes) -> list[int]:
    """Variable-length quantities, one after another."""
    numbers, number = [], 0
    for byte in packed:
        number = number << 7 | byte & 0x7F
        if byte < _STATUS_BIT:
            numbers.append(number)
            number = 0
    return numbers


TRILLED = b"\x7dplaybach trilled "
"""How an event begins that says what trills strike beyond the written notes."""


def trilled_payload(more: Mapping[Pitch, int]) -> bytes:
    """How many more notes of each pitch are struck than written.

    After ``TRILLED`` two variable-length quantities for each pitch: it, and how many.
    """
    pairs = [(pitch, count) for pitch, count in sorted(more.items()) if count > 0]
    return TRILLED + b"".join(variable_bytes(number) for pair in pairs for number in pair)


def _written_meters(piece: Piece) -> list[tuple[int, Meter]]:
    """The meters, with the pickup as a short first bar if there is a meter of that length."""
    (_, first), *later = piece.meters
    short = _meter_lasting(piece.pickup)
    if short is None or (later and later[0][0] <= piece.pickup):
        return list(piece.meters)
    return [(0, short), (piece.pickup, first), *later]


def _meter_lasting(ticks: int) -> Meter | None:
    """The meter with the fewest units whose bar is ``ticks`` long, if there is one."""
    for unit in UNITS:
        count, remainder = divmod(ticks * unit, TICKS_PER_WHOLE)
        if not remainder and 1 <= count <= MAX_BEATS:
            return Meter(count, unit)
    return None


def _key_payload(key: Key) -> bytes:
    """Sharps (flats negative), then 1 for minor."""
    return key.sharps.to_bytes(1, signed=True) + bytes([key.mode is Mode.MINOR])


def _meter_payload(meter: Meter) -> bytes:
    """Upper number, lower as a power of two, MIDI clocks to the beat, 32nds to the quarter."""
    # MIDI clocks are 24 to the quarter note, as our ticks are.
    return bytes([meter.count, meter.unit.bit_length() - 1, meter.beat_ticks, 8])


def _microseconds(tempo: float, meter: Meter, stretch: Fraction = Fraction(1)) -> int:
    """To the quarter note, where it is ``stretch`` times as long as the tempo says."""
    per_beat = MICROSECONDS_PER_MINUTE / tempo if tempo > 0 else math.inf
    per_quarter = per_beat * TICKS_PER_QUARTER / meter.beat_ticks
    if not 1 <= per_quarter <= MAX_MICROSECONDS:
        fastest = MICROSECONDS_PER_MINUTE * TICKS_PER_QUARTER / meter.beat_ticks
        raise InputError(
            f"tempo {tempo:g} in {meter}: a MIDI file can hold {fastest / MAX_MICROSECONDS:.3g} to "
            f"{fastest:.3g} beats a minute"
        )
    return max(1, min(MAX_MICROSECONDS, round(per_quarter * stretch)))


def _check_range(what: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise InputError(f"{what} {number}: it must be a number from {least} to {most}")


def _file(events: list[TrackEvent], end: int) -> bytes:
    ordered = _ordered(events)
    close = meta_event(max(end * SCALE, ordered[-1].tick), END_OF_TRACK)
    return serialise([*ordered, close], FILE_TICKS_PER_QUARTER)


def _ordered(events: Iterable[TrackEvent]) -> list[TrackEvent]:
    return sorted(events, key=lambda event: (event.tick, _RANK[_kind(event)]))


def _kind(event: TrackEvent) -> int:
    """The status of an event without its channel."""
    return event.status if event.status == META else event.status & 0xF0


class TrackEvent(NamedTuple):
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


def serialise(events: Sequence[TrackEvent], ticks_per_quarter: int) -> bytes:
    """The bytes of a file of format 0.

    Args:
        events: of its only track, in order of time, the last one ``END_OF_TRACK``.
        ticks_per_quarter: 1 to 32767.
    """
    header = b"".join(number.to_bytes(2) for number in (0, 1, ticks_per_quarter))
    return _chunk(b"MThd", header) + _chunk(b"MTrk", b"".join(_encoded(events)))


def variable_bytes(number: int) -> bytes:
    """``number`` (0 to 2^28 - 1) as a variable-length quantity.

    Groups of seven bits, the highest first; all bytes but the last have their top bit set.
    """
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | _STATUS_BIT)
    return bytes(reversed(groups))


def meta_event(tick: int, kind: int, payload: bytes = b"") -> TrackEvent:
    """A meta event of type ``kind``."""
    return TrackEvent(tick, META, kind, payload)


def text_event(tick: int, kind: int, words: str) -> TrackEvent:
    """A meta event that carries text, in UTF-8."""
    return meta_event(tick, kind, words.encode())


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4) + body


def _encoded(events: Iterable[TrackEvent]) -> Iterator[bytes]:
    now = 0
    for event in events:
        yield variable_bytes(event.tick - now)
        now = event.tick
        yield bytes([event.status])
        if event.status == META:
            yield bytes([event.kind]) + variable_bytes(len(event.payload))
        yield event.payload
