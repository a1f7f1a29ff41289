"""What the composer hands to the player: movements, their notes in order, their ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from playbach.music.form import Form
from playbach.music.key import Key
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks

Seconds = NewType("Seconds", float)
"""A time or a duration, in seconds."""

ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement about to be played.

    Attributes:
        suite: number of the suite since the start, from 1.
        position: place in the suite, from 1.
        form: kind of movement.
        key: home key.
        meter: meter throughout.
        tempo: felt beats per minute, more than 0.
        pickup: ticks before the first bar line.
        is_last: whether the suite ends with it.
    """

    suite: int
    position: int
    form: Form
    key: Key
    meter: Meter
    tempo: float
    pickup: Ticks = Ticks(0)
    is_last: bool = False

    @property
    def title(self) -> str:
        """Such as ``Suite 3 in D minor, IV Sarabande``."""
        number = ROMAN[self.position] if self.position < len(ROMAN) else str(self.position)
        return f"Suite {self.suite} in {self.key}, {number} {self.form.title}"


@dataclass(frozen=True, slots=True)
class Recall:
    """A note that the network looked back to.

    Attributes:
        index: which of the movement's notes, from 0.
        weight: share of all it looked at, above 0, at most 1.
    """

    index: int
    weight: float


@dataclass(frozen=True, slots=True)
class RecallingNote(Note):
    """A note that says where it comes from, for whoever shows that.

    Attributes:
        index: which of the movement's notes it is as composed, from 0; where repeats are played,
            a note comes twice.
        recalls: the earlier notes that its pitch was drawn from, the most important first.
    """

    index: int = 0
    recalls: tuple[Recall, ...] = ()


@dataclass(frozen=True, slots=True)
class MovementEnd:
    """The movement is over.

    Attributes:
        length: ticks from the start of the movement to the end of its last bar.
        rest: silence before the next movement, 0 or more.
    """

    length: Ticks
    rest: Seconds


StreamItem = Movement | Note | MovementEnd
"""A ``Movement``, then its ``Note``s (onsets from the start of the movement, in order), then its
``MovementEnd``, then the next ``Movement``: endlessly."""
