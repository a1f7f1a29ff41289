"""How the notes are sent: what may change from one note to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from playbach.errors import InputError
from playbach.midi.general_midi import find_instrument
from playbach.midi.messages import MAX_CHANNEL, MAX_DATA, program_change, volume
from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.performer.performer import Manner
from playbach.schema import Setting, TakesEffect, check
from playbach.stream import Movement

_NOTE = TakesEffect.NEXT_NOTE
Transpose: TypeAlias = Annotated[
    int,
    Setting(
        "moves every pitch up or down", _NOTE, group="music", label="Transpose",
        low=-24, high=24, unit="semitones",
    ),
]  # fmt: skip
Volume: TypeAlias = Annotated[
    int,
    Setting(
        "MIDI volume, controller 7", _NOTE, group="sound", label="Volume", low=0, high=MAX_DATA
    ),
]
Velocity: TypeAlias = Annotated[
    int, Setting("MIDI velocity of every note", _NOTE, group="sound", low=1, high=MAX_DATA)
]
Accent: TypeAlias = Annotated[
    int,
    Setting(
        "added to the velocity on the first beat of a bar in even playing, at expression 0", _NOTE,
        group="sound", low=0, high=40,
    ),
]  # fmt: skip
Program: TypeAlias = Annotated[
    int | None,
    Setting(
        "General MIDI instrument, counted from 0; 42 is the cello", _NOTE,
        group="sound", label="Instrument", low=0, high=MAX_DATA,
        meaning="a whole number, 0 to 127, or a name such as cello",
        canonical=lambda text: find_instrument(text).program,
        none_means="the synth stays as it is",
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """How the notes are sent.

    Attributes:
        channel: MIDI channel, 0 to 15.
        program: General MIDI program sent at the start of each movement, 0 to 127 (42 is the
            cello); ``None`` leaves the synth as it is.
        velocity: of every note, 1 to 127.
        accent: added to it on the first beat of a bar in even playing; 0 or more, 127 at most with
            the velocity.
        volume: of the channel (controller 7), 0 to 127; ``None`` leaves the synth as it is.
        transpose: semitones by which notes are sent higher, -24 to 24.

    Raises:
        InputError: a number is outside its range.
    """

    channel: int = 0
    program: Program = None
    velocity: Velocity = 80
    accent: Accent = 8
    volume: Volume | None = None
    transpose: Transpose = 0

    def __post_init__(self) -> None:
        if not 0 <= self.channel <= MAX_CHANNEL:
            raise InputError(f"channel {self.channel}: it must be 0 to {MAX_CHANNEL}")
        check(self)
        check_loudest(self.velocity, self.accent)

    def pitch(self, written: int) -> int:
        """The pitch that is sent; one outside 0 to 127 is moved back inside by octaves."""
        pitch = written + self.transpose
        while pitch > MAX_DATA:
            pitch -= PITCH_CLASSES
        while pitch < 0:
            pitch += PITCH_CLASSES
        return pitch

    def announcement(self) -> list[bytes]:
        """What a synth must know before the first note."""
        messages = []
        if self.program is not None:
            messages.append(program_change(self.channel, self.program))
        if self.volume is not None:
            messages.append(volume(self.channel, self.volume))
        return messages

    def news(self, before: ChannelSettings) -> list[bytes]:
        """What a synth that was told ``before`` must still be told."""
        if self.channel != before.channel:
            return self.announcement()
        said = before.announcement()
        return [message for message in self.announcement() if message not in said]


def check_loudest(velocity: int, accent: int) -> None:
    """See that an accented note can be sent.

    Raises:
        InputError: it would be louder than MIDI can say.
    """
    if velocity + accent > MAX_DATA:
        raise InputError(
            f"velocity {velocity} and accent {accent}: together they must be at most {MAX_DATA}"
        )


EVEN = Manner(expression=0.0)


@dataclass(frozen=True, slots=True)
class Controls:
    """All that may change from one note to the next.

    Attributes:
        voice: channel, instrument and loudness.
        tempo: felt beats per minute, more than 0; ``None`` for each movement's own.
        quarters: quarter notes per minute whatever the movement, as an external clock has them,
            more than 0; ``None`` for ``tempo``.
        clock: whether MIDI clock, start, stop, continue and song position are sent.
        manner: how notes are played; at expression 0 evenly.
        is_led: whether an external clock keeps the time, so that there is no tempo curve.

    Raises:
        InputError: a tempo is not a number above 0.
    """

    voice: ChannelSettings = field(default_factory=ChannelSettings)
    tempo: float | None = None
    quarters: float | None = None
    clock: bool = False
    manner: Manner = EVEN
    is_led: bool = False

    def __post_init__(self) -> None:
        for tempo in (self.tempo, self.quarters):
            if tempo is not None and not (math.isfinite(tempo) and tempo > 0):
                raise InputError(f"tempo {tempo}: it must be a number of beats per minute above 0")

    def tempo_of(self, movement: Movement) -> float:
        """Felt beats per minute at which ``movement`` is played."""
        if self.quarters is not None:
            return self.quarters * TICKS_PER_QUARTER / movement.meter.beat_ticks
        return movement.tempo if self.tempo is None else self.tempo

    @property
    def rubato(self) -> float:
        """How much of the tempo curve is played, as an expression."""
        return 0.0 if self.is_led else self.manner.expression
