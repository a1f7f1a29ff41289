"""What the composer hands to the player: movements, their notes in order, their ends."""

from __future__ import annotations

from dataclasses import dataclass

from playbach.music.form import Form
from playbach.music.key import Key
from playbach.music.meter import Meter
from playbach.music.note import Note, Ticks
from playbach.timing import Seconds as Seconds  # noqa: PLC0414 the movements' unit of time

SUITE_LENGTH = 7
"""Movements of a suite."""
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a movement stands in all the music of a seed; with the same settings it is the same.

    Attributes:
        seed: of the music, 0 or more.
        number: of the movement, from 1, whichever were played before it.
    """

    seed: int
    number: int

    def __str__(self) -> str:
        """Such as ``seed=42 movement=18``."""
        return f"seed={self.seed} movement={self.number}"

    @property
    def suite(self) -> int:
        """Number of its suite, from 1."""
        return (self.number - 1) // SUITE_LENGTH + 1

    @property
    def position(self) -> int:
        """Place in the suite, from 1."""
        return (self.number - 1) % SUITE_LENGTH + 1

    @property
    def next(self) -> Place:
        """The place after it."""
        return Place(self.seed, self.number + 1)

    @property
    def next_suite(self) -> Place:
        """The first place of the suite after its own."""
        return Place(self.seed, SUITE_LENGTH * self.suite + 1)

    @property
    def playing_seed(self) -> int:
        """Of what a player does that nothing predicts."""
        return self.seed + self.number - 1


@dataclass(frozen=True, slots=True)
class PlannedBar:
    """What a bar is planned to be.

    Attributes:
        key: in which it is.
        like: number of the earlier bar that it is like, from 1; 0 for a new one.
        closes: whether a phrase closes with it.
    """

    key: Key
    like: int
    closes: bool


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
        seed: of the music that it belongs to.
        double_bar: ticks from its beginning to its double bar, 0 if it has none; known once it is
            being composed.
        borders: ticks from its beginning at which its inner sections end, as they are played and
            as it is planned; known once it is being composed.
        bars: what each is planned to be, repeats left out; known once it is being composed, empty
            where nothing is planned.
    """

    suite: int
    position: int
    form: Form
    key: Key
    meter: Meter
    tempo: float
    pickup: Ticks = Ticks(0)
    seed: int = 0
    double_bar: Ticks = Ticks(0)
    borders: tuple[Ticks, ...] = ()
    bars: tuple[PlannedBar, ...] = ()

    @property
    def place(self) -> Place:
        """Where it stands in the music of its seed."""
        return Place(self.seed, SUITE_LENGTH * (self.suite - 1) + self.position)

    @property
    def is_last(self) -> bool:
        """Whether its suite ends with it."""
        return self.position == SUITE_LENGTH

    @property
    def title(self) -> str:
        """Such as ``Suite 3 in D minor, IV Sarabande``."""
        number = ROMAN[self.position] if self.position < len(ROMAN) else str(self.position)
        return f"Suite {self.suite} in {self.key.title}, {number} {self.form.title}"


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
        waits: whether nothing follows before it is asked for: it was the answer to somebody.
    """

    length: Ticks
    rest: Seconds
    waits: bool = False


StreamItem = Movement | Note | MovementEnd
"""A ``Movement``, then its ``Note``s (onsets from the start of the movement, in order), then its
``MovementEnd``, then the next ``Movement``: endlessly."""
