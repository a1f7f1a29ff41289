"""The main thread of the service: sees to signals, reloads, signs of life, and what dies."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from playbach.config import Config, Loaded, load_config
from playbach.config.schema import LIVE_SECTIONS
from playbach.config.text import flat
from playbach.daemon.components import Component
from playbach.daemon.logs import set_up_logging
from playbach.daemon.notify import Notifier
from playbach.daemon.signals import Death, Inbox, Reloaded
from playbach.daemon.state import Remembered
from playbach.daemon.watchdog import Progress, Watchdog
from playbach.errors import PlaybachError
from playbach.session.port_news import Line, SessionNews
from playbach.session.settings import as_values
from playbach.session.status import SessionStatus
from playbach.signals import Asked
from playbach.status import COMPOSING

_LOG = logging.getLogger(__name__)
_TICK = 0.5
"""Seconds between looks at how things stand."""
FAILED = 1
"""Exit status when a thread died."""


class Music(Component, Protocol):
    """What the service needs of a session."""

    @property
    def turns(self) -> int:
        """Grows as long as the thread that hands notes over goes round."""

    def status(self) -> SessionStatus:
        """How things stand."""

    def change(self, wanted: Mapping[str, object], /) -> object:
        """Change settings, all or none; ``InputError`` if one is not allowed."""

    def report(self, subject: str, problem: str) -> None:
        """Say in the status what is wrong with something; ``""`` when it is mended."""


class Supervisor:
    """Runs in the main thread from the moment everything has started until it is to stop."""

    def __init__(
        self,
        loaded: Loaded,
        music: Music,
        components: Sequence[Component],
        *,
        remembered: Remembered | None,
        notifier: Notifier,
        inbox: Inbox,
    ) -> None:
        """``components``: all that may die, ``music`` included."""
        self._loaded = loaded
        self._music = music
        self._components = components
        self._remembered = remembered
        self._notifier = notifier
        self._inbox = inbox
        self._said = ""
        self._title = ""
        self._problems: tuple[str, ...] = ()
        self._reloading = self._again = False
        self._news = SessionNews(_log)
        self._watchdog = (
            Watchdog(notifier.watchdog, self._progress, notifier.alive)
            if notifier.watchdog
            else None
        )

    def run(self) -> int:
        """See to things until somebody asks for the end (0) or something dies (1).

        Raises:
            PlaybachError: what a component died of, if it is a user's to mend.
        """
        self._notifier.ready()
        while (death := self._dead()) is None:
            self._look()
            event = self._inbox.take(_TICK)
            if event is Asked.STOP:
                return 0
            if event is Asked.RELOAD:
                self._reload()
            elif isinstance(event, Reloaded):
                self._reloaded(event.loaded)
            elif isinstance(event, Death):
                death = event
                break
        if isinstance(death.error, PlaybachError):
            raise death.error
        _LOG.critical("%s died: %r", death.thread, death.error, exc_info=death.error)
        return FAILED

    def finish(self) -> None:
        """Keep what is to be kept, while the music stops."""
        self._keep(self._music.status())

    def _look(self) -> None:
        if self._watchdog:
            self._watchdog.look(time.monotonic())
        status = self._music.status()
        # What a reload changes is in the configuration, and need not be remembered.
        if not self._reloading:
            self._keep(status)
        self._tell(status)

    def _dead(self) -> Death | None:
        return next((Death(c.name, c.error) for c in self._components if c.error), None)

    def _progress(self) -> Progress:
        playing = self._music.status().playing
        return Progress(self._music.turns, playing.notes, playing.resting == COMPOSING)

    def _tell(self, status: SessionStatus) -> None:
        text = status_line(status)
        if text != self._said:
            self._said = text
            self._notifier.status(text)
        self._news.look(status, time.monotonic())
        if status.title != self._title:
            self._title = status.title
            _LOG.info("%s", status.title)
        before, self._problems = self._problems, status.problems
        for problem in self._problems:
            if problem not in before:
                _LOG.error("%s", problem)
        for problem in before:
            if problem not in self._problems:
                _LOG.info("no longer so: %s", problem)

    def _keep(self, status: SessionStatus) -> None:
        if self._remembered:
            self._remembered.keep(self._loaded.config.settings, status.wanted)
            self._music.report("state", self._remembered.problem)

    def _reload(self) -> None:
        """Begin to read the configuration again, on a thread: a model may take long to be tried."""
        if self._reloading:
            self._again = True
            return
        self._reloading = True
        self._notifier.reloading()
        threading.Thread(target=self._read_again, name="playbach-reload", daemon=True).start()

    def _read_again(self) -> None:
        try:
            new = load_config(self._loaded.path)
            self._apply(new.config)
        except PlaybachError as error:
            for line in error.lines:
                _LOG.error("%s", line)
            _LOG.error("the configuration stays as it was")
            self._inbox.put(Reloaded(None))
        else:
            _LOG.info("configuration read again from %s", new.path or "the defaults alone")
            self._inbox.put(Reloaded(new))

    def _reloaded(self, new: Loaded | None) -> None:
        self._loaded = new or self._loaded
        self._reloading = False
        self._notifier.ready()
        self._said = ""
        if self._again:
            self._again = False
            self._reload()

    def _apply(self, new: Config) -> None:
        """Change what the new configuration says otherwise than the old one did."""
        old = as_values(self._loaded.config.settings)
        wanted = {k: v for k, v in as_values(new.settings).items() if v != old[k]}
        self._music.change(wanted)
        set_up_logging(new.service.log_level)
        before = flat(replace(self._loaded.config, service=replace(
            self._loaded.config.service, log_level=new.service.log_level)))  # fmt: skip
        for (section, name), value in flat(new).items():
            if section not in LIVE_SECTIONS and value != before[section, name]:
                _LOG.warning("[%s] %s takes effect at the next start", section, name)


def _log(line: Line) -> None:
    _LOG.log(logging.WARNING if line.is_loss else logging.INFO, "%s", line.text)


def status_line(status: SessionStatus) -> str:
    """What is playing, or why nothing is, in one line for ``systemctl status``."""
    playing = status.playing
    where = f"on {status.sink}" if status.sink else ""
    if status.resting or not status.title:
        parts = [status.resting or "starting", status.title, where]
    else:
        parts = [f"{status.title}, bar {playing.bar}", f"{playing.notes:,} notes", where]
    return "; ".join(part for part in parts if part)
