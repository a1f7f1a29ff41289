"""``make compare``: every network beside the others, in ``docs/comparison.md``.

Trains and converts what is missing, measures what has changed, writes the tables of the page and
the samples.

    python -m bench.comparison [--runs DIR] [--only NAME] [--measure] [--no-train] [--jobs N]
        [--stopped] [--out DIR]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.comparison.page import with_tables
from bench.comparison.studies import STUDIES, Study, music_of
from bench.report import machine, write_json

from playbach.command_line import OneLineParser, guarded
from playbach.errors import InputError, OutputError
from playbach.files import write_atomically
from playbach_train.runs.run import NETWORK, read_json

DOCS = Path(__file__).parents[2] / "docs"
PAGE, FOLDER, KEPT = "comparison.md", "comparison", "figures.json"
PROG = "python -m bench.comparison"
Figures = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Compare; the exit status, 2 for a mistake."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The converter's; runs of any other are read alike.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    options = build_parser().parse_args(arguments)
    return guarded(PROG, lambda: run(options))


def build_parser() -> OneLineParser:
    parser = OneLineParser(prog=PROG, description="Set the networks side by side.")
    parser.add_argument(
        "--runs", metavar="DIR", type=Path, default=Path("runs/compare"),
        help="folder of the runs, one for each row (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[],
        help=f"row to make, one of {', '.join(rows())} (default: all); may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--measure", action="store_true", help="measure again what was measured before"
    )
    parser.add_argument(
        "--no-train", action="store_true",
        help="train nothing: a run that is missing or not finished is an error",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=1,
        help="networks trained at the same time (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--stopped", action="store_true", help="take runs that were stopped by hand as they are"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=DOCS,
        help="folder for the page and the samples (default: docs)",
    )  # fmt: skip
    return parser


def rows() -> dict[str, Study]:
    """Each row's name and its study."""
    return {name: study for study in STUDIES.values() for name in study.names}


def run(options: argparse.Namespace) -> int:
    """Make, measure and write; the exit status."""
    if options.jobs < 1:
        raise InputError(f"--jobs {options.jobs}: it must be at least 1")
    for name in options.only:
        if name not in rows():
            raise InputError(f"--only {name[:20]}: there are {', '.join(rows())}")
    kept = _folder(options.out) / KEPT
    figures: Figures = read_json(kept) if kept.exists() else {}
    for title, study in STUDIES.items():
        wanted = rows_of(study, options)
        for found in measured(study, wanted, options, figures.get(title, {})) if wanted else ():
            figures[title] = found
            write_json(kept, {**figures, "machine": machine()})
    figures = read_json(kept) if kept.exists() else figures
    text = with_tables((DOCS / PAGE).read_text(encoding="utf-8"), figures)
    write_atomically(options.out / PAGE, text.encode(), force=True)
    _say(f"{options.out / PAGE}: written")
    return 0


def rows_of(study: Study, options: argparse.Namespace) -> list[Row]:
    """Those that are wanted."""
    return [
        Row(
            name, network, options.runs / name, options.runs / f"{name}.bundle",
            options.out / FOLDER / f"{name}.mid",
        )
        for name, network in study.names.items()
        if not options.only or name in options.only
    ]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A network of a study, and where its run, its bundle and its sample are."""

    name: str
    network: str
    run: Path
    bundle: Path
    midi: Path


def measured(
    study: Study, wanted: Sequence[Row], options: argparse.Namespace, before: Figures
) -> Iterator[Figures]:
    """Measure what has changed; yields the study's figures after each row."""
    from bench.comparison import measuring  # noqa: PLC0415 Keras takes seconds
    from bench.comparison.runs import digest  # noqa: PLC0415 likewise

    # In processes of their own; each goes on from its checkpoint when it was stopped.
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda row: make(study, row, options), wanted))
    found: Figures = {"rows": {}, **before}
    known = {name: one["digest"] for name, one in found["rows"].items()}
    stale = [
        row
        for row in wanted
        if options.measure or known.get(row.name) != digest(row.run) or not row.midi.exists()
    ]
    if not stale:
        return
    # Now, and not after measuring: samples are engraved last.
    measuring.check_engraver()
    music = music_of(study, wanted[0].run)
    beside = found.get("beside", {}).get("digest")
    if options.measure or beside != measuring.music_digest(music):
        _say("measuring what they are set beside")
        found = {**found, "beside": measuring.beside(study, music)}
        yield found
    for row in stale:
        _say(f"measuring {row.name}")
        figures = measuring.row_of(study, music, row.run, row.bundle, row.midi)
        done = {**found["rows"], row.name: figures}
        found = {**found, "rows": {n: done[n] for n in study.names if n in done}}
        yield found


def make(study: Study, row: Row, options: argparse.Namespace) -> None:
    """Train and convert, where that is not done."""
    from bench.comparison import runs  # noqa: PLC0415 TensorBoard takes a second

    if options.no_train:
        is_done = runs.ending(row.run) or options.stopped
        if not is_done or not (row.run / NETWORK).exists():
            raise InputError(
                f"{row.run}: its training is not finished; leave out --no-train to go on with it, "
                "or give --stopped to take it as it is"
            )
    elif not row.run.exists() or not (options.stopped or runs.ending(row.run)):
        _say(f"training {row.name}")
        row.run.parent.mkdir(parents=True, exist_ok=True)
        runs.train(study, row.network, row.run)
    if not row.bundle.exists() or row.bundle.stat().st_mtime < (row.run / NETWORK).stat().st_mtime:
        _say(f"converting {row.name}")
        runs.convert(row.run, row.bundle)


def _folder(out: Path) -> Path:
    """Where samples go."""
    folder = out / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    return folder


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
