"""MusicXML, ABC and kern files as pieces, read by music21 in memory.

music21 can also fetch addresses, keep pickles of what it parsed and write scratch files. None of
that is reached from here: it gets a path or a text and the format that the suffix says. It is slow
to import; its objects say what they are by class name.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.music.form import OTHER, Form, form_in_title
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Ticks
from playbach_train.corpus.grid import (
    Changes,
    ReadResult,
    WrittenNote,
    changes,
    check_amount,
    join_ties,
    one_line,
    ticks,
    to_grid,
    without_overlaps,
)
from playbach_train.corpus.guards import MAX_SCORE_BYTES
from playbach_train.corpus.key_finding import estimate_key

# By the third above the tonic, which is what an ear calls major or minor.
_MODES = {
    **dict.fromkeys(("major", "ionian", "lydian", "mixolydian"), Mode.MAJOR),
    **dict.fromkeys(("minor", "aeolian", "dorian", "phrygian", "locrian"), Mode.MINOR),
}
_DECIMALS = 1 << 16
MAX_TUNES = 20_000
MAX_REASON = 160
_TUNE = re.compile(r"^(?=X:)", re.MULTILINE)
_FILE_HEADER_FIELD = re.compile(r"^[A-Za-z]:.*$", re.MULTILINE)


def piece_from_score(score: Any, name: str, form: Form | None = None) -> ReadResult:
    """All parts of a ``music21.stream.Score`` played together, as written (no repeats unfolded).

    Grace notes, chord symbols and unpitched notes are left out. A key signature without a mode is
    major or its relative minor by the last bass note; without a signature the key is estimated.

    Args:
        score: the score, at written or sounding pitch; changed to sounding pitch.
        name: what the movement is called, for its title and form where the score has no better.
        form: the form if it is known, else the one named in the title or ``name``.

    Raises:
        InputError: no notes, too many, no meter, or a meter that cannot be played.
    """
    if any(getattr(i, "transposition", None) for i in score["Instrument"]):
        score.toSoundingPitch(inPlace=True)
    parts = [part.flatten() for part in score.parts] or [score.flatten()]
    written = join_ties(chain.from_iterable(_noteheads(part) for part in parts))
    _check_size(written)
    on_grid, off_grid = to_grid(written)
    notes, merged = without_overlaps(on_grid)
    title = one_line((score.metadata and score.metadata.title) or name)
    meters = _meters(parts)
    piece = Piece(
        notes,
        keys=_keys(parts, notes),
        meters=meters,
        form=form or _form(name, title),
        pickup=_pickup(score, meters[0][1]),
        title=title,
    )
    return ReadResult(piece, off_grid, merged)


def _noteheads(part: Any) -> Iterator[WrittenNote]:
    for element in part.notes:
        if element.duration.isGrace or not element.pitches or "Harmony" in element.classes:
            continue
        onset, length = _exact(element.offset), _exact(element.quarterLength)
        for member in getattr(element, "notes", (element,)):
            tie = member.tie or element.tie
            continues = tie is not None and tie.type in ("stop", "continue")
            yield WrittenNote(onset, member.pitch.midi, length, continues)


def _exact(quarters: float | Fraction) -> Fraction:
    """music21 has a float where it is exact and a fraction elsewhere."""
    return Fraction(quarters).limit_denominator(_DECIMALS)


def _check_size(written: list[WrittenNote]) -> None:
    if not written:
        raise InputError("the score has no notes")
    check_amount(len(written), max(note.end for note in written))


def _form(name: str, title: str) -> Form:
    by_name = form_in_title(name)
    return by_name if by_name is not OTHER else form_in_title(title)


def _of_class(parts: Iterable[Any], name: str) -> list[Any]:
    """The elements of that class in the first part that has any."""
    return next(filter(None, (list(part.getElementsByClass(name)) for part in parts)), [])


def _meters(parts: list[Any]) -> Changes[Meter]:
    signatures = _of_class(parts, "TimeSignature")
    if not signatures:
        raise InputError("the score has no meter: add a time signature")
    found = ((s.offset, Meter(s.numerator, s.denominator)) for s in signatures)
    return changes(((ticks(_exact(at)), meter) for at, meter in found), from_start=True)


def _keys(parts: list[Any], notes: tuple[Note, ...]) -> Changes[Key]:
    # music21's Key, which knows its tonic, is a KeySignature too; sorted after one at its offset.
    signatures = sorted(
        _of_class(parts, "KeySignature"), key=lambda s: (s.offset, "Key" in s.classes)
    )
    found = ((ticks(_exact(sign.offset)), _key(sign, notes)) for sign in signatures)
    keys = changes(found, from_start=True)
    return keys or ((Ticks(0), estimate_key(notes)),)


def _key(signature: Any, notes: tuple[Note, ...]) -> Key:
    mode = _MODES.get(str(getattr(signature, "mode", None)).lower())
    if mode is not None and "Key" in signature.classes:
        return Key(signature.tonic.pitchClass, mode)
    major = 7 * signature.sharps % PITCH_CLASSES
    relative_minor = (major + 9) % PITCH_CLASSES
    last_onset = notes[-1].onset
    bass = min(note.pitch for note in notes if note.end > last_onset) % PITCH_CLASSES
    return Key(relative_minor, Mode.MINOR) if bass == relative_minor else Key(major, Mode.MAJOR)


def _pickup(score: Any, meter: Meter) -> Ticks:
    """The length of the first measure if it is shorter than a bar."""
    part = score.parts.first() or score
    offsets = [_exact(measure.offset) for measure in part.getElementsByClass("Measure")[:2]]
    length = ticks(offsets[-1] - offsets[0]) if offsets else 0
    return Ticks(length if 0 < length < meter.bar_ticks else 0)


def parse_musicxml(path: Path) -> Iterator[Callable[[], list[Any]]]:
    """One parser, of the score in a MusicXML file, plain or compressed.

    Raises:
        InputError: from the parser: the file is no MusicXML, or unpacks to too much.
    """
    yield partial(_parse_musicxml, path)


def parse_kern(path: Path) -> Iterator[Callable[[], list[Any]]]:
    """One parser, of the score in a Humdrum ``**kern`` file.

    Raises:
        InputError: from the parser: the file is no kern.
    """
    yield partial(_parse, path, "humdrum")


def parse_abc(path: Path) -> Iterator[Callable[[], list[Any]]]:
    """A parser for each tune in an ABC file, so that a bad tune costs only itself.

    Raises:
        InputError: the file has too many tunes; from a parser: the tune
            is no ABC.
    """
    header, *tunes = _TUNE.split(_text(path))
    if len(tunes) > MAX_TUNES:
        raise InputError(f"{len(tunes):,} tunes: at most {MAX_TUNES:,} are read from one file")
    defaults = "\n".join(_FILE_HEADER_FIELD.findall(header))
    for tune in tunes or [header]:
        yield partial(_parse, _with_defaults(tune, defaults if tunes else ""), "abc")


def _with_defaults(tune: str, defaults: str) -> str:
    """The fields of the file's header, put after the tune's number so that its own overrule."""
    number, _, rest = tune.partition("\n")
    return "\n".join(filter(None, (number, defaults, rest)))


def _parse_musicxml(path: Path) -> list[Any]:
    if path.suffix.lower() == ".mxl":
        _check_unpacked_size(path)
    return _parse(path, "musicxml")


def _check_unpacked_size(path: Path) -> None:
    # zipfile reads no more of a member than its header says, so the headers can be believed.
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError("not a compressed MusicXML file (.mxl is a zip archive)") from error
    if size > MAX_SCORE_BYTES:
        raise InputError(f"unpacks to {size:,} bytes; at most {MAX_SCORE_BYTES:,} are read")


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return content.decode("latin-1").replace("\r\n", "\n")


def _parse(score: Path | str, form: str) -> list[Any]:
    """The scores music21 finds in a file or a text of the format ``form``."""
    from music21 import converter  # noqa: PLC0415 it is slow to import, and only scores need it

    parser = converter.Converter()
    try:
        with _quiet():
            if isinstance(score, Path):
                parser.parseFileNoPickle(score.absolute(), format=form)
            else:
                parser.parseData(score, format=form)
            stream = parser.stream
            return list(stream.scores) if "Opus" in stream.classes else [stream]
    except Exception as error:
        # What a parser of four formats raises on broken files has no common base.
        raise InputError(f"not readable as {form}: {_one_line(error)}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """music21 warns, on both ways, about spellings that change no note."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"
