"""MIDI files as pieces: read with mido, of which a stranger's file may ask no more than is safe.

mido keeps each message of a file as an object and takes numbers of any length. So a file has at
most ``MAX_FILE_BYTES``, and not more than ``LONGEST_RUN`` bytes at 0x80 or above in a row: a number
ends with a byte below.
"""

from __future__ import annotations

import io
import math
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido
from mido.midifiles.meta import KeySignatureError

from playbach.errors import InputError
from playbach.music.form import FORM_INDEX, FORMS, OTHER, Form, form_in_title
from playbach.music.key import Key, parse_key
from playbach.music.meter import COMMON_TIME, MAX_BEATS, TICKS_PER_QUARTER, UNITS, Meter
from playbach.music.note import MAX_PITCH, Note, Piece, Pitch, Ticks
from playbach_train.corpus.grid import (
    Changes,
    ReadResult,
    changes,
    check_amount,
    one_line,
    without_overlaps,
)
from playbach_train.corpus.guards import check_size
from playbach_train.corpus.key_finding import estimate_key, key_under_old_signature
from playbach_train.corpus.pickup import infer_pickup

MAX_FILE_BYTES = 1024 * 1024
LONGEST_RUN = 512
DRUM_CHANNEL = 9
"""Channel 10 as musicians count; General MIDI keeps it for percussion."""
_FLOOD = re.compile(rb"[\x80-\xff]{%d}" % LONGEST_RUN)
_RIFF_HEADER = 20
"""Bytes before the MIDI file in a RIFF file of the kind RMID."""
_HEADER = 14
_NOTES = ("note_on", "note_off")
# Key signatures but those of 7 flats to 7 sharps, major or minor; as an event that says nothing.
_NO_KEY = re.compile(rb"\xff\x59(?!\x02[\xf9-\xff\x00-\x07][\x00\x01])")
_OPAQUE = b"\xff\x7f"
_MAX_ABOUT = 80
_ABOUT = re.compile(r"playbach form=([a-z]{1,20}) pickup=([0-9]{1,4})")

Timed = tuple[int, Any]
"""Ticks of the file since its start, and a message of mido's."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a file says about its music.

    Attributes:
        keys: changes of key, empty if the file has no key signature.
        meters: changes of meter; the first is at tick 0.
        form: the form we wrote into the file, or else the one in the title or file name.
        pickup: ticks before the first bar line, None if the file does not say.
        title: text of one line.
        is_ours: whether we wrote the file, so that what it says is exact.
    """

    keys: Changes[Key]
    meters: Changes[Meter]
    form: Form
    pickup: Ticks | None
    title: str
    is_ours: bool


def read_midi(path: Path) -> ReadResult:
    """Read the piece in a MIDI file of format 0 or 1.

    All tracks are played together, without the drum channel. What the file does not say is found:
    a missing key from the notes, a missing form from the title or file name, the pickup from the
    rhythm.

    Raises:
        InputError: there is no such file, it is no MIDI file, it is damaged or too large, it
            counts time in SMPTE frames, or it has no notes.
    """
    try:
        check_size(path, MAX_FILE_BYTES)
        return parse_midi(path.read_bytes(), name=path.stem)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def parse_midi(content: bytes, *, name: str) -> ReadResult:
    """Read the piece in the bytes of a MIDI file; ``name`` is its title if it has no better.

    Raises:
        InputError: as ``read_midi``; the message does not name the file.
    """
    file, remarks = _parsed(content)
    division = file.ticks_per_beat
    tracks = [list(_timed(track)) for track in file.tracks]
    sounding, off_grid = _notes(tracks, division)
    notes, merged = without_overlaps(sounding)
    signs = _signs([event for track in tracks for event in track], division, name)
    return ReadResult(_piece(notes, signs), off_grid, merged, remarks)


