"""What a listener may ask of the composer; each quantity with its limits and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from playbach.errors import InputError
from playbach.music.form import Form
from playbach.music.key import Key
from playbach.music.meter import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Meter
from playbach.schema import Setting, TakesEffect, check

SHORTEST_BAR, LONGEST_BAR = TICKS_PER_QUARTER, 2 * TICKS_PER_WHOLE
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 5.0
PARTS = ("shift", "pitch", "duration")
"""The parts of a note, each of which may have a temperature of its own."""
_SOON, _MOVEMENT = TakesEffect.SOON, TakesEffect.NEXT_MOVEMENT


def _temperature(of: str) -> Setting:
    return Setting(
        f"temperature of {of}", _SOON, group="music", none_means="as temperature",
        low=LOWEST_TEMPERATURE, high=HIGHEST_TEMPERATURE,
    )  # fmt: skip


Tempo: TypeAlias = Annotated[
    float | None,
    Setting(
        "tempo of every movement", TakesEffect.NEXT_NOTE, group="music", label="Tempo",
        low=10, high=400, unit="felt beats per minute", none_means="each form has its own",
        logarithmic=True,
    ),
]  # fmt: skip
Temperature: TypeAlias = Annotated[
    float,
    Setting(
        "sampling temperature: 1 as learned, lower is safer, higher bolder", _SOON, group="music",
        label="Temperature", low=LOWEST_TEMPERATURE, high=HIGHEST_TEMPERATURE, logarithmic=True,
    ),
]  # fmt: skip
ShiftTemperature: TypeAlias = Annotated[float | None, _temperature("when notes begin")]
PitchTemperature: TypeAlias = Annotated[float | None, _temperature("pitches")]
DurationTemperature: TypeAlias = Annotated[float | None, _temperature("durations")]
TopP: TypeAlias = Annotated[
    float,
    Setting(
        "draw from the likeliest choices that together have this probability", _SOON,
        group="music", low=0.01, high=1,
    ),
]  # fmt: skip
Memory: TypeAlias = Annotated[
    float,
    Setting(
        "how strongly a piece returns to its own motifs; 1 as learned", _SOON, group="music",
        label="Memory", low=0, high=2,
    ),
]  # fmt: skip
PlanStrength: TypeAlias = Annotated[
    float,
    Setting(
        "how strictly the plan of a movement is kept: 0 not at all, 1 as usual", _SOON,
        group="music", label="Plan", low=0, high=1.5,
    ),
]  # fmt: skip
Playable: TypeAlias = Annotated[
    bool,
    Setting(
        "only chords that a cellist's hand can stop", _SOON, group="music", label="Playable chords"
    ),
]  # fmt: skip
Repeats: TypeAlias = Annotated[
    bool, Setting("play each half of a dance twice", _MOVEMENT, group="music", label="Repeats")
]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a listener asks of the movements; ``None`` leaves it to the suite.

    Attributes:
        form: every movement is of this form.
        key: every movement is in this key.
        tempo: felt beats per minute.
        meter: every movement is in this meter; a bar lasts from a quarter to two whole notes.
        repeats: each half of a binary dance is played twice.

    Raises:
        InputError: the tempo or the meter is outside its range.
    """

    form: Form | None = None
    key: Key | None = None
    tempo: Tempo = None
    meter: Meter | None = None
    repeats: Repeats = False

    def __post_init__(self) -> None:
        check(self)
        if self.meter is not None:
            check_bar(self.meter)


def check_bar(meter: Meter) -> Meter:
    """``meter``, if the composer can write in it.

    Raises:
        InputError: its bar is too short or too long.
    """
    if not SHORTEST_BAR <= meter.bar_ticks <= LONGEST_BAR:
        raise InputError(f"meter {meter}: a bar must last from 1/4 to 2/1")
    return meter


@dataclass(frozen=True, slots=True)
class Sampling:
    """How boldly symbols are chosen.

    Its fields say what they mean. ``top_p`` is nucleus sampling (Holtzman et al. 2020, arXiv
    1904.09751).

    Raises:
        InputError: a number is outside its range.
    """

    temperature: Temperature = 1.0
    top_p: TopP = 0.97
    memory: Memory = 1.0
    shift_temperature: ShiftTemperature = None
    pitch_temperature: PitchTemperature = None
    duration_temperature: DurationTemperature = None
    playable: Playable = True
    plan: PlanStrength = 1.0

    def __post_init__(self) -> None:
        check(self)

    def of(self, part: str) -> float:
        """The temperature of one of ``PARTS``."""
        own: float | None = getattr(self, f"{part}_temperature")
        return self.temperature if own is None else own

    def memory_when(self, repetition: float) -> float:
        """``memory * max(1 - repetition, 0)``: the more repetition, the less memory.

        Args:
            repetition: 0 for none, 1 for much, at most 1.5: of ``RepetitionGuard``.
        """
        return self.memory * max(1 - repetition, 0.0)


def parse_temperatures(text: str) -> dict[str, float]:
    """Fields of ``Sampling`` from ``0.9``, ``pitch=0.9,duration=0.7`` or ``1,pitch=0.9``.

    Raises:
        InputError: the text is no such list; numbers out of range are for ``Sampling`` to refuse.
    """
    found: dict[str, float] = {}
    for word in text.split(","):
        part, _, number = word.rpartition("=")
        name = f"{part.strip()}_temperature".lstrip("_")
        try:
            value = float(number)
        except ValueError:
            value = None
        if value is None or name in found or part.strip() not in ("", *PARTS):
            raise InputError(
                f"temperature {text[:60]!r}: write a number, or numbers for some of "
                f"{', '.join(PARTS)}, each once, such as 0.9 or 1,pitch=0.9,duration=0.7"
            )
        found[name] = value
    return found
