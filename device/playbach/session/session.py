"""A session: the one place where the state of a playing program changes.

    session = Session(Settings(), seed=1)
    with session:                                   # or start() and, in finally, stop()
        session.change({"tempo": 90, "key": "D minor"})  # all or nothing; InputError says why not
        session.command(Command.PAUSE)
        session.status().title
        with session.subscribe() as subscription:
            events = subscription.take(timeout=1.0)
        session.wait()

Every method may be called from any thread and none disturbs the music. Values given to ``change``
may be texts, as pages and files have them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from playbach.composer import composer
from playbach.errors import PlaybachError
from playbach.lifetime import Lifetime
from playbach.player.player import Player
from playbach.session.archive import Archive
from playbach.session.deferred import Deferral, Deferrals
from playbach.session.events import Subscription
from playbach.session.external_clock import ExternalClock
from playbach.session.follower import Follower
from playbach.session.model import LiveSource, Model, composer_settings, is_wished
from playbach.session.parts import PARTS, Parts, controls_of
from playbach.session.pieces import PlayedPiece
from playbach.session.settings import Settings, changed
from playbach.session.status import Changed, Command, SessionStatus, Transport
from playbach.session.transport import ORDERS, TRANSPORT
from playbach.sinks.base import Sink
from playbach.status import Status
from playbach.stream import Movement, Seconds

MODEL = ("bundle", "variant", "fallback")
"""Settings whose change asks for the model to be loaded again, which takes a moment."""
_SINK = ("sink", "port")
"""Settings whose change asks for another sink."""


class Session(Lifetime):
    """Composes and plays, is steered, and says how it is."""

    name = "music"

    def __init__(
        self,
        settings: Settings,
        *,
        sink: Sink | None = None,
        seed: int | None = None,
        limit: Seconds | None = None,
        fallbacks: Sequence[Settings] = (),
        recordings: Path | None = None,
        recordings_bytes: int = 100_000_000,
        pause: Callable[[float], None] | None = None,
        parts: Parts = PARTS,
    ) -> None:
        """Load the model; nothing is opened yet.

        Args:
            settings: with which it begins.
            sink: where to play; ``None`` for what the settings say.
            seed: 0 or more: the same seed gives the same music; ``None`` for chance.
            limit: seconds of the sink's time after which it ends by itself; ``None`` for never.
            fallbacks: settings whose values take the place of those that cannot be used, best
                first; the last must be such as can be used anywhere. Synth, clock and the folder
                of recordings may then be missing at first, and come later. Empty: whatever cannot
                be had is an error.
            recordings: folder that each movement is saved to; ``None`` saves none.
            recordings_bytes: size that the folder may reach before the oldest are deleted.
            pause: waits for some seconds of the sink's time; for a sink on a time of its own.
            parts: makes the sink, the clock and the model that settings name.

        Raises:
            PlaybachError: the model or the sink cannot be had.
        """
        self._parts = parts
        self._deferrals = Deferrals(fallbacks)
        settings, self._model = self._deferrals.usable(
            changed(settings, {}), MODEL, parts.load_model
        )
        settings, played = self._deferrals.usable(
            settings, _SINK, lambda tried: sink or parts.make_sink(tried)
        )
        self._settings = settings
        self._wanted = composer_settings(settings)
        rng = np.random.default_rng(secrets.randbits(63) if seed is None else seed)
        self._source = LiveSource(self._model, rng, self._composing)
        self._problems: dict[str, str] = {}
        self._reporting = threading.Lock()
        absent_ok = bool(fallbacks)
        self._archive = None
        if recordings is not None:
            self._archive = Archive(
                recordings,
                recordings_bytes,
                on_problem=lambda problem: self.report("recording", problem),
                on_failure=self._fail,
                absent_ok=absent_ok,
            )
        self._follower = Follower(archive=self._archive, tempo=self._tempo, now=self.now)
        self._player = Player(
            self._source,
            played,
            controls=controls_of(settings),
            limit=limit,
            audience=self._follower,
            absent_ok=absent_ok,
            pause=pause,
        )
        self._clock = ExternalClock(
            parts.make_clock,
            on_tempo=self._control,
            on_command=self.command,
            on_failure=self._fail,
            absent_ok=absent_ok,
        )
        self._changing = threading.RLock()
        # Taken before the other, by who changes the model.
        self._loading = threading.RLock()
        self._transport = Transport.PLAYING
        self._started = 0.0

    def start(self) -> None:
        """Open the sink and begin to play.

        Raises:
            PortError: the sink cannot be opened; nothing was started.
            OutputError: as above, for a file or the folder of recordings.
        """
        self._started = time.monotonic()
        if self._archive:
            self._archive.start()
        try:
            usable = self._deferrals.usable
            self._settings, _ = usable(self._settings, _SINK, self._begin)
            self._settings, _ = usable(self._settings, ("clock_in",), self._clock.start)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave silence and end all threads; may be called again."""
        try:
            self._clock.close()
            self._player.stop()
        finally:
            if self._archive:
                self._archive.stop()

    def wait(
        self,
        timeout: Seconds | None = None,
        watch: Callable[[Status], None] | None = None,
        interval: Seconds = Seconds(0.25),
    ) -> bool:
        """Wait until the music is over, as ``Player.wait`` does.

        Raises:
            BaseException: what ended one of the session's threads.
        """
        return self._player.wait(timeout, watch, interval)

    @property
    def error(self) -> BaseException | None:
        """What ended one of the session's threads, ``None`` as long as all is well."""
        return self._player.error

    @property
    def turns(self) -> int:
        """Grows ten times a second and more while the thread that hands over notes is well."""
        return self._player.turns

    @property
    def settings(self) -> Settings:
        """What holds now."""
        return self._settings

    @property
    def problems(self) -> tuple[str, ...]:
        """All that is wrong now and is somebody's to mend, a line each."""
        sink = self._player.sink
        shared = (
            f"{sink.description}: another Play Bach plays to it, too; end one of them, or choose "
            "another port"
        )
        deferred = (deferral.problem for deferral in self._deferrals.kept)
        others = (*deferred, *self._problems.values())
        return tuple(filter(None, (*others, shared if sink.is_shared else "")))

    def now(self) -> Seconds:
        """Seconds since the start, on the clock of ``NoteAhead.at``."""
        return self._player.now()

    def change(self, wanted: Mapping[str, object], /) -> Settings:
        """Change settings, all of them or, when one is refused, none.

        ``playbach.session.settings.TABLE`` says what is allowed and when it is heard. Another
        model takes a moment to load and another port to open; this returns when that is done.

        Args:
            wanted: value or text by name of setting.

        Returns:
            All settings as they are now.

        Raises:
            InputError: a name or value is not allowed.
            BundleError: the model cannot be used.
            PortError: the port cannot be opened.
        """
        return self._change(wanted, lambda: True)

    def _change(self, wanted: Mapping[str, object], is_asked: Callable[[], bool]) -> Settings:
        """As ``change``, but only if it ``is_asked`` for still once a model has been loaded."""
        with self._another_model(wanted) as model, self._changing:
            if not is_asked():
                return self._settings
            before, new = self._settings, changed(self._settings, wanted)
            composing = composer_settings(new)
            with self._clock.another(new) as retired:
                if _differ(_SINK, new, before):
                    self._player.use(self._parts.make_sink(new))
            if model is not None:
                self._model = model
                self._source.use(model)
            self._settings, self._wanted = new, composing
            self._deferrals.chosen(wanted)
            if controls_of(new) != controls_of(before):
                self._control()
            if (new.form, new.key) != (before.form, before.key):
                self._leave_unless_wished()
        if retired:
            # Not before: it waits for its thread, which may be waiting for us.
            retired.close()
        self._follower.listeners.publish(Changed())
        return new

    def retry(self) -> bool:
        """Try again what could not be used at the start; whether nothing of that is left."""
        for deferral in self._deferrals.kept:
            with suppress(PlaybachError):
                # Unless somebody has chosen something else since.
                self._change(deferral.wanted, partial(self._is_deferred, deferral))
        return not self._deferrals.kept

    def report(self, subject: str, problem: str) -> None:
        """Say in the status that something beside the music is wrong; from any thread.

        Args:
            subject: a word for what it concerns; its earlier problem is over.
            problem: one line; ``""`` when all is well again.
        """
        with self._reporting:
            self._problems = {**self._problems, subject: problem}

    def command(self, command: Command) -> None:
        """Play, pause and so on; takes effect within a tenth of a second."""
        with self._changing:
            self._transport = TRANSPORT.get(command, self._transport)
            for order in ORDERS[command]:
                order(self._player)
        self._follower.listeners.publish(Changed())

    def recent(self, minutes: float) -> bytes:
        """What was played in the last minutes, as a MIDI file.

        Args:
            minutes: above 0, at most 60.

        Raises:
            InputError: the minutes are out of range, or nothing was played.
        """
        return self._follower.recent.midi(minutes, self.now(), self._settings.program)

    def pieces(self) -> tuple[PlayedPiece, ...]:
        """The movements played last, the very last first."""
        return self._follower.pieces.all()

    def subscribe(
        self, wake: Callable[[], object] | None = None
    ) -> AbstractContextManager[Subscription]:
        """A context in which events are collected, ahead of the time they are heard.

        Args:
            wake: called after each event from the player's thread, so it must return at once;
                such as ``loop.call_soon_threadsafe`` with an event to set.
        """
        return self._follower.listeners.subscribed(wake)

    def status(self) -> SessionStatus:
        """How things are at this moment."""
        sink, model = self._player.sink, self._model
        return SessionStatus(
            transport=self._transport,
            playing=self._player.status(),
            settings=self._settings,
            sink=sink.description,
            timing=str(sink.timing),
            connected=sink.connected,
            clock=self._clock.description,
            clock_connected=self._clock.connected,
            model=model.name,
            variant=model.variant,
            uptime=Seconds(time.monotonic() - self._started if self._started else 0.0),
            deferred=self._deferrals.wanted,
            problems=self.problems,
        )

    def _is_deferred(self, deferral: Deferral) -> bool:
        return deferral in self._deferrals.kept

    def _begin(self, settings: Settings) -> None:
        """Play to what these settings name; the player has the sink of the present ones."""
        if _differ(_SINK, settings, self._settings):
            self._player.use(self._parts.make_sink(settings))
        self._player.start()

    @contextmanager
    def _another_model(self, wanted: Mapping[str, object]) -> Iterator[Model | None]:
        """The model that is wanted, loaded; ``None`` if it is the present one.

        Meanwhile commands and other changes are heard, but for those of the model.
        """
        if not wanted.keys() & MODEL:
            yield None
            return
        with self._loading:
            before, new = self._settings, changed(self._settings, wanted)
            yield self._parts.load_model(new) if _differ(MODEL, new, before) else None

    def _composing(self) -> composer.Settings:
        """What the composer is to keep to now."""
        # What a note recalls takes time to find, and is for those who watch.
        return replace(self._wanted, recalls=self._follower.listeners.any)

    def _leave_unless_wished(self) -> None:
        """Go to a movement of the form and key that are wished, if this is not one."""
        movement = self._source.current
        if movement is not None and not is_wished(movement, self._wanted.wishes):
            self._player.next_movement(at_bar=True)

    def _control(self) -> None:
        self._player.control(replace(controls_of(self._settings), quarters=self._clock.quarters))

    def _fail(self, error: BaseException) -> None:
        self._player.fail(error)

    def _tempo(self, movement: Movement) -> float:
        return self._settings.tempo or movement.tempo


def _differ(names: Sequence[str], one: Settings, other: Settings) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)
