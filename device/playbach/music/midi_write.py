"""Pieces as MIDI files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playbach.errors import InputError
from playbach.music import smf
from playbach.music.form import OTHER
from playbach.music.key import Key, Mode
from playbach.music.meter import MAX_BEATS, TICKS_PER_QUARTER, TICKS_PER_WHOLE, UNITS, Meter
from playbach.music.note import Piece, Ticks

FILE_TICKS_PER_QUARTER = 480
SCALE = FILE_TICKS_PER_QUARTER // TICKS_PER_QUARTER
"""Ticks of the file in one of ours."""
MAX_MICROSECONDS = 0xFF_FF_FF
"""To the quarter note: a tempo event has three bytes."""
MICROSECONDS_PER_MINUTE = 60_000_000
DEFAULT_VELOCITY = 80
# At one tick what is played comes after what is said about it, and old notes end before new ones
# begin, so that a repeated note is not cut off by its predecessor.
_RANK = {smf.META: 0, smf.PROGRAM_CHANGE: 0, smf.NOTE_OFF: 1, smf.NOTE_ON: 2}


@dataclass(frozen=True, slots=True)
class Placed:
    """A movement of a suite as it is to be written.

    Attributes:
        piece: the movement.
        tempo: felt beats per minute.
        length: ticks from its start to the end of its last bar.
        rest: seconds of silence after it, at least 0.
    """

    piece: Piece
    tempo: float
    length: Ticks
    rest: float = 0.0


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
    opening = _opening(piece.title, piece.form.name, piece.pickup, program)
    played = _movement(Placed(piece, tempo, piece.end), 0, velocity)
    return _file([*opening, *played], piece.end)


def suite_midi_bytes(
    movements: Sequence[Placed],
    *,
    title: str,
    program: int = 0,
    velocity: int = DEFAULT_VELOCITY,
) -> bytes:
    """Movements one after another in one file, with a marker at the start of each.

    Args:
        movements: at least one.
        title: name of the track.
        program: General MIDI program, 0 to 127.
        velocity: of every note, 1 to 127.

    Raises:
        InputError: there is no movement, or a tempo, the program or the velocity is outside what a
            MIDI file can hold.
    """
    if not movements:
        raise InputError("suite: it has no movement; at least one is needed")
    events = _opening(title, OTHER.name, movements[0].piece.pickup, program)
    start = end = 0
    for movement in movements:
        events.append(smf.text(start * SCALE, smf.MARKER, movement.piece.title))
        events += _movement(movement, start, velocity)
        end = start + max(movement.length, movement.piece.end)
        last_meter = movement.piece.meters[-1][1]
        start = end + round(movement.rest / 60 * movement.tempo * last_meter.beat_ticks)
    return _file(events, end)


def _opening(title: str, form: str, pickup: int, program: int) -> list[smf.Event]:
    _check_range("program", program, 0, 127)
    name = [smf.text(0, smf.TRACK_NAME, title)] if title else []
    about = smf.text(0, smf.TEXT, f"playbach form={form} pickup={pickup}")
    return [*name, about, smf.Event(0, smf.PROGRAM_CHANGE, 0, bytes([program]))]


def _movement(movement: Placed, start: int, velocity: int) -> Iterator[smf.Event]:
    _check_range("velocity", velocity, 1, 127)
    piece = movement.piece
    for key_tick, key in piece.keys:
        yield smf.meta((start + key_tick) * SCALE, smf.KEY_SIGNATURE, _key_payload(key))
    for tick, meter in _written_meters(piece):
        yield smf.meta((start + tick) * SCALE, smf.TIME_SIGNATURE, _meter_payload(meter))
    for tick, meter in piece.meters:
        yield smf.meta((start + tick) * SCALE, smf.SET_TEMPO, _tempo_payload(movement.tempo, meter))
    for note in piece.notes:
        on, off = (start + note.onset) * SCALE, (start + note.end) * SCALE
        yield smf.Event(on, smf.NOTE_ON, 0, bytes([note.pitch, velocity]))
        yield smf.Event(off, smf.NOTE_OFF, 0, bytes([note.pitch, 0]))


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


def _tempo_payload(tempo: float, meter: Meter) -> bytes:
    """Microseconds to the quarter note."""
    per_beat = MICROSECONDS_PER_MINUTE / tempo if tempo > 0 else math.inf
    per_quarter = per_beat * TICKS_PER_QUARTER / meter.beat_ticks
    if not 1 <= per_quarter <= MAX_MICROSECONDS:
        fastest = MICROSECONDS_PER_MINUTE * TICKS_PER_QUARTER / meter.beat_ticks
        raise InputError(
            f"tempo {tempo:g} in {meter}: a MIDI file can hold {fastest / MAX_MICROSECONDS:.3g} to "
            f"{fastest:.3g} beats a minute"
        )
    return round(per_quarter).to_bytes(3)


def _check_range(what: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise InputError(f"{what} {number}: it must be a number from {least} to {most}")


def _file(events: list[smf.Event], end: int) -> bytes:
    ordered = sorted(events, key=lambda event: (event.tick, _RANK[event.status]))
    close = smf.meta(max(end * SCALE, ordered[-1].tick), smf.END_OF_TRACK)
    return smf.serialise([*ordered, close], FILE_TICKS_PER_QUARTER)
