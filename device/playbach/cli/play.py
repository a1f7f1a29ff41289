"""``playbach play``: new music without end, or for a while."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from types import FrameType

from playbach.cli.music import add_music_arguments, composer_from, seed_from, settings_from
from playbach.command_line import forget_stdout
from playbach.errors import InputError
from playbach.player.controls import Controls, Voice
from playbach.player.player import Player
from playbach.sinks.choose import choose_sink
from playbach.sinks.table import SINKS
from playbach.status import Status
from playbach.stream import Seconds

CELLO = 42
LONGEST = 10 * 365 * 86_400.0
SWITCH_INTERVAL = 0.0005
"""Seconds after which a Python thread that computes lets another have its turn."""
CLEAR_LINE = "\r\x1b[K"
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Any of these ends the music; SIGHUP does not exist on Windows."""


class StopSignal(BaseException):
    """A signal asked for the end. Not an ``Exception``: nothing on the way may swallow it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    kinds = "; ".join(f"{kind.name}: {kind.description}" for kind in SINKS)
    group = parser.add_argument_group("sound")
    group.add_argument("--sink", metavar="NAME", help=f"{kinds} (default: the best there is)")
    group.add_argument("--port", metavar="PATTERN", help="part of the name of a MIDI port, or *")
    group.add_argument("--seconds", metavar="S", type=float, help="stop after this long")
    group.add_argument(
        "--program",
        metavar="N",
        type=int,
        default=CELLO,
        help="General MIDI instrument, 0 to 127 (default %(default)s, cello)",
    )
    group.add_argument(
        "--channel", metavar="N", type=int, default=1, help="MIDI channel, 1 to 16 (default 1)"
    )
    add_music_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play until the end, or until a signal; the exit status.

    Raises:
        PlaybachError: an option, the bundle or the sink is not as it must be.
    """
    settings = settings_from(args)
    limit = _limit(args.seconds)
    if not 1 <= args.channel <= 16:  # noqa: PLR2004 as MIDI counts them
        raise InputError(f"channel {args.channel}: it is from 1 to 16")
    voice = Voice(channel=args.channel - 1, program=args.program)
    seed = seed_from(args)
    composer = composer_from(args, settings, seed)
    choice = choose_sink(args.sink, args.port)
    for line in choice.explanation:
        _say(line)
    _say(f"network {composer.variant}; seed {seed}; Ctrl-C stops")
    player = Player(composer.stream(), choice.sink, controls=Controls(voice), limit=limit)
    _play(player)
    _say(f"played {player.status().notes} notes")
    return 0


def _play(player: Player) -> None:
    screen = _Screen()
    signals = _Signals()
    # Several Python threads take turns; the one that plays must not wait 5 ms for its turn.
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        signals.listen()
        player.start()
        player.wait(watch=screen.show)
    except StopSignal:
        pass
    finally:
        # From here on a signal must not interrupt the silencing.
        signals.ignored = True
        player.stop()
        screen.close()


def _limit(seconds: float | None) -> Seconds | None:
    # Written so that NaN is refused too.
    if seconds is not None and not 0 < seconds <= LONGEST:
        raise InputError(f"seconds {seconds}: it is above 0 and at most {LONGEST:.0f}")
    return None if seconds is None else Seconds(seconds)


class _Signals:
    """Turns the signals that end the music into an exception in the main thread, once."""

    def __init__(self) -> None:
        self.ignored = False

    def listen(self) -> None:
        """Begin."""
        for name in STOP_SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._arrived)

    def _arrived(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if not self.ignored:
            self.ignored = True
            raise StopSignal(signum)


class _Screen:
    """A live line on a terminal; one line a movement elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._title = ""

    def show(self, status: Status) -> None:
        if self._live:
            # A line that wraps could not be cleared again.
            width = shutil.get_terminal_size().columns - 1
            _write(f"{CLEAR_LINE}{_line(status)[:width]}")
        elif status.title != self._title:
            self._title = status.title
            _say(status.title)

    def close(self) -> None:
        if self._live:
            _write(CLEAR_LINE)


def _line(status: Status) -> str:
    if not status.title:
        return "composing ..."
    line = f"{status.title}, bar {status.bar}   {status.notes} notes"
    if status.resting:
        line += f"   ({status.resting})"
    if status.lateness is not None and status.lateness.count:
        line += f"   late by {status.lateness.p99 * 1000:.1f} ms (p99)"
    return line


def _say(line: str) -> None:
    _write(f"{line}\n")


def _write(text: str) -> None:
    # At a terminal that is gone (SIGHUP) there is nobody to tell, and the music goes on.
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        forget_stdout()
