"""``playbach-train corpus NAME DIR``: build a named corpus into a folder of MIDI files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playbach.errors import InputError
from playbach_train.corpus.build import build
from playbach_train.corpus.load import load
from playbach_train.corpus.named import NAMED_CORPORA
from playbach_train.corpus.records import Corpus, Report
from playbach_train.corpus.request import Request


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the ``corpus`` command."""
    rows = "\n".join(f"  {corpus.name:<14} {corpus.about}" for corpus in NAMED_CORPORA)
    parser.epilog = f"corpora:\n{rows}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", metavar="NAME", help="the corpus; see below")
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder for the MIDI files")
    parser.add_argument("--force", action="store_true", help="write into a folder with files in it")
    add_request_arguments(parser)


def add_corpus_arguments(
    parser: argparse._ActionsContainer, what: str, option: str = "--midi"
) -> None:
    """The arguments that say which scores are read: folders, named corpora, and what of them.

    Args:
        parser: receives them.
        what: the scores are, such as ``real movements``.
        option: that names a folder.
    """
    add_folder_argument(parser, what, option)
    names = ", ".join(corpus.name for corpus in NAMED_CORPORA)
    parser.add_argument(
        "--corpus", metavar="NAME", action="append", default=[], dest="corpora",
        help=f"corpus of {what}: {names}; may be repeated",
    )  # fmt: skip
    add_request_arguments(parser)


def add_folder_argument(
    parser: argparse._ActionsContainer, what: str, option: str = "--midi", *, required: bool = False
) -> None:
    """The option that names a folder of scores, as often as there are folders.

    Args:
        parser: receives it; the folders found are ``folders``.
        what: the scores are, such as ``scores to measure on``.
        option: its name.
        required: whether at least one folder must be named.
    """
    parser.add_argument(
        option, metavar="DIR", type=Path, action="append", dest="folders",
        default=None if required else [], required=required,
        help=f"folder of {what}: MIDI, MusicXML, ABC or kern files; may be repeated",
    )  # fmt: skip


def corpus_from(args: argparse.Namespace, purpose: str, report: Report) -> Corpus:
    """Read what ``add_corpus_arguments`` found on the command line.

    Args:
        args: of the command.
        purpose: of the scores, such as ``train on``.
        report: as for ``load``.

    Raises:
        InputError: no scores are named, or as ``load``.
    """
    if not args.folders and not args.corpora:
        raise InputError(f"nothing to {purpose}; give --midi DIR or --corpus NAME")
    return load([*args.folders, *args.corpora], request_from(args), report=report)


def add_request_arguments(parser: argparse._ActionsContainer) -> None:
    """The arguments that say which movements are wanted, and where engravings come from."""
    parser.add_argument(
        "--from",
        dest="from_dir",
        metavar="DIR",
        type=Path,
        help="read the sources of a named corpus from this copy of the engravings' repository, "
        "instead of downloading them",
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
        help="leave out movements whose name matches, as in 'bwv1007-*'; may be repeated",
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
