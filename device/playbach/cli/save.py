"""``playbach save OUT``: compose into files, as fast as it goes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from playbach.cli.music import add_music_arguments, composer_from, seed_from, settings_from
from playbach.composer.composer import Composer
from playbach.composer.draft import heading_of
from playbach.errors import InputError
from playbach.files import check_writable
from playbach.music.midi_write import Placed
from playbach.music.note import Note, Piece
from playbach.save.formats import FORMATS, format_of, save
from playbach.stream import Movement, MovementEnd, StreamItem

MOST_NOTES = 50_000
"""As many as the reader of MIDI files takes."""

_KINDS = "; ".join(
    f"{' '.join(row.suffixes)}: {row.name}" + (f" (needs {row.needs})" if row.needs else "")
    for row in FORMATS
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "out",
        metavar="OUT",
        type=Path,
        nargs="+",
        help=f"the file to write, or several of the same music; its suffix says what: {_KINDS}",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--notes", metavar="N", type=int, help="so many notes in all, movement after movement"
    )
    length.add_argument("--movement", action="store_true", help="one movement (the default)")
    length.add_argument("--suite", action="store_true", help="one whole suite")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_music_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose and write; the exit status.

    Raises:
        PlaybachError: an option, the bundle or the file is not as it must be.
    """
    settings = settings_from(args)
    if args.notes is not None and not 1 <= args.notes <= MOST_NOTES:
        raise InputError(f"notes {args.notes}: it must be from 1 to {MOST_NOTES}")
    _check(args.out, force=args.force)
    seed = seed_from(args)
    placed = compose(composer_from(args, settings, seed), notes=args.notes, suite=args.suite)
    notes = sum(len(one.piece.notes) for one in placed)
    movements = "1 movement" if len(placed) == 1 else f"{len(placed)} movements"
    for path in args.out:
        save(placed, path, force=args.force)
        _say(f"{path}: {notes} notes in {movements}, seed {seed}")
    return 0


def _check(paths: Sequence[Path], *, force: bool) -> None:
    """Find out before composing whether every file can be written."""
    for index, path in enumerate(paths):
        if path.resolve() in [other.resolve() for other in paths[:index]]:
            raise InputError(f"{path}: named twice; give each file a name of its own")
        format_of(path)
        check_writable(path, force=force)


def compose(composer: Composer, *, notes: int | None = None, suite: bool = False) -> list[Placed]:
    """Movements until there are ``notes`` notes, until the suite is over, or just one."""
    placed: list[Placed] = []
    left = MOST_NOTES if notes is None else notes
    for piece in _pieces(composer.stream(), left):
        placed.append(piece.placed)
        left -= len(piece.placed.piece.notes)
        if left <= 0 or (notes is None and not (suite and piece.goes_on)):
            break
    return placed


class _Composed:
    """A movement written down, and whether its suite goes on after it."""

    def __init__(self, movement: Movement, notes: list[Note], end: MovementEnd | None) -> None:
        heading = heading_of(movement)
        piece = Piece(
            tuple(notes),
            heading.keys,
            heading.meters,
            heading.form,
            heading.pickup,
            heading.title,
        )
        length = piece.end if end is None else end.length
        rest = 0.0 if end is None else end.rest
        self.placed = Placed(piece, movement.tempo, length, rest)
        self.goes_on = not movement.is_last


def _pieces(stream: Iterator[StreamItem], most: int) -> Iterator[_Composed]:
    """Whole movements; the one that holds the last of ``most`` notes ends with it."""
    movement: Movement | None = None
    notes: list[Note] = []
    for item in stream:
        if isinstance(item, Movement):
            movement, notes = item, []
        elif isinstance(item, Note):
            notes.append(item)
            most -= 1
        if movement is not None and (isinstance(item, MovementEnd) or not most):
            yield _Composed(movement, notes, item if isinstance(item, MovementEnd) else None)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
