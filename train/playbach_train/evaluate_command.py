"""``playbach-train evaluate``: bits per note of a run or a bundle on any folder of scores."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.bundle import Bundle, PitchRange, read_bundle
from playbach.errors import InputError
from playbach.music.encoding import Encoding
from playbach.music.note import Piece
from playbach.predictor import load_note_predictor
from playbach.predictor.load import SYMBOL_KINDS
from playbach_train.corpus import Corpus, load
from playbach_train.corpus.cli import add_folder_argument
from playbach_train.kept_scores import kept_scores
from playbach_train.learned_from import of_bundle, of_run
from playbach_train.networks.table import DEFAULT
from playbach_train.outside import outside_lines
from playbach_train.run import Run
from playbach_train.run_reader import load_run

COLUMNS = ("pitch_bits", "shift_bits", "duration_bits", "total_bits", "pitch_top1", "notes")
Row = dict[str, float | None]
Say = Callable[[str], None]
Source = Bundle | Run


@dataclass(frozen=True)
class Measured:
    """How well a network predicted each note of the movements.

    Attributes:
        encoding: its tables between events and symbols.
        scores: by name of the movement, a row for each note, as in ``measure.Scores``.
        range: pitches that its music is meant to stay in, ``None`` if it names none.
    """

    encoding: Encoding
    scores: Mapping[str, Any]
    range: PitchRange | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--bundle", metavar="FILE", type=Path, help="bundle to measure")
    which.add_argument(
        "--run", metavar="DIR", type=Path, dest="folder", help="folder of a training run to measure"
    )
    parser.add_argument(
        "--variant", metavar="NAME", help="variant of the bundle (default: the bundle's own choice)"
    )
    add_folder_argument(parser, "scores to measure on", required=True)
    parser.add_argument(
        "--anchor", metavar="DIR", type=Path, action="append", default=[],
        help="folder of scores that the n-gram baseline learns from, instead of those that the "
        "network learned from; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Measure and print; the exit status.

    Raises:
        PlaybachError: the network, or a folder of scores, is not as it must be.
    """
    say = _beside if args.json else _say
    if args.variant and not args.bundle:
        raise InputError("--variant: it goes with --bundle only; a run has no variants")
    source = read_bundle(args.bundle) if args.bundle else load_run(args.folder)
    corpus = load(args.folders, report=say)
    if not any(len(movement.piece.notes) > 1 for movement in corpus.movements):
        raise InputError("--midi: no movement has two notes or more; give scores to measure on")
    if isinstance(source, Run) and source.network != DEFAULT:
        _by_symbol(args, source, corpus, say)
    else:
        _by_note(args, source, corpus, say)
    return 0


def _by_note(args: argparse.Namespace, source: Source, corpus: Corpus, say: Say) -> None:
    """Measure and print a network that predicts notes, beside the n-gram baseline."""
    pieces = {one.name: one.piece for one in corpus.movements}
    if isinstance(source, Bundle):
        measured = _bundle_scores(source, args.variant, pieces)
    else:
        measured = _run_scores(source, pieces)
    result = {
        "pooled": row_of(list(measured.scores.values())),
        "movements": {name: row_of([rows]) for name, rows in measured.scores.items()},
        "ngram": _anchor(args, source, pieces, measured.encoding, say),
    }
    if args.json:
        print_json(result)
    else:
        print_table(result)
    for line in outside_lines(corpus, measured.encoding, measured.range):
        say(line)


def _by_symbol(args: argparse.Namespace, trained: Run, corpus: Corpus, say: Say) -> None:
    """Measure and print a network that predicts symbols of its own."""
    if args.anchor:
        raise InputError(
            f"--anchor: n-grams are compared with the network {DEFAULT} only, note by note; "
            f"{trained.folder} holds a run of {trained.network}"
        )
    from playbach_train.symbol_figures import figures_of, print_figures  # noqa: PLC0415 as above

    pieces = {one.name: one.piece for one in corpus.movements}
    _warn_of_known(kept_scores(trained.folder).training.values(), pieces, say)
    figures = figures_of(trained, pieces)
    if args.json:
        print_json(figures)
    else:
        print_figures(figures)
    for line in outside_lines(corpus, None):
        say(line)


