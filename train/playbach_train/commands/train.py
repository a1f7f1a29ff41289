"""``playbach-train``'s main command: scores in, a run directory out."""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbach.errors import InputError, PlaybachError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach_train.commands import say, say_nothing
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from
from playbach_train.config import Configuration, flat_values, load_config, options_given
from playbach_train.corpus import Corpus
from playbach_train.corpus.split import Split, fingerprints, folds, split_movements
from playbach_train.networks.architecture import Architecture, Job
from playbach_train.networks.table import (
    DEFAULT,
    NETWORKS,
    architecture,
    load_run,
    network_of,
)
from playbach_train.runs.pieces import keep_scores
from playbach_train.runs.run import (
    CHECKPOINT,
    CONFIG,
    RECORD,
    check_folder,
    clear_run,
    read_record,
    start_run,
)

if TYPE_CHECKING:
    from playbach_train.networks.distribution import Distribution

TOOLS = ("playbach", "keras", "tensorflow", "jax", "torch", "numpy", "music21", "lilypond")
_LONGEST_FOLD = 16
_NOT_SHAPING = ("--force", "--resume", "--distribute")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of training."""
    add_corpus_arguments(parser, "scores")
    parser.add_argument(
        "--network", metavar="NAME",
        help=f"architecture: {', '.join(NETWORKS)} (default {DEFAULT}; with --resume, the run's); "
        "add --help to see the values of its configuration",
    )  # fmt: skip
    parser.add_argument(
        "--run", metavar="DIR", type=Path, default=Path("runs/default"), dest="folder",
        help="folder for the run (default %(default)s)",
    )  # fmt: skip
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--resume", action="store_true", help="go on with the run in --run")
    group.add_argument("--force", action="store_true", help="replace the run in --run")
    parser.add_argument(
        "--start-from", metavar="RUN", type=Path,
        help="begin with the best weights of the run in this folder, of the same network and size",
    )  # fmt: skip
    parser.add_argument(
        "--distribute", action="store_true",
        help="train together with the workers that TF_CONFIG lists (TensorFlow), or on all devices "
        "of this machine (JAX)",
    )  # fmt: skip
    split = parser.add_mutually_exclusive_group()
    split.add_argument(
        "--hold-out", metavar="PATTERN", action="append", default=[],
        help="hold out movements whose name matches, instead of a random share; may be repeated",
    )  # fmt: skip
    split.add_argument("--fold", metavar="K/N", help="hold out the K-th of N equal parts")
    parser.add_argument(
        "--licence", metavar="TEXT", help="licence to record for scores that state none"
    )


def run(args: argparse.Namespace) -> int:
    """Train; the exit status."""
    if not args.distribute:
        _check_no_run(args)
    name = _network(args)
    network = architecture(name)
    config = _config(args, network.config)
    distribution = _joined(name) if args.distribute else None
    if distribution is not None:
        if not distribution.is_first:
            return _take_part(args, network, config, distribution)
        _check_no_run(args)
    check_folder(args.folder)
    first = None if args.start_from is None else _first(args, name, config)
    corpus = corpus_from(args, "train on", say)
    split = _split(args, corpus, config)
    job = Job(args.folder, config, corpus, split, args.resume, say, args.start_from, distribution)
    record = {"network": name, **_record(args, corpus, split)}
    if first is not None:
        record["start_from"] = first
    if args.resume:
        _check_same_scores(args.folder, record)
        network.fit(job)
    else:
        _begin(network, job, record)
    return 0


def _joined(network: str) -> Distribution:
    """Join the others; raises ``InputError`` as ``distribution.joined``, or for other networks."""
    if network != DEFAULT:
        raise InputError(f"--distribute: only the network {DEFAULT} is trained by several")
    from playbach_train.networks.distribution import joined  # noqa: PLC0415 Keras takes seconds

    return joined()


def _take_part(
    args: argparse.Namespace, network: Architecture, config: Any, distribution: Distribution
) -> int:
    """Train as a worker that keeps nothing; the exit status."""
    corpus = corpus_from(args, "train on", say_nothing)
    split = _split(args, corpus, config)
    start = args.start_from
    network.fit(Job(args.folder, config, corpus, split, args.resume, say, start, distribution))
    return 0


def _begin(network: Architecture, job: Job, record: dict[str, Any]) -> None:
    """Train from the first epoch; a run that fails before its first ends leaves nothing behind."""
    is_new = not job.folder.exists()
    try:
        start_run(job.folder, job.config, DEFAULT_ENCODING, record)
        keep_scores(job.folder, job.corpus, job.split)
        network.fit(job)
    except PlaybachError:
        if not (job.folder / CHECKPOINT).exists():
            clear_run(job.folder)
            if is_new:
                with suppress(OSError):  # it could not be made, or somebody put something in it
                    job.folder.rmdir()
        raise


def _check_no_run(args: argparse.Namespace) -> None:
    there = (args.folder / RECORD).exists()
    if args.resume and not (args.folder / CHECKPOINT).exists():
        raise InputError(f"{args.folder}: no checkpoint to go on from; leave out --resume")
    if there and not args.resume and not args.force:
        raise InputError(
            f"{args.folder}: holds a run; give --resume to go on with it, --force to replace it, "
            "or another --run"
        )


def _first(args: argparse.Namespace, network: str, config: Configuration) -> dict[str, Any]:
    """What is recorded of the run that ``--start-from`` names.

    Raises:
        InputError: it is none, or of another network or size; or it is the run to be written.
    """
    if args.start_from.resolve() == args.folder.resolve():
        raise InputError(
            f"--start-from {args.start_from}: that is the run to be written; give another --run, "
            "or --resume to go on with it"
        )
    run = load_run(args.start_from)
    if run.network != network:
        raise InputError(
            f"--start-from {args.start_from}: holds a run of the network {run.network}, not of "
            f"{network}; give --network {run.network}"
        )
    found = flat_values(run.config)
    for value, wanted in flat_values(config).items():
        if value.startswith("network.") and wanted != found[value]:
            raise InputError(
                f"--start-from {args.start_from}: its {value} is {found[value]}, not {wanted}; "
                f"give --{value} {found[value]}"
            )
    kept = ("command", "sources", "notes", "music", "training", "held_out", "start_from")
    return {"run": args.start_from.resolve().name} | {
        name: run.record[name] for name in kept if name in run.record
    }


def _network(args: argparse.Namespace) -> str:
    """The name of the network asked for, or with --resume the run's."""
    if not args.resume:
        return DEFAULT if args.network is None else str(args.network)
    kept = network_of(args.folder, read_record(args.folder))
    if args.network not in {None, kept}:
        raise InputError(
            f"--network {args.network}: {args.folder} holds a run of the network {kept}; leave out "
            "--network, or give another --run"
        )
    return kept


