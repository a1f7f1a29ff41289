"""``playbach-train evaluate``: bits per note of a run or a bundle on any folder of scores."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playbach.bundle import Bundle, PitchRange, read_bundle
from playbach.errors import InputError
from playbach.music.encoding import ESCAPE, Encoding
from playbach.music.note import Piece
from playbach.predictor import load_note_predictor
from playbach.predictor.load import SYMBOL_KINDS
from playbach_train.commands import print_json, say, say_aside
from playbach_train.commands.corpus import add_asked_arguments, add_folder_argument, asked_from
from playbach_train.corpus import Corpus, Request, Say, load
from playbach_train.networks.table import DEFAULT, architecture, load_run
from playbach_train.runs.pieces import kept_scores, of_bundle, of_run
from playbach_train.runs.run import Run

COLUMNS = ("pitch_bits", "shift_bits", "duration_bits", "total_bits", "pitch_top1", "notes")
Row = dict[str, float | None]
Source = Bundle | Run


@dataclass(frozen=True)
class Measured:
    """How well a network predicted each note of the movements."""

    encoding: Encoding  # its tables between events and symbols
    # by name of the movement, a row for each note, as in ``measure.LogProbs``
    log_probs: Mapping[str, Any]
    # pitches that its music is meant to stay in, ``None`` if it names none
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
    add_asked_arguments(parser)
    parser.add_argument(
        "--baseline", metavar="DIR", type=Path, action="append", default=[],
        help="folder of scores that the n-gram baseline learns from, instead of those that the "
        "network learned from; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Measure and print; the exit status."""
    tell = say_aside if args.json else say
    if args.variant and not args.bundle:
        raise InputError("--variant: it goes with --bundle only; a run has no variants")
    source = read_bundle(args.bundle) if args.bundle else load_run(args.folder)
    corpus = load(args.folders, Request(asked=asked_from(args)), report=tell)
    if not any(len(movement.piece.notes) > 1 for movement in corpus.movements):
        raise InputError("--midi: no movement has two notes or more; give scores to measure on")
    if isinstance(source, Run) and source.network != DEFAULT:
        _by_symbol(args, source, corpus, tell)
    else:
        _by_note(args, source, corpus, tell)
    return 0


def _by_note(args: argparse.Namespace, source: Source, corpus: Corpus, tell: Say) -> None:
    """Measure and print a network that predicts notes, beside the n-gram baseline."""
    pieces = {one.name: one.piece for one in corpus.movements}
    if isinstance(source, Bundle):
        measured = _of_bundle(source, args.variant, pieces)
    else:
        measured = _of_run(source, pieces)
    result = {
        "pooled": row_of(list(measured.log_probs.values())),
        "movements": {name: row_of([rows]) for name, rows in measured.log_probs.items()},
        "ngram": _baseline(args, source, pieces, measured.encoding, tell),
    }
    if args.json:
        print_json(result)
    else:
        print_table(result)
    for line in coverage_lines(corpus, measured.encoding, measured.range):
        tell(line)


def _by_symbol(args: argparse.Namespace, trained: Run, corpus: Corpus, tell: Say) -> None:
    """Measure and print a network that predicts symbols of its own."""
    if args.baseline:
        raise InputError(
            f"--baseline: n-grams are compared with the network {DEFAULT} only, note by note; "
            f"{trained.folder} holds a run of {trained.network}"
        )

    pieces = {one.name: one.piece for one in corpus.movements}
    _warn_of_known(kept_scores(trained.folder).training.values(), pieces, tell)
    figures = figures_of(trained, pieces)
    if args.json:
        print_json(figures)
    else:
        print_figures(figures)
    for line in coverage_lines(corpus, None):
        tell(line)


