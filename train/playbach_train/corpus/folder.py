"""Files of scores, read one by one or several at a time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from playbach.errors import InputError
from playbach_train.corpus.folding import Folds
from playbach_train.corpus.guards import seconds_for, within
from playbach_train.corpus.interpretation import FileSays, interpret
from playbach_train.corpus.labels import PLAIN, Asked, Label
from playbach_train.corpus.midi_files import midi_content, what_midi_says
from playbach_train.corpus.notation import (
    FORMATS,
    parse,
    reason_of,
    score_text,
    tunes,
    what_score_says,
)
from playbach_train.corpus.records import ScoreMovement, Skipped

MAX_FILES = 100_000

Outcome = ScoreMovement | Skipped

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
SUFFIXES = (*MIDI_SUFFIXES, *FORMATS)
_MUSESCORE = (".mscz", ".mscx")
_NOT_READ = (
    "MuseScore's own format is not read; export it as MusicXML (File, Export), or all of them with "
    "MuseScore's command: mscore -o NAME.mxl NAME.mscz"
)
_FEWEST_A_PROCESS = 64
"""Scores for which a process more is worth its start."""
_AT_A_TIME = 16
"""Scores that a process is given."""


@dataclass(frozen=True, slots=True)
class Job:
    """A score to be read: a file, or one tune of it.

    Attributes:
        path: of the file.
        name: what the movement is called, or ``name-0001`` and so on if there are more.
        source: the folder or corpus it belongs to.
        label: what the user says of it.
        folds: what is folded.
        tune: text of the tune; ``None`` for the whole file.
    """

    path: Path
    name: str
    source: str
    label: Label
    folds: Folds
    tune: str | None = None


def score_files(folder: Path) -> list[Path]:
    """The scores in a folder and those below it, sorted by path; hidden files are left alone.

    Raises:
        InputError: there is no such folder, or there are more than ``MAX_FILES`` scores.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give a folder of scores")
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in (*SUFFIXES, *_MUSESCORE)
        and not path.name.startswith(".")
        and path.is_file()
    ]
    if len(files) > MAX_FILES:
        raise InputError(f"{folder}: {len(files):,} scores; at most {MAX_FILES:,} are read")
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def read_folder(folder: Path, asked: Asked = PLAIN, *, few: bool = False) -> Iterator[Outcome]:
    """Every movement in a folder, in the order of their paths; ``few`` as for ``read_scores``.

    Raises:
        InputError: as ``score_files``.
    """
    files = score_files(folder)
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in files]
    return read_scores(zip(files, names, strict=True), str(folder), asked, few=few)


