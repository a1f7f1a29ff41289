"""What a user of ``playbach play`` sees and presses."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from playbach.cli.keys import Keys
from playbach.cli.screen import Screen
from playbach.session.port_news import SessionNews
from playbach.session.session import Session
from playbach.session.settings import BY_NAME
from playbach.session.status import Command, Transport
from playbach.signals import Asked
from playbach.status import Status

_FASTER = 1.05
_NEWS = 0.5
"""Seconds between looks at what became of the synth."""
_FADE = 0.2
"""Seconds that the notes of a program about to be suspended may take to end."""


class StopSignal(BaseException):
    """Somebody asked for the end. Not an ``Exception``: nothing on the way may swallow it."""


class Desk:
    """The screen, the keyboard and signals. Called from the main thread, a few times a second."""

    def __init__(self, session: Session, keys: Keys | None) -> None:
        """``keys``: ``None`` where there is no keyboard."""
        self._session = session
        self._keys = keys
        self._screen = Screen()
        self._problems: tuple[str, ...] = ()
        self._news = SessionNews(lambda line: self._screen.insert(line.text), tells_synth=False)
        self._next_news = 0.0
        self._is_to_sleep = False
        self._is_leaving = False

    def look(self, status: Status) -> None:
        """Show what plays and what became of the synth, and do what was pressed.

        Raises:
            StopSignal: a key asked for the end.
        """
        problems = self._session.problems
        for problem in problems:
            if problem not in self._problems:
                self._screen.insert(f"problem: {problem}")
        self._problems = problems
        now = time.monotonic()
        if now >= self._next_news:
            self._next_news = now + _NEWS
            self._news.look(self._session.status(), now)
        self._screen.show(status)
        for key in self._keys.pressed() if self._keys else "":
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


def _next(session: Session) -> None:
    session.command(Command.NEXT_MOVEMENT)


def _tempo(factor: float) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        tempo = session.status().playing.tempo
        row = BY_NAME["tempo"]
        if tempo and row.low and row.high:
            session.change({"tempo": min(max(tempo * factor, row.low), row.high)})

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
