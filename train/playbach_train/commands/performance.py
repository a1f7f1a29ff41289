"""``playbach-train performance``: fit the performer to players and editions, and measure it."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from playbach.bundle import read_bundle
from playbach.errors import InputError
from playbach.files import check_writable, write_atomically
from playbach.performer.model import INCLUDED, PerformerModel, as_json, read_performer
from playbach.performer.tempo import TempoModel
from playbach_train.commands import check_range, print_json, say
from playbach_train.commands.corpus import add_named_argument, corpus_from
from playbach_train.corpus.engraving import read_from_folder, read_over_http
from playbach_train.performance.alignments import Performed, read_performances
from playbach_train.performance.fitting import Beats, FitOptions, beats_with_features, fit, predict
from playbach_train.performance.measures import (
    Fit,
    Predicted,
    by_hand,
    by_others,
    constant,
    left_out,
    log_likelihood,
    measured,
    pooled,
)
from playbach_train.performance.published import fetch, published
from playbach_train.performance.slurs import (
    Bowed,
    SlurFit,
    by_model,
    by_rules,
    by_share,
    fit_slurs,
    left_out_slurs,
    measured_slurs,
    read_slurs,
)

_MOST_TREES = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    fetching = actions.add_parser(
        "fetch", help="fetch the performances that the included table was fitted to"
    )
    fetching.add_argument("folder", metavar="DIR", type=Path, help="a new folder for them")
    fetching.add_argument(
        "--from", metavar="DIR", type=Path, dest="from_dir",
        help="take them from this copy of their repository, instead of downloading them",
    )  # fmt: skip
    fitting = actions.add_parser(
        "fit", help="fit tempo to performances, and measure it on those left out"
    )
    _add_data(fitting, required=True)
    _add_table(fitting)
    fitting.add_argument(
        "--trees", metavar="N", type=int, default=FitOptions().trees,
        help="how many trees, 0 for rules alone (default %(default)s)",
    )  # fmt: skip
    fitting.add_argument(
        "--source", metavar="TEXT", default="",
        help="what the performances are and under which licence, for the table",
    )  # fmt: skip
    slurs = actions.add_parser(
        "slurs", help="fit slurs to engravings, and measure them on movements left out"
    )
    _add_engravings(slurs)
    _add_table(slurs)
    evaluation = actions.add_parser(
        "evaluate", help="measure a fitted table on performances, or on engravings with slurs"
    )
    _add_data(evaluation, required=False)
    whose = evaluation.add_mutually_exclusive_group()
    _add_performer(whose, "the table to measure (default: the one included)")
    whose.add_argument(
        "--bundle", metavar="FILE", type=Path,
        help="measure the table that travels in this bundle, or the one included if none does",
    )  # fmt: skip
    evaluation.add_argument("--json", action="store_true", help="print all figures as JSON")
    _add_engravings(evaluation)


def _add_engravings(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(folders=[])
    add_named_argument(parser, "engravings with slurs")


def _add_data(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--data", metavar="DIR", type=Path, required=required,
        help="folder of aligned performances: performances.csv, notes, alignments, scores",
    )  # fmt: skip


def _add_performer(parser: argparse._ActionsContainer, what: str) -> None:
    parser.add_argument("--performer", metavar="FILE", type=Path, default=INCLUDED, help=what)


def _add_table(parser: argparse.ArgumentParser) -> None:
    _add_performer(parser, "the table that all else is taken from (default: the one included)")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="the table to write, JSON"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.add_argument(
        "--unmeasured", action="store_true", help="only fit: measuring takes some minutes"
    )


def run(args: argparse.Namespace) -> int:
    """Fit or measure; the exit status.

    Raises:
        PlaybachError: an option, the folder, a corpus or a file is not as it must be.
    """
    actions = {"fetch": _fetch, "fit": _fit, "slurs": _slurs, "evaluate": _evaluate}
    return actions[args.action](args)


def _fetch(args: argparse.Namespace) -> int:
    known = published()
    if args.from_dir is None:
        read = read_over_http(known.manifest)
    else:
        read = read_from_folder(args.from_dir, known.manifest)
    fetch(args.folder, known, read)
    say(f"{args.folder}: {len(known.rows)} performances, from {known.manifest.origin}")
    return 0


def _fit(args: argparse.Namespace) -> int:
    check_range("--trees", args.trees, 0, _MOST_TREES)
    check_writable(args.out, force=args.force)
    table = read_performer(args.performer)
    performed = read_performances(args.data)
    performances = [beats_with_features(one) for one in performed]
    options = FitOptions(trees=args.trees)
    tempo, figures = fit(performances, options), ""
    if not args.unmeasured and (predicted := left_out(performances, options)):
        rows = {
            "rules and trees": predicted,
            "rules alone": left_out(performances, replace(options, trees=0)),
            **_baselines(performances),
        }
        say("movements and players left out:")
        for line in _lines(rows):
            say(line)
        found = _pooled(predicted)
        figures = (
            f"movements and players left out: correlation {found.correlation:.3f} by beat, "
            f"{found.bar_correlation:.3f} by bar"
        )
    made_from = _of_performances(performed, args.source) | _when("fit", figures)
    _write(args, replace(table, tempo=replace(tempo, made_from=made_from)))
    beats = sum(len(one.tempo) for one in performances)
    say(f"{args.out}: fitted to {beats:,} beats of {len(performances)} performances")
    return 0


def _slurs(args: argparse.Namespace) -> int:
    check_writable(args.out, force=args.force)
    table = read_performer(args.performer)
    movements = read_slurs(corpus_from(args, "fit slurs to", say))
    slurs, figures = fit_slurs(movements), ""
    if not args.unmeasured:
        rows = _slur_rows(movements, {})
        for line in _slur_lines(rows):
            say(line)
        found = rows[_LEFT_OUT]
        figures = (
            f"{_LEFT_OUT}: {found.bits:.3f} bits a note, {found.right:.1%} of {found.notes:,} right"
        )
    made_from = _of_engravings(movements) | _when("slurs", figures)
    _write(args, replace(table, slurs=replace(slurs, made_from=made_from)))
    notes = sum(len(one.chords) for one in movements)
    say(f"{args.out}: fitted to the slurs of {notes:,} notes of {len(movements)} movements")
    return 0


def _write(args: argparse.Namespace, table: PerformerModel) -> None:
    write_atomically(args.out, as_json(table).encode(), force=args.force)


def _of_performances(performed: Sequence[Performed], source: str) -> dict[str, str]:
    players = sorted({one.player for one in performed})
    return {
        "performances": str(len(performed)),
        "players": ", ".join(players),
        "source": source,
    }


def _of_engravings(movements: Sequence[Bowed]) -> dict[str, str]:
    scores = [one.movement for one in movements]
    return {
        "movements": str(len(scores)),
        "source": "; ".join(sorted({f"{one.source} ({one.origin})" for one in scores}))[:1000],
        "licences": ", ".join(sorted({one.licence for one in scores})),
    }


def _when(action: str, figures: str) -> dict[str, str]:
    said = {"figures": figures} if figures else {}
    today = dt.datetime.now(dt.UTC).date()
    return {**said, "command": f"playbach-train performance {action}", "fitted": str(today)}


def _evaluate(args: argparse.Namespace) -> int:
    if args.data is None and not args.corpora:
        raise InputError("nothing to measure on; give --data DIR or --corpus NAME")
    model = read_performer(args.performer)
    if args.bundle is not None:
        model = read_bundle(args.bundle).performer or model
    figures: dict[str, Any] = {}
    if args.data is not None:
        performances = [beats_with_features(one) for one in read_performances(args.data)]
        figures |= _of_tempo(model.tempo, performances, silent=args.json)
    if args.corpora:
        report = (lambda _: None) if args.json else say
        movements = read_slurs(corpus_from(args, "measure slurs on", report))
        rows = _slur_rows(movements, {"this performer": model})
        figures["slurs"] = {name: asdict(one) for name, one in rows.items()}
        for line in () if args.json else _slur_lines(rows):
            say(line)
    if args.json:
        print_json(figures)
    return 0


def _of_tempo(
    model: TempoModel, performances: Sequence[Beats], *, silent: bool
) -> Mapping[str, Any]:
    """All figures of tempo, which are printed unless this is to be silent."""
    predicted = [(one, predict(model, one)) for one in performances]
    fits = {one.performed.name: measured(one, guess) for one, guess in predicted}
    rules = replace(model, trees=())
    rows = {
        "this performer": predicted,
        "its rules alone": [(one, predict(rules, one)) for one in performances],
        **_baselines(performances),
    }
    for line in () if silent else (*_lines(rows), "", *_performance_lines(fits)):
        say(line)
    first, *others = rows
    return {
        "pooled": asdict(_pooled(rows[first])),
        "performances": {name: asdict(one) for name, one in fits.items()},
        "beside": {name: asdict(_pooled(rows[name])) for name in others},
        "log_likelihood": {name: log_likelihood(row) for name, row in rows.items()},
    }


def _pooled(predicted: Predicted) -> Fit:
    return pooled([measured(beats, guess) for beats, guess in predicted])


def _baselines(performances: Sequence[Beats]) -> dict[str, Predicted]:
    """What else could predict them; others who play the same movement where there are any."""
    single: list[Any] = []
    several: list[Any] = []
    for one in performances:
        others = [
            other
            for other in performances
            if other.performed.movement == one.performed.movement
            and other.performed.player != one.performed.player
        ]
        guesses = ((one, by_others(one, [other])) for other in others)
        single += [(one, guess) for one, guess in guesses if guess is not None]
        if len(others) > 1 and (guess := by_others(one, others)) is not None:
            several.append((one, guess))
    rows: dict[str, Predicted] = {
        "constant tempo": [(one, constant(one)) for one in performances],
        "rules by hand": [(one, by_hand(one)) for one in performances],
        "one player predicts another": single,
        "mean of the others": several,
    }
    return {name: row for name, row in rows.items() if row}


def _lines(rows: Mapping[str, Predicted]) -> Iterator[str]:
    title = "medians over performances"
    width = max(len(title), *map(len, rows))
    yield f"{title:{width}}  correlation  by bar      R2  log likelihood a beat"
    for name, row in rows.items():
        yield f"{_line(name, width, _pooled(row))}  {log_likelihood(row):21.3f}"


def _performance_lines(fits: Mapping[str, Fit]) -> Iterator[str]:
    title = "performance"
    width = max(len(title), *map(len, fits))
    yield f"{title:{width}}  correlation  by bar      R2"
    for name, one in fits.items():
        yield _line(name, width, one)


def _line(name: str, width: int, one: Fit) -> str:
    return f"{name:{width}}  {one.correlation:11.3f}  {one.bar_correlation:6.3f}  {one.r2:6.3f}"


_LEFT_OUT = "movements left out"


def _slur_rows(
    movements: Sequence[Bowed], models: Mapping[str, PerformerModel]
) -> dict[str, SlurFit]:
    return {
        **{name: measured_slurs(movements, by_model(one.slurs)) for name, one in models.items()},
        _LEFT_OUT: left_out_slurs(movements),
        "rules by hand": measured_slurs(movements, by_rules),
        "their share alone": measured_slurs(movements, by_share(movements)),
    }


def _slur_lines(rows: Mapping[str, SlurFit]) -> Iterator[str]:
    title = "slurred to the note before"
    width = max(len(title), *map(len, rows))
    yield f"{title:{width}}   notes  bits a note  right"
    for name, one in rows.items():
        yield f"{name:{width}}  {one.notes:6}  {one.bits:11.3f}  {one.right:5.1%}"
