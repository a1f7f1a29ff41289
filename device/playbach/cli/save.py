"""``playbach save OUT``: compose into files, as fast as it goes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from playbach.cli.terminal import LiveLine
from playbach.cli.theme import add_theme_argument, wanted_theme
from playbach.command_line import add_option, options_given
from playbach.composer.composer import Composer
from playbach.composer.draft import heading_of
from playbach.errors import InputError
from playbach.files import check_writable
from playbach.midi.files import Placed
from playbach.music.note import Note, Piece, Ticks
from playbach.music.theme import Theme
from playbach.predictor.edge_tpu import COMPILED
from playbach.processes import Jobs, Workers, cores
from playbach.save.formats import FORMATS, format_of, save
from playbach.save.midi import performed
from playbach.schema import Mistakes, Setting, changed, settings_of
from playbach.session.model import Model, composer_settings, load_model, manner_of
from playbach.session.settings import (
    DEFAULTS,
    TABLE,
    Seed,
    Settings,
    add_setting_arguments,
    seed_of,
    settings_from,
    sound_of,
)
from playbach.sound.options import SoundOptions
from playbach.stream import Movement, MovementEnd, Place, StreamItem

MOST_MOVEMENT = 1_000_000
"""Years of music."""
MOST_NOTES = 50_000
"""As many as the reader of MIDI files takes."""
_OF_PLAYING = (
    "sink", "port", "clock_out", "clock_in", "listen", "listen_beat", "answer", "hours",
    "control_in", "controls",
)  # fmt: skip
"""Settings of what is played while it is composed: taken, as all are, and a file is the same."""
_NOTES_A_JOB = 2_500
"""For each so many notes a process is worth its start, which takes as long as 2,000 notes."""


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """What is asked beside the live settings."""

    notes: Annotated[
        int | None,
        Setting(
            "so many notes in all, movement after movement", low=1, high=MOST_NOTES,
            none_means="one movement",
        ),
    ] = None  # fmt: skip
    movement: Annotated[
        int,
        Setting(
            "begin with this movement of the seed's music, counted from 1 as where it is played",
            low=1, high=MOST_MOVEMENT,
        ),
    ] = 1  # fmt: skip
    seed: Seed = None
    jobs: Jobs = None


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
    own = settings_of(SaveOptions)
    add_option(length, own["notes"])
    length.add_argument("--suite", action="store_true", help="to the end of its suite")
    add_option(parser, own["movement"])
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_option(parser, own["jobs"])
    groups = add_setting_arguments(parser)
    of_playing = ", ".join(TABLE[name].option for name in _OF_PLAYING)
    groups["sound"].description = f"All that play takes; {of_playing} change nothing in a file."
    add_option(groups["music"], own["seed"])
    add_theme_argument(groups["music"])
    groups["sound"].add_argument(
        "--even",
        dest="expression",
        action="store_const",
        const="0",
        help="the same as --expression 0: evenly, as written",
    )
    groups["model"].add_argument(
        "--stepwise",
        action="store_true",
        help="let a network that would read its window again for each symbol carry its state on "
        "instead: faster, and not the same music",
    )


def run(args: argparse.Namespace) -> int:
    """Compose and write; the exit status."""
    mistakes, settings = Mistakes(), DEFAULTS
    with mistakes.noted():
        settings = settings_from(args)
    with mistakes.noted():
        options = changed(SaveOptions(), options_given(args, settings_of(SaveOptions)))
    theme = None
    with mistakes.noted():
        theme = wanted_theme(args, settings)
    is_asked_rightly = not mistakes.lines
    sound = sound_of(settings)
    _check(args.out, sound, mistakes, force=args.force)
    if is_asked_rightly:
        first = Place(seed_of(options.seed), options.movement)
        with mistakes.noted():
            tool = _tool(settings, stepwise=args.stepwise)
            theme = None if theme is None else tool[0].fitted(theme)
    mistakes.check()
    line = LiveLine()
    try:
        if theme is not None:
            line.insert(str(theme))
        line.put("composing ...")
        load = partial(_tool, settings, stepwise=args.stepwise)
        with Workers(load, _jobs(options, tool[0], suite=args.suite), tool) as workers:
            wanted = _Wanted(first, options.notes, suite=args.suite, theme=theme)
            placed = _placed(workers, tool, wanted, line)
            _write(placed, first, args, sound, line)
    finally:
        line.close()
    return 0


_Tool = tuple[Model, Settings]
"""What a process composes with."""


def _tool(settings: Settings, *, stepwise: bool) -> _Tool:
    return load_model(settings, stepwise=stepwise), settings


def _jobs(options: SaveOptions, model: Model, *, suite: bool) -> int:
    """How many processes are to compose."""
    is_one = options.notes is None and not suite
    if is_one or model.variant == COMPILED:  # an Edge TPU is for one process
        return 1
    return options.jobs or max(min(cores(), (options.notes or 0) // _NOTES_A_JOB), 1)


@dataclass(frozen=True)
class _Wanted:
    """Which movements: as many as ``compose`` says."""

    first: Place
    notes: int | None
    suite: bool
    theme: Theme | None  # with which the first begins


@dataclass(frozen=True)
class _Task:
    """A movement for one process to compose, or its first notes."""

    place: Place
    notes: int
    theme: Theme | None


def _placed(workers: Workers[_Tool], tool: _Tool, wanted: _Wanted, line: LiveLine) -> list[Placed]:
    """Movements as they are to sound."""
    left = MOST_NOTES if wanted.notes is None else wanted.notes

    def tasks() -> Iterator[_Task]:
        task = _Task(wanted.first, left, wanted.theme)
        while True:
            yield task
            following = replace(task.place, number=task.place.number + 1)
            task = _Task(following, left, None)

    found: list[Placed] = []
    for written, sounding in workers.map(_movement, tasks()):
        is_whole = len(written.notes) < left
        found.append(sounding if is_whole else _sounding(tool, written.up_to(left)))
        line.put(f"composed {written.movement.title}")
        left -= len(written.notes)
        is_over = not wanted.suite or written.movement.is_last
        if left <= 0 or (wanted.notes is None and is_over):
            break
    return found


def _movement(tool: _Tool, task: _Task) -> tuple[_Composed, Placed]:
    """The movement as it was composed, and as it is to sound."""
    model, settings = tool
    asked = composer_settings(settings)
    # Nobody changes the tempo later, as the player does: it is written with the notes.
    wishes = replace(asked.wishes, tempo=settings.tempo)
    asked = replace(asked, wishes=wishes, theme=task.theme)
    composer = Composer(model.predictor, model.pitches, task.place.seed, lambda: asked)
    composer.skip(task.place)
    written = next(_pieces(composer, task.notes, repeats=settings.repeats))
    return written, _sounding(tool, written)


def _write(
    placed: Sequence[Placed],
    first: Place,
    args: argparse.Namespace,
    sound: SoundOptions,
    line: LiveLine,
) -> None:
    notes = sum(len(one.piece.notes) for one in placed)
    count = "1 movement" if len(placed) == 1 else f"{len(placed)} movements"
    where = f"seed {first.seed}, movement {first.number}"
    for path in args.out:
        line.put(f"writing {path} ...")
        save(placed, path, force=args.force, options=sound)
        line.insert(f"{path}: {notes} notes in {count}, {where}")


def _sounding(tool: _Tool, written: _Composed) -> Placed:
    """The movement as it is to sound: moved, on its channel and instrument, and played."""
    (model, settings), movement = tool, written.placed
    piece = movement.piece.transposed(settings.transpose)
    home, moved = movement.piece.keys[0][1], piece.keys[0][1]
    sounding = replace(
        movement,
        piece=replace(piece, title=piece.title.replace(f" in {home.title}", f" in {moved.title}")),
        program=settings.program,
        channel=settings.channel - 1,
        velocity=settings.velocity,
        accent=settings.accent,
        volume=settings.volume,
    )
    seed = written.movement.place.playing_seed
    (played,) = performed([sounding], manner_of(settings), seed, model.performer)
    return played


def _check(paths: Sequence[Path], sound: SoundOptions, mistakes: Mistakes, *, force: bool) -> None:
    """Find out before composing whether every file can be written."""
    for index, path in enumerate(paths):
        with mistakes.noted():
            if path.resolve() in [other.resolve() for other in paths[:index]]:
                raise InputError(f"{path}: named twice; give each file a name of its own")
            format_of(path, sound)
            check_writable(path, force=force)


def compose(
    stream: Iterator[StreamItem],
    *,
    notes: int | None = None,
    suite: bool = False,
    repeats: bool = False,
) -> list[Placed]:
    """Movements until there are ``notes`` notes, until the suite is over, or just one.

    Args:
        stream: of a composer, asked for the movements.
        notes: how many.
        suite: whether a whole one is wanted.
        repeats: whether the composer was asked to repeat the parts of dances.
    """
    placed: list[Placed] = []
    left = MOST_NOTES if notes is None else notes
    for written in _pieces(stream, left, repeats=repeats):
        placed.append(written.placed)
        left -= len(written.notes)
        if left <= 0 or (notes is None and (not suite or written.movement.is_last)):
            break
    return placed


@dataclass(frozen=True)
class _Composed:
    """A movement as it was composed."""

    movement: Movement
    notes: tuple[Note, ...]
    end: MovementEnd | None  # ``None`` where it is cut off
    repeats: bool  # whether its parts were to be repeated

    def up_to(self, count: int) -> _Composed:
        """Cut off after so many notes."""
        return replace(self, notes=self.notes[:count], end=None)

    @property
    def placed(self) -> Placed:
        """The movement written down."""
        movement, end, heading = self.movement, self.end, heading_of(self.movement)
        piece = Piece(
            self.notes,
            heading.keys,
            heading.meters,
            heading.form,
            heading.pickup,
            heading.title,
        )
        length = piece.end if end is None else end.length
        rest = 0.0 if end is None else end.rest
        # Written out where the music is cut off, as there may be no second time.
        repeated = self.repeats and movement.double_bar > 0 and end is not None
        line = movement.double_bar if repeated or not self.repeats else Ticks(0)
        place = movement.place
        return Placed(
            piece,
            movement.tempo,
            length,
            rest,
            double_bar=line,
            repeated=repeated,
            borders=movement.borders,
            composer=f"Play Bach, seed {place.seed}, movement {place.number}",
            about=str(place),
        )


def _pieces(stream: Iterator[StreamItem], most: int, *, repeats: bool) -> Iterator[_Composed]:
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
            end = item if isinstance(item, MovementEnd) else None
            yield _Composed(movement, tuple(notes), end, repeats)
