"""MusicXML, ABC and kern files, read by music21 in memory.

music21 can also fetch addresses, keep pickles of what it parsed and write scratch files. None of
that is reached from here: it gets a path or a text and the format that the suffix says.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach_train.corpus.guards import MAX_SCORE_BYTES

MAX_TUNES = 20_000
MAX_REASON = 160
_TUNE = re.compile(r"^(?=X:)", re.MULTILINE)
_FILE_HEADER_FIELD = re.compile(r"^[A-Za-z]:.*$", re.MULTILINE)


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
