"""``playbach-train corpus NAME DIR``, and how all commands are told of scores.

A named corpus is built into a folder of MIDI files, to hear, to read, or to train on without a
network.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from playbach import __version__
from playbach.errors import InputError, OutputError
from playbach.midi.files import midi_bytes
from playbach_train.commands import say
from playbach_train.corpus.folder import MIDI_SUFFIXES
from playbach_train.corpus.folding import REPEATS, UPBEATS
from playbach_train.corpus.labels import Asked, read_labels
from playbach_train.corpus.load import SOURCES_FILE, load
from playbach_train.corpus.named import NAMED_CORPORA, NamedCorpus, named_corpus
from playbach_train.corpus.records import Corpus, Request, Say, ScoreMovement


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the ``corpus`` command."""
    rows = "\n".join(f"  {corpus.name:<14} {corpus.about}" for corpus in NAMED_CORPORA)
    parser.epilog = f"corpora:\n{rows}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", metavar="NAME", help="the corpus; see below")
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder for the MIDI files")
    parser.add_argument("--force", action="store_true", help="write into a folder with files in it")
    add_request_arguments(parser)
    # No corpus by name has anything to be said of, or written out.
    parser.set_defaults(labels=None, folded=[])


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
    add_named_argument(parser, what)


def add_named_argument(parser: argparse._ActionsContainer, what: str) -> None:
    """The arguments that say which corpora by name are read, and what of them.

    Where folders are not allowed, ``corpus_from`` wants the default ``folders=[]``.
    """
    names = ", ".join(corpus.name for corpus in NAMED_CORPORA)
    parser.add_argument(
        "--corpus", metavar="NAME", action="append", default=[], dest="corpora",
        help=f"corpus of {what}: {names}; may be repeated",
    )  # fmt: skip
    add_request_arguments(parser)
    add_asked_arguments(parser)


def add_asked_arguments(parser: argparse._ActionsContainer) -> None:
    """The arguments that say how the scores in folders are meant."""
    parser.add_argument(
        "--labels", metavar="FILE", type=Path,
        help="table (CSV) of what files do not say, with the columns path, form, key, meter",
    )  # fmt: skip
    for what, about in ((UPBEATS, "cut rests before an upbeat"), (REPEATS, "leave a repeat out")):
        parser.add_argument(
            f"--fold-{what}", action="append_const", const=what, dest="folded", default=[],
            help=f"{about} where it is written out",
        )  # fmt: skip


def asked_from(args: argparse.Namespace) -> Asked:
    """What ``add_asked_arguments`` found on the command line.

    Raises:
        InputError: the table cannot be read, or has something else in it.
    """
    labels = read_labels(args.labels) if args.labels else {}
    return Asked(labels, frozenset(args.folded))


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
        help=f"folder of {what}: MIDI, MusicXML, MEI, ABC or kern files; may be repeated",
    )  # fmt: skip


def corpus_from(args: argparse.Namespace, purpose: str, report: Say) -> Corpus:
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
        asked=asked_from(args),
    )


def run(args: argparse.Namespace) -> int:
    """Build the corpus and say what was built; the exit status.

    Raises:
        PlaybachError: as ``build``.
    """
    corpus = build(args.name, args.folder, request_from(args), report=say, force=args.force)
    for terms in corpus.provenance:
        say(f"{terms.movements} movements: {terms.licence}; {terms.origin}")
    say(f"written to {args.folder}")
    return 0


def build(name: str, folder: Path, request: Request, *, report: Say, force: bool = False) -> Corpus:
    """Write each movement of a corpus to ``folder``, and beside them where they come from.

    The files are made elsewhere and moved at the end, so that a failure leaves ``folder`` as it
    was.

    Args:
        name: of the corpus.
        folder: made if it does not exist.
        request: which movements.
        report: receives lines for the user.
        force: write into a folder that has files already; those of the same name are replaced.

    Raises:
        InputError: there is no such corpus, or it cannot be read, fetched or compiled.
        OutputError: the folder has files already, or cannot be written.
    """
    named = named_corpus(name)
    _check_target(folder, force=force)
    corpus = load([name], request, report=report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as scratch:
            _write(Path(scratch), corpus, named)
            for path in sorted(Path(scratch).iterdir()):
                path.replace(folder / path.name)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    return corpus


def _check_target(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: this is a file; give the name of a folder")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise OutputError(
            f"{folder}: the folder is not empty; give another, or --force to write into this one"
        )


def _write(folder: Path, corpus: Corpus, named: NamedCorpus) -> None:
    for movement in corpus.movements:
        (folder / f"{movement.name}.mid").write_bytes(_midi(movement, named))
    (folder / SOURCES_FILE).write_text(_sources(corpus, named), encoding="utf-8")


def _midi(movement: ScoreMovement, named: NamedCorpus) -> bytes:
    """The MIDI file the movement was read from if it says just that, else the piece as MIDI."""
    if movement.file.suffix in MIDI_SUFFIXES and not movement.is_altered:
        return movement.file.read_bytes()
    piece = movement.piece
    return midi_bytes(piece, tempo=piece.form.tempo, program=named.program)


def _sources(corpus: Corpus, named: NamedCorpus) -> str:
    return json.dumps(
        {
            "corpus": named.name,
            "about": named.about,
            "credit": named.credit,
            "made_by": f"playbach {__version__}",
            "terms": [asdict(terms) for terms in corpus.provenance],
            "movements": [
                {
                    "name": movement.name,
                    "title": movement.piece.title,
                    "notes": len(movement.piece.notes),
                    "origin": movement.origin,
                    "licence": movement.licence,
                }
                for movement in corpus.movements
            ],
            "skipped": [{"name": one.name, "reason": one.reason} for one in corpus.skipped],
        },
        indent=1,
        ensure_ascii=False,
    )
