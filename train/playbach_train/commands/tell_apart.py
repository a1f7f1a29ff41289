"""``playbach-train tell-apart``: how surely a classifier tells generated movements from real."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.music.form import Form
from playbach_train.commands import print_json, say, say_nothing
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from
from playbach_train.commands.report import (
    add_composing_arguments,
    check_composing,
    composed,
    forms_of,
    sampling_from,
)
from playbach_train.corpus import load
from playbach_train.corpus.records import Say
from playbach_train.report.told_apart import (
    FEWEST_GROUPS,
    Movement,
    of_corpus,
    of_network,
    told_apart,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    generated = parser.add_argument_group("generated music").add_mutually_exclusive_group(
        required=True
    )
    generated.add_argument("--bundle", metavar="FILE", type=Path, help="bundle that composes it")
    generated.add_argument(
        "--generated", metavar="DIR", type=Path,
        help="folder of scores that something else generated, a seed a file; forms are read from "
        "file names such as 3-courante.mid",
    )  # fmt: skip
    parser.add_argument("--variant", metavar="NAME", help="variant of the bundle")
    add_corpus_arguments(parser, "real movements")
    add_composing_arguments(parser, movements=8)


def run(args: argparse.Namespace) -> int:
    """Compose, measure and print; the exit status."""
    check_composing(args)
    report = say_nothing if args.json else say
    corpus = corpus_from(args, "compare with", report)
    real = {one.name: one.piece for one in corpus.movements}
    forms = forms_of(real)
    generated = _generated(args, forms, report)
    figures = told_apart(generated, of_corpus(real, {form.name for form in forms}))
    if figures["movements"] is None:
        raise InputError(
            f"too few to hold some back: at least {FEWEST_GROUPS} works (the part of a name before "
            f"its first -) and as many generated movements of a form are needed"
        )
    if args.json:
        print_json(figures)
    else:
        for line in lines(figures):
            say(line)
    return 0


def _generated(args: argparse.Namespace, forms: Sequence[Form], report: Say) -> list[Movement]:
    if args.generated:
        found = load([args.generated], report=report).movements
        movements = [
            Movement(one.piece, one.name)
            for one in found
            if one.piece.form in forms and one.piece.notes
        ]
        if not movements:
            raise InputError(
                f"{args.generated}: none of {len(found)} movements is of a form to compare with "
                f"({', '.join(form.name for form in forms)}); forms are read from file names"
            )
        return movements
    return of_network(composed(args, forms, sampling_from(args)))


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """The figures as text: a line for each area, then the table."""
    for name, title in (("movements", "whole movements"), ("excerpts", "eight bars")):
        row = figures[name]
        if row is None:
            yield f"told apart, {title}: not measured, too few movements are as long"
            continue
        halves = row["halves"]
        yield (
            f"told apart, {title}: {row['area']:.3f} ({row['low']:.3f} to {row['high']:.3f}), "
            f"{row['generated']} against {row['real']}; two halves of the real works: "
            f"{halves['mean']:.2f} ({halves['least']:.2f} to {halves['most']:.2f})"
        )
    yield f"{'':64} {'real':>7}  {'middle half':>15} {'ours':>7} {'delta':>6}"
    for row in figures["given_away_by"]:
        ours, bachs = row["generated"], row["real"]
        if ours is None or bachs is None:
            continue
        middle = f"{bachs['p25']:.3f}-{bachs['p75']:.3f}"
        outside = "" if row["within"] else "  outside"
        yield (
            f"{row['title'][:64]:64} {bachs['p50']:7.3f}  {middle:>15} {ours['p50']:7.3f} "
            f"{row['delta']:+6.2f}{outside}"
        )