def _config(args: argparse.Namespace, default: Configuration) -> Configuration:
    given = options_given(args)
    if not args.resume:
        return load_config(default, args.config, given)
    kept = load_config(default, args.folder / CONFIG, {})
    if load_config(default, args.config or args.folder / CONFIG, given) != kept:
        raise InputError(
            f"--resume: the run was started with {args.folder / CONFIG}; leave out other values"
        )
    return kept


def _check_same_scores(folder: Path, record: dict[str, Any]) -> None:
    kept = read_record(folder)
    if any(kept.get(name) != record[name] for name in ("training", "held_out", "music")):
        raise InputError(
            f"--resume: the movements are not those of {folder / RECORD}; give the same scores, "
            "and the same --hold-out or --fold"
        )
    if kept.get("encoding") != json.loads(json.dumps(asdict(DEFAULT_ENCODING))):
        raise InputError(
            f"--resume: {folder} was begun by another version; give --force instead to train anew"
        )


def _split(args: argparse.Namespace, corpus: Corpus, config: Configuration) -> Split:
    names = [movement.name for movement in corpus.movements]
    music = fingerprints(corpus.movements)
    if args.hold_out:
        held = [n for n in names if any(fnmatchcase(n, p) for p in args.hold_out)]
        if not held or len(held) == len(names):
            raise InputError(
                f"--hold-out {' '.join(args.hold_out)}: matches {len(held)} of {len(names)} "
                "movements; some must match, and some must be left to train on"
            )
        return Split(tuple(sorted(set(names) - set(held))), tuple(sorted(held)))
    if args.fold:
        return _fold(args.fold, names, config.training.seed, music)
    training = config.training
    return split_movements(names, training.held_out, training.seed, music)


def _fold(text: str, names: Sequence[str], seed: int, music: dict[str, str]) -> Split:
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and len(text) < _LONGEST_FOLD):
        raise InputError(f"--fold {text[:20]}: write two numbers, such as 1/5")
    parts = folds(names, int(count), seed, music)
    if not 1 <= int(number) <= len(parts):
        raise InputError(f"--fold {text[:20]}: the first number must be from 1 to {len(parts)}")
    return parts[int(number) - 1]


def _record(args: argparse.Namespace, corpus: Corpus, split: Split) -> dict[str, Any]:
    sources = []
    for terms in corpus.provenance:
        row = asdict(terms)
        if args.licence and terms.licence == "unknown":
            row["licence"] = args.licence
        row["source"] = Path(row["source"]).resolve().name
        sources.append(row)
    return {
        "command": f"playbach-train {shlex.join(_shaping(sys.argv[1:]))}",
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sources": sources,
        "notes": corpus.notes,
        "music": _digest(corpus),
        "skipped": [skipped.name for skipped in corpus.skipped],
        "training": list(split.train),
        "held_out": list(split.held_out),
        "tools": {name: found for name in TOOLS if (found := _version(name))},
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }


def _digest(corpus: Corpus) -> str:
    """A digest of all movements, another if any note of them is."""
    rows = sorted(fingerprints(corpus.movements).items())
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _shaping(arguments: Sequence[str]) -> list[str]:
    """The arguments without those that only say where the run goes."""
    kept, rest = [], iter(arguments)
    for argument in rest:
        if argument == "--run":
            next(rest, None)
        elif argument not in {"--force", "--resume", "--distribute"} and not argument.startswith(
            "--run="
        ):
            kept.append(argument)
    return kept


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
