"""``playbach-train evaluate``: bits per note of a run or a bundle on any folder of scores."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from playbach.bundle import read_bundle
from playbach.errors import InputError
from playbach.music.encoding import ESCAPE, Encoding
from playbach.predictor import load_predictor
from playbach_train.corpus import Corpus, Request, load

COLUMNS = ("pitch_bits", "shift_bits", "duration_bits", "total_bits", "pitch_top1", "notes")
Row = dict[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--bundle", metavar="FILE", type=Path, help="a bundle")
    which.add_argument("--run", metavar="DIR", type=Path, dest="folder", help="a training run")
    parser.add_argument("--variant", metavar="NAME", help="which variant of the bundle")
    parser.add_argument(
        "--midi", metavar="DIR", type=Path, action="append", required=True, dest="folders",
        help="folder of scores to measure on; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--anchor", metavar="DIR", type=Path, action="append", default=[],
        help="folder of training scores, for the n-gram anchor; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Measure and print; the exit status.

    Raises:
        PlaybachError: the network, or a folder of scores, is not as it must be.
    """
    say = _nothing if args.json else _say
    if args.variant and not args.bundle:
        raise InputError("--variant: it goes with --bundle; a run has one network only")
    corpus = load(args.folders, Request(), report=say)
    encoding, scores = _bundle_scores(args, corpus) if args.bundle else _run_scores(args, corpus)
    result: dict[str, Any] = {
        "pooled": _row(list(scores.values())),
        "movements": {name: _row([rows]) for name, rows in scores.items()},
        "ngram": _anchor(args.anchor, corpus, encoding, say) if args.anchor else None,
        "outside": _outside(corpus, encoding),
    }
    if args.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        _print(result)
    return 0


def _bundle_scores(args: argparse.Namespace, corpus: Corpus) -> tuple[Encoding, dict[str, Any]]:
    from playbach_train.measure import predictor_scores  # noqa: PLC0415 Keras takes seconds

    predictor = load_predictor(read_bundle(args.bundle), args.variant)
    scores = {one.name: predictor_scores(predictor, one.piece) for one in corpus.movements}
    return predictor.encoding, scores


def _run_scores(args: argparse.Namespace, corpus: Corpus) -> tuple[Encoding, dict[str, Any]]:
    from playbach_train.run import load_run  # noqa: PLC0415 Keras takes seconds
    from playbach_train.trained import run_scores  # noqa: PLC0415

    trained = load_run(args.folder)
    pieces = {one.name: one.piece for one in corpus.movements}
    return trained.encoding, run_scores(trained, pieces)


def _row(rows: Sequence[Any]) -> Row:
    from playbach_train.measure import bits_of  # noqa: PLC0415

    bits = bits_of(rows)
    figures = (bits.pitch, bits.shift, bits.duration, bits.total, bits.pitch_top1, bits.notes)
    return dict(zip(COLUMNS, figures, strict=True))


def _anchor(folders: list[Path], corpus: Corpus, encoding: Encoding, say: Any) -> Row:
    """Pitch bits and top-1 of n-grams that learned from ``folders``, without what is measured."""
    from playbach_train.ngram import anchor_bits  # noqa: PLC0415

    names = tuple(movement.name for movement in corpus.movements)
    training = load(folders, Request(exclude=names), report=say)
    bits, top1 = anchor_bits(
        encoding,
        [movement.piece for movement in training.movements],
        [movement.piece for movement in corpus.movements],
    )
    return {"pitch_bits": bits, "pitch_top1": top1}


def _outside(corpus: Corpus, encoding: Encoding) -> dict[str, int]:
    """What the tables have no symbol for, and what was not as written."""
    counts = {"shift": 0, "interval": 0, "duration": 0}
    for movement in corpus.movements:
        notes = movement.piece.notes
        counts["duration"] += sum(encoding.duration_symbol(n.duration) == ESCAPE for n in notes)
        for before, after in pairwise(notes):
            counts["shift"] += encoding.shift_symbol(after.onset - before.onset) == ESCAPE
            counts["interval"] += encoding.pitch_symbol(after.pitch - before.pitch) == ESCAPE
    return counts | {"off_grid": corpus.off_grid, "merged": corpus.merged}


def _print(result: dict[str, Any]) -> None:
    _say(f"{'':34}  pitch  shift    dur  total   top1  notes")
    for name, row in [*result["movements"].items(), ("pooled", result["pooled"])]:
        bits = "  ".join(f"{row[column]:5.3f}" for column in COLUMNS[:4])
        _say(f"{name[:34]:34}  {bits}  {row['pitch_top1']:5.1%}  {row['notes']:5}")
    if result["ngram"]:
        row = result["ngram"]
        _say(f"{'n-grams, no network':34}  {row['pitch_bits']:5.3f}{row['pitch_top1']:29.1%}")
    else:
        _say("for the n-gram anchor name the training scores with --anchor DIR")
    outside = ", ".join(f"{count} {what}" for what, count in result["outside"].items() if count)
    if outside:
        _say(f"outside the tables or moved: {outside}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _nothing(line: str) -> None:
    del line