def _parsed(content: bytes) -> tuple[Any, tuple[str, ...]]:
    """What mido makes of a file, and what was wrong with it and read all the same.

    mido refuses a whole file for a key signature without sense; only when told does it let a value
    above 127 pass, in a controller or a system exclusive message, and it does not say where.
    """
    whole, remarks = _whole(content)
    file, clip = None, False
    while file is None:
        try:
            file = mido.MidiFile(file=io.BytesIO(whole), clip=clip)
        except (KeySignatureError, IndexError) as error:
            repaired = _NO_KEY.sub(_OPAQUE, whole)
            if repaired == whole:
                raise _damaged(error) from error
            whole = repaired
            remarks = (*remarks, "a key signature without sense was left out")
        except (OSError, ValueError) as error:
            if clip:
                raise _damaged(error) from error
            clip = True
            remarks = (*remarks, "values above 127 were taken for 127")
        except (EOFError, LookupError, TypeError) as error:
            raise _damaged(error) from error
    messages = (message for track in file.tracks for message in track)
    if clip and any(message.type in _NOTES and message.note == MAX_PITCH for message in messages):
        raise InputError("the file is damaged: a pitch above 127; export it anew")
    return file, remarks


def _damaged(error: Exception) -> InputError:
    if isinstance(error, EOFError):
        reason = "it is cut short"
    elif isinstance(error, LookupError):
        reason = "a meta event without sense"
    else:
        reason = one_line(str(error))
    return InputError(f"the file is damaged: {reason}; export it anew")


