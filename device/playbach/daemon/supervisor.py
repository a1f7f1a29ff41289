"""The main thread of the service: signals, reloads, the manager's watchdog, threads that die."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from playbach.config import Config, Loaded, load_config
from playbach.config.schema import flat
from playbach.daemon.components import Component
from playbach.daemon.logs import set_up_logging
from playbach.daemon.notify import Notifier
from playbach.daemon.state import Overrides
from playbach.errors import PlaybachError
from playbach.session.port_news import Line, SessionNews
from playbach.session.session import Session
from playbach.session.settings import GROUPS, as_values
from playbach.session.status import SessionStatus
from playbach.signals import Asked, listen_as_service
from playbach.status import COMPOSING
from playbach.stream import Seconds

_LOG = logging.getLogger(__name__)
_TICK = 0.5
"""Seconds between two looks at the session's status."""
FAILED = 1
"""Exit status when a thread died."""


class Supervisor:
    """The main loop, from when all components have started until they are to stop."""

    def __init__(
        self,
        loaded: Loaded,
        session: Session,
        components: Sequence[Component],
        *,
        overrides: Overrides | None,
        notifier: Notifier,
        events: EventQueue,
    ) -> None:
        """``components``: all whose threads are watched, ``session`` included."""
        self._loaded = loaded
        self._session = session
        self._components = components
        self._overrides = overrides
        self._notifier = notifier
        self._events = events
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
        """Handle events until a signal asks for the end (0) or a thread dies (1).

        Raises:
            PlaybachError: the error that ended a component, if a user can mend it.
        """
        self._notifier.ready()
        while (death := self._dead()) is None:
            self._poll()
            event = self._events.take(_TICK)
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
        """Save the overrides while the music stops."""
        self._keep(self._session.status())

    def _poll(self) -> None:
        if self._watchdog:
            self._watchdog.poll(time.monotonic())
        status = self._session.status()
        # What a reload changes is in the configuration, and need not be overrides.
        if not self._reloading:
            self._keep(status)
        self._tell(status)

    def _dead(self) -> Death | None:
        return next((Death(c.name, c.error) for c in self._components if c.error), None)

    def _progress(self) -> Progress:
        playing = self._session.status().playing
        return Progress(self._session.turns, playing.notes, playing.resting == COMPOSING)

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
        if self._overrides:
            self._overrides.keep(self._loaded.config.settings, status.wanted)
            self._session.report("state", self._overrides.problem)

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
            self._events.put(Reloaded(None))
        else:
            _LOG.info("configuration read again from %s", new.path or "the defaults alone")
            self._events.put(Reloaded(new))

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
        self._session.change(wanted)
        set_up_logging(new.service.log_level)
        before = flat(replace(self._loaded.config, service=replace(
            self._loaded.config.service, log_level=new.service.log_level)))  # fmt: skip
        for (section, name), value in flat(new).items():
            if section not in GROUPS and value != before[section, name]:
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


PATIENCE = Seconds(120.0)
"""How long the music may wait for the composer before that counts as a hang. On the slowest board a
note takes milliseconds; loading another model, some seconds."""
_SHARE = 4
"""The watchdog is fed so many times within its period."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Counters of the player's progress."""

    beat: int  # grows with each turn of the playback thread
    notes: int  # grows with each note handed over to the sink
    waits: bool  # whether music is wanted and the composer has none ready


class Watchdog:
    """Feeds the service manager's watchdog only while the player makes progress.

    Called from one thread.
    """

    def __init__(
        self, period: float, progress: Callable[[], Progress], feed: Callable[[], None]
    ) -> None:
        """``period``: seconds within which the manager wants to be fed."""
        self._interval = period / _SHARE
        self._progress = progress
        self._feed = feed
        self._fed_at = -period
        self._last = Progress(-1, -1, waits=False)
        self._notes_since = 0.0

    def poll(self, now: float) -> None:
        """Feed if the player made progress; ``now``: seconds of a monotonic clock."""
        if now - self._fed_at < self._interval:
            return
        progress = self._progress()
        if progress.notes != self._last.notes or not progress.waits:
            self._notes_since = now
        moves = progress.beat != self._last.beat and now - self._notes_since < PATIENCE
        self._last = progress
        if moves:
            self._feed()
            self._fed_at = now


@dataclass(frozen=True, slots=True)
class Death:
    """A thread ended by an exception."""

    thread: str  # its name
    error: BaseException  # what ended it


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The configuration was read again."""

    loaded: Loaded | None  # the new configuration; ``None`` if it could not be used


ServiceEvent = Asked | Death | Reloaded


class EventQueue:
    """Signals, deaths of threads and reloads, queued for the main thread."""

    def __init__(self) -> None:
        # Its ``put`` may interrupt itself, which a signal handler does (unlike ``queue.Queue``'s).
        self._events: queue.SimpleQueue[ServiceEvent] = queue.SimpleQueue()

    def listen(self) -> None:
        """Install the handlers of signals and of dying threads. Main thread only."""
        threading.excepthook = self._died
        listen_as_service(self._events.put)

    def put(self, event: ServiceEvent) -> None:
        """Add an event, from any thread."""
        self._events.put(event)

    def take(self, timeout: float) -> ServiceEvent | None:
        """The next event, ``None`` if there is none for ``timeout`` seconds."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def _died(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        self._events.put(Death(name, args.exc_value or args.exc_type()))
