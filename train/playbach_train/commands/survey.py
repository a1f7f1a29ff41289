"""``playbach-train survey``: what the listeners of a blind test said."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from playbach.command_line import one_line
from playbach.errors import InputError
from playbach_train.commands import print_json, table
from playbach_train.listening.analysis import FEWEST, Analysis, Mean, analyse
from playbach_train.listening.answers import Collected, Key, collect, read_key

FEWEST_FOR_DOUBT = 6
"""With fewer respondents p of the exact test cannot fall below 0.05: it is 2 / 2**n at least."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Analyse the answers to a page of playbach-train listen: mean ratings with 95% intervals "
        "(Student's t over respondents' means), and for each other source a paired sign-flip "
        "test against the real music, or against even playing."
    )
    parser.add_argument(
        "results", metavar="RESULTS", type=Path, nargs="+",
        help="files of answers, or folders of them",
    )  # fmt: skip
    parser.add_argument(
        "--key", metavar="FILE", type=Path, required=True, help="the answer key of the page"
    )
    parser.add_argument(
        "--with-known", action="store_true", help="also count pieces that the listener knew"
    )
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Read, analyse and print; the exit status.

    Raises:
        InputError: the key cannot be used, or no file holds answers to its test.
    """
    key = read_key(args.key)
    collected = collect(args.results, key)
    if not collected.answers:
        first = f", the first because {collected.refused[0]}" if collected.refused else ""
        raise InputError(f"no answers to this test; files refused: {len(collected.refused)}{first}")
    analysis = analyse(collected.answers, key, with_known=args.with_known)
    if args.json:
        figures = _as_json(analysis, collected, key)
        print_json(figures)
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(analysis, collected))
    return 0


def _as_json(analysis: Analysis, collected: Collected, key: Key) -> dict[str, Any]:
    years = [one.years for one in collected.answers if one.years is not None]
    return {
        "survey": key.survey,
        **asdict(analysis),
        "years": {"answered": len(years), "median": median(years) if years else None},
        "refused": list(collected.refused),
    }


def _lines(analysis: Analysis, collected: Collected) -> Iterator[str]:
    first = next(iter(analysis.sources))
    yield from (f"refused {one_line(line)}" for line in collected.refused)
    yield f"{analysis.respondents} respondents; 0 is computer, 10 is human"
    if analysis.known:
        yield f"ratings left out because the listener knew the piece: {analysis.known}"
    yield ""
    yield from table(_source_rows(analysis))
    yield ""
    yield from table(_test_rows(analysis))
    for label, compared in analysis.compared.items():
        if compared is None:
            yield f"{label}: no test; fewer than {FEWEST} respondents rated both it and {first}"
    counts = [one.difference.count for one in analysis.compared.values() if one]
    if counts and min(counts) < FEWEST_FOR_DOUBT:
        yield f"with fewer than {FEWEST_FOR_DOUBT} respondents p cannot fall below 0.05"


def _source_rows(analysis: Analysis) -> Iterator[Sequence[str]]:
    yield ("source", "respondents", "ratings", "mean", "95% interval", "judged human")
    for label, row in analysis.sources.items():
        if row is None:
            yield (label, "0", "0", "-", "-", "-")
            continue
        yield (
            label,
            str(row.rating.count),
            str(row.ratings),
            f"{row.rating.mean:.2f}",
            _interval(row.rating),
            f"{row.human:.0%}",
        )


def _test_rows(analysis: Analysis) -> Iterator[Sequence[str]]:
    first = next(iter(analysis.sources))
    yield (f"minus {first}", "respondents", "difference", "95% interval", "d_z", "p", "p (Holm)")
    for label, row in analysis.compared.items():
        if row is None:
            yield (label, *"-" * 6)
            continue
        yield (
            label,
            str(row.difference.count),
            f"{row.difference.mean:+.2f}",
            _interval(row.difference),
            "-" if row.effect is None else f"{row.effect:+.2f}",
            f"{row.p:.4f}",
            f"{row.p_holm:.4f}",
        )


def _interval(mean: Mean) -> str:
    return "-" if mean.low is None or mean.high is None else f"{mean.low:.2f} to {mean.high:.2f}"