def _whole(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The file as mido takes it: out of its wrapper, with as many tracks as its header says.

    Raises:
        InputError: it is none, or one that is not read.
    """
    if not content:
        raise InputError("the file is empty")
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        content = content[_RIFF_HEADER:]
    if content[:4] != b"MThd":
        raise InputError("not a MIDI file: it does not begin with MThd")
    if found := _FLOOD.search(content):
        raise InputError(
            f"the file is damaged: {LONGEST_RUN} bytes at 0x80 or above in a row, from byte "
            f"{found.start()} on; export it anew"
        )
    if len(content) < _HEADER:
        raise InputError("the file is damaged: the header is cut short; export it anew")
    kind, count, division = (int.from_bytes(content[n : n + 2]) for n in (8, 10, 12))
    _check_header(kind, division)
    tracks = list(_tracks(content))[:count]
    if not tracks:
        raise InputError(f"the file is cut short: 0 of {count} tracks; export it anew")
    remarks = () if len(tracks) == count else (f"{len(tracks)} of {count} tracks are there",)
    numbers = (kind, len(tracks), division)
    header = b"MThd" + (6).to_bytes(4) + b"".join(number.to_bytes(2) for number in numbers)
    return header + b"".join(tracks), remarks


def _check_header(kind: int, division: int) -> None:
    if kind not in (0, 1):
        raise InputError(f"MIDI format {kind}: only formats 0 and 1 can be read; export it anew")
    if division & 0x8000:
        raise InputError(
            "time is counted in SMPTE frames: only ticks to the quarter note can be read; "
            "export it with musical time"
        )
    if division == 0:
        raise InputError("the header is damaged: 0 ticks to the quarter note; export the file anew")


def _tracks(content: bytes) -> Iterator[bytes]:
    """The chunks of tracks; others, which mido does not take, are left out."""
    place = 0
    while place + 8 <= len(content):
        end = place + 8 + int.from_bytes(content[place + 4 : place + 8])
        if content[place : place + 4] == b"MTrk":
            yield content[place:end]
        place = end


def _timed(track: Iterable[Any]) -> Iterator[Timed]:
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def _notes(tracks: Sequence[Sequence[Timed]], division: int) -> tuple[list[Note], int]:
    """All notes on the grid, and how many had to move; ``division`` ticks to the quarter."""
    spans = [span for track in tracks for span in _spans(track)]
    if not spans:
        raise InputError("the file has no notes (drums are left out); name another file")
    check_amount(len(spans), max(end for _, _, end in spans) // division)
    notes: list[Note] = []
    off_grid = 0
    for pitch, start, end in spans:
        onset, grid_end = _on_grid(start, division), _on_grid(end, division)
        notes.append(Note(Ticks(onset), pitch, Ticks(max(1, grid_end - onset))))
        exact = not (start * TICKS_PER_QUARTER % division or end * TICKS_PER_QUARTER % division)
        off_grid += not (exact and end > start)
    return notes, off_grid


def _on_grid(tick: int, division: int) -> int:
    """The tick of the grid nearest to ``tick`` of the file; of two as near, the later."""
    return (2 * tick * TICKS_PER_QUARTER // division + 1) // 2


def _spans(track: Iterable[Timed]) -> Iterator[tuple[Pitch, int, int]]:
    """Pitch, start and end of each note, in file ticks; the first struck is the first released."""
    sounding: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
    tick = 0
    for tick, message in track:
        if message.type not in _NOTES or message.channel == DRUM_CHANNEL:
            continue
        starts = sounding[message.channel, message.note]
        # A note-on with velocity 0 is a note-off.
        if message.type == "note_on" and message.velocity:
            starts.append(tick)
        elif starts:
            yield Pitch(message.note), starts.popleft(), tick
    for (_, pitch), starts in sounding.items():
        for start in starts:
            yield Pitch(pitch), start, tick


def _piece(notes: tuple[Note, ...], signs: Signs) -> Piece:
    keys = signs.keys or ((Ticks(0), estimate_key(notes)),)
    if len(keys) == 1 and not signs.is_ours:
        keys = ((Ticks(0), key_under_old_signature(keys[0][1], notes)),)
    pickup = signs.pickup
    if pickup is None:
        first_meter_ends = signs.meters[1][0] if len(signs.meters) > 1 else math.inf
        heard = [note for note in notes if note.onset < first_meter_ends]
        pickup = infer_pickup(heard, signs.meters[0][1], signs.form) if heard else Ticks(0)
    return Piece(notes, keys, signs.meters, signs.form, pickup, signs.title)


def _signs(events: Iterable[Timed], division: int, name: str) -> Signs:
    """What the meta events of all tracks say; ``name`` serves where there is no title.

    Raises:
        InputError: a time signature is not one that can be played.
    """
    found: defaultdict[str, list[Timed]] = defaultdict(list)
    for tick, message in sorted(events, key=lambda event: event[0]):
        if message.is_meta:
            found[message.type].append((_on_grid(tick, division), message))
    meters = changes(((t, _meter(m)) for t, m in found["time_signature"]), from_start=False)
    if not meters or meters[0][0] > 0:
        # What a MIDI file is in before its first time signature.
        meters = ((Ticks(0), COMMON_TIME), *meters)
    keys = changes(((t, parse_key(m.key)) for t, m in found["key_signature"]), from_start=True)
    titles = (one_line(_words(message.name)) for _, message in found["track_name"])
    track_name = next(filter(None, titles), "")
    about = _about(found["text"])
    if about and about[1] < _without_short_bar(meters, about[1])[0][1].bar_ticks:
        form, pickup = about
        return Signs(
            keys, _without_short_bar(meters, pickup), form, pickup, track_name, is_ours=True
        )
    return _described_by_names(keys, meters, track_name, name)


def _described_by_names(
    keys: Changes[Key], meters: Changes[Meter], track_name: str, name: str
) -> Signs:
    """The signs of a file that another program wrote."""
    title = track_name if form_in_title(track_name) is not OTHER else one_line(name)
    pickup = _short_first_bar(meters)
    meters = _without_short_bar(meters, pickup)
    return Signs(keys, meters, form_in_title(title), pickup, title, is_ours=False)


def _words(text: str) -> str:
    """The text of a meta event, which mido takes for Latin-1: UTF-8 if it can be."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


def _meter(message: Any) -> Meter:
    count, unit = message.numerator, message.denominator
    if not 1 <= count <= MAX_BEATS or unit not in UNITS:
        raise InputError(
            f"time signature {count}/2^{unit.bit_length() - 1}: the upper number is 1 to "
            f"{MAX_BEATS}, the lower one of {', '.join(map(str, UNITS))}"
        )
    return Meter(count, unit)


def _about(texts: Iterable[Timed]) -> tuple[Form, Ticks] | None:
    """Form and pickup as our own text event at the start says them."""
    for tick, message in texts:
        found = _ABOUT.fullmatch(message.text[:_MAX_ABOUT])
        if tick == 0 and found:
            row = FORM_INDEX.get(found[1])
            return (OTHER if row is None else FORMS[row]), Ticks(int(found[2]))
    return None


def _short_first_bar(meters: Changes[Meter]) -> Ticks | None:
    """The pickup as notation programs export it: a first bar of a shorter meter of its own."""
    if len(meters) > 1 and meters[1][0] == meters[0][1].bar_ticks < meters[1][1].bar_ticks:
        return meters[1][0]
    return None


def _without_short_bar(meters: Changes[Meter], pickup: Ticks | None) -> Changes[Meter]:
    """The meters without the one that only says how long the pickup is."""
    if pickup and len(meters) > 1 and meters[1][0] == meters[0][1].bar_ticks == pickup:
        return ((Ticks(0), meters[1][1]), *meters[2:])
    return meters
