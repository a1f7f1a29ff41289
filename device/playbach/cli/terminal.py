"""The terminal of ``playbach play``: what it shows, and which keys steer the music."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from playbach.command_line import say, write
from playbach.session.commands import Command
from playbach.session.port_news import SessionNews
from playbach.session.session import Session
from playbach.session.settings import TABLE
from playbach.session.status import Transport
from playbach.signals import Asked
from playbach.status import Status
from playbach.stream import Seconds

HELP = (
    "keys: space pauses and resumes, n next movement, s next suite, a again, + and - tempo, q ends"
    ", ? lists these"
)
CLEAR_LINE = "\r\x1b[K"
_FASTER = 1.05
_LOOK = Seconds(0.5)
"""Seconds between looks at what plays and what became of the synth; keys are heard at once."""
_FADE = 1.2
"""Seconds that the music of a program about to be suspended may take to fade and end."""


class Keys:
    """A terminal that gives keys one by one, without Return and without showing them."""

    def __init__(self, number: int) -> None:
        """``number``: file descriptor of a terminal."""
        self._number = number
        self._before: list[Any] | None = None

    def listen(self) -> None:
        """Begin, or go on after ``forget``; only in the foreground."""
        import termios  # noqa: PLC0415 not on Windows
        import tty  # noqa: PLC0415 as above

        self._before = termios.tcgetattr(self._number)
        tty.setcbreak(self._number)

    def forget(self) -> None:
        """Leave the terminal as it was found, if it is still there."""
        import termios  # noqa: PLC0415 as above

        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._number, termios.TCSADRAIN, before)

    def wait(self, seconds: float) -> None:
        """Wait until something was pressed; nothing is while in the background."""
        try:
            listens = self._before is not None and _is_in_foreground(self._number)
            select.select([self._number] if listens else [], [], [], seconds)
        except OSError:
            time.sleep(seconds)

    def pressed(self) -> str:
        """What was pressed since the last time; never waits. Nothing while in the background."""
        import termios  # noqa: PLC0415 as above

        try:
            if not _is_in_foreground(self._number):
                return ""
            if self._before is None:
                self.listen()
            if not select.select([self._number], [], [], 0)[0]:
                return ""
            return os.read(self._number, 64).decode(errors="replace")
        except (OSError, termios.error):
            # The terminal has gone; SIGHUP says so to whoever should know.
            return ""


@contextlib.contextmanager
def key_presses() -> Iterator[Keys | None]:
    """The keyboard, ``None`` where nobody sits at one."""
    if not _is_at_keyboard():
        yield None
        return
    keys = Keys(sys.stdin.fileno())
    keys.listen()
    try:
        yield keys
    finally:
        keys.forget()


def _is_at_keyboard() -> bool:
    try:
        return sys.stdin.isatty() and _is_in_foreground(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):
        return False


def _is_in_foreground(terminal: int) -> bool:
    """Whether a terminal is ours to read and to set: to a job in the background it is not."""
    return os.tcgetpgrp(terminal) == os.getpgrp()


class LiveLine:
    """A line on a terminal that is written over again and again; nothing elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._shown = ""

    def put(self, line: str) -> None:
        """Write it over the one before."""
        # A line that wraps could not be cleared again.
        line = line[: shutil.get_terminal_size().columns - 1] if self._live else ""
        if line != self._shown:
            self._shown = line
            write(f"{CLEAR_LINE}{line}")

    def insert(self, line: str) -> None:
        """Write a line that stays, above the live line if there is one."""
        self.close()
        say(line)

    def close(self) -> None:
        """Leave no live line."""
        self._shown = ""
        if self._live:
            write(CLEAR_LINE)


class Screen(LiveLine):
    """What plays on a live line; one line a movement where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._title = ""

    def show(self, status: Status) -> None:
        """Show what plays, if that is new."""
        if self._live:
            self.put(_line(status))
        elif status.title != self._title:
            self._title = status.title
            say(status.title)


def _line(status: Status) -> str:
    if not status.title:
        return "composing ..."
    line = f"{status.title}, bar {status.bar}   {status.tempo:.0f} bpm   {status.notes} notes"
    if status.resting:
        line += f"   ({status.resting})"
    if status.lateness is not None and status.lateness.sent:
        line += f"   late by {status.lateness.p99 * 1000:.1f} ms (p99)"
    return line


class StopSignal(BaseException):
    """Somebody asked for the end. Not an ``Exception``: nothing on the way may swallow it."""


class TerminalUI:
    """The screen, the keyboard and signals. Used from the main thread only."""

    def __init__(self, session: Session, keys: Keys | None) -> None:
        """``keys``: ``None`` where there is no keyboard."""
        self._session = session
        self._keys = keys
        self._screen = Screen()
        self._problems: tuple[str, ...] = ()
        self._news = SessionNews(lambda line: self._screen.insert(line.text), tells_synth=False)
        self._is_to_sleep = False
        self._is_leaving = False

    def run(self) -> None:
        """Look after the terminal until the music is over.

        Raises:
            StopSignal: a key or a signal asked for the end.
            BaseException: what ended one of the session's threads.
        """
        keys = self._keys
        while not self._session.wait(Seconds(0.0) if keys else _LOOK, interval=_LOOK):
            if keys:
                keys.wait(_LOOK)
            self.look()

    def look(self) -> None:
        """Show what plays and what became of the synth, and do what was pressed.

        Raises:
            StopSignal: a key asked for the end.
        """
        problems = self._session.problems
        for problem in problems:
            if problem not in self._problems:
                self._screen.insert(f"problem: {problem}")
        self._problems = problems
        status = self._session.status()
        self._news.look(status, time.monotonic())
        self._screen.show(status.playing)
        for key in self._keys.pressed() if self._keys else "":
            if key == "?":
                self._screen.insert(HELP)
            _KEYS.get(key, _nothing)(self._session)
        if self._is_to_sleep:
            self._is_to_sleep = False
            self._sleep()

    def asked(self, asked: Asked) -> None:
        """A signal asked for something; called inside its handler.

        Raises:
            StopSignal: it is the end; once, and not after ``leave``.
        """
        if asked is Asked.SUSPEND:
            self._is_to_sleep = True
        elif asked is Asked.STOP and not self._is_leaving:
            self._is_leaving = True
            raise StopSignal

    def leave(self) -> None:
        """From here on no signal interrupts what is being done."""
        self._is_leaving = True

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
        if was_playing:
            self._session.command(Command.PLAY)


def _nothing(session: Session) -> None:
    del session


def _pause_or_play(session: Session) -> None:
    playing = session.status().transport is Transport.PLAYING
    session.command(Command.PAUSE if playing else Command.PLAY)


def _does(command: Command) -> Callable[[Session], None]:
    return lambda session: session.command(command)


def _tempo(factor: float) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        tempo = session.status().playing.tempo
        row = TABLE["tempo"]
        if tempo and row.low and row.high:
            session.change({"tempo": min(max(tempo * factor, row.low), row.high)})

    return change


def _end(session: Session) -> None:
    del session
    raise StopSignal


_KEYS: dict[str, Callable[[Session], None]] = {
    " ": _pause_or_play,
    "n": _does(Command.NEXT_MOVEMENT),
    "s": _does(Command.NEXT_SUITE),
    "a": _does(Command.AGAIN),
    "+": _tempo(_FASTER),
    "=": _tempo(_FASTER),
    "-": _tempo(1 / _FASTER),
    "q": _end,
}
