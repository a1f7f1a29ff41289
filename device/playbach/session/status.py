"""What a session says about itself, and what it tells listeners ahead of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from playbach.session.settings import Settings, Value
from playbach.status import Status
from playbach.stream import Movement, Recall, Seconds


class Transport(Enum):
    """Whether there is to be music."""

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"


class Command(Enum):
    """What can be asked of a session; each takes effect within a tenth of a second."""

    PLAY = "play"
    """Begin, or go on where the music was paused."""
    PAUSE = "pause"
    """Silence; ``PLAY`` goes on at the same place."""
    STOP = "stop"
    """Silence; ``PLAY`` begins with the next movement."""
    NEXT_MOVEMENT = "next_movement"
    """Leave the movement for the one that comes next."""
    PANIC = "panic"
    """End whatever sounds on every channel, whoever began it, and pause."""


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A session at one moment.

    Attributes:
        transport: whether there is to be music.
        playing: what is heard: movement, bar, tempo, lateness, rests and the reason of a rest.
        settings: the live settings that hold.
        sink: where it plays, such as ``MIDI port FluidSynth (JACK)``.
        timing: how messages are kept on time there.
        connected: whether the synth is there, as far as can be told.
        clock: the external clock that is followed, such as ``MIDI port Sequencer:out (JACK)``;
            ``""`` for none.
        clock_connected: whether its port is there.
        model: the model's name: its training run, and its network if the run's does not say it.
        variant: its variant, such as ``dynamic``.
        uptime: seconds since the session was started.
        deferred: settings that were asked for and cannot be used yet, by name.
        problems: all that is wrong and is somebody's to mend, a line each; each stays until then.
    """

    transport: Transport = Transport.PLAYING
    playing: Status = field(default_factory=Status)
    settings: Settings = field(default_factory=Settings)
    sink: str = ""
    timing: str = ""
    connected: bool = True
    clock: str = ""
    clock_connected: bool = False
    model: str = ""
    variant: str = ""
    uptime: Seconds = Seconds(0.0)
    deferred: Mapping[str, Value] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        """All problems in one line, ``""`` if there are none."""
        return "; ".join(self.problems)

    @property
    def wanted(self) -> Settings:
        """The live settings that were asked for, whether they can be used yet or not."""
        # They were checked when they were asked for, which mypy cannot know.
        return replace(self.settings, **self.deferred)  # type: ignore[arg-type]

    @property
    def title(self) -> str:
        """Of what is heard, such as ``Suite 3 in D minor, IV Sarabande``; ``""`` before that."""
        return self.playing.title

    @property
    def resting(self) -> str:
        """Why nothing new sounds, ``""`` while there is music."""
        return self.playing.resting


@dataclass(frozen=True, slots=True)
class NoteAhead:
    """A note that is going to be heard.

    Attributes:
        at: when it begins, on the clock of ``Session.now``; usually in the future.
        duration: seconds it lasts, as sent.
        pitch: MIDI note number as sent, 0 to 127.
        velocity: 1 to 127.
        bar: of the movement, from 1; 0 in a pickup.
        movement: the movement it belongs to.
        index: which of the movement's notes it is, from 0, as it was composed.
        recalls: earlier notes that its pitch was drawn from; only while somebody listens.
    """

    at: Seconds
    duration: Seconds
    pitch: int
    velocity: int
    bar: int
    movement: Movement
    index: int = 0
    recalls: tuple[Recall, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Notes announced for ``after`` or later do not come: something was changed or paused.

    Those that come after all are announced again. A note that sounds then may end there.

    Attributes:
        after: moment on the clock of ``Session.now``.
    """

    after: Seconds


@dataclass(frozen=True, slots=True)
class Changed:
    """Settings or transport are new: look at ``Session.status``, keep what is to be kept."""


Event = NoteAhead | Withdrawn | Changed
