"""``playbach-train corpus NAME DIR``: build a named corpus into a folder of MIDI files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playbach_train.corpus.build import build
from playbach_train.corpus.named import NAMED_CORPORA
from playbach_train.corpus.request import Request


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the ``corpus`` command."""
    rows = "\n".join(f"  {corpus.name:<14} {corpus.about}" for corpus in NAMED_CORPORA)
    parser.description = "Build a corpus into a folder of MIDI files."
    parser.epilog = f"corpora:\n{rows}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", metavar="NAME", help="the corpus; see below")
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder for the MIDI files")
    parser.add_argument("--force", action="store_true", help="write into a folder with files in it")
    add_request_arguments(parser)


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which movements, for this command and for training."""
    parser.add_argument(
        "--from",
        dest="from_dir",
        metavar="DIR",
        type=Path,
        help="local copy of the engravings' repository, instead of the network",
    )
    parser.add_argument(
        "--partial",
        action="store_true",
        help="with --from: skip movements whose sources are missing from the copy",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out movements of that name; * and ? match anything; may be repeated",
    )
    parser.add_argument(
        "--limit", metavar="N", type=int, help="only the first N movements of each source"
    )


def request_from(args: argparse.Namespace) -> Request:
    """What ``add_request_arguments`` found on the command line.

    Raises:
        InputError: an argument is outside what is allowed.
    """
    return Request(
        exclude=tuple(args.exclude),
        limit=args.limit,
        from_dir=args.from_dir,
        partial=args.partial,
    )


def run(args: argparse.Namespace) -> int:
    """Build the corpus and say what was built; the exit status.

    Raises:
        PlaybachError: as ``build``.
    """
    corpus = build(args.name, args.folder, request_from(args), report=_say, force=args.force)
    for terms in corpus.provenance:
        _say(f"{terms.movements} movements: {terms.licence}; {terms.origin}")
    _say(f"written to {args.folder}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
