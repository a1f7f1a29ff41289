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

import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from playbach.composer import composer
from playbach.composer.composer import Composer
from playbach.composer.settings import Wishes
from playbach.composer.suites import movement_at
from playbach.errors import InputError, PlaybachError
from playbach.lifetime import Lifetime
from playbach.music.meter import COMMON_TIME, TICKS_PER_QUARTER
from playbach.music.theme import Asked, Theme
from playbach.playback.player import Player
from playbach.schema import changed
from playbach.session.commands import Command
from playbach.session.control_map import Controller
from playbach.session.deferred import Deferral, Deferrals
from playbach.session.external_clock import ExternalClock
from playbach.session.history import History, Subscription
from playbach.session.hours import HoursKeeper
from playbach.session.input_port import InputPort
from playbach.session.kept import Keeping
from playbach.session.links import Origin, link_to, read_link
from playbach.session.listening import FLOODED, Beat, Listening
from playbach.session.model import Model, composer_settings, is_wished
from playbach.session.parts import PARTS, Parts, controls_of
from playbach.session.played import PlayedMovement
from playbach.session.recorder import Recorder
from playbach.session.settings import LISTEN_BEATS, TURNED, Settings, as_values, sound_of
from playbach.session.status import (
    Changed,
    Fate,
    Listed,
    SessionStatus,
    Transport,
)
from playbach.session.written import BarEngraver, Bars, Kind, kinds, present, write
from playbach.sinks.base import Sink
from playbach.sinks.table import SYNTHS
from playbach.status import Status
from playbach.stream import SUITE_LENGTH, Movement, Place, Seconds

