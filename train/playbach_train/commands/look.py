"""``playbach-train look DIR``: what training would read of a folder, before it is trained on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from playbach.errors import InputError
from playbach.files import check_writable, written_atomically
from playbach.midi.files import Placed
from playbach.music.form import OTHER
from playbach.music.note import BarLines, Piece, Ticks
from playbach.save import engraver
from playbach.save.engraving import check_pdf, write_pdf, write_svg
from playbach_train.commands import print_json, say_aside, table
from playbach_train.commands.corpus import add_asked_arguments, asked_from
from playbach_train.corpus.folder import SUFFIXES, Outcome, read_folder
from playbach_train.corpus.interpretation import whole_notes
from playbach_train.corpus.load import unused_labels
from playbach_train.corpus.records import Corpus, ScoreMovement, Skipped

_HEADINGS = ("file", "form", "key", "meter", "upbeat", "bars", "notes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Print what training would read of a folder of scores: form, key, meter, upbeat, bars and "
        "notes of each, what was guessed and why, what was changed, and what was skipped and why."
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of scores")
    add_asked_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument(
        "--page", metavar=("NAME", "FILE"), nargs=2,
        help="also engrave the movement of this name (as the table has it), as read: a file that "
        "ends in .svg or .pdf",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace the file of --page")


def run(args: argparse.Namespace) -> int:
    """Read the folder and print; the exit status.

    Raises:
        InputError: there is no such folder, no score in it, or no movement of that name.
        OutputError: the page cannot be written.
    """
    page = None if args.page is None else _Page(args.page[0], Path(args.page[1]), args.force)
    asked = asked_from(args)
    outcomes = list(read_folder(args.folder, asked))
    if not outcomes:
        raise InputError(f"{args.folder}: no score in it; those read end in {' '.join(SUFFIXES)}")
    corpus = _corpus(outcomes)
    if args.json:
        print_json({"files": [_row(one) for one in outcomes], "totals": _totals(corpus)})
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(outcomes, corpus))
    for name in unused_labels(asked, [args.folder], corpus.movements):
        say_aside(f"--labels: no score is called {name}")
    if page is not None:
        page.write(corpus)
    return 0


class _Page:
    """An engraved page of one movement."""

    _KINDS = MappingProxyType({".svg": (engraver.check, write_svg), ".pdf": (check_pdf, write_pdf)})

    def __init__(self, name: str, path: Path, force: bool) -> None:
        """Check what can be checked before reading; raises as ``run``."""
        if path.suffix.lower() not in self._KINDS:
            raise InputError(f"--page {path}: the name of the file must end in .svg or .pdf")
        check, self._write = self._KINDS[path.suffix.lower()]
        check()
        check_writable(path, force=force)
        self._name, self._path, self._force = name, path, force

    def write(self, corpus: Corpus) -> None:
        """Engrave it."""
        for movement in corpus.movements:
            if self._name in (movement.name, _file(movement)):
                with written_atomically(self._path, force=self._force) as temporary:
                    self._write([_placed(movement)], temporary)
                return
        raise InputError(f"--page {self._name}: no movement that was read has this name")


def _placed(movement: ScoreMovement) -> Placed:
    """The movement from its start to the end of its last bar."""
    piece = movement.piece
    last = BarLines(piece.meters, piece.pickup).place(piece.end - 1)
    length = piece.end - 1 - last.tick + last.meter.bar_ticks
    source = f"as read from {_file(movement)}"
    return Placed(piece, piece.form.tempo, Ticks(length), composer=source)


def _file(one: Outcome) -> str:
    """The path below the folder: ``dances/gigue.mid``; ``tunes.abc#0002`` for one of several."""
    file = one.file or Path(one.name)
    depth = one.name.count("/") + 1
    path = "/".join(file.parts[-depth:])
    number = one.name.removeprefix(path.removesuffix(file.suffix)).removeprefix("-")
    return f"{path}#{number}" if number else path


def _row(one: Outcome) -> dict[str, Any]:
    """What is said of one movement; ``skipped`` is the reason, or ``None``."""
    if isinstance(one, Skipped):
        empty = dict.fromkeys(_HEADINGS[1:])
        return {"file": _file(one), **empty, "guessed": [], "changed": [], "skipped": one.reason}
    piece = one.piece
    return {
        "file": _file(one),
        "form": piece.form.name,
        "key": str(piece.keys[0][1]),
        "meter": str(piece.meters[0][1]),
        "upbeat": whole_notes(one.upbeat) if one.upbeat else None,
        "bars": _bars(piece),
        "notes": len(piece.notes),
        "guessed": list(one.guessed),
        "changed": list(_changed(one)),
        "skipped": None,
    }


def _changed(movement: ScoreMovement) -> Iterator[str]:
    yield from movement.remarks
    yield from movement.changed
    if movement.off_grid:
        yield f"notes moved to the grid: {movement.off_grid}"
    if movement.merged:
        yield f"notes merged with their sounding pitch: {movement.merged}"


def _bars(piece: Piece) -> int:
    """Bars that begin in the piece; an upbeat is none."""
    return BarLines(piece.meters, piece.pickup).place(piece.end - 1).bar


def _corpus(outcomes: Sequence[Outcome]) -> Corpus:
    return Corpus(
        tuple(one for one in outcomes if isinstance(one, ScoreMovement)),
        tuple(one for one in outcomes if isinstance(one, Skipped)),
    )


def _totals(corpus: Corpus) -> dict[str, Any]:
    return {
        "movements": len(corpus.movements),
        "skipped": len(corpus.skipped),
        "bars": sum(_bars(movement.piece) for movement in corpus.movements),
        "notes": corpus.notes,
        "moved_to_grid": corpus.off_grid,
        "merged": corpus.merged,
        "guessed": dict(corpus.guessed),
    }


def _lines(outcomes: Sequence[Outcome], corpus: Corpus) -> Iterator[str]:
    rows = [row for row in map(_row, outcomes) if row["skipped"] is None]
    cells = [[str(row[name] or "-") for name in _HEADINGS] for row in rows]
    printed = table([_HEADINGS, *cells], left=4)
    yield next(printed)
    for row, line in zip(rows, printed, strict=True):
        yield line
        yield from (f"    {text}" for text in (*row["guessed"], *row["changed"]))
    yield from (f"skipped {one.reason}" for one in outcomes if isinstance(one, Skipped))
    yield ""
    yield corpus.summary
    yield from corpus.guesses
    without = sum(movement.piece.form is OTHER for movement in corpus.movements)
    if without:
        yield f"{without} without a form: name it in the file's name, or in a table for --labels"
