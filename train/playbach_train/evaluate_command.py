"""``playbach-train evaluate``: bits per note of a run or a bundle on any folder of scores."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.bundle import Bundle, PitchRange, read_bundle
from playbach.errors import InputError
from playbach.music.encoding import Encoding
from playbach.music.note import Piece
from playbach.predictor import load_note_predictor
from playbach_train.corpus import Request, load
from playbach_train.learned_from import of_bundle, of_run
from playbach_train.outside import outside_lines

COLUMNS = ("pitch_bits", "shift_bits", "duration_bits", "total_bits", "pitch_top1", "notes")
Row = dict[str, float | None]


@dataclass(frozen=True)
class Measured:
    """What a network made of the movements.

    Attributes:
        encoding: its tables.
        scores: a row for each note of each movement, as in ``measure.Scores``.
        range: pitches its music is meant to use, ``None`` if it says nothing of that.
    """

    encoding: Encoding
    scores: Mapping[str, Any]
    range: PitchRange | None = None


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
        help="folder of scores the n-gram anchor learns from, instead of what the network did; "
        "may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Measure and print; the exit status.

    Raises:
        PlaybachError: the network, or a folder of scores, is not as it must be.
    """
    say = _beside if args.json else _say
    if args.variant and not args.bundle:
        raise InputError("--variant: it goes with --bundle; a run has one network only")
    bundle = read_bundle(args.bundle) if args.bundle else None
    corpus = load(args.folders, Request(), report=say)
    pieces = {one.name: one.piece for one in corpus.movements}
    if bundle:
        measured = _bundle_scores(bundle, args.variant, pieces)
    else:
        measured = _run_scores(args.folder, pieces)
    pooled = row_of(list(measured.scores.values()))
    if not pooled["notes"]:
        raise InputError("--midi: no movement has two notes or more; give scores to measure on")
    result = {
        "pooled": pooled,
        "movements": {name: row_of([rows]) for name, rows in measured.scores.items()},
        "ngram": _anchor(args, bundle, pieces, measured.encoding, say),
    }
    if args.json:
        sys.stdout.write(json.dumps(result, indent=1, allow_nan=False) + "\n")
    else:
        print_table(result)
    for line in outside_lines(corpus, measured.encoding, measured.range):
        say(line)
    return 0


def _bundle_scores(bundle: Bundle, variant: str | None, pieces: Mapping[str, Piece]) -> Measured:
    predictor = load_note_predictor(bundle, variant)
    from playbach_train.measure import predictor_scores  # noqa: PLC0415 Keras takes seconds

    scores = {name: predictor_scores(predictor, piece) for name, piece in pieces.items()}
    return Measured(predictor.encoding, scores, bundle.manifest.range)


def _run_scores(folder: Path, pieces: Mapping[str, Piece]) -> Measured:
    from playbach_train.run import load_run  # noqa: PLC0415 Keras takes seconds
    from playbach_train.trained import run_scores  # noqa: PLC0415

    trained = load_run(folder)
    return Measured(trained.encoding, run_scores(trained, pieces))


def row_of(rows: Sequence[Any]) -> Row:
    """The figures of movements pooled; ``None`` for those that no note was measured for."""
    from playbach_train.measure import bits_of  # noqa: PLC0415 Keras takes seconds

    bits = bits_of(rows)
    figures = (bits.pitch, bits.shift, bits.duration, bits.total, bits.pitch_top1, bits.notes)
    return {
        column: figure if math.isfinite(figure) else None
        for column, figure in zip(COLUMNS, figures, strict=True)
    }


def _anchor(
    args: argparse.Namespace,
    bundle: Bundle | None,
    pieces: Mapping[str, Piece],
    encoding: Encoding,
    say: Any,
) -> Row | None:
    """Pitch bits and top-1 of n-grams, ``None`` when there is nothing they could learn from."""
    from playbach_train.ngram import anchor_bits  # noqa: PLC0415 few ask for it

    try:
        training = _learned_from(args, bundle, pieces, say)
    except InputError as error:
        say(f"no n-gram anchor: {error}; name the training scores with --anchor DIR")
        return None
    known = [name for name, piece in pieces.items() if piece.notes in training]
    if known:
        say(
            f"{len(known)} of the movements measured are among the training movements, which "
            f"flatters every figure: {', '.join(known[:3])}{' ...' if len(known) > 3 else ''}"  # noqa: PLR2004 a line's worth
        )
    bits, top1 = anchor_bits(encoding, training.values(), pieces.values())
    return {"pitch_bits": bits, "pitch_top1": top1}


def _learned_from(
    args: argparse.Namespace, bundle: Bundle | None, pieces: Mapping[str, Piece], say: Any
) -> dict[Any, Piece]:
    """Training movements by their notes."""
    if args.anchor:
        others = load(args.anchor, Request(exclude=tuple(pieces)), report=say).movements
        found = [movement.piece for movement in others]
    elif bundle:
        found = list(of_bundle(bundle.manifest.provenance, str(bundle.path)).values())
    else:
        found = list(of_run(args.folder).values())
    return {piece.notes: piece for piece in found}


def print_table(result: dict[str, Any]) -> None:
    """The figures of each movement, of all pooled, and of the anchor if there is one."""
    _say(f"{'':34}  pitch  shift    dur  total   top1  notes")
    for name, row in [*result["movements"].items(), ("pooled", result["pooled"])]:
        if row["notes"]:
            bits = "  ".join(f"{row[column]:5.3f}" for column in COLUMNS[:4])
            _say(f"{name[:34]:34}  {bits}  {row['pitch_top1']:5.1%}  {row['notes']:5}")
    if result["ngram"]:
        row = result["ngram"]
        _say(f"{'n-grams, no network':34}  {row['pitch_bits']:5.3f}{row['pitch_top1']:29.1%}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _beside(line: str) -> None:
    """Where it does not mix with the JSON."""
    sys.stderr.write(f"{line}\n")
