"""A session: the one place where the state of a playing program changes.

    session = Session(Settings(), seed=1)
    with session:                                   # or start() and, in finally, stop()
        session.change(tempo=90, key="D minor")     # all or nothing; InputError says why not
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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from playbach.composer import composer
from playbach.player.player import Player
from playbach.session.archive import Archive
from playbach.session.events import Listeners, Subscription
from playbach.session.follow import ClockTracker
from playbach.session.follower import Follower
from playbach.session.model import LiveSource, composer_settings, load_model
from playbach.session.parts import (
    LoadModel,
    MakeClock,
    MakeSink,
    controls_of,
    make_clock,
    make_sink,
)
from playbach.session.pieces import Pieces, PlayedPiece
from playbach.session.recent import Recent
from playbach.session.settings import Settings, changed
from playbach.session.status import (
    Changed,
    Command,
    SessionStatus,
    Transport,
)
from playbach.sinks.base import Sink
from playbach.sinks.clock_input import ClockEvent, ClockInput
from playbach.status import Status
from playbach.stream import Movement, Seconds

_MODEL = ("bundle", "variant", "fallback")
"""Settings whose change asks for the model to be loaded again."""


class Session:
    """Composes and plays, is steered, and says how it is."""

    name = "music"

    def __init__(
        self,
        settings: Settings,
        *,
        sink: Sink | None = None,
        seed: int | None = None,
        limit: Seconds | None = None,
        absent_ok: bool = False,
        recordings: Path | None = None,
        recordings_bytes: int = 100_000_000,
        pause: Callable[[float], None] | None = None,
        make_sink: MakeSink = make_sink,
        make_clock: MakeClock = make_clock,
        load_model: LoadModel = load_model,
    ) -> None:
        """Load the model; nothing is opened yet.

        Args:
            settings: what holds at first.
            sink: where to play; ``None`` for what the settings say.
            seed: repeats the music of that number; ``None`` for chance.
            limit: seconds of music after which it ends by itself.
            absent_ok: whether the synth may be missing at first, and come later.
            recordings: folder that each movement is saved to; ``None`` saves none.
            recordings_bytes: what the folder may hold before the oldest are deleted.
            pause: waits for some seconds of the sink's time; for a sink on a time of its own.
            make_sink: makes the sink that settings name.
            make_clock: makes the external clock that settings name, if they do.
            load_model: loads the model that settings name.

        Raises:
            PlaybachError: the model or the sink cannot be had.
        """
        self._make_sink, self._make_clock, self._load_model = make_sink, make_clock, load_model
        self._clock: ClockInput | None = None
        self._quarters: float | None = None
        self._absent_ok = absent_ok
        self._settings = changed(settings, {})
        self._wanted = composer_settings(settings)
        self._model = load_model(settings)
        rng = np.random.default_rng(secrets.randbits(63) if seed is None else seed)
        self._source = LiveSource(self._model, rng, self._composing)
        self._listeners = Listeners()
        self._recent = Recent()
        self._pieces = Pieces()
        self._problem = ""
        self._archive = (
            None
            if recordings is None
            else Archive(
                recordings,
                recordings_bytes,
                on_problem=self._report,
                on_failure=self._fail,
            )
        )
        self._player = Player(
            self._source,
            sink or make_sink(settings),
            controls=controls_of(settings),
            limit=limit,
            audience=Follower(
                listeners=self._listeners,
                recent=self._recent,
                pieces=self._pieces,
                archive=self._archive,
                tempo=self._tempo,
                now=self.now,
            ),
            absent_ok=absent_ok,
            pause=pause,
        )
        self._changing = threading.RLock()
        self._transport = Transport.PLAYING
        self._started = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

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
            self._player.start()
            self._clock = self._listening(self._settings)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave silence and end all threads; may be called again."""
        try:
            if self._clock:
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

    def now(self) -> Seconds:
        """Seconds since the start, on the clock of ``NoteAhead.at``."""
        return self._player.now()

    def change(self, **wanted: object) -> Settings:
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
        with self._changing:
            before, new = self._settings, changed(self._settings, wanted)
            composing = composer_settings(new)
            model = None
            if any(getattr(new, name) != getattr(before, name) for name in _MODEL):
                model = self._load_model(new)
            with self._another_clock(new) as retired:
                if (new.sink, new.port) != (before.sink, before.port):
                    self._player.use(self._make_sink(new))
            if model is not None:
                self._model = model
                self._source.use(model)
            self._settings, self._wanted = new, composing
            if controls_of(new) != controls_of(before):
                self._control()
            if (new.form, new.key) != (before.form, before.key):
                self._leave_unless_wished()
        if retired:
            # Not before: it waits for its thread, which may be waiting for us.
            retired.close()
        self._listeners.publish(Changed())
        return new

    def command(self, command: Command) -> None:
        """Play, pause and so on; takes effect within a tenth of a second."""
        with self._changing:
            self._transport = _TRANSPORT.get(command, self._transport)
            for order in _ORDERS[command]:
                order(self._player)
        self._listeners.publish(Changed())

    def save_recent(self, path: Path, minutes: float, *, force: bool = False) -> int:
        """Write what was played in the last minutes to a MIDI file.

        Args:
            path: the file.
            minutes: above 0, at most 60.
            force: whether an existing file may be replaced.

        Returns:
            How many notes it has.

        Raises:
            InputError: the minutes are out of range, or nothing was played.
            OutputError: the file cannot be written.
        """
        program = self._settings.program
        return self._recent.save(path, minutes, self.now(), program=program, force=force)

    def pieces(self) -> tuple[PlayedPiece, ...]:
        """The movements played last, the very last first."""
        return self._pieces.all()

    def subscribe(
        self, wake: Callable[[], object] | None = None
    ) -> AbstractContextManager[Subscription]:
        """A context in which events are collected, ahead of the time they are heard.

        Args:
            wake: called after each event from the player's thread, so it must return at once;
                such as ``loop.call_soon_threadsafe`` with an event to set.
        """
        return self._listeners.subscribed(wake)

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
            model=model.name,
            variant=model.variant,
            uptime=Seconds(time.monotonic() - self._started if self._started else 0.0),
            problem=self._problem,
        )

    def _composing(self) -> composer.Settings:
        """What the composer is to keep to now."""
        # What a note recalls takes time to find, and is for those who watch.
        return replace(self._wanted, recalls=self._listeners.any)

    def _leave_unless_wished(self) -> None:
        """Go to a movement of the form and key that are wished, if this is not one."""
        wishes, movement = self._wanted.wishes, self._source.current
        if movement is None:
            return
        if wishes.form not in {None, movement.form} or wishes.key not in {None, movement.key}:
            self._player.next_movement(at_bar=True)

    def _control(self) -> None:
        self._player.control(replace(controls_of(self._settings), quarters=self._quarters))

    @contextmanager
    def _another_clock(self, settings: Settings) -> Iterator[ClockInput | None]:
        """Listen to another clock, or to none, if what is done within goes well.

        Yields:
            The clock that is to be closed then.
        """
        if not self._started or settings.clock_in == self._settings.clock_in:
            yield None
            return
        before, clock = self._clock, self._listening(settings)
        try:
            yield before
        except BaseException:
            if clock:
                clock.close()
            raise
        self._clock = clock
        if clock is None:
            self._quarters = None
            self._control()

    def _listening(self, settings: Settings) -> ClockInput | None:
        clock, tracker = self._make_clock(settings), ClockTracker()

        def heard(event: ClockEvent) -> None:
            advice = tracker.hear(event)
            if advice.quarters is not None:
                self._quarters = advice.quarters
                self._control()
            if advice.command is not None:
                self.command(advice.command)

        if clock is not None:
            clock.open(heard, self._fail, absent_ok=self._absent_ok)
        return clock

    def _fail(self, error: BaseException) -> None:
        self._player.fail(error)

    def _report(self, problem: str) -> None:
        self._problem = problem

    def _tempo(self, movement: Movement) -> float:
        return self._settings.tempo or movement.tempo


_TRANSPORT = {
    Command.PLAY: Transport.PLAYING,
    Command.PAUSE: Transport.PAUSED,
    Command.STOP: Transport.STOPPED,
    Command.PANIC: Transport.PAUSED,
}
_ORDERS: dict[Command, tuple[Callable[[Player], None], ...]] = {
    Command.PLAY: (Player.resume,),
    Command.PAUSE: (Player.pause,),
    Command.STOP: (Player.pause, Player.next_movement),
    Command.NEXT_MOVEMENT: (Player.next_movement,),
    Command.PANIC: (Player.panic,),
}
