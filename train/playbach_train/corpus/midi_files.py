"""MIDI files as pieces: read with mido, of which a stranger's file may ask no more than is safe.

mido keeps each message of a file as an object and takes numbers of any length. So a file has at
most ``MAX_FILE_BYTES``, and not more than ``LONGEST_RUN`` bytes at 0x80 or above in a row: a number
ends with a byte below.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
from mido.midifiles.meta import KeySignatureError

from playbach.errors import InputError
from playbach.midi.files import TRILLED, WRITTEN, numbers_of, written_notes
from playbach.music.form import FORM_INDEX, FORMS, OTHER, Form, form_in_title
from playbach.music.grid import changes, check_amount, one_line, without_overlaps
from playbach.music.key import parse_key
from playbach.music.key_finding import Signature
from playbach.music.meter import COMMON_TIME, TICKS_PER_QUARTER
from playbach.music.note import MAX_PITCH, Note, Pitch, Ticks
from playbach_train.corpus.guards import check_size
from playbach_train.corpus.interpretation import FileSays, ReadResult, interpret

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


def read_midi(path: Path, *, track: int | None = None) -> ReadResult:
    """Read the piece in a MIDI file of format 0 or 1.

    All tracks are played together, without the drum channel. What the file does not say is found,
    as ``interpret`` does for all formats.

    Args:
        path: the file.
        track: the only one whose notes are read, counted from 0; all if None. Keys and meters are
            those of all tracks.

    Raises:
        InputError: there is no such file, it is no MIDI file, it is damaged or too large, it
            counts time in SMPTE frames, or it has no notes or no such track.
    """
    try:
        return parse_midi(midi_content(path), name=path.stem, track=track)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def midi_content(path: Path) -> bytes:
    """The bytes of a MIDI file that is not too large.

    Raises:
        InputError: it is, or cannot be read; the message does not name the file.
    """
    check_size(path, MAX_FILE_BYTES)
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


def parse_midi(content: bytes, *, name: str, track: int | None = None) -> ReadResult:
    """Read the piece in the bytes of a MIDI file; ``name`` is its title if it has no better.

    Raises:
        InputError: as ``read_midi``; the message does not name the file.
    """
    return interpret(what_midi_says(content, track=track), name)


def what_midi_says(content: bytes, *, track: int | None = None) -> FileSays:
    """What the bytes of a MIDI file say of its music; ``track`` as for ``read_midi``.

    Raises:
        InputError: as ``read_midi``; the message does not name the file.
    """
    file, remarks = _parsed(content)
    division = file.ticks_per_beat
    tracks = [list(_timed(messages)) for messages in file.tracks]
    events = [event for messages in tracks for event in messages]
    if track is not None:
        if not 0 <= track < len(tracks):
            raise InputError(f"track {track}: the file has {len(tracks)}, counted from 0")
        tracks = [tracks[track]]
    sounding, off_grid = _as_written(tracks, division) or _notes(tracks, division)
    notes, merged = without_overlaps(sounding)
    says = _says(notes, events, division)
    return replace(says, off_grid=off_grid, merged=merged, remarks=remarks)


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


def _as_written(tracks: Sequence[Sequence[Timed]], division: int) -> tuple[list[Note], int] | None:
    """The written notes of a performance of ours; ``None`` where they are not those played.

    Somebody may have edited what is played, and left the event that says what was written.
    """
    written: list[Note] = []
    trilled: Counter[int] = Counter()
    for tick, message in (event for track in tracks for event in track):
        said = bytes(message.data) if message.type == "sequencer_specific" else b""
        if said.startswith(WRITTEN):
            written += written_notes(said, _on_grid(tick, division))
        elif said.startswith(TRILLED):
            numbers = numbers_of(said[len(TRILLED) :])
            trilled.update(dict(zip(numbers[::2], numbers[1::2], strict=False)))
    if not written:
        return None
    played = Counter(pitch for track in tracks for pitch, _, _ in _spans(track))
    if played != trilled + Counter(note.pitch for note in written):
        return None
    check_amount(len(written), max(note.end for note in written) // TICKS_PER_QUARTER)
    return written, 0


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


def _says(notes: tuple[Note, ...], events: Iterable[Timed], division: int) -> FileSays:
    """What the meta events of all tracks say of the notes."""
    found: defaultdict[str, list[Timed]] = defaultdict(list)
    for tick, message in sorted(events, key=lambda event: event[0]):
        if message.is_meta:
            found[message.type].append((_on_grid(tick, division), message))
    # What a MIDI file is in before its first time signature.
    common = (0, (COMMON_TIME.count, COMMON_TIME.unit))
    meters = [common, *((t, (m.numerator, m.denominator)) for t, m in found["time_signature"])]
    keys = ((t, _signature(m.key)) for t, m in found["key_signature"])
    about = _about(found["text"])
    names = [one_line(_words(message.name)) for _, message in found["track_name"]]
    # Most names of tracks are those of instruments; the one that we write is the title.
    titles = names[:1] or [""] if about else [n for n in names if form_in_title(n) is not OTHER]
    return FileSays(
        notes,
        signatures=changes(keys, from_start=True),
        meters=changes(meters, from_start=False),
        titles=tuple(titles),
        form=about and about[0],
        pickup=about and about[1],
        is_exact=about is not None,
    )


def _signature(name: str) -> Signature:
    """What an event says with a key that mido calls ``Bbm`` or ``F#``."""
    key = parse_key(name)
    return Signature(key.sharps, key)


def _words(text: str) -> str:
    """The text of a meta event, which mido takes for Latin-1: UTF-8 if it can be."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


def _about(texts: Iterable[Timed]) -> tuple[Form, Ticks] | None:
    """Form and pickup as our own text event at the start says them."""
    for tick, message in texts:
        found = _ABOUT.fullmatch(message.text[:_MAX_ABOUT])
        if tick == 0 and found:
            row = FORM_INDEX.get(found[1])
            return (OTHER if row is None else FORMS[row]), Ticks(int(found[2]))
    return None
