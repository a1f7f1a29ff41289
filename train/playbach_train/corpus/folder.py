"""A folder of scores, read file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.music.form import Form
from playbach_train.corpus.grid import ReadResult
from playbach_train.corpus.guards import check_size, seconds_for, within
from playbach_train.corpus.midi_files import read_midi
from playbach_train.corpus.notation import parse_abc, parse_kern, parse_musicxml, piece_from_score
from playbach_train.corpus.records import ScoreMovement, Skipped

MAX_FILES = 100_000

Outcome = ScoreMovement | Skipped
Parser = Callable[[], list[Any]]

_PARSERS: dict[str, Callable[[Path], Iterator[Parser]]] = {
    ".abc": parse_abc,
    ".kern": parse_kern,
    ".krn": parse_kern,
    ".musicxml": parse_musicxml,
    ".mxl": parse_musicxml,
    ".xml": parse_musicxml,
}
MIDI_SUFFIXES = (".mid", ".midi")
SUFFIXES = (*MIDI_SUFFIXES, *_PARSERS)


def score_files(folder: Path) -> list[Path]:
    """The scores in a folder and those below it, sorted by path; hidden files are left alone.

    Raises:
        InputError: there is no such folder, or there are more than ``MAX_FILES`` scores.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; --midi takes a folder of scores")
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if len(files) > MAX_FILES:
        raise InputError(f"{folder}: {len(files):,} scores; at most {MAX_FILES:,} are read")
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def read_folder(folder: Path) -> Iterator[Outcome]:
    """Every movement in a folder, each file when it is asked for.

    Raises:
        InputError: as ``score_files``.
    """
    for path in score_files(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield from read_score(path, name, str(folder))


def read_score(path: Path, name: str, source: str, form: Form | None = None) -> Iterator[Outcome]:
    """The movements in one file, called ``name``, or ``name-0001`` and so on if there are more.

    Args:
        path: a file with one of ``SUFFIXES``.
        name: what the movement is called.
        source: the folder or corpus it belongs to.
        form: the form of all its movements if it is known.
    """
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        yield _outcome(path, name, source, partial(read_midi, path))
        return
    try:
        limit = partial(within, seconds_for(check_size(path)))
        parsers = list(_PARSERS[suffix](path))
    except InputError as error:
        yield Skipped(name, f"{path}: {error}")
        return
    for number, parser in enumerate(parsers, start=1):
        label = name if len(parsers) == 1 else f"{name}-{number:04d}"
        convert = partial(piece_from_score, form=form)
        yield from _notation(path, label, source, partial(limit, parser), convert)


def _notation(
    path: Path, name: str, source: str, parser: Parser, convert: Callable[[Any, str], ReadResult]
) -> Iterator[Outcome]:
    try:
        scores = parser()
    except InputError as error:
        yield Skipped(name, f"{path}: {name}: {error}")
        return
    for number, score in enumerate(scores, start=1):
        label = name if len(scores) == 1 else f"{name}-{number:04d}"
        where = f"{path}: {label}: "
        yield _outcome(path, label, source, partial(convert, score, label), where)


def _outcome(
    path: Path, name: str, source: str, read: Callable[[], ReadResult], where: str = ""
) -> Outcome:
    """What ``read`` gives; ``where`` stands before what it says where it cannot."""
    try:
        result = read()
    except InputError as error:
        return Skipped(name, f"{where}{error}")
    return ScoreMovement(
        name, result.piece, source, path, result.off_grid, result.merged, result.remarks
    )