def _bundle_scores(bundle: Bundle, variant: str | None, pieces: Mapping[str, Piece]) -> Measured:
    kind = bundle.manifest.network.kind
    if kind in SYMBOL_KINDS:
        raise InputError(
            f"{bundle.path}: a network of kind {kind} is not measured in a bundle; give the run it "
            "was made from, with --run"
        )
    predictor = load_note_predictor(bundle, variant)
    from playbach_train.measure import predictor_scores  # noqa: PLC0415 Keras takes seconds

    scores = {name: predictor_scores(predictor, piece) for name, piece in pieces.items()}
    return Measured(predictor.encoding, scores, bundle.manifest.range)


def _run_scores(trained: Run, pieces: Mapping[str, Piece]) -> Measured:
    from playbach_train.trained import load_copying  # noqa: PLC0415 Keras takes seconds

    return Measured(trained.encoding, load_copying(trained).scores(pieces))


def row_of(rows: Sequence[Any]) -> Row:
    """The figures of all movements pooled; of 0 notes, ``None`` for each of the others."""
    from playbach_train.measure import bits_of  # noqa: PLC0415 Keras takes seconds

    bits = bits_of(rows)
    figures = (bits.pitch, bits.shift, bits.duration, bits.total, bits.pitch_top1, bits.notes)
    return {
        column: figure if math.isfinite(figure) else None
        for column, figure in zip(COLUMNS, figures, strict=True)
    }


def _anchor(
    args: argparse.Namespace,
    source: Source,
    pieces: Mapping[str, Piece],
    encoding: Encoding,
    say: Say,
) -> Row | None:
    """Pitch bits and top-1 of the n-gram baseline, ``None`` if there is nothing to learn from."""
    from playbach_train.ngram import anchor_bits  # noqa: PLC0415 few ask for it

    try:
        training = _learned_from(args, source, pieces, say)
    except InputError as error:
        say(f"no n-gram baseline: {error}; --anchor DIR names the training scores")
        return None
    _warn_of_known(training, pieces, say)
    bits, top1 = anchor_bits(encoding, training, pieces.values())
    return {"pitch_bits": bits, "pitch_top1": top1}


def _warn_of_known(training: Iterable[Piece], pieces: Mapping[str, Piece], say: Say) -> None:
    """Warn if movements are measured that were learned from."""
    learned = {piece.notes for piece in training}
    known = [name for name, piece in pieces.items() if piece.notes in learned]
    if known:
        say(
            f"{len(known)} of the movements measured are among the training movements, which "
            f"flatters every figure: {', '.join(known[:3])}{' ...' if len(known) > 3 else ''}"  # noqa: PLR2004 a line's worth
        )


def _learned_from(
    args: argparse.Namespace, source: Source, pieces: Mapping[str, Piece], say: Say
) -> list[Piece]:
    """Training movements, each once."""
    if args.anchor:
        found = _others(args.anchor, pieces, say)
    elif isinstance(source, Bundle):
        found = list(of_bundle(source.manifest.provenance, str(source.path)).values())
    else:
        found = list(of_run(source.folder).values())
    return list({piece.notes: piece for piece in found}.values())


def _others(folders: Sequence[Path], pieces: Mapping[str, Piece], say: Say) -> list[Piece]:
    """The movements in ``folders``, without those whose names are among the measured."""
    movements = load(folders, report=say).movements
    found = [movement.piece for movement in movements if movement.name not in pieces]
    if not found:
        raise InputError(
            f"--anchor {' '.join(map(str, folders))}: holds only movements that are measured"
        )
    if len(found) < len(movements):
        say(
            f"{len(movements) - len(found)} movements of --anchor are measured, so the baseline "
            "does not learn from them"
        )
    return found


def print_json(result: Mapping[str, Any]) -> None:
    """Print the figures as JSON, which has no infinities."""
    sys.stdout.write(json.dumps(result, indent=1, allow_nan=False) + "\n")


def print_table(result: dict[str, Any]) -> None:
    """Print the figures of each movement, of all pooled, and of the baseline if there is one."""
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
    """On standard error, where it does not mix with the JSON."""
    sys.stderr.write(f"{line}\n")
