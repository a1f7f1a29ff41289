"""Written notes of a movement to performed notes.

``expression`` says how much of a player there is in it: 0 is even playing, exactly as written, 1 an
average player. All that is drawn belongs to the seed and to the place in the movement, so the same
movement is always performed in the same way, from wherever it is begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from playbach.music.performed import MOST_EXPRESSION, Pace, Performance, PerformedNote
from playbach.performer.features import Passage
from playbach.performer.model import PerformerModel
from playbach.performer.playing import Hand, played
from playbach.performer.reading import Reading
from playbach.schema import Setting, TakesEffect, check

_NOTE = TakesEffect.NEXT_NOTE
Expression: TypeAlias = Annotated[
    float,
    Setting(
        "how freely it is played: 0 evenly, as written, 1 as players do", _NOTE,
        group="sound", label="Expression", low=0, high=MOST_EXPRESSION,
    ),
]  # fmt: skip
Dynamics: TypeAlias = Annotated[
    float,
    Setting(
        "how much loudness varies, where there is expression: 1 as with players", _NOTE,
        group="sound", label="Dynamics", low=0, high=MOST_EXPRESSION,
    ),
]  # fmt: skip
Articulation: TypeAlias = Annotated[
    float,
    Setting(
        "how much notes are shortened and bound, where there is expression: 1 as by players", _NOTE,
        group="sound", label="Articulation", low=0, high=MOST_EXPRESSION,
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """How much of a player there is in the playing.

    Attributes:
        expression: of all he does; 0 for even playing, exactly as written.
        dynamics: of louder and softer, as a factor.
        articulation: of shortening and binding notes, as a factor.

    Raises:
        InputError: one is outside its range.
    """

    expression: Expression = 1.0
    dynamics: Dynamics = 1.0
    articulation: Articulation = 1.0

    def __post_init__(self) -> None:
        check(self)

    def hand(self, tick: float) -> Hand:
        """Whoever plays so, where a tick usually takes so many nanoseconds."""
        return Hand(tick, self.expression, self.dynamics, self.articulation)


@dataclass(frozen=True, slots=True)
class Performer:
    """Plays movements.

    Attributes:
        manner: how.
        seed: of what is drawn.
        model: what is learned of players; ``None`` for the one included.
    """

    manner: Manner = Manner()
    seed: int = 0
    model: PerformerModel | None = None

    def perform(self, passage: Passage, tempo: float) -> Performance:
        """How the passage is played; while its end is not known, as far as that is certain.

        Args:
            passage: what is written.
            tempo: felt beats per minute, more than 0; chords are rolled in real time.
        """
        expression = self.manner.expression
        if not expression:
            return Performance(tuple(PerformedNote(note) for note in passage.notes))
        meter, borders = passage.meter, passage.double_bars
        reading = Reading(meter, passage.pickup, borders, self.seed, self.model)
        for note in passage.notes:
            reading.add(note)
        if passage.end is not None:
            reading.close(passage.end)
        hand = self.manner.hand(60_000_000_000 / (tempo * meter.beat_ticks))
        read = list(reading.take())
        notes = zip(passage.notes, read[1:], strict=False)
        return Performance(
            tuple(played(note, one.gesture, hand) for note, one in notes if one.gesture),
            tuple(Pace(lean.tick, lean.stretch(expression)) for one in read for lean in one.leans),
        )