MODEL = ("bundle", "variant", "fallback")
"""Settings whose change asks for the model to be loaded again, which takes a moment."""
_SINK = ("sink", "port", "soundfont", "effect")
"""Settings that a sink may not be had with, each belonging to the one before."""


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
        theme: Theme | None = None,
        fallbacks: Sequence[Settings] = (),
        recordings: Path | None = None,
        recordings_bytes: int = 100_000_000,
        kept: Path | None = None,
        pause: Callable[[float], None] | None = None,
        parts: Parts = PARTS,
    ) -> None:
        """Load the model; nothing is opened yet.

        Args:
            settings: with which it begins.
            sink: where to play; ``None`` for what the settings say.
            seed: 0 or more: the same seed gives the same music; ``None`` for chance.
            limit: seconds of the sink's time after which it ends by itself; ``None`` for never.
            theme: with which the first movement begins.
            fallbacks: settings whose values take the place of those that cannot be used, best
                first; the last must be such as can be used anywhere. Synth, clock and the folder
                of recordings may then be missing at first, and come later. Empty: whatever cannot
                be had is an error.
            recordings: folder that each movement is saved to; ``None`` saves none.
            recordings_bytes: size that the folder may reach before the oldest are deleted.
            kept: folder of the movements that are kept for good; ``None`` keeps none.
            pause: waits for some seconds of the sink's time; for a sink on a time of its own.
            parts: makes the sink, the inputs and the model that settings name.

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
        self._theme = None if theme is None else self._model.fitted(theme)
        seed = secrets.randbits(63) if seed is None else seed
        self._composer = Composer(
            self._model.predictor,
            self._model.pitches,
            seed,
            self._composing,
            tells_recalls=True,
        )
        self._problems: dict[str, str] = {}
        self._reporting = threading.Lock()
        absent_ok = bool(fallbacks)
        self._recorder = None
        if recordings is not None:
            self._recorder = Recorder(
                recordings,
                recordings_bytes,
                on_problem=lambda problem: self.report("recording", problem),
                on_failure=self._fail,
                absent_ok=absent_ok,
            )
        self.keeping = Keeping(kept)
        """The movements that are kept for good."""
        record = self._recorder.put if self._recorder else None
        self._engraver = BarEngraver()
        self._listening = Listening(
            begin=self._begin_to_listen,
            answer=self._answer,
            give_up=self._go_on,
            beat=self._beat_to_play_to,
            since_start=lambda at: self.now() - (time.monotonic() - at),
        )
        self._history = History(
            now=self.now, link=self.link_to, record=record, follow=self._listening.follow
        )
        self._player = Player(
            self._composer,
            played,
            controls=controls_of(settings),
            limit=limit,
            listener=self._history,
            absent_ok=absent_ok,
            pause=pause,
            performer=lambda: self._model.performer,
        )
        self._clock = ExternalClock(on_tempo=self._control, on_command=self.command)
        self._clock_in = InputPort(
            "clock_in",
            parts.make_input,
            begun=self._clock.begin,
            on_none=self._clock.forget,
            on_failure=self._fail,
            absent_ok=absent_ok,
        )
        self._listen = InputPort(
            "listen",
            parts.make_input,
            begun=lambda: self._listening.hear,
            on_look=self._listening.look,
            on_none=self._listening.forget,
            on_failure=self._fail,
            absent_ok=absent_ok,
        )
        self._controller = Controller(
            TURNED,
            now=lambda: as_values(self._settings),
            heard=self._heard,
            change=self.change,
            command=self._press,
            on_failure=self._fail,
        )
        self._control_in = InputPort(
            "control_in",
            parts.make_input,
            begun=self._controller.begin,
            on_none=self._controller.forget,
            on_failure=self._fail,
            absent_ok=absent_ok,
        )
        self._inputs = (self._clock_in, self._listen, self._control_in)
        self._hours = HoursKeeper(lambda: self._settings.hours, self._open, self._fail)
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
        if self._recorder:
            self._recorder.start()
        try:
            usable = self._deferrals.usable
            if self._waits:
                self._player.listen()
            if math.isfinite(self._player.sink.horizon):
                # A file is composed whenever it is.
                self._hours.start()
            self._settings, _ = usable(self._settings, _SINK, self._begin)
            for port in self._inputs:
                self._settings, _ = usable(self._settings, (port.setting,), port.start)
            if not self._waits:
                self._player.go_on()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave silence and end all threads; may be called again."""
        try:
            self._hours.stop()
            for port in self._inputs:
                port.close()
            self._controller.close()
            self._player.stop()
        finally:
            if self._recorder:
                self._recorder.stop()

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
        """Grows four times a second and more while the thread that hands over notes is well."""
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
        ports = (port.problem for port in self._inputs)
        flood = FLOODED if self._listening.is_flooded else ""
        others = (*deferred, *ports, flood, *self._problems.values())
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
            with ExitStack() as others:
                retired = [others.enter_context(port.another(new)) for port in self._inputs]
                if _plays_otherwise(new, before, self._player.sink.name):
                    self._player.use(self._parts.make_sink(new))
            if model is not None:
                self._model = model
                self._composer.use(model.predictor, model.pitches)
            self._settings, self._wanted = new, composing
            self._deferrals.chosen(wanted)
            was_so = before.listen, before.answer
            if was_so != (new.listen, new.answer) and not self._waits:
                self._listening.forget()
            if controls_of(new) != controls_of(before):
                self._control()
            if composing != composer_settings(before) or model is not None:
                self._player.compose_again()
        for port in filter(None, retired):
            # Not before: it waits for its thread, which may be waiting for us.
            port.close()
        self._hours.wake()
        self._history.publish(Changed())
        return new

    def begin_with(self, theme: Theme) -> Theme:
        """Begin the next movement with a theme.

        Args:
            theme: in place of one that no movement has begun with yet.

        Returns:
            The theme as it will be played: what was changed for it to lie in the model's range is
            among what it says of itself.

        Raises:
            InputError: it has no note in that range, or the model composes in another way than
                note by note.
        """
        with self._changing:
            self._theme = found = self._model.fitted(theme)
            self._player.compose_again()
        self._history.publish(Changed())
        return found

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
            transport, orders = self._orders(command)
            self._transport = transport or self._transport
            for order in orders:
                order()
        self._history.publish(Changed())

    def recent(self, minutes: float) -> bytes:
        """What was played in the last minutes, as a MIDI file.

        Args:
            minutes: above 0, at most 60.

        Raises:
            InputError: the minutes are out of range, or nothing was played.
        """
        return self._history.midi(minutes, self._settings.program)

    def pieces(self) -> tuple[PlayedMovement, ...]:
        """The movements played last, the very last first."""
        return self._history.movements()

    def kinds(self) -> list[Kind]:
        """What played movements can be had as, and what not; looks what is installed."""
        return kinds(self._settings)

    def write(self, played: PlayedMovement, path: Path) -> None:
        """Write a movement that was played; the suffix of ``path`` is one of ``KINDS``.

        Raises:
            OutputError: it is too long for that, what is needed is not installed, or the file
                cannot be written.
        """
        write(played, path, self._settings)

    def bars(self, wanted: range, width: int) -> Bars | None:
        """Bars of the movement that is heard, engraved as they were composed.

        Args:
            wanted: numbers, 0 for a pickup; those that are not composed yet are left out.
            width: of the picture in pixels.

        Returns:
            ``None`` before the first movement.

        Raises:
            OutputError: verovio is not installed.
        """
        items, heard = self._player.composed(), self._player.status().movement
        found = present(heard, self._history.present(), items)
        if found is None:
            return None
        return self._engraver.bars(found, wanted, width, repeats=self._settings.repeats)

    def subscribe(
        self, wake: Callable[[], object] | None = None
    ) -> AbstractContextManager[Subscription]:
        """A context in which events are collected, ahead of the time they are heard.

        Args:
            wake: called after each event from the player's thread, so it must return at once;
                such as ``loop.call_soon_threadsafe`` with an event to set.
        """
        return self._history.subscribed(wake)

    def status(self) -> SessionStatus:
        """How things are at this moment."""
        sink, model, theme = self._player.sink, self._model, self._theme
        return SessionStatus(
            transport=self._transport,
            playing=self._player.status(),
            settings=self._settings,
            listening=self._listen.description,
            listening_connected=self._listen.connected,
            sink=sink.description,
            timing=str(sink.timing),
            connected=sink.connected,
            clock=self._clock_in.description,
            clock_connected=self._clock_in.connected,
            control=self._control_in.description,
            control_connected=self._control_in.connected,
            touched=str(self._controller.touched or ""),
            touches=self._controller.touches,
            theme="" if theme is None or self._composer.has_begun(theme) else str(theme),
            model=model.name,
            variant=model.variant,
            uptime=Seconds(time.monotonic() - self._started if self._started else 0.0),
            deferred=self._deferrals.wanted,
            problems=self.problems,
        )

    @property
    def _waits(self) -> bool:
        """Whether there is music only in answer to somebody."""
        return self._settings.listen is not None and self._settings.answer is not None

    def _go_on(self) -> None:
        self._player.go_on()

    def _begin_to_listen(self) -> bool:
        if self._transport is not Transport.PLAYING:
            return False
        self._player.listen()
        return True

    def _answer(self, theme: Theme) -> None:
        try:
            self._theme = self._model.fitted(replace(theme, bars_after=self._settings.answer))
        except InputError:
            # Nothing of it lies in the model's range, or the model goes on from no theme.
            self._player.go_on()
            return
        self._player.answer()

    def _beat_to_play_to(self) -> Beat:
        settings, playing = self._settings, self._player.status()
        asked = Asked.of(settings.key, settings.meter)
        if settings.listen_beat == LISTEN_BEATS[0]:
            return Beat(None, asked)
        tempo, movement = playing.tempo or settings.tempo, playing.movement
        meter = movement.meter if movement else asked.meter or COMMON_TIME
        quarter = 60 / tempo * TICKS_PER_QUARTER / meter.beat_ticks if tempo else None
        return Beat(quarter, asked)

    def go_to(self, place: Place, wishes: Wishes | None = None) -> None:
        """Leave the movement for the one at ``place``, and go on with those that follow it there.

        Args:
            place: of the same music or another seed's.
            wishes: what is asked of that movement alone; ``None`` for what is asked of all.
        """
        self._player.next_movement(skip=partial(self._composer.skip, place, wishes))

    def link_to(self, movement: Movement) -> str:
        """The text of a link by which ``follow`` plays a movement, here or elsewhere."""
        return link_to(movement, self._settings, self._origin)

    def follow(self, text: str) -> tuple[str, ...]:
        """Play the movement that a link leads to, with the temperature and so on that it says.

        Returns:
            Why it may be other music than where the link was made, a line each.

        Raises:
            InputError: it is no such link; nothing was changed.
        """
        link = read_link(text)
        self.change(link.kept)
        self.go_to(link.place, composer_settings(link.asked).wishes)
        self.command(Command.PLAY)
        return link.differences(self._origin)

    @property
    def _origin(self) -> Origin:
        return Origin(self._model.digest, self._model.variant)

    def suite(self) -> tuple[Listed, ...]:
        """The suite that is heard, and the movement that comes after it; empty before the first."""
        present = self._player.status().movement
        if present is None:
            return ()
        played = {one.movement.place: one.movement for one in self._history.movements()}
        first = present.place.next_suite.number - SUITE_LENGTH
        listed = []
        for number in range(first, first + SUITE_LENGTH + 1):
            place = Place(present.seed, number)
            movement = played.get(place) if number < present.place.number else None
            fate = Fate.PLAYED if movement else Fate.LEFT_OUT
            if number >= present.place.number:
                fate = Fate.COMING if number > present.place.number else Fate.PLAYING
                movement = present if fate is Fate.PLAYING else None
            listed.append(Listed(movement or movement_at(place, self._wanted.wishes), fate))
        return tuple(listed)

    def _heard(self, name: str) -> float | None:
        """The number that holds for a setting which leaves it to the program."""
        if name == "tempo":
            return self._player.status().tempo or None
        return self._settings.temperature if name.endswith("_temperature") else None

    def _press(self, name: str) -> None:
        """A key or a pedal was pressed; that of the pause ends one, too."""
        command = Command(name)
        if command is Command.PAUSE and self._transport is not Transport.PLAYING:
            command = Command.PLAY
        self.command(command)

    def _orders(self, command: Command) -> tuple[Transport | None, Sequence[Callable[[], None]]]:
        """What holds after a command, if that is new, and what is done, in order."""
        player = self._player
        orders: dict[Command, tuple[Transport | None, Sequence[Callable[[], None]]]] = {
            Command.PLAY: (Transport.PLAYING, [player.resume, player.go_on]),
            Command.PAUSE: (Transport.PAUSED, [player.pause]),
            Command.STOP: (Transport.STOPPED, [player.pause, player.next_movement]),
            Command.NEXT_MOVEMENT: (None, [player.next_movement, player.go_on]),
            Command.NEXT_SUITE: (None, [self._next_suite, player.go_on]),
            Command.AGAIN: (None, [self._again, player.go_on]),
            Command.NOW: (None, [self._begin_now, player.go_on]),
            Command.PANIC: (Transport.PAUSED, [player.panic]),
        }
        return orders[command]

    def _again(self) -> None:
        movement = self._player.status().movement
        if movement is not None:
            # As it was, whatever is wished of the next.
            repeats = len(movement.borders) > 1
            wishes = Wishes(movement.form, movement.key, None, movement.meter, repeats)
            self.go_to(movement.place, wishes)

    def _next_suite(self) -> None:
        movement = self._player.status().movement
        if movement is not None:
            self.go_to(movement.place.next_suite)

    def _begin_now(self) -> None:
        unless = partial(is_wished, wishes=self._wanted.wishes)
        self._player.next_movement(at_bar=True, unless=unless)

    def _is_deferred(self, deferral: Deferral) -> bool:
        return deferral in self._deferrals.kept

    def _begin(self, settings: Settings) -> None:
        """Play to what these settings name; the player has the sink of the present ones."""
        if _plays_otherwise(settings, self._settings, self._player.sink.name):
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

    def _composing(self) -> composer.ComposerSettings:
        """What the composer is to keep to now."""
        # What a note recalls takes time to find, and is for those who watch.
        return replace(self._wanted, recalls=self._history.has_listeners, theme=self._theme)

    def _control(self) -> None:
        self._player.control(replace(controls_of(self._settings), quarters=self._clock.quarters))

    def _open(self, is_open: bool) -> None:
        """Hours begin, or end: then the next begin with another movement."""
        if is_open:
            self._player.reopen()
            return
        self._player.close()
        if self._player.status().movement is not None:
            self._player.next_movement()

    def _fail(self, error: BaseException) -> None:
        self._player.fail(error)


def _plays_otherwise(one: Settings, other: Settings, sink: str) -> bool:
    """Whether another sink is needed; ``sink``: the name of the present one."""
    is_here = sink in SYNTHS and sound_of(one) != sound_of(other)
    return is_here or _differ(("sink", "port"), one, other)


def _differ(names: Sequence[str], one: Settings, other: Settings) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)
