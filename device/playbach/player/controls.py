"""How the notes are sent: what may change from one note to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from playbach.errors import InputError
from playbach.midi_messages import MAX_CHANNEL, MAX_DATA, program_change, volume
from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.stream import Movement

MOST_TRANSPOSED = 24
"""Semitones, up or down."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How the notes are sent.

    Attributes:
        channel: MIDI channel, 0 to 15.
        program: General MIDI program sent at the start of each movement, 0 to 127 (42 is the
            cello); ``None`` leaves the synth as it is.
        velocity: of every note, 1 to 127.
        accent: added to it on the first beat of a bar; 0 or more, 127 at most with the velocity.
        volume: of the channel (controller 7), 0 to 127; ``None`` leaves the synth as it is.
        transpose: semitones by which notes are sent higher, -24 to 24.

    Raises:
        InputError: a number is outside its range.
    """

    channel: int = 0
    program: int | None = None
    velocity: int = 80
    accent: int = 8
    volume: int | None = None
    transpose: int = 0

    def __post_init__(self) -> None:
        for what, number, low, high in (
            ("channel", self.channel, 0, MAX_CHANNEL),
            ("program", self.program or 0, 0, MAX_DATA),
            ("velocity", self.velocity, 1, MAX_DATA),
            ("accent", self.accent, 0, MAX_DATA - self.velocity),
            ("volume", self.volume or 0, 0, MAX_DATA),
            ("transpose", self.transpose, -MOST_TRANSPOSED, MOST_TRANSPOSED),
        ):
            if not low <= number <= high:
                raise InputError(f"{what} {number}: it must be {low} to {high}")

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

    def news(self, before: Voice) -> list[bytes]:
        """What a synth that was told ``before`` must still be told."""
        if self.channel != before.channel:
            return self.announcement()
        said = before.announcement()
        return [message for message in self.announcement() if message not in said]


@dataclass(frozen=True, slots=True)
class Controls:
    """All that may change from one note to the next.

    Attributes:
        voice: channel, instrument and loudness.
        tempo: felt beats per minute, more than 0; ``None`` for each movement's own.
        quarters: quarter notes per minute whatever the movement, as an external clock has them,
            more than 0; ``None`` for ``tempo``.
        clock: whether MIDI clock, start, stop, continue and song position are sent.

    Raises:
        InputError: a tempo is not a number above 0.
    """

    voice: Voice = field(default_factory=Voice)
    tempo: float | None = None
    quarters: float | None = None
    clock: bool = False

    def __post_init__(self) -> None:
        for tempo in (self.tempo, self.quarters):
            if tempo is not None and not (math.isfinite(tempo) and tempo > 0):
                raise InputError(f"tempo {tempo}: it must be a number of beats per minute above 0")

    def tempo_of(self, movement: Movement) -> float:
        """Felt beats per minute at which ``movement`` is played."""
        if self.quarters is not None:
            return self.quarters * TICKS_PER_QUARTER / movement.meter.beat_ticks
        return movement.tempo if self.tempo is None else self.tempo
