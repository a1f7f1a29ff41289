"""Formats that music can be saved in: a row each, found by the suffix of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import InputError, OutputError, PlaybachError
from playbach.files import written_atomically
from playbach.music.midi_write import Placed
from playbach.save import engraving, midi, musicxml, roll, wav


def _nothing() -> None:
    """The check of a format that needs nothing beyond the base install."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        name: what it is.
        suffixes: in lower case, with their dot.
        write: writes movements into a file that exists and is empty.
        check: raises a ``PlaybachError`` that says what is missing and how to install it.
        needs: what ``check`` looks for, in words; empty for nothing.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Sequence[Placed], Path], None]
    check: Callable[[], None] = _nothing
    needs: str = ""


FORMATS = (
    Format("MIDI file", (".mid", ".midi"), midi.write),
    Format("sound", (".wav",), wav.write, wav.check, "fluidsynth and a sound font"),
    Format("MusicXML score", (".musicxml", ".xml"), musicxml.write),
    Format("pages", (".svg",), engraving.write_svg, engraving.check_svg, "verovio"),
    Format("pages", (".pdf",), engraving.write_pdf, engraving.check_pdf, "verovio, rsvg-convert"),
    Format("piano roll", (".png",), roll.write, roll.check, "Pillow"),
)
SUFFIXES = tuple(suffix for row in FORMATS for suffix in row.suffixes)
_BY_SUFFIX = {suffix: row for row in FORMATS for suffix in row.suffixes}


def format_of(path: Path) -> Format:
    """The format that the name of ``path`` asks for; what it needs is installed.

    Raises:
        InputError: the suffix is none of ``SUFFIXES``, upper or lower case.
        OutputError: what the format needs is not installed.
    """
    row = _BY_SUFFIX.get(path.suffix.lower())
    if row is None:
        *most, last = SUFFIXES
        raise InputError(f"{path}: the name of the file must end in {', '.join(most)} or {last}")
    with_name(path, row.check)
    return row


def save(movements: Sequence[Placed], path: Path, *, force: bool) -> None:
    """Write ``path``, whole or not at all.

    Args:
        movements: at least one.
        path: its suffix says the format.
        force: whether an existing file may be replaced.

    Raises:
        InputError: as ``format_of``.
        OutputError: as ``format_of``, or the file cannot be written.
    """
    row = format_of(path)
    with written_atomically(path, force=force) as temporary:
        with_name(path, lambda: row.write(movements, temporary))


def with_name(path: Path, do: Callable[[], None]) -> None:
    """Run ``do``; its errors say which file they are about.

    Raises:
        OutputError: ``do`` raised a ``PlaybachError``.
    """
    try:
        do()
    except PlaybachError as error:
        raise OutputError(f"{path}: {error}") from error
