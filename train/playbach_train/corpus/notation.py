"""MusicXML, ABC, kern and MEI files as pieces, read by music21 in memory.

music21 can also fetch addresses, keep pickles of what it parsed and write scratch files. None of
that is reached from here: it gets a text and the format that the suffix says. It is slow to import;
its objects say what they are by class name.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from playbach.errors import InputError
from playbach.music.grid import (
    WrittenNote,
    changes,
    check_amount,
    join_ties,
    one_line,
    ticks,
    to_grid,
    without_overlaps,
)
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.key_finding import Signature
from playbach.music.note import Ticks
from playbach_train.corpus.guards import MAX_SCORE_BYTES, check_size
from playbach_train.corpus.interpretation import FileSays

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
_CONTAINER = "META-INF/container.xml"
_SCORE_IN_ZIP = (".xml", ".musicxml")

_MEI = "{http://www.music-encoding.org/ns/mei}"
_MEI_SIGNATURES = (
    ("keySig", "key", ("sig", "mode", "pname")),
    ("meterSig", "meter", ("count", "unit")),
)

FORMATS = {
    ".abc": "abc", ".kern": "humdrum", ".krn": "humdrum", ".mei": "mei", ".musicxml": "musicxml",
    ".mxl": "musicxml", ".xml": "musicxml",
}  # fmt: skip
"""What music21 calls the format of files with these suffixes."""


def what_score_says(score: Any) -> FileSays:
    """All parts of a ``music21.stream.Score`` played together, as written (no repeats unfolded).

    Grace notes, chord symbols and unpitched notes are left out.

    Args:
        score: the score, at written or sounding pitch; changed to sounding pitch.

    Raises:
        InputError: no notes, or too many.
    """
    if any(getattr(i, "transposition", None) for i in score["Instrument"]):
        score.toSoundingPitch(inPlace=True)
    parts = [part.flatten() for part in score.parts] or [score.flatten()]
    written = join_ties(chain.from_iterable(_noteheads(part) for part in parts))
    _check_size(written)
    on_grid, off_grid = to_grid(written)
    notes, merged = without_overlaps(on_grid)
    titles, work = _titles(score)
    return FileSays(
        notes,
        signatures=changes(_signatures(parts), from_start=True),
        meters=changes(_time_signatures(parts), from_start=True),
        pickup=_pickup(score, parts),
        titles=titles,
        work=work,
        off_grid=off_grid,
        merged=merged,
        left_out=_left_out(parts),
    )


def _titles(score: Any) -> tuple[tuple[str, ...], str]:
    """The titles of the movement and, if it has any, of the work."""
    metadata = score.metadata
    if metadata is None:
        return (), ""
    work, movement = (one_line(str(text or "")) for text in (metadata.title, metadata.movementName))
    return ((movement,), work) if movement else ((work,) if work else (), "")


def _noteheads(part: Any) -> Iterator[WrittenNote]:
    for element in part.notes:
        if element.duration.isGrace or "Harmony" in element.classes:
            continue
        onset, length = _exact(element.offset), _exact(element.quarterLength)
        for member in getattr(element, "notes", (element,)):
            pitch = getattr(member, "pitch", None)
            if pitch is not None:
                # A chord has the tie of its first note; what holds is each note's own.
                tie = member.tie.type if member.tie else ""
                continues, goes_on = tie in ("stop", "continue"), tie in ("start", "continue")
                yield WrittenNote(onset, pitch.midi, length, continues, goes_on)


def _left_out(parts: Iterable[Any]) -> tuple[str, ...]:
    """How many grace notes and notes without a pitch there are."""
    counts: Counter[str] = Counter()
    for element in chain.from_iterable(part.notes for part in parts):
        if "Harmony" in element.classes:
            continue
        members = getattr(element, "notes", (element,))
        if element.duration.isGrace:
            counts["grace notes"] += len(members)
        else:
            counts["unpitched notes"] += sum(not hasattr(member, "pitch") for member in members)
    return tuple(f"{what} left out: {count}" for what, count in counts.items() if count)


def _exact(quarters: float | Fraction) -> Fraction:
    """music21 has a float where it is exact and a fraction elsewhere."""
    return Fraction(quarters).limit_denominator(_DECIMALS)


def _check_size(written: list[WrittenNote]) -> None:
    if not written:
        raise InputError("the score has no notes")
    check_amount(len(written), max(note.end for note in written))


def _of_class(parts: Iterable[Any], name: str) -> list[Any]:
    """The elements of that class in the first part that has any."""
    return next(filter(None, (list(part.getElementsByClass(name)) for part in parts)), [])


def _time_signatures(parts: list[Any]) -> Iterator[tuple[int, tuple[int, int]]]:
    for sign in _of_class(parts, "TimeSignature"):
        yield ticks(_exact(sign.offset)), (sign.numerator, sign.denominator)


def _signatures(parts: list[Any]) -> Iterator[tuple[int, Signature]]:
    """The key signatures; those by single steps, which stand for no key, are left out."""
    # music21's Key, which knows its tonic, is a KeySignature too; sorted after one at its offset.
    signs = sorted(_of_class(parts, "KeySignature"), key=lambda s: (s.offset, "Key" in s.classes))
    printed: dict[int, int] = {}
    for sign in signs:
        if sign.sharps is None:
            continue
        at = ticks(_exact(sign.offset))
        mode = _MODES.get(str(getattr(sign, "mode", None)).lower())
        if mode is None or "Key" not in sign.classes:
            printed[at] = sign.sharps
            yield at, Signature(sign.sharps)
        else:
            key = Key(sign.tonic.pitchClass % PITCH_CLASSES, mode)
            yield at, Signature(printed.get(at, sign.sharps), key)


def _pickup(score: Any, parts: Iterable[Any]) -> Ticks:
    """The length of the first measure if it is shorter than a bar."""
    part = score.parts.first() or score
    measures = part.getElementsByClass("Measure")[:2]
    offsets = [_exact(measure.offset) for measure in measures]
    length = ticks(offsets[-1] - offsets[0]) if offsets else 0
    sign = next(iter(_of_class(parts, "TimeSignature")), None)
    bar = ticks(Fraction(4 * sign.numerator, sign.denominator)) if sign else 0
    return Ticks(length if 0 < length < bar else 0)


def tunes(text: str) -> list[str]:
    """The tunes of an ABC file, each with the fields of the file's header.

    Raises:
        InputError: there are too many.
    """
    header, *found = _TUNE.split(text)
    if len(found) > MAX_TUNES:
        raise InputError(f"{len(found):,} tunes: at most {MAX_TUNES:,} are read from one file")
    defaults = "\n".join(_FILE_HEADER_FIELD.findall(header))
    return [_with_defaults(tune, defaults) for tune in found] or [header]


def _with_defaults(tune: str, defaults: str) -> str:
    """The fields of the file's header, put after the tune's number so that its own overrule."""
    number, _, rest = tune.partition("\n")
    return "\n".join(filter(None, (number, defaults, rest)))


def score_text(path: Path) -> str:
    """The text of a score, out of its zip archive if it is in one.

    Raises:
        InputError: it cannot be read, or is larger than is read, packed or unpacked.
    """
    check_size(path)
    if path.suffix.lower() == ".mxl":
        return _decoded(_unpacked(path))
    try:
        return _decoded(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n")


def _unpacked(path: Path) -> bytes:
    """The score in a compressed MusicXML file: the one its container names, or else the first.

    What a Mac adds to an archive is no score.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # zipfile reads no more of a member than its header says, so these can be believed.
            size = sum(member.file_size for member in archive.infolist())
            if size > MAX_SCORE_BYTES:
                raise InputError(f"unpacks to {size:,} bytes; at most {MAX_SCORE_BYTES:,} are read")
            names = archive.namelist()
            named = _rootfile(archive.read(_CONTAINER)) if _CONTAINER in names else ""
            scores = [name for name in names if _is_score(name)]
            chosen = named if named in names else next(iter(scores), None)
            if chosen is None:
                raise InputError("there is no score in it: no file that ends in .xml or .musicxml")
            return archive.read(chosen)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise InputError("not a compressed MusicXML file (.mxl is a zip archive)") from error
    except (RuntimeError, NotImplementedError) as error:
        raise InputError(
            "the zip archive has a password, or is packed in a way not known"
        ) from error


