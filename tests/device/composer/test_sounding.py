"""Chords do not move in parallel fifths or octaves, as Bach's do not."""

from __future__ import annotations

import pytest

from playbach.bundle import PitchRange
from playbach.composer.sounding import Sounding

CELLO = PitchRange(36, 76)


def after(*chords: tuple[int, ...], pitches: PitchRange = CELLO) -> Sounding:
    """Chords a quarter apart, notes of a quarter."""
    sounding = Sounding(pitches, 48)
    for chord in chords:
        for index, pitch in enumerate(chord):
            sounding.add(0 if index else 24, pitch, 24)
    return sounding


@pytest.mark.parametrize(
    ("chords", "pitch", "allowed"),
    [
        ([(48, 55), (50,)], 57, False),
        ([(48, 55), (50,)], 69, False),
        ([(48, 60), (50,)], 62, False),
        ([(48, 55), (50,)], 62, True),
        ([(48, 55), (48,)], 55, True),
        ([(48, 55), (43,)], 50, False),
        ([(48, 64), (50,)], 57, True),
    ],
)
def test_a_fifth_or_octave_is_not_followed_by_another_in_the_same_direction(
    chords: list[tuple[int, ...]], pitch: int, allowed: bool
) -> None:
    assert after(*chords).allowed(0, playable=False)[pitch] == allowed


def test_a_parallel_is_better_than_nothing() -> None:
    narrow = PitchRange(48, 57)
    sounding = after((48, 55), (50,), pitches=narrow)
    sounding.add(0, 56, 24)
    assert sounding.allowed(0, playable=False)[57]
