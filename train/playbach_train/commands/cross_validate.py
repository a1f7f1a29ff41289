"""``playbach-train cross-validate``: what a configuration gives on movements it never saw.

Every movement is held out once; the rest are learned from for as many epochs as the configuration
says, so that nothing, not even when to stop, is chosen on what is measured. With further music the
training has two stages, as that of the included model: on all of it, then on the scores alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from playbach import __version__
from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach.processes import MOST_JOBS, cores
from playbach_train.commands import check_range, print_json, say, say_aside, table
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from, request_from
from playbach_train.commands.evaluate import COLUMNS, print_table, row_of
from playbach_train.config import flat_values, load_config, options_given
from playbach_train.copying.config import CopyingConfig
from playbach_train.corpus import Corpus, Say, load
from playbach_train.corpus.split import Split, fingerprints, folds
from playbach_train.networks.table import DEFAULT
from playbach_train.runs.checkpoint import Arrays
from playbach_train.runs.jobs import Runner, Task

FOLDS = 5
FIRST_EPOCHS = 8
_NETWORK = "network/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_corpus_arguments(parser, "scores")
    parser.add_argument("--network", metavar="NAME", help=f"must be {DEFAULT}, if given")
    parser.add_argument(
        "--folds", metavar="N", type=int, default=FOLDS,
        help=f"parts that are held out in turn (default {FOLDS})",
    )  # fmt: skip
    parser.add_argument(
        "--measure", metavar="PATTERN", action="append", default=[],
        help="hold out only movements whose name matches, and always learn from all others; may be "
        "repeated",
    )  # fmt: skip
    first = parser.add_argument_group("a first stage, on the scores and further music together")
    first.add_argument(
        "--first-corpus", metavar="NAME", action="append", default=[],
        help="corpus of further music; may be repeated",
    )  # fmt: skip
    first.add_argument(
        "--first-midi", metavar="DIR", type=Path, action="append", default=[],
        help="folder of further music; may be repeated",
    )  # fmt: skip
    first.add_argument(
        "--first-epochs", metavar="N", type=int, default=FIRST_EPOCHS,
        help="epochs of the first stage (default %(default)s); --training.VALUE is for the second "
        "alone",
    )  # fmt: skip
    jobs = parser.add_argument_group("how the trainings are done, each a job of its own")
    jobs.add_argument(
        "--jobs", metavar="N", type=int,
        help="processes of this machine (default: one for each core); each takes some 1.5 GB",
    )  # fmt: skip
    jobs.add_argument(
        "--cluster", metavar="ADDRESS",
        help="have the workers of this Dask scheduler do them, such as tcp://host:8786",
    )  # fmt: skip
    jobs.add_argument(
        "--keep", metavar="DIR", type=Path,
        help="keep what each gives in this folder; what is there already is not done again",
    )  # fmt: skip
    parser.add_argument(
        "--vary", metavar="NAME=V,V,...", action="append", default=[],
        help="cross-validate with each of these values, such as training.streams=8,16; given "
        "again, with every combination",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Train once for each fold and print what all of them gave; the exit status."""
    tell = say_aside if args.json else say
    if args.network not in {None, DEFAULT}:
        raise InputError(
            f"--network {args.network}: only the network {DEFAULT} is cross-validated; train "
            "others with --fold 1/5 and so on, and evaluate each run"
        )
    check_range("--jobs", args.jobs or 1, 1, MOST_JOBS)
    varied = list(_varied(args.vary))
    configs = [
        load_config(CopyingConfig(), args.config, options_given(args) | values) for values in varied
    ]
    corpus = corpus_from(args, "train on", tell)
    first = _first_stage(args, tell)
    jobs = [
        _Fold(corpus, config, split, first)
        for config in configs
        for split in splits_of(corpus, args.folds, config.training.seed, args.measure)
    ]
    runner = Runner(args.jobs or cores(), args.cluster, args.keep)
    tasks = [
        Task(f"{label}fold-{number % args.folds + 1}", fold.digest(), fold)
        for number, fold in enumerate(jobs)
        for label in [_label(varied[number // args.folds])]
    ]
    found = runner.results(_fold_arrays, tasks, tell)
    results = [_pooled(found[at : at + args.folds]) for at in range(0, len(found), args.folds)]
    if args.vary:
        rows = [{"values": v, **result} for v, result in zip(varied, results, strict=True)]
        _tell_varied(rows, as_json=args.json)
    elif args.json:
        print_json(results[0])
    else:
        print_table(results[0])
    return 0


def _varied(given: Sequence[str]) -> Iterator[dict[str, str]]:
    """Every combination of the values that ``--vary`` names; one, empty, without it.

    Raises:
        InputError: it is not written as it should be.
    """
    names, values = [], []
    for text in given:
        name, equals, listed = text.partition("=")
        if not equals or "." not in name:
            raise InputError(f"--vary {text[:40]}: write it as training.streams=8,16")
        names.append(name)
        values.append(listed.split(","))
    for combination in product(*values):
        yield dict(zip(names, combination, strict=True))


def _label(values: Mapping[str, str]) -> str:
    return "".join(f"{name.partition('.')[2]}-{value}-" for name, value in values.items())


def _tell_varied(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"varied": list(rows)})
        return
    names = list(rows[0]["values"])
    lines = [[*names, *COLUMNS]] + [
        [*row["values"].values(), *(f"{row['pooled'][column]:.3f}" for column in COLUMNS)]
        for row in rows
    ]
    for line in table(lines, len(names)):
        say(line)


def _pooled(folds: Sequence[Arrays]) -> dict[str, Any]:
    """The figures of one configuration, from what its folds gave."""
    log_probs = {
        name.removeprefix(_NETWORK): rows
        for fold in folds
        for name, rows in fold.items()
        if name.startswith(_NETWORK)
    }
    chances, hits = (np.concatenate([fold[name] for fold in folds]) for name in ("chances", "hits"))
    return {
        "pooled": row_of(list(log_probs.values())),
        "movements": {name: row_of([log_probs[name]]) for name in sorted(log_probs)},
        "ngram": {
            "pitch_bits": float(-np.log2(chances).mean()),
            "pitch_top1": float(hits.mean()),
        },
    }


def splits_of(corpus: Corpus, count: int, seed: int, patterns: Sequence[str]) -> tuple[Split, ...]:
    """``count`` splits that hold out every movement whose name matches once.

    Other movements are learned from in all of them, but for copies of what is held out.

    Raises:
        InputError: no movement matches, or there are fewer different ones than folds.
    """
    names = [movement.name for movement in corpus.movements]
    music = fingerprints(corpus.movements)
    wanted = [n for n in names if not patterns or any(fnmatchcase(n, p) for p in patterns)]
    if not wanted:
        raise InputError(f"--measure {' '.join(patterns)}: matches none of {len(names)} movements")
    others = set(names) - set(wanted)
    found = []
    for split in folds(wanted, count, seed, music):
        held = {music[name] for name in split.held_out}
        always = [name for name in others if music[name] not in held]
        found.append(Split(tuple(sorted([*split.train, *always])), split.held_out))
    return tuple(found)


@dataclass(frozen=True)
class _FirstStage:
    """What a network learns from before it learns from the scores alone."""

    corpus: Corpus  # further music
    config: CopyingConfig  # of this stage


def _first_stage(args: argparse.Namespace, tell: Say) -> _FirstStage | None:
    """The first stage that was asked for, if any.

    Raises:
        InputError: the music cannot be read, or the number of epochs is outside its range.
    """
    if not args.first_corpus and not args.first_midi:
        return None
    both = {n: v for n, v in options_given(args).items() if not n.startswith("training.")}
    given = {**both, "training.epochs": args.first_epochs}
    config = load_config(CopyingConfig(), args.config, given)
    corpus = load([*args.first_midi, *args.first_corpus], request_from(args), report=tell)
    return _FirstStage(corpus, config)


@dataclass(frozen=True)
class _Fold:
    """A network to be trained and measured."""

    corpus: Corpus
    config: CopyingConfig
    split: Split
    first: _FirstStage | None

    def digest(self) -> str:
        """Of all that its figures depend on."""
        first = self.first
        rows = [
            __version__,
            flat_values(self.config),
            asdict(self.split),
            fingerprints(self.corpus.movements),
            first and [flat_values(first.config), fingerprints(first.corpus.movements)],
        ]
        return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _fold_arrays(fold: _Fold) -> Arrays:
    """What a fold gives, by name; how well each note is predicted by movement, as ``LogProbs``."""
    from playbach_train.ngram import NgramBaseline  # noqa: PLC0415 with Keras

    pieces = {movement.name: movement.piece for movement in fold.corpus.movements}
    log_probs = _fold_log_probs(fold.corpus, fold.config, fold.split, fold.first)
    baseline = NgramBaseline(DEFAULT_ENCODING, [pieces[name] for name in fold.split.train])
    reads = [baseline.read(pieces[name]) for name in fold.split.held_out]
    return {f"{_NETWORK}{name}": rows for name, rows in log_probs.items()} | {
        "chances": np.concatenate([chances for chances, _ in reads]),
        "hits": np.concatenate([hits for _, hits in reads]),
    }


def _fold_log_probs(
    corpus: Corpus, config: CopyingConfig, split: Split, first: _FirstStage | None
) -> dict[str, Any]:
    """Train on one side of ``split``; how well each note of the other is predicted, by movement."""
    from playbach_train.copying.data import movement_arrays  # noqa: PLC0415 Keras takes seconds
    from playbach_train.copying.training import CopyingTrainer  # noqa: PLC0415

    arrays = {
        movement.name: movement_arrays(movement.name, movement.piece, DEFAULT_ENCODING)
        for movement in corpus.movements
    }
    training = [arrays[name] for name in split.train]
    held_out = [arrays[name] for name in split.held_out]

    def trained(config: CopyingConfig, music: list[Any], weights: Any = None) -> CopyingTrainer:
        trainer = CopyingTrainer(config, DEFAULT_ENCODING, music, held_out)
        if weights is not None:
            trainer.begin_with(weights, "first stage")
        for epoch in range(1, config.training.epochs + 1):
            trainer.train(epoch, lambda *_: None)
        return trainer

    if first is None:
        return trained(config, training).log_probs()
    music = fingerprints(corpus.movements)
    unseen = {music[name] for name in split.held_out}
    more = fingerprints(first.corpus.movements)
    further = [
        movement_arrays(movement.name, movement.piece, DEFAULT_ENCODING)
        for movement in first.corpus.movements
        if more[movement.name] not in unseen
    ]
    weights = trained(first.config, training + further).network()
    return trained(config, training, weights).log_probs()