def _rootfile(container: bytes) -> str:
    try:
        root = ET.fromstring(container)  # noqa: S314 expat bounds what entities may grow to
    except ET.ParseError:
        return ""
    found = next((one for one in root.iter() if one.tag.rpartition("}")[2] == "rootfile"), None)
    return "" if found is None else found.get("full-path", "")


def _is_score(name: str) -> bool:
    *folders, file = name.split("/")
    hidden = file.startswith(".") or "__MACOSX" in folders or "META-INF" in folders
    return file.lower().endswith(_SCORE_IN_ZIP) and not hidden


def parse(text: str, form: str) -> list[Any]:
    """The scores music21 finds in a text.

    Args:
        text: of the score.
        form: what music21 calls its format; one of the values of ``FORMATS``.

    Raises:
        InputError: it finds none.
    """
    from music21 import converter  # noqa: PLC0415 it is slow to import, and only scores need it

    parser = converter.Converter()
    try:
        with _quiet(), _without_beams():
            parser.parseData(_for_music21(text) if form == "mei" else text, format=form)
            stream = parser.stream
            return list(stream.scores) if "Opus" in stream.classes else [stream]
    except Exception as error:
        # What a parser of four formats raises on broken files has no common base.
        raise InputError(f"not readable as {form}: {reason_of(error)}") from error


def _for_music21(mei: str) -> str:
    """MEI with signatures as attributes, measures counted, and the title in a work.

    That is all that music21 reads. MEI has two ways to say a signature; programs write elements
    (``<keySig sig="1f"/>``), call a measure ``X1`` where an edition would not count it, and give
    the title to the file.
    """
    root = ET.fromstring(mei)  # noqa: S314 expat bounds what entities may grow to
    for number, measure in enumerate(root.iter(f"{_MEI}measure"), start=1):
        measure.set("n", str(number))
    for owner in (*root.iter(f"{_MEI}scoreDef"), *root.iter(f"{_MEI}staffDef")):
        for tag, prefix, names in _MEI_SIGNATURES:
            for sign in owner.findall(f"{_MEI}{tag}"):
                said = {f"{prefix}.{name}": sign.get(name) for name in names}
                owner.attrib.update({name: text for name, text in said.items() if text})
    if (title := root.findtext(f".//{_MEI}fileDesc/{_MEI}titleStmt/{_MEI}title")) is not None:
        work = ET.Element(f"{_MEI}work")
        statement = ET.SubElement(work, f"{_MEI}titleStmt")
        ET.SubElement(statement, f"{_MEI}title").text = title
        root.insert(0, work)
    return ET.tostring(root, encoding="unicode")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """music21 warns, on both ways, about spellings that change no note."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _without_beams() -> Iterator[None]:
    """music21 spends half of its time with ABC on beams, which nobody here looks at."""
    from music21 import stream  # noqa: PLC0415 as above

    make_beams = stream.Stream.makeBeams
    stream.Stream.makeBeams = lambda measures, **_: measures
    try:
        yield
    finally:
        stream.Stream.makeBeams = make_beams


def reason_of(error: Exception) -> str:
    """What an exception of a parser says, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"
