"""MIDI files as pieces."""

from __future__ import annotations

import math
import stat
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from playbach.errors import MidiFileError
from playbach.music import smf
from playbach.music.key_finding import estimate_key, key_under_old_signature
from playbach.music.midi_signs import Signs, read_signs
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.music.pickup import infer_pickup

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_NOTES = 50_000
MAX_QUARTERS = 100_000
DRUM_CHANNEL = 9
"""Channel 10 as musicians count; General MIDI keeps it for percussion."""


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A piece and what had to be done to make it one.

    Attributes:
        piece: the music.
        off_grid: notes whose onset or end was moved to the grid of 24 ticks to the quarter.
        merged: notes shortened or dropped because their pitch was struck again while it sounded.
    """

    piece: Piece
    off_grid: int
    merged: int


def read_midi(path: Path) -> ReadResult:
    """Read the piece in a MIDI file of format 0 or 1.

    All tracks are played together, without the drum channel. What the file does not say is found:
    a missing key from the notes, a missing form from the title or file name, the pickup from the
    rhythm.

    Raises:
        MidiFileError: there is no such file, it is no MIDI file, it is damaged or too large, it
            counts time in SMPTE frames, or it has no notes.
    """
    try:
        return parse_midi(_content(path), name=path.stem)
    except MidiFileError as error:
        raise MidiFileError(f"{path}: {error}") from error


def parse_midi(content: bytes, *, name: str) -> ReadResult:
    """Read the piece in the bytes of a MIDI file; ``name`` is its title if it has no better.

    Raises:
        MidiFileError: as ``read_midi``; the message does not name the file.
    """
    midi = smf.parse(content)
    sounding, off_grid = _on_grid(midi)
    notes, merged = without_overlaps(sounding)
    return ReadResult(_piece(notes, read_signs(midi, name)), off_grid, merged)


def without_overlaps(notes: Iterable[Note]) -> tuple[tuple[Note, ...], int]:
    """The notes in order, none struck while its pitch sounds, and how many that changed.

    Of two notes of one pitch with one onset the longer stays; a note that lasts into the next of
    its pitch ends there.
    """
    kept: list[Note] = []
    last_of_pitch: dict[int, int] = {}
    changed = 0
    for note in sorted(notes, key=lambda n: (n.onset, n.pitch, -n.duration)):
        index = last_of_pitch.get(note.pitch)
        if index is not None and kept[index].end > note.onset:
            changed += 1
            before = kept[index]
            if before.onset == note.onset:
                continue
            kept[index] = replace(before, duration=Ticks(note.onset - before.onset))
        last_of_pitch[note.pitch] = len(kept)
        kept.append(note)
    return tuple(kept), changed


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise MidiFileError("this is a folder, not a MIDI file; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise MidiFileError("this is a device or pipe, not a MIDI file; name a file")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise MidiFileError("there is no such file") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MidiFileError(f"cannot be read: {reason}") from error
    if len(content) > MAX_FILE_BYTES:
        raise MidiFileError(
            f"larger than {MAX_FILE_BYTES >> 20} MiB, the most that is read; split it into "
            "movements"
        )
    return content


def _on_grid(midi: smf.MidiData) -> tuple[list[Note], int]:
    spans = [span for track in midi.tracks for span in _spans(track)]
    if not spans:
        raise MidiFileError("the file has no notes (drums are left out); name another file")
    if len(spans) > MAX_NOTES:
        raise MidiFileError(
            f"{len(spans):,} notes: at most {MAX_NOTES:,} can be read from one file; split it into "
            "movements"
        )
    if max(end for _, _, end in spans) > MAX_QUARTERS * midi.ticks_per_quarter:
        raise MidiFileError(
            f"the notes last longer than {MAX_QUARTERS:,} quarter notes; split it into movements"
        )
    notes: list[Note] = []
    off_grid = 0
    for pitch, start, end in spans:
        onset, grid_end = midi.on_grid(start), midi.on_grid(end)
        notes.append(Note(Ticks(onset), pitch, Ticks(max(1, grid_end - onset))))
        off_grid += not (midi.is_on_grid(start) and midi.is_on_grid(end) and end > start)
    return notes, off_grid


def _spans(track: Iterable[smf.Event]) -> Iterator[tuple[Pitch, int, int]]:
    """Pitch, start and end of each note, in file ticks; the first struck is the first released."""
    sounding: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
    tick = 0
    for tick, status, _, payload in track:
        kind, channel = status & 0xF0, status & 0x0F
        if kind not in (smf.NOTE_ON, smf.NOTE_OFF) or channel == DRUM_CHANNEL:
            continue
        starts = sounding[channel, payload[0]]
        # A note-on with velocity 0 is a note-off.
        if kind == smf.NOTE_ON and payload[1]:
            starts.append(tick)
        elif starts:
            yield Pitch(payload[0]), starts.popleft(), tick
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
