"""Reading everything a run is to be trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from playbach.errors import InputError
from playbach_train.corpus.folder import SUFFIXES, Outcome, read_folder, score_files
from playbach_train.corpus.guards import check_size
from playbach_train.corpus.labels import Asked
from playbach_train.corpus.named import named_corpus
from playbach_train.corpus.records import (
    UNKNOWN_LICENCE,
    Corpus,
    Request,
    Say,
    ScoreMovement,
    Skipped,
)
from playbach_train.corpus.split import same_music

Source = Path | str
"""A folder of scores (a path) or a corpus by name (text)."""

SOURCES_FILE = "SOURCES.json"
"""What a folder that we built says about where its scores come from."""

MAX_REPORTED = 20
MAX_MOVEMENTS = 200_000


def load(sources: Sequence[Source], request: Request = Request(), *, report: Say) -> Corpus:  # noqa: B008 frozen
    """Read all movements of all sources, in a fixed order.

    A score that cannot be read is reported and skipped.

    Args:
        sources: folders and names of corpora.
        request: which movements are wanted.
        report: receives a line for each source, each score that was skipped or had a fault and
            each group of the same music (up to ``MAX_REPORTED`` of each kind), what was left out,
            and the counts at the end.

    Raises:
        InputError: a source does not exist, cannot be fetched or compiled, or there is no movement.
    """
    movements: list[ScoreMovement] = []
    skipped: list[Skipped] = []
    excluded: list[str] = []
    for source in sources:
        scores = _Reporter(report)
        report(f"reading {source}")
        kept = 0
        for outcome in _outcomes(source, request):
            if request.excludes(outcome.name):
                excluded.append(outcome.name)
            elif isinstance(outcome, Skipped):
                skipped.append(outcome)
                scores.skipped(outcome)
            else:
                movements.append(outcome)
                scores.read(outcome)
                kept += 1
            if kept == request.limit or len(movements) > MAX_MOVEMENTS:
                break
        scores.close()
    corpus = Corpus(_named_apart(movements), tuple(skipped), tuple(excluded))
    _check_not_empty(corpus, sources)
    _report_counts(corpus, request, report)
    folders = [source for source in sources if isinstance(source, Path)]
    for name in unused_labels(request.asked, folders, corpus.movements):
        report(f"--labels: no score is called {name}")
    return corpus


def unused_labels(
    asked: Asked, folders: Iterable[Path], movements: Iterable[ScoreMovement]
) -> list[str]:
    """The paths in the user's table that are those of no score in ``folders``."""
    if not asked.labels:
        return []
    known = {movement.name for movement in movements}
    for folder in folders:
        paths = [path.relative_to(folder) for path in score_files(folder)]
        known.update(name.as_posix() for path in paths for name in (path, path.with_suffix("")))
    return [name for name in asked.labels if name not in known]


class _Reporter:
    """Names the first scores of a source that were skipped or repaired, and counts the rest."""

    def __init__(self, report: Say) -> None:
        self._report = report
        self._counts = {"skipped": 0, "repaired": 0}

    def skipped(self, score: Skipped) -> None:
        self._say("skipped", score.reason)

    def read(self, movement: ScoreMovement) -> None:
        if movement.remarks:
            self._say("repaired", f"{movement.file}: {'; '.join(movement.remarks)}")

    def close(self) -> None:
        for what, count in self._counts.items():
            if count > MAX_REPORTED:
                self._report(f"{what} {count - MAX_REPORTED} more")

    def _say(self, what: str, line: str) -> None:
        self._counts[what] += 1
        if self._counts[what] <= MAX_REPORTED:
            self._report(f"{what} {line}")


def _outcomes(source: Source, request: Request) -> Iterator[Outcome]:
    if isinstance(source, str):
        return named_corpus(source).read(request)
    return _folder(source, request)


def _folder(folder: Path, request: Request) -> Iterator[Outcome]:
    terms = read_terms(folder / SOURCES_FILE)
    for outcome in read_folder(folder, request.asked, few=request.limit is not None):
        if isinstance(outcome, ScoreMovement) and outcome.name in terms:
            origin, licence = terms[outcome.name]
            yield replace(outcome, origin=origin, licence=licence)
        else:
            yield outcome


def read_terms(path: Path) -> Mapping[str, tuple[str, str]]:
    """Origin and licence of each movement, from a file that ``corpus.build`` wrote.

    A file of that name that is not ours says nothing: the terms are then unknown.
    """
    try:
        check_size(path)
        rows = json.loads(path.read_bytes())["movements"]
        return {
            str(row["name"]): (str(row["origin"]), str(row.get("licence", UNKNOWN_LICENCE)))
            for row in rows
        }
    except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _named_apart(movements: Iterable[ScoreMovement]) -> tuple[ScoreMovement, ...]:
    """The movements, with ``~2`` and so on after a name that another has already."""
    seen: dict[str, int] = {}
    apart: list[ScoreMovement] = []
    for movement in movements:
        count = seen[movement.name] = seen.get(movement.name, 0) + 1
        name = movement.name if count == 1 else f"{movement.name}~{count}"
        apart.append(replace(movement, name=name))
    return tuple(apart)


def _check_not_empty(corpus: Corpus, sources: Sequence[Source]) -> None:
    if corpus.movements:
        return
    raise InputError(
        f"no music in {', '.join(map(str, sources)) or 'no source'}: {len(corpus.skipped)} scores "
        f"could not be read, {len(corpus.excluded)} movements are excluded; give folders with "
        f"files ending in {' '.join(SUFFIXES)} or a corpus by name"
    )


def _report_counts(corpus: Corpus, request: Request, report: Say) -> None:
    # With a limit, movements of that name may not have been reached.
    for pattern in request.exclude if request.limit is None else ():
        if not any(map(replace(request, exclude=(pattern,)).excludes, corpus.excluded)):
            report(f"--exclude {pattern}: no movement has such a name")
    same = same_music(corpus.movements)
    for names in same[:MAX_REPORTED]:
        report(f"the same music, kept together in any split: {', '.join(names)}")
    if len(same) > MAX_REPORTED:
        report(
            f"the same music, kept together in any split: {len(same) - MAX_REPORTED} more groups"
        )
    report(corpus.summary)
    for line in corpus.guesses:
        report(f"{line}; playbach-train look DIR says what and why")
