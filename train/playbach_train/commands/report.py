"""``playbach-train report``: generated movements beside Bach's, as a page, pictures and JSON."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from playbach.bundle import Bundle, read_bundle
from playbach.composer.sampling import Sampling, parse_temperatures
from playbach.errors import InputError, OutputError
from playbach.files import write_atomically
from playbach.music.form import Form, parse_form
from playbach.music.note import Piece
from playbach.predictor import load_predictor
from playbach_train.commands import (
    as_json,
    check_out_folder,
    check_range,
    print_json,
    say,
    say_nothing,
)
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from
from playbach_train.report.figures import Figures, Sets, figures_of
from playbach_train.report.generate import generate
from playbach_train.report.page import REPETITION_PNG, feature_png, page_of, repetition_png

SUITE_FORMS = (
    "prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue",
)  # fmt: skip
MOST_MOVEMENTS = 1000
FEWEST_NOTES = 2
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
    parser.add_argument(
        "--movements", metavar="N", type=int, default=20,
        help="how many to generate of each form (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", metavar="N", type=int, default=1, help="seed of the music (default %(default)s)"
    )
    add_temperature_argument(parser)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Generate, measure and write; the exit status.

    Raises:
        PlaybachError: an option, the bundle, a folder of scores or the output is not as it must be.
    """
    sampling = sampling_from(args)
    check_range("--movements", args.movements, 1, MOST_MOVEMENTS)
    check_range("--seed", args.seed, 0, MOST_SEED)
    _check_folder(args.out, force=args.force)
    bundle = read_bundle(args.bundle)
    corpus = corpus_from(args, "compare with", say_nothing if args.json else say)
    real = {one.name: one.piece for one in corpus.movements}
    forms = _forms_of(real)
    generated = _generated(bundle, args, forms, sampling)
    sets = Sets(generated, _of_forms(real, forms), [form.name for form in forms], real)
    report = {"settings": _settings(args, sets), **figures_of(sets)}
    _write(args.out, report, force=args.force)
    if args.json:
        print_json(report)
    else:
        _print(report["headline"])
        say(f"{args.out / PAGE}: {len(generated)} movements, seed {args.seed}")
    return 0


def _forms_of(real: Mapping[str, Piece]) -> list[Form]:
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


def _generated(
    bundle: Bundle, args: argparse.Namespace, forms: Sequence[Form], sampling: Sampling
) -> list[Piece]:
    predictor = load_predictor(bundle, args.variant)
    pitches = bundle.manifest.range
    return [
        piece
        for form in forms
        for piece in islice(
            generate(predictor, pitches, form, sampling, seed=args.seed), args.movements
        )
    ]


def _settings(args: argparse.Namespace, sets: Sets) -> Figures:
    generated = Counter(piece.form.name for piece in sets.generated)
    real = Counter(piece.form.name for piece in sets.real)
    return {
        "bundle": args.bundle.name,
        "variant": args.variant,
        "seed": args.seed,
        "temperature": args.temperature,
        "forms": {form: {"generated": generated[form], "real": real[form]} for form in sets.forms},
        "real_movements": len(sets.all_real),
    }


def _check_folder(folder: Path, *, force: bool) -> None:
    """Raises ``OutputError``: it is there already, is no folder, or cannot be made."""
    if folder.is_dir() and not force:
        raise OutputError(f"{folder}: exists; give --force to write into it or choose another name")
    check_out_folder(folder, PAGE, force=True)


def _write(folder: Path, report: Figures, *, force: bool) -> None:
    """Everything, the page last, so that it never shows what is not there."""
    files = {f"{name}.png": feature_png(row) for name, row in report["features"].items()}
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
    return Sampling(**parse_temperatures(args.temperature), playable=False)
