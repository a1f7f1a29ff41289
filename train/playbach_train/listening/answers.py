"""The answers of listeners and the key to them, read from files that anyone may have written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach_train.corpus.guards import check_size
from playbach_train.listening.blind import FORMAT, SURVEY_LENGTH
from playbach_train.listening.sources import LABEL, REAL

MOST_BYTES = 64 * 1024
MOST_KEY_BYTES = 1024 * 1024
MOST_FILES = 10_000
HIGHEST, MOST_YEARS = 10, 99
_HEX = re.compile(rf"[0-9a-f]{{{SURVEY_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Answers:
    """What one listener said."""

    respondent: str  # 16 hex digits, drawn by chance for each listener
    ratings: Mapping[str, int]  # by excerpt, 0 (computer) to 10 (human)
    known: frozenset[str]  # excerpts that the listener knew
    years: int | None  # of musical training, 0 to 99; ``None`` if it was not said


@dataclass(frozen=True, slots=True)
class Key:
    """The answer key: which excerpt is from which source."""

    survey: str  # 16 hex digits that the answers have too
    sources: tuple[str, ...]  # labels, first the one that the others are compared with
    excerpts: Mapping[str, str]  # label by excerpt


@dataclass(frozen=True, slots=True)
class Collected:
    """All that was read."""

    answers: tuple[Answers, ...]  # one of each respondent
    refused: tuple[str, ...]  # a line for each file that was left out, with the reason


def read_key(path: Path) -> Key:
    """The key that ``playbach-train listen`` wrote.

    Raises:
        InputError: it is missing, or is no such file.
    """
    try:
        found = _object(path, MOST_KEY_BYTES)
        reference: str = _member({"reference": REAL, **found}, "reference", str)
        excerpts = _sources_of(_member(found, "excerpts", dict), reference)
        others = sorted(set(excerpts.values()) - {reference})
        return Key(_hex(found, "survey"), (reference, *others), excerpts)
    except InputError as error:
        raise InputError(
            f"{path}: {error}; --key takes the file that playbach-train listen wrote"
        ) from error


def _sources_of(rows: dict[str, Any], reference: str) -> dict[str, str]:
    """The label of each excerpt."""
    sources: dict[str, str] = {name: _member(row, "source", str) for name, row in rows.items()}
    labels = set(sources.values())
    if reference not in labels or labels == {reference} or not all(map(LABEL.fullmatch, labels)):
        raise InputError("it does not name the sources that are compared")
    return sources


def collect(paths: Sequence[Path], key: Key) -> Collected:
    """The answers in these files, and in the ``.json`` files of these folders.

    What is no answer to this test is refused, with a line of why; of two files by one respondent
    the first counts.

    Raises:
        InputError: there are too many files.
    """
    files = [file for path in paths for file in _files(path)]
    if len(files) > MOST_FILES:
        raise InputError(f"{len(files):,} files; at most {MOST_FILES:,} are read")
    kept: dict[str, tuple[Answers, Path]] = {}
    refused: list[str] = []
    for file in files:
        try:
            answers = read_answers(file, key)
        except InputError as error:
            refused.append(f"{file}: {error}")
            continue
        first, place = kept.setdefault(answers.respondent, (answers, file))
        if place is not file:
            how = "the same" if first == answers else "other"
            refused.append(f"{file}: {how} answers by the respondent of {place}, which is counted")
    return Collected(tuple(answers for answers, _ in kept.values()), tuple(refused))


def read_answers(path: Path, key: Key) -> Answers:
    """One listener's answers.

    Raises:
        InputError: it is too large, not JSON, not what the page makes, or of another test; the
            message does not name the file.
    """
    found = _object(path, MOST_BYTES)
    if _hex(found, "survey") != key.survey:
        raise InputError(f"answers to another test; the key is that of {key.survey}")
    ratings = _member(found, "ratings", dict)
    _check_excerpts(ratings, key)
    for name, rating in ratings.items():
        _check_number(f"rating of {name}", rating, HIGHEST)
    known = _member(found, "known", list)
    _check_excerpts(known, key)
    years = found.get("years")
    if years is not None:
        _check_number("years", years, MOST_YEARS)
    if not ratings:
        raise InputError("it rates nothing")
    return Answers(_hex(found, "respondent"), ratings, frozenset(known), years)


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def _object(path: Path, most: int) -> dict[str, Any]:
    check_size(path, most)
    try:
        found = json.loads(path.read_bytes(), object_pairs_hook=_once)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    # ValueError: not UTF-8, not JSON, or a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise InputError("not JSON") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InputError(f"not of format {FORMAT}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise InputError("a member of it has the same name as another")
    return members


def _member(found: object, name: str, kind: type) -> Any:
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, kind):
        raise InputError(f"{name} is missing, or of the wrong type")
    return value


def _hex(found: dict[str, Any], name: str) -> str:
    value: str = _member(found, name, str)
    if not _HEX.fullmatch(value):
        raise InputError(f"{name} is not {SURVEY_LENGTH} hex digits")
    return value


def _check_excerpts(names: Any, key: Key) -> None:
    strange = [name for name in names if not isinstance(name, str) or name not in key.excerpts]
    if strange:
        raise InputError(f"the test has no excerpt {str(strange[0])[:20]!r}")


def _check_number(what: str, value: object, most: int) -> None:
    # True is an int to Python, and no number to a listener.
    if type(value) is not int or not 0 <= value <= most:
        raise InputError(
            f"{what} is {str(value)[:20]!r}; it must be a whole number from 0 to {most}"
        )
