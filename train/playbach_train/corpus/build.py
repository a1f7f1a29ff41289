"""A named corpus as a folder of MIDI files, to hear, to read, or to train on without a network."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from playbach import __version__
from playbach.errors import OutputError
from playbach.music.midi_write import midi_bytes
from playbach_train.corpus.folder import MIDI_SUFFIXES
from playbach_train.corpus.load import SOURCES_FILE, load
from playbach_train.corpus.named import NamedCorpus, named_corpus
from playbach_train.corpus.records import Corpus, Report, ScoreMovement
from playbach_train.corpus.request import Request


def build(
    name: str, folder: Path, request: Request, *, report: Report, force: bool = False
) -> Corpus:
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
    """The file the movement was read from if that was MIDI, else the piece written as MIDI."""
    if movement.file.suffix in MIDI_SUFFIXES:
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
            "skipped": [asdict(skipped) for skipped in corpus.skipped],
        },
        indent=1,
        ensure_ascii=False,
    )
