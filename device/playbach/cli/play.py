"""``playbach play``: new music without end, or for a while."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from playbach.cli.keys import HELP, Keys, key_presses
from playbach.cli.music import MOST_SEED, seed_from
from playbach.cli.page_option import WantedPage, add_page_arguments, served, wanted_page
from playbach.command_line import forget_stdout
from playbach.errors import InputError
from playbach.session.options import add_setting_arguments, settings_from
from playbach.session.session import Session
from playbach.session.settings import BY_NAME
from playbach.session.status import Command, Transport
from playbach.sinks.choose import choose_sink
from playbach.sinks.table import SINKS
from playbach.status import Status
from playbach.stream import Seconds

LONGEST = 10 * 365 * 86_400.0
SWITCH_INTERVAL = 0.0005
"""Seconds after which a Python thread that computes lets another have its turn."""
CLEAR_LINE = "\r\x1b[K"
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Any of these ends the music; SIGHUP does not exist on Windows."""
_FASTER = 1.05
_LOOK = Seconds(0.05)
"""Seconds between looks at the keyboard."""
_FADE = 0.2
"""Seconds that the notes of a program about to be suspended may take to end."""


class StopSignal(BaseException):
    """A signal asked for the end. Not an ``Exception``: nothing on the way may swallow it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    sound = add_setting_arguments(parser)["sound"]
    sound.add_argument("--seconds", metavar="S", type=float, help="stop after this long")
    sound.add_argument(
        "--record", metavar="FOLDER", type=Path, help="save each movement there as a MIDI file"
    )
    sound.description = "\n".join(f"{kind.name}: {kind.description};" for kind in SINKS)
    add_page_arguments(parser)
    parser.add_argument(
        "--seed", metavar="N", type=int, help=f"repeat the music of that number, 0 to {MOST_SEED}"
    )


def run(args: argparse.Namespace) -> int:
    """Play until the end, or until a signal; the exit status.

    Raises:
        PlaybachError: an option, the bundle or the sink is not as it must be.
    """
    settings = settings_from(args)
    limit = _limit(args.seconds)
    seed = seed_from(args)
    choice = choose_sink(settings.sink, settings.port)
    session = Session(settings, sink=choice.sink, seed=seed, limit=limit, recordings=args.record)
    for line in choice.explanation:
        _say(line)
    _say(f"seed {seed}; network {session.status().variant}; Ctrl-C stops")
    page = wanted_page(args)
    if page is not None and choice.sink.name == "none":
        _say("to hear it here and now: open the page below and tap Listen")
    with key_presses() as keys:
        if keys is not None:
            _say(HELP)
        _play(session, _Desk(session, keys), page)
    _say(f"played {session.status().playing.notes} notes")
    return 0


def _play(session: Session, desk: _Desk, page: WantedPage | None) -> None:
    signals = _Signals()
    # Several Python threads take turns; the one that plays must not wait 5 ms for its turn.
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        signals.listen(desk)
        session.start()
        with served(session, page, _say):
            session.wait(watch=desk.look, interval=_LOOK)
    except StopSignal:
        pass
    finally:
        # From here on a signal must not interrupt the silencing.
        signals.ignored = True
        session.stop()
        desk.close()


def _limit(seconds: float | None) -> Seconds | None:
    # Written so that NaN is refused too.
    if seconds is not None and not 0 < seconds <= LONGEST:
        raise InputError(f"seconds {seconds}: it is above 0 and at most {LONGEST:.0f}")
    return None if seconds is None else Seconds(seconds)


class _Desk:
    """What a user sees and presses. Called from the main thread, a few times a second."""

    def __init__(self, session: Session, keys: Keys | None) -> None:
        self._session = session
        self._keys = keys
        self._screen = _Screen()
        self.is_to_sleep = False
        """Whether this program was asked to let itself be suspended, as by Ctrl-Z."""

    def look(self, status: Status) -> None:
        """Show what plays, and do what was pressed."""
        self._screen.show(status)
        for key in self._keys.pressed() if self._keys else "":
            _KEYS.get(key, _nothing)(self._session)
        if self.is_to_sleep:
            self.is_to_sleep = False
            self._sleep()

    def close(self) -> None:
        """Leave the screen in order."""
        self._screen.close()

    def _sleep(self) -> None:
        """Let nothing sound while this program stands still."""
        was_playing = self._session.status().transport is Transport.PLAYING
        self._session.command(Command.PAUSE)
        time.sleep(_FADE)
        if self._keys:
            self._keys.forget()
        self._screen.close()
        os.kill(os.getpid(), signal.SIGSTOP)
        if self._keys:
            self._keys.listen()
        if was_playing:
            self._session.command(Command.PLAY)


def _nothing(session: Session) -> None:
    del session


def _pause_or_play(session: Session) -> None:
    playing = session.status().transport is Transport.PLAYING
    session.command(Command.PAUSE if playing else Command.PLAY)


def _next(session: Session) -> None:
    session.command(Command.NEXT_MOVEMENT)


def _tempo(factor: float) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        tempo = session.status().playing.tempo
        row = BY_NAME["tempo"]
        if tempo and row.low and row.high:
            session.change(tempo=min(max(tempo * factor, row.low), row.high))

    return change


def _end(session: Session) -> None:
    del session
    raise StopSignal


_KEYS: dict[str, Callable[[Session], None]] = {
    " ": _pause_or_play,
    "n": _next,
    "+": _tempo(_FASTER),
    "=": _tempo(_FASTER),
    "-": _tempo(1 / _FASTER),
    "q": _end,
}


class _Signals:
    """Turns the signals that end the music into an exception in the main thread, once."""

    def __init__(self) -> None:
        self.ignored = False
        self._desk: _Desk | None = None

    def listen(self, desk: _Desk) -> None:
        """Begin."""
        self._desk = desk
        for name in STOP_SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._arrived)
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, self._suspended)

    def _arrived(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if not self.ignored:
            self.ignored = True
            raise StopSignal(signum)

    def _suspended(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        if self._desk:
            self._desk.is_to_sleep = True


class _Screen:
    """A live line on a terminal; one line a movement elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._title = ""
        self._shown = ""

    def show(self, status: Status) -> None:
        if self._live:
            # A line that wraps could not be cleared again.
            width = shutil.get_terminal_size().columns - 1
            line = _line(status)[:width]
            if line != self._shown:
                self._shown = line
                _write(f"{CLEAR_LINE}{line}")
        elif status.title != self._title:
            self._title = status.title
            _say(status.title)

    def close(self) -> None:
        self._shown = ""
        if self._live:
            _write(CLEAR_LINE)


def _line(status: Status) -> str:
    if not status.title:
        return "composing ..."
    line = f"{status.title}, bar {status.bar}   {status.tempo:.0f} bpm   {status.notes} notes"
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