def _of_bundle(bundle: Bundle, variant: str | None, pieces: Mapping[str, Piece]) -> Measured:
    kind = bundle.manifest.network.kind
    if kind in SYMBOL_KINDS:
        raise InputError(
            f"{bundle.path}: a network of kind {kind} is not measured in a bundle; give the run it "
            "was made from, with --run"
        )
    predictor = load_note_predictor(bundle, variant)
    from playbach_train.copying.measure import predictor_log_probs  # noqa: PLC0415 Keras takes seconds

    log_probs = {name: predictor_log_probs(predictor, piece) for name, piece in pieces.items()}
    return Measured(predictor.encoding, log_probs, bundle.manifest.range)


def _of_run(trained: Run, pieces: Mapping[str, Piece]) -> Measured:
    from playbach_train.copying.measure import load_copying  # noqa: PLC0415 Keras takes seconds

    return Measured(trained.encoding, load_copying(trained).log_probs(pieces))


def row_of(rows: Sequence[Any]) -> Row:
    """The figures of all movements pooled; of 0 notes, ``None`` for each of the others."""
    from playbach_train.copying.measure import bits_of  # noqa: PLC0415 Keras takes seconds

    bits = bits_of(rows)
    figures = (bits.pitch, bits.shift, bits.duration, bits.total, bits.pitch_top1, bits.notes)
    return {
        column: figure if math.isfinite(figure) else None
        for column, figure in zip(COLUMNS, figures, strict=True)
    }


def _baseline(
    args: argparse.Namespace,
    source: Source,
    pieces: Mapping[str, Piece],
    encoding: Encoding,
    tell: Say,
) -> Row | None:
    """Pitch bits and top-1 of the n-gram baseline, ``None`` if there is nothing to learn from."""
    from playbach_train.ngram import baseline_bits  # noqa: PLC0415 few ask for it

    try:
        training = _learned_from(args, source, pieces, tell)
    except InputError as error:
        tell(f"no n-gram baseline: {error}; --baseline DIR names the training scores")
        return None
    _warn_of_known(training, pieces, tell)
    bits, top1 = baseline_bits(encoding, training, pieces.values())
    return {"pitch_bits": bits, "pitch_top1": top1}


def _warn_of_known(training: Iterable[Piece], pieces: Mapping[str, Piece], tell: Say) -> None:
    """Warn if movements are measured that were learned from."""
    learned = {piece.notes for piece in training}
    known = [name for name, piece in pieces.items() if piece.notes in learned]
    if known:
        tell(
            f"{len(known)} of the movements measured are among the training movements, which "
            f"flatters every figure: {', '.join(known[:3])}{' ...' if len(known) > 3 else ''}"  # noqa: PLR2004 a line's worth
        )


def _learned_from(
    args: argparse.Namespace, source: Source, pieces: Mapping[str, Piece], tell: Say
) -> list[Piece]:
    """Training movements, each once."""
    if args.baseline:
        found = _others(args.baseline, pieces, tell)
    elif isinstance(source, Bundle):
        found = list(of_bundle(source.manifest.provenance, str(source.path)).values())
    else:
        found = list(of_run(source.folder).values())
    return list({piece.notes: piece for piece in found}.values())


def _others(folders: Sequence[Path], pieces: Mapping[str, Piece], tell: Say) -> list[Piece]:
    """The movements in ``folders``, without those whose names are among the measured."""
    movements = load(folders, report=tell).movements
    found = [movement.piece for movement in movements if movement.name not in pieces]
    if not found:
        raise InputError(
            f"--baseline {' '.join(map(str, folders))}: holds only movements that are measured"
        )
    if len(found) < len(movements):
        tell(
            f"{len(movements) - len(found)} movements of --baseline are measured, so the baseline "
            "does not learn from them"
        )
    return found


def print_table(result: dict[str, Any]) -> None:
    """Print the figures of each movement, of all pooled, and of the baseline if there is one."""
    say(f"{'':34}  pitch  shift    dur  total   top1  notes")
    for name, row in [*result["movements"].items(), ("pooled", result["pooled"])]:
        if row["notes"]:
            bits = "  ".join(f"{row[column]:5.3f}" for column in COLUMNS[:4])
            say(f"{name[:34]:34}  {bits}  {row['pitch_top1']:5.1%}  {row['notes']:5}")
    if result["ngram"]:
        row = result["ngram"]
        say(f"{'n-grams, no network':34}  {row['pitch_bits']:5.3f}{row['pitch_top1']:29.1%}")


