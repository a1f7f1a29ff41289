"""From a file or typed notes to a theme: what it does not say is found, the rest made playable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from playbach.composer.settings import check_bar
from playbach.errors import InputError
from playbach.music.form import OTHER
from playbach.music.grid import join_ties, ticks, to_grid, without_overlaps
from playbach.music.key_finding import weigh
from playbach.music.meter import COMMON_TIME, Meter
from playbach.music.note import Note, Ticks
from playbach.music.pickup import infer_pickup
from playbach.music.theme import MOST_BARS, NOTHING_ASKED, Asked, Theme
from playbach.themes.said import Said

MOST_BYTES = 1024 * 1024
"""Of a file, packed or not."""
MOST_TOGETHER = 4
"""Notes that begin together, as the composer has them."""
FOUND_METERS = (COMMON_TIME, Meter(3, 4), Meter(6, 8))
"""Meters that are found where none is said, in the order in which they are likelier."""
_LIKELIER = 1.15
"""By what factor long notes must fit a later one of them better."""
FULL_BARS = 1.1
"""By what factor a meter fits better in which the last bar is full."""
_SHIFT = 12
"""Ticks."""


def read_theme(text: str, asked: Asked = NOTHING_ASKED) -> Theme:
    """The theme that a command line names: a file, or notes.

    Raises:
        InputError: it is neither, or cannot be read.
    """
    path = Path(text)
    if path.suffix.lower() not in READERS and not _is_file(path):
        return theme_from_notes(text, asked)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise InputError(f"{text}: cannot be read: {reason}") from error
    try:
        return theme_from_bytes(content, asked)
    except InputError as error:
        raise InputError(f"{text}: {error}") from error


def theme_from_notes(text: str, asked: Asked = NOTHING_ASKED) -> Theme:
    """The theme in typed notes; ``playbach.themes.typed`` says how they are typed.

    Raises:
        InputError: they cannot be read.
    """
    from playbach.themes.typed import parse_notes  # noqa: PLC0415 of three, one is needed

    return theme_of(parse_notes(text), asked)


def theme_from_bytes(content: bytes, asked: Asked = NOTHING_ASKED) -> Theme:
    """The theme in the bytes of a MIDI or MusicXML file, packed or not.

    Raises:
        InputError: it is none, damaged or too large; the message does not name the file.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"more than {MOST_BYTES:,} bytes; give the first bars alone")
    kind = next((suffix for start, suffix in _STARTS.items() if content.startswith(start)), "")
    return theme_of(READERS[kind or ".musicxml"](content), asked)


def theme_of(said: Said, asked: Asked = NOTHING_ASKED) -> Theme:
    """The theme that is meant.

    Raises:
        InputError: there are no notes, or a bar is too short or too long.
    """
    if not said.notes:
        raise InputError("theme: there are no notes in it; give at least one")
    notes, off_grid = to_grid(join_ties(said.notes))
    kept, merged = without_overlaps(notes)
    kept, thinned = _thinned(kept)
    meter = check_bar(asked.meter or said.meter or find_meter(kept))
    kept = _from_first_bar(kept, meter)
    if said.pickup is None:
        pickup = infer_pickup(kept, meter, OTHER)
    else:
        pickup = Ticks(ticks(said.pickup) % meter.bar_ticks)
    cut = pickup + MOST_BARS * meter.bar_ticks
    first = tuple(_cut(note, cut) for note in kept if note.onset < cut)
    key = asked.key or weigh(said.signature, first, is_whole=False)[0]
    length = max(note.end for note in first)
    if said.length and len(first) == len(kept):
        length = min(max(length, Ticks(ticks(said.length))), Ticks(cut))
    changed = {
        f"{off_grid} notes moved to the grid of 24 to a quarter": off_grid,
        f"{merged} notes shortened that were struck again": merged,
        f"{thinned} notes left out of chords of more than {MOST_TOGETHER}": thinned,
        f"{len(kept) - len(first):,} notes after {MOST_BARS} bars left out": len(kept) > len(first),
    }
    remarks = (*said.remarks, *(what for what, is_so in changed.items() if is_so))
    return Theme(first, key, meter, pickup, Ticks(length), changed=remarks)


def find_meter(notes: tuple[Note, ...]) -> Meter:
    """The meter in whose bars long notes fall best on strong beats."""
    longest = {note.onset: note.duration for note in sorted(notes, key=lambda n: n.duration)}

    def fit(meter: Meter, shift: int) -> float:
        return sum(by**2 * _strength(at - shift, meter) for at, by in longest.items())

    def better(meter: Meter) -> float:
        """Than if the bar lines fell anywhere."""
        shifts = range(0, meter.bar_ticks, _SHIFT)
        pickup = infer_pickup(notes, meter, OTHER)
        is_full = not (max(note.end for note in notes) - pickup) % meter.bar_ticks
        full = FULL_BARS if is_full else 1.0
        return full * fit(meter, pickup) * len(shifts) / sum(fit(meter, by) for by in shifts)

    best, most = FOUND_METERS[0], better(FOUND_METERS[0])
    for meter in FOUND_METERS[1:]:
        found = better(meter)
        if found > _LIKELIER * most:
            best, most = meter, found
    return best


def _strength(tick: int, meter: Meter) -> float:
    if not tick % meter.bar_ticks:
        return 1.0
    if not tick % meter.beat_ticks:
        return 0.5
    return 0.25 if not tick % meter.unit_ticks else 0.1


def _thinned(notes: tuple[Note, ...]) -> tuple[tuple[Note, ...], int]:
    """Of each chord the lowest note and the highest ones; and how many were left out."""
    kept: list[Note] = []
    for _, chord in groupby(notes, key=lambda note: note.onset):
        together = list(chord)
        kept += together[:1] + together[1:][-(MOST_TOGETHER - 1) :]
    return tuple(kept), len(notes) - len(kept)


def _from_first_bar(notes: tuple[Note, ...], meter: Meter) -> tuple[Note, ...]:
    """Without the whole bars of rest before the first note."""
    rest = notes[0].onset // meter.bar_ticks * meter.bar_ticks
    return tuple(replace(note, onset=Ticks(note.onset - rest)) for note in notes)


def _cut(note: Note, end: int) -> Note:
    return replace(note, duration=Ticks(min(note.end, end) - note.onset))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _midi(content: bytes) -> Said:
    from playbach.themes.midi_file import parse_midi  # noqa: PLC0415 of three, one is needed

    return parse_midi(content)


def _musicxml(content: bytes) -> Said:
    from playbach.themes.musicxml_file import parse_musicxml  # noqa: PLC0415 as above

    return parse_musicxml(content)


def _packed(content: bytes) -> Said:
    from playbach.themes.musicxml_file import unpacked  # noqa: PLC0415 as above

    return _musicxml(unpacked(content, MOST_BYTES))


READERS: Mapping[str, Callable[[bytes], Said]] = {
    ".mid": _midi, ".midi": _midi, ".musicxml": _musicxml, ".xml": _musicxml, ".mxl": _packed,
}  # fmt: skip
"""By suffix; which one reads a file is seen from its first bytes."""
_STARTS = {b"MThd": ".mid", b"RIFF": ".mid", b"PK": ".mxl"}
