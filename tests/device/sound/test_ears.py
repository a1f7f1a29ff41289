"""Notes are heard through noise, however late; noise, hum and others are not taken for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from playbach.sound.ears import ENOUGH, LATE, NOTES, Played, listen, phrase

RATE = 16_000
SAMPLES = round((NOTES * 0.25 + LATE + 0.5) * RATE)


def sounding(notes: list[Played], delay: float) -> npt.NDArray[np.float32]:
    """Notes on a plucked string, so late, each with half a second of echo."""
    sound = np.zeros(SAMPLES, np.float32)
    for note in notes:
        times = np.arange(round((note.lasts + 0.5) * RATE)) / RATE
        at = round((delay + note.at) * RATE)
        tone = sum(
            np.sin(2 * np.pi * partial * 440 * 2 ** ((note.key - 69) / 12) * times) / partial
            for partial in range(1, 7)
        )
        loud = np.exp(-3 * times) * np.minimum(1, np.exp(-12 * (times - note.lasts)))
        wave = (0.3 * tone * loud).astype(np.float32)[: SAMPLES - at]
        sound[at : at + len(wave)] += wave
    return sound


def pink(seed: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(SAMPLES))
    falling = np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.asarray(np.fft.irfft(spectrum / falling, SAMPLES), np.float32)


def later(notes: list[Played]) -> list[Played]:
    return [note._replace(at=note.at + 0.25) for note in notes]


SCALE = [
    Played(0.25 + 0.16 * number, 0.15, 40 + (0, 2, 3, 5, 7, 8, 10, 12)[number % 8])
    for number in range(NOTES + 6)
]
"""In steps, as music goes: the note before still sounds, beside the key that is looked for."""


@pytest.mark.parametrize("notes", [later(phrase(7)), SCALE], ids=["phrase", "scale"])
@pytest.mark.parametrize("delay", [-0.1, 0.137, 1.3])
def test_notes_are_heard_through_noise_twice_as_loud(notes: list[Played], delay: float) -> None:
    sound, noise = sounding(notes, delay), pink(1)
    noise *= 2 * np.sqrt(np.mean(sound**2) / np.mean(noise**2))
    found = listen(sound + noise, RATE, notes)
    assert found.is_heard
    assert found.delay == pytest.approx(delay, abs=0.06)


def test_what_is_something_else_is_not_taken_for_the_notes() -> None:
    times = np.arange(SAMPLES) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * number * times) / number for number in range(1, 9))
    for seed in range(3):
        others = (pink(seed), np.asarray(hum, np.float32), sounding(later(phrase(seed + 100)), 0.2))
        for sound in others:
            assert listen(sound, RATE, later(phrase(seed))).notes < ENOUGH
            assert not listen(sound, RATE, SCALE).is_heard
    silence = np.zeros(SAMPLES, np.float32)
    assert listen(silence, RATE, later(phrase(0))).notes == 0


def test_of_too_few_notes_nothing_is_known() -> None:
    short = [note._replace(lasts=0.05) for note in SCALE[:10]]
    found = listen(sounding(SCALE, 0.0), RATE, [*short, *SCALE[10:]])
    assert (found.of, found.is_known, found.is_heard) == (NOTES - 4, False, False)
