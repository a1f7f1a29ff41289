"""Meters: how ticks group into beats and bars."""

from __future__ import annotations

from dataclasses import dataclass

from playbach.errors import InputError

TICKS_PER_QUARTER = 24
TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER
UNITS = (1, 2, 4, 8, 16, 32)
MAX_BEATS = 32


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature.

    Attributes:
        count: units in a bar, 1 to 32 (the upper number).
        unit: what is counted: 1, 2, 4, 8, 16 or 32 for whole notes to thirty-seconds.

    Raises:
        InputError: a number is none of these.
    """

    count: int
    unit: int

    def __post_init__(self) -> None:
        if self.unit not in UNITS or not 1 <= self.count <= MAX_BEATS:
            raise InputError(
                f"meter {self.count}/{self.unit}: the upper number is 1 to {MAX_BEATS}, the lower "
                f"one of {', '.join(map(str, UNITS))}"
            )

    def __str__(self) -> str:
        return f"{self.count}/{self.unit}"

    @property
    def unit_ticks(self) -> int:
        """Ticks in one counted unit."""
        return TICKS_PER_WHOLE // self.unit

    @property
    def bar_ticks(self) -> int:
        """Ticks in one bar."""
        return self.count * self.unit_ticks

    @property
    def is_compound(self) -> bool:
        """Whether three units make a beat, as in 6/8 and 12/8 (and 3/8, felt in one)."""
        return self.unit >= 8 and self.count % 3 == 0  # noqa: PLR2004 eighths and shorter

    @property
    def beat_ticks(self) -> int:
        """Ticks in one felt beat: three units in compound meters, else one."""
        return self.unit_ticks * (3 if self.is_compound else 1)


COMMON_TIME = Meter(4, 4)


def parse_meter(text: str) -> Meter:
    """Read a meter such as ``3/4``.

    Raises:
        InputError: the text is not two numbers with a slash, or not a meter.
    """
    count, slash, unit = text.strip().partition("/")
    if not (slash and count.isdecimal() and unit.isdecimal() and len(text) < 8):  # noqa: PLR2004
        raise InputError(
            f"meter {text[:40]!r}: write two numbers with a slash, such as 3/4 or 12/8"
        )
    return Meter(int(count), int(unit))
