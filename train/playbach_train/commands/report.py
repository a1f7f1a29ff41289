"""``playbach-train report``: generated movements beside Bach's, as a page, pictures and JSON."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from playbach.bundle import read_bundle
from playbach.composer.settings import Sampling, parse_temperatures
from playbach.errors import InputError, OutputError
from playbach.files import write_atomically
from playbach.music.form import Form, parse_form
from playbach.music.note import Piece
from playbach.processes import MOST_JOBS, Workers, cores
from playbach_train.commands import (
    as_json,
    check_out_folder,
    check_range,
    print_json,
    say,
    say_nothing,
)
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from
from playbach_train.report import Figures
from playbach_train.report.figures import Sets, figures_of
from playbach_train.report.generate import Wanted, generated, network_of
from playbach_train.report.page import (
    GIVEN_AWAY_PNG,
    REPETITION_PNG,
    distribution_png,
    given_away_png,
    page_of,
    repetition_png,
)

SUITE_FORMS = (
    "prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue",
)  # fmt: skip
MOST_MOVEMENTS = 1000
FEWEST_NOTES = 2
_MOVEMENTS_A_JOB = 8
"""Another process is worth its start from so many on."""
PAGE, JSON = "index.html", "report.json"
MOST_SEED = 2**63 - 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "--bundle", metavar="FILE", type=Path, required=True, help="bundle that generates the music"
    )
    parser.add_argument(
        "--variant", metavar="NAME", help="variant of the bundle (default: the bundle's own choice)"
    )
    add_corpus_arguments(parser, "real movements")
    parser.add_argument(
        "-o", "--out", metavar="FOLDER", type=Path, required=True, help="folder for the page"
    )
    parser.add_argument("--force", action="store_true", help="write into an existing folder")
    add_composing_arguments(parser, movements=20)


def run(args: argparse.Namespace) -> int:
    """Generate, measure and write; the exit status."""
    sampling = sampling_from(args)
    check_composing(args)
    _check_folder(args.out, force=args.force)
    read_bundle(args.bundle)
    corpus = corpus_from(args, "compare with", say_nothing if args.json else say)
    real = {one.name: one.piece for one in corpus.movements}
    forms = forms_of(real)
    pieces = composed(args, forms, sampling)
    sets = Sets(pieces, _of_forms(real, forms), [form.name for form in forms], real)
    report = {"settings": _settings(args, sets), **figures_of(sets)}
    _write(args.out, report, force=args.force)
    if args.json:
        print_json(report)
    else:
        _print(report["headline"])
        say(f"{args.out / PAGE}: {len(pieces)} movements, seed {args.seed}")
    return 0


def forms_of(real: Mapping[str, Piece]) -> list[Form]:
    """The forms of a suite of which there are real movements.

    Raises:
        InputError: fewer than two movements are of such a form, so none can be left out.
    """
    count = Counter(piece.form.name for piece in _long_enough(real))
    names = [name for name in SUITE_FORMS if count[name]]
    if sum(count[name] for name in names) < 2:  # noqa: PLR2004 one and another
        raise InputError(
            f"{len(real)} movements, fewer than 2 of them of a form to compare with; forms "
            f"({', '.join(SUITE_FORMS)}) are read from titles and file names such as 3-courante.mid"
        )
    return [parse_form(name) for name in names]


def _of_forms(real: Mapping[str, Piece], forms: Sequence[Form]) -> list[Piece]:
    return [piece for piece in _long_enough(real) if piece.form in forms]


def _long_enough(real: Mapping[str, Piece]) -> list[Piece]:
    return [piece for piece in real.values() if len(piece.notes) >= FEWEST_NOTES]


def composed(args: argparse.Namespace, forms: Sequence[Form], sampling: Sampling) -> list[Piece]:
    """Movements of each form, as ``add_composing_arguments`` and the bundle's options ask.

    Raises:
        BundleError: the network cannot be used, or there is no such variant.
    """
    load = partial(network_of, args.bundle, args.variant)
    tasks = [
        Wanted(form, sampling, args.seed, number)
        for form in forms
        for number in range(args.movements)
    ]
    jobs = min(args.jobs or cores(), -(-len(tasks) // _MOVEMENTS_A_JOB))
    with Workers(load, jobs, load()) as workers:
        return [movement.piece for movement in workers.map(generated, tasks)]


def _settings(args: argparse.Namespace, sets: Sets) -> Figures:
    ours = Counter(piece.form.name for piece in sets.generated)
    real = Counter(piece.form.name for piece in sets.real)
    return {
        "bundle": args.bundle.name,
        "variant": args.variant,
        "seed": args.seed,
        "temperature": args.temperature,
        "forms": {form: {"generated": ours[form], "real": real[form]} for form in sets.forms},
        "real_movements": len(sets.all_real),
    }


def _check_folder(folder: Path, *, force: bool) -> None:
    """Raises ``OutputError``: it is there already, is no folder, or cannot be made."""
    if folder.is_dir() and not force:
        raise OutputError(f"{folder}: exists; give --force to write into it or choose another name")
    check_out_folder(folder, PAGE, force=True)


def _write(folder: Path, report: Figures, *, force: bool) -> None:
    """Everything, the page last, so that it never shows what is not there."""
    files = {f"{name}.png": distribution_png(row) for name, row in report["distributions"].items()}
    files[GIVEN_AWAY_PNG] = given_away_png(report["told_apart"]["given_away_by"])
    files[REPETITION_PNG] = repetition_png(report["repetition"])
    files[JSON] = as_json(report).encode()
    files[PAGE] = page_of(report).encode(errors="replace")
    try:
        folder.mkdir(exist_ok=force)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    for name, content in files.items():
        write_atomically(folder / name, content, force=force)


def _print(headline: Sequence[Mapping[str, Any]]) -> None:
    verdicts = {True: "met", False: "MISSED", None: "-"}
    for row in headline:
        figure = row["figure"]
        shown = f"{figure:.3f}" if isinstance(figure, float) else str(figure or "-")
        say(f"{verdicts[row['met']]:6} {shown:>6}  {row['about']} (target: {row['target']})")


def add_composing_arguments(parser: argparse.ArgumentParser, movements: int) -> None:
    """What is composed and measured; ``movements`` of each form unless told otherwise."""
    parser.add_argument(
        "--movements", metavar="N", type=int, default=movements,
        help="how many to generate of each form (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", metavar="N", type=int, default=1, help="seed of the music (default %(default)s)"
    )
    add_temperature_argument(parser)
    parser.add_argument(
        "--jobs", metavar="N", type=int,
        help="processes that compose; the music is the same with any number (default: one for "
        "each core)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")


def check_composing(args: argparse.Namespace) -> None:
    """Raises ``InputError``: a number of ``add_composing_arguments`` is outside its range."""
    check_range("--movements", args.movements, 1, MOST_MOVEMENTS)
    check_range("--seed", args.seed, 0, MOST_SEED)
    check_range("--jobs", args.jobs or 1, 1, MOST_JOBS)


def add_temperature_argument(parser: argparse._ActionsContainer) -> None:
    """The option that says how boldly the network chooses."""
    parser.add_argument(
        "--temperature", metavar="T", default="1",
        help="sampling temperature: 1 as learned, lower is safer, higher is bolder; parts of a "
        "note may have their own, as in 1,pitch=0.9 (default %(default)s)",
    )  # fmt: skip


def sampling_from(args: argparse.Namespace) -> Sampling:
    """How symbols are chosen, from what ``add_temperature_argument`` found on the command line.

    Raises:
        InputError: the temperatures cannot be read, or one is outside its range.
    """
    return Sampling(**parse_temperatures(args.temperature), playable=True)
