"""``playbach-train cross-validate``: what a configuration gives on movements it never saw.

Every movement is held out once; the rest are learned from for as many epochs as the configuration
says, so that nothing, not even when to stop, is chosen on what is measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach_train.commands import print_json, say, say_aside
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from
from playbach_train.commands.evaluate import print_table, row_of
from playbach_train.config import load_config, options_given
from playbach_train.copying.config import CopyingConfig
from playbach_train.corpus import Corpus
from playbach_train.corpus.split import Split, fingerprints, folds
from playbach_train.networks.table import DEFAULT

FOLDS = 5


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
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Train once for each fold and print what all of them gave; the exit status.

    Raises:
        PlaybachError: an argument or a score is not as it must be.
    """
    tell = say_aside if args.json else say
    if args.network not in {None, DEFAULT}:
        raise InputError(
            f"--network {args.network}: only the network {DEFAULT} is cross-validated; train "
            "others with --fold 1/5 and so on, and evaluate each run"
        )
    config = load_config(CopyingConfig(), args.config, options_given(args))
    corpus = corpus_from(args, "train on", tell)
    splits = splits_of(corpus, args.folds, config.training.seed, args.measure)
    log_probs: dict[str, Any] = {}
    baselines: list[Any] = []
    for number, split in enumerate(splits, 1):
        tell(f"fold {number} of {len(splits)}: {len(split.held_out)} movements held out")
        log_probs |= _fold_log_probs(corpus, config, split)
        baselines += _baseline_reads(corpus, split)
    result = {
        "pooled": row_of(list(log_probs.values())),
        "movements": {name: row_of([log_probs[name]]) for name in sorted(log_probs)},
        "ngram": {
            "pitch_bits": float(
                -np.log2(np.concatenate([chance for chance, _ in baselines])).mean()
            ),
            "pitch_top1": float(np.concatenate([hits for _, hits in baselines]).mean()),
        },
    }
    if args.json:
        print_json(result)
    else:
        print_table(result)
    return 0


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


def _fold_log_probs(corpus: Corpus, config: CopyingConfig, split: Split) -> dict[str, Any]:
    """Train on one side of ``split``; how well each note of the other is predicted, by movement."""
    from playbach_train.copying.data import movement_arrays  # noqa: PLC0415 Keras takes seconds
    from playbach_train.copying.training import CopyingTrainer  # noqa: PLC0415

    arrays = {
        movement.name: movement_arrays(movement.name, movement.piece, DEFAULT_ENCODING)
        for movement in corpus.movements
    }
    training = [arrays[name] for name in split.train]
    trainer = CopyingTrainer(
        config, DEFAULT_ENCODING, training, [arrays[n] for n in split.held_out]
    )
    for epoch in range(1, config.training.epochs + 1):
        trainer.train(epoch, lambda *_: None)
    return trainer.log_probs()


def _baseline_reads(corpus: Corpus, split: Split) -> Iterator[Any]:
    from playbach_train.ngram import NgramBaseline  # noqa: PLC0415 with Keras

    pieces = {movement.name: movement.piece for movement in corpus.movements}
    baseline = NgramBaseline(DEFAULT_ENCODING, [pieces[name] for name in split.train])
    return (baseline.read(pieces[name]) for name in split.held_out)
