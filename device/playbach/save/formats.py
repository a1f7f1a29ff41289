"""Formats that music can be saved in: a row each, found by the suffix of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playbach.errors import InputError, OutputError, PlaybachError
from playbach.files import written_atomically
from playbach.midi.files import Placed
from playbach.save import abc, engraver, engraving, lilypond, midi, musicxml, roll, wav
from playbach.sound.options import DEFAULT, SoundOptions


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
        sounds: whether both take a ``SoundOptions``, too.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[..., None]
    check: Callable[..., None] = _nothing
    needs: str = ""
    sounds: bool = False


FORMATS = (
    Format("MIDI file", (".mid", ".midi"), midi.write),
    Format("sound", (".wav",), wav.write, wav.check, "libfluidsynth and a sound font", sounds=True),
    Format("MusicXML score", (".musicxml", ".xml"), musicxml.write),
    Format("the same, packed", (".mxl",), musicxml.write_packed),
    Format("LilyPond source", (".ly",), lilypond.write),
    Format("ABC notation", (".abc",), abc.write),
    Format("pages", (".svg",), engraving.write_svg, engraver.check, "verovio"),
    Format(
        "pages", (".pdf",), engraving.write_pdf, engraving.check_pdf, "verovio, pypdf, rsvg-convert"
    ),
    Format("piano roll", (".png",), roll.write, roll.check, "Pillow"),
)
SUFFIXES = tuple(suffix for row in FORMATS for suffix in row.suffixes)
BY_SUFFIX = {suffix: row for row in FORMATS for suffix in row.suffixes}


def format_of(path: Path, options: SoundOptions = DEFAULT) -> Format:
    """The format that the name of ``path`` asks for; what it needs is installed.

    Raises:
        InputError: the suffix is none of ``SUFFIXES``, upper or lower case.
        OutputError: what the format needs is not installed.
    """
    row = BY_SUFFIX.get(path.suffix.lower())
    if row is None:
        *most, last = SUFFIXES
        raise InputError(f"{path}: the name of the file must end in {', '.join(most)} or {last}")
    with_name(path, lambda: row.check(*_given(row, options)))
    return row


def save(
    movements: Sequence[Placed], path: Path, *, force: bool, options: SoundOptions = DEFAULT
) -> None:
    """Write ``path``, whole or not at all.

    Args:
        movements: at least one.
        path: its suffix says the format.
        force: whether an existing file may be replaced.
        options: how sound sounds.

    Raises:
        InputError: as ``format_of``.
        OutputError: as ``format_of``, or the file cannot be written.
    """
    row = format_of(path, options)
    with written_atomically(path, force=force) as temporary:
        with_name(path, lambda: row.write(movements, temporary, *_given(row, options)))


def _given(row: Format, options: SoundOptions) -> tuple[SoundOptions, ...]:
    return (options,) if row.sounds else ()


def with_name(path: Path, do: Callable[[], None]) -> None:
    """Run ``do``; its errors are raised again with the file's name.

    Raises:
        OutputError: ``do`` raised a ``PlaybachError``.
    """
    try:
        do()
    except PlaybachError as error:
        raise OutputError(f"{path}: {error}") from error
