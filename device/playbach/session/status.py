"""What a session says about itself, and what it tells listeners ahead of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from playbach.schema import Value
from playbach.session.settings import Settings
from playbach.status import Status
from playbach.stream import Movement, Recall, Seconds


class Transport(Enum):
    """Whether there is to be music."""

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A session at one moment."""

    transport: Transport = Transport.PLAYING  # whether there is to be music
    # what is heard: movement, bar, tempo, lateness, rests and the reason of a rest
    playing: Status = field(default_factory=Status)
    settings: Settings = field(default_factory=Settings)  # the live settings that hold
    sink: str = ""  # where it plays, such as ``MIDI port FluidSynth (JACK)``
    timing: str = ""  # how messages are kept on time there
    connected: bool = True  # whether the synth is there, as far as can be told
    # the external clock that is followed, such as ``MIDI port Sequencer:out (JACK)``; ``""`` for
    # none
    clock: str = ""
    clock_connected: bool = False  # whether its port is there
    # the port that is listened to; ``""`` for none
    listening: str = ""
    listening_connected: bool = False  # whether it is there
    # the theme with which the next movement begins, described in a line; ``""`` for none
    theme: str = ""
    # the controller that steers, as ``clock``
    control: str = ""
    control_connected: bool = False  # whether its port is there
    touched: str = ""  # what was touched of it last, such as ``cc 1 on 1``
    touches: int = 0  # how often something was
    # the model's name: its training run, and its network if the run's does not say it
    model: str = ""
    variant: str = ""  # its variant, such as ``dynamic``
    uptime: Seconds = Seconds(0.0)  # seconds since the session was started
    # settings that were asked for and cannot be used yet, by name
    deferred: Mapping[str, Value] = field(default_factory=dict)
    # all that is wrong and is somebody's to mend, a line each; each stays until then
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


class Fate(Enum):
    """What becomes of a movement of the suite that is heard."""

    PLAYED = "played"
    LEFT_OUT = "left out"
    """It was left in its first bars, or passed over."""
    PLAYING = "playing"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class Listed:
    """A movement of the suite that is heard."""

    movement: Movement  # one that comes as it will be by what is wished now
    fate: Fate  # what becomes of it


@dataclass(frozen=True, slots=True)
class NoteAhead:
    """A note that is going to be heard."""

    at: Seconds  # when it begins, on the clock of ``Session.now``; usually in the future
    duration: Seconds  # seconds it lasts, as sent
    pitch: int  # MIDI note number as sent, 0 to 127
    velocity: int  # 1 to 127
    bar: int  # of the movement, from 1; 0 in a pickup
    movement: Movement  # the movement it belongs to
    index: int = 0  # which of the movement's notes it is, from 0, as it was composed
    # earlier notes that its pitch was drawn from; only while somebody listens
    recalls: tuple[Recall, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Notes announced for ``after`` or later do not come: something was changed or paused.

    Those that come after all are announced again. A note that sounds then may end there.
    """

    after: Seconds  # moment on the clock of ``Session.now``


@dataclass(frozen=True, slots=True)
class Changed:
    """Settings or transport are new: look at ``Session.status``, keep what is to be kept."""


Event = NoteAhead | Withdrawn | Changed