def figures_of(run: Run, pieces: Mapping[str, Piece]) -> dict[str, Any]:
    """Bits and top-1 of the network of ``run``, pooled over all pieces.

    Raises:
        InputError: its network assigns no probabilities, or its weights are damaged.
    """
    found = architecture(run.network).load(run).held_out(pieces)
    if found is None:
        raise InputError(
            f"{run.folder}: the network {run.network} assigns no probabilities to music, so there "
            "are no bits to measure; playbach-train report measures what it composes"
        )
    return {
        "network": run.network,
        "parts": {n: {"bits": part.bits, "top1": part.top1} for n, part in found.parts.items()},
        "bits_per_symbol": found.per_symbol,
        "bits_per_note": found.per_note,
        "bits_per_quarter": found.per_quarter,
        "symbols": found.symbols,
        "notes": found.notes,
        "quarters": found.quarters,
        "unknown": found.unknown,
    }


def print_figures(figures: Mapping[str, Any]) -> None:
    """A line for each part, one for all of them, and what they are counted over."""
    say(f"{figures['network'][:16]:16}  bits/symbol  bits/note  bits/quarter   top1")
    scale = {count: figures["symbols"] / figures[count] for count in ("notes", "quarters")}
    rows = {name: (part["bits"], part["top1"]) for name, part in figures["parts"].items()}
    if len(rows) > 1:
        rows["total"] = (figures["bits_per_symbol"], None)
    for name, (bits, top1) in rows.items():
        shown = "" if top1 is None else f"  {top1:5.1%}"
        per_note, per_quarter = bits * scale["notes"], bits * scale["quarters"]
        say(f"{name[:16]:16}  {bits:11.3f}  {per_note:9.3f}  {per_quarter:12.3f}{shown}")
    say(
        f"{figures['symbols']:,} symbols, {figures['notes']:,} notes, {figures['quarters']:,.0f} "
        f"quarters; {figures['unknown']:.1%} of the symbols are not in the vocabulary"
    )


def coverage_lines(
    corpus: Corpus, encoding: Encoding | None, pitches: PitchRange | None = None
) -> Iterator[str]:
    """A line for the user about each of these things that occurs.

    Args:
        corpus: what is measured.
        encoding: tables of the network; ``None`` for one that does not use them.
        pitches: the range that the bundle's music is meant to stay in, ``None`` if it names none.
    """
    pieces = [movement.piece for movement in corpus.movements]
    counts = _without_symbol(pieces, encoding) if encoding else {}
    found = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    if found:
        yield f"measured as the escape symbol, having no symbol of their own: {found}"
    if corpus.off_grid or corpus.merged:
        yield (
            f"measured not quite as written: {corpus.off_grid:,} notes moved to the grid, "
            f"{corpus.merged:,} merged with a sounding pitch"
        )
    if pitches:
        yield from _out_of_range(corpus, pitches)


def _without_symbol(pieces: Iterable[Piece], encoding: Encoding) -> dict[str, int]:
    shifts = intervals = durations = 0
    for piece in pieces:
        durations += sum(encoding.duration_symbol(n.duration) == ESCAPE for n in piece.notes)
        for before, after in pairwise(piece.notes):
            shifts += encoding.shift_symbol(after.onset - before.onset) == ESCAPE
            intervals += encoding.pitch_symbol(after.pitch - before.pitch) == ESCAPE
    return {"shifts": shifts, "intervals": intervals, "durations": durations}


def _out_of_range(corpus: Corpus, pitches: PitchRange) -> Iterator[str]:
    low, high = pitches.lowest, pitches.highest
    counts = [
        sum(not low <= note.pitch <= high for note in movement.piece.notes)
        for movement in corpus.movements
    ]
    if any(counts):
        yield (
            f"outside the bundle's range {low} to {high}, and measured all the same: "
            f"{sum(counts):,} notes of {sum(map(bool, counts))} movements"
        )