def read_scores(
    scores: Iterable[tuple[Path, str]], source: str, asked: Asked = PLAIN, *, few: bool = False
) -> Iterator[Outcome]:
    """The movements in files, in their order; by several processes if there are many.

    Args:
        scores: files with one of ``SUFFIXES``, and what each is called.
        source: the folder or corpus they belong to.
        asked: what the user says of them.
        few: whether only the first few are wanted, for which one process is enough.
    """
    jobs = [job for path, name in scores for job in _jobs(path, name, source, asked)]
    workers = 1 if few else min(len(jobs) // _FEWEST_A_PROCESS, _processors())
    found = map(_read, jobs) if workers < 2 else _in_parallel(jobs, workers)  # noqa: PLR2004
    for outcomes in _with_progress(found, len(jobs)):
        yield from outcomes


def read_score(path: Path, name: str, source: str, asked: Asked = PLAIN) -> Iterator[Outcome]:
    """The movements in one file; arguments as for ``read_scores``."""
    return read_scores([(path, name)], source, asked)


def _jobs(path: Path, name: str, source: str, asked: Asked) -> Iterator[Job | Skipped]:
    """What is to be read of a file, tune by tune, so that a bad one costs only itself."""
    job = partial(Job, path, source=source, folds=asked.folds)
    if path.suffix.lower() != ".abc":
        yield job(name, label=asked.label(name, f"{name}{path.suffix}"))
        return
    try:
        found = tunes(score_text(path))
    except InputError as error:
        yield Skipped(name, f"{path}: {error}", path)
        return
    for number, tune in enumerate(found, start=1):
        label = _numbered(name, number, len(found))
        yield job(label, label=asked.label(label, name, f"{name}{path.suffix}"), tune=tune)


def _numbered(name: str, number: int, count: int) -> str:
    return name if count == 1 else f"{name}-{number:04d}"


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_parallel(jobs: Sequence[Job | Skipped], workers: int) -> Iterator[list[Outcome]]:
    """The outcomes of all jobs in order; a score that ends its process ends nothing else."""
    done = 0
    while done < len(jobs):
        pool = _pool(workers)
        try:
            for outcomes in pool.map(_read, jobs[done:], chunksize=_AT_A_TIME):
                yield outcomes
                done += 1
        except BrokenProcessPool:
            # It was one of those being read; that one ends another process, alone.
            yield _alone(jobs[done])
            done += 1
        finally:
            pool.shutdown(cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Forking a process in which TensorFlow has threads is not safe.
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=_leave_to_parent)


def _leave_to_parent() -> None:
    """Ctrl-C reaches every process of a terminal; the parent's answer to it is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _alone(job: Job | Skipped) -> list[Outcome]:
    with _pool(1) as pool:
        try:
            return pool.submit(_read, job).result()
        except BrokenProcessPool:
            if isinstance(job, Skipped):
                return [job]
            reason = f"{job.path}: reading it ended the process; is it too large?"
            return [Skipped(job.name, reason, job.path)]


def _with_progress(found: Iterable[list[Outcome]], count: int) -> Iterable[list[Outcome]]:
    """The same, with a bar on a terminal where there are many."""
    if count < _FEWEST_A_PROCESS or not sys.stderr.isatty():
        return found
    from tqdm import tqdm  # noqa: PLC0415 conversion reads few scores, and does without

    bar: Iterable[list[Outcome]] = tqdm(
        found, total=count, desc="reading", unit="score", leave=False
    )
    return bar


def _read(job: Job | Skipped) -> list[Outcome]:
    """The movements of a score; whatever goes wrong with it, it is skipped with the reason."""
    if isinstance(job, Skipped):
        return [job]
    if job.path.suffix.lower() in _MUSESCORE:
        return [Skipped(job.name, f"{job.path}: {_NOT_READ}", job.path)]
    where = f"{job.path}: " if _is_midi(job.path) else f"{job.path}: {job.name}: "
    try:
        content = _content(job)
        return within(seconds_for(len(content)), lambda: list(_movements(job, content)))
    except InputError as error:
        return [Skipped(job.name, f"{where}{error}", job.path)]


def _is_midi(path: Path) -> bool:
    return path.suffix.lower() in MIDI_SUFFIXES


def _content(job: Job) -> bytes | str:
    if job.tune is not None:
        return job.tune
    return midi_content(job.path) if _is_midi(job.path) else score_text(job.path)


def _movements(job: Job, content: bytes | str) -> Iterator[Outcome]:
    if isinstance(content, bytes):
        yield _movement(job, job.name, partial(what_midi_says, content))
        return
    scores = parse(content, FORMATS[job.path.suffix.lower()])
    for number, score in enumerate(scores, start=1):
        name = _numbered(job.name, number, len(scores))
        yield _movement(job, name, partial(what_score_says, score))


def _movement(job: Job, name: str, read: Callable[[], FileSays]) -> Outcome:
    where = f"{job.path}: " if _is_midi(job.path) else f"{job.path}: {name}: "
    try:
        result = interpret(read(), name, job.label, job.folds)
    except InputError as error:
        return Skipped(name, f"{where}{error}", job.path)
    except Exception as error:  # noqa: BLE001 no odd score may end the reading of the others
        reason = f"{where}cannot be made a piece: {reason_of(error)}"
        return Skipped(name, reason, job.path)
    return ScoreMovement(
        name,
        result.piece,
        job.source,
        job.path,
        result.off_grid,
        result.merged,
        result.remarks,
        result.changed,
        result.guessed,
        result.upbeat,
    )
