"""Two recordings: read whatever they are, aligned, and told apart from what is no pair."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from playbach.errors import InputError
from playbach_train.sound.pairs import (
    Pair,
    Samples,
    aligned,
    baselines,
    error_to_signal,
    explained,
    read_pair,
    read_wav,
)

RATE = 8_000


def sound(seconds: float = 12.0, seed: int = 1) -> Samples:
    """Noise whose loudness changes, as that of music does."""
    rng = np.random.default_rng(seed)
    loudness = np.repeat(rng.uniform(0.05, 0.3, round(seconds * 4)), RATE // 4)
    return (loudness * rng.uniform(-1, 1, len(loudness))).astype(np.float32)


def as_24_bits(path: Path, samples: Samples) -> None:
    whole = np.rint(samples * (2**23 - 1)).astype("<i4").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        file.writeframes(b"".join(whole[at : at + 3] for at in range(0, len(whole), 4)))


@pytest.mark.parametrize("kind", ["uint8", "int16", "int24", "int32", "float32", "float64"])
def test_a_recording_is_the_same_in_every_width(tmp_path: Path, kind: str) -> None:
    path, samples = tmp_path / "a.wav", sound()
    if kind == "int24":
        as_24_bits(path, samples)
    elif kind.startswith("float"):
        wavfile.write(path, RATE, samples.astype(kind))
    else:
        most = np.iinfo(kind).max // (2 if kind == "uint8" else 1)
        middle = 128 if kind == "uint8" else 0
        wavfile.write(path, RATE, (np.rint(samples * np.float64(most)) + middle).astype(kind))
    found, said = read_wav(path, RATE)
    assert said == []
    assert np.abs(found - samples).max() < (0.02 if kind == "uint8" else 1e-4)


def test_channels_and_rates_are_brought_together_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wavfile.write(path, 2 * RATE, np.stack([sound(24), sound(24)], axis=1))
    found, said = read_wav(path, RATE)
    assert len(found) == 12 * RATE
    assert [line.split(": ")[1] for line in said] == [
        "2 channels, of which the mean is taken",
        "16,000 samples a second, converted to 8,000",
    ]


FAULTS = {
    "missing": (None, "cannot be read"),
    "empty": (b"", "this is not a whole WAV file"),
    "rubbish": (b"RIFF" + bytes(200), "this is not a whole WAV file"),
    "silent": (np.zeros(RATE, np.int16), "is silent"),
    "clipped": (np.full(RATE, 32767, np.int16), "of it is clipped"),
    "no numbers": (np.full(RATE, np.nan, np.float32), "no numbers"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_learned_from_is_one_line(tmp_path: Path, fault: str) -> None:
    content, said = FAULTS[fault]
    path = tmp_path / "a.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        wavfile.write(path, RATE, content)
    with pytest.raises(InputError, match=said) as error:
        read_wav(path, RATE)
    assert str(error.value).startswith(str(path))


@settings(max_examples=10, deadline=None)
@given(delay=st.integers(-2000, 2000), sign=st.sampled_from((-1.0, 1.0)))
def test_the_delay_is_found_to_the_sample(delay: int, sign: float) -> None:
    dry = sound()
    wet = np.tanh(4 * sign * dry)
    late = np.concatenate([np.zeros(max(0, delay), np.float32), wet[max(0, -delay) :]])
    pair, found = aligned(dry, late.astype(np.float32), RATE)
    assert found == delay
    assert np.allclose(pair.wet, np.tanh(4 * sign * pair.dry), atol=1e-6)


def test_recordings_of_different_things_are_no_pair(tmp_path: Path) -> None:
    wavfile.write(tmp_path / "a.wav", RATE, sound(seed=1))
    wavfile.write(tmp_path / "b.wav", RATE, sound(seed=2))
    with pytest.raises(InputError, match="are not related"):
        read_pair(tmp_path / "a.wav", tmp_path / "b.wav", RATE)
    wavfile.write(tmp_path / "b.wav", RATE, sound(seed=1)[: 3 * RATE])
    with pytest.raises(InputError, match=r"3\.0 seconds in common; at least 10"):
        read_pair(tmp_path / "a.wav", tmp_path / "b.wav", RATE)


def test_parts_are_apart_by_half_a_second_and_in_order() -> None:
    times = np.arange(20 * RATE, dtype=np.float32)
    train, validation, test = Pair(times, times, RATE).split()
    for one, other in ((train, validation), (validation, test)):
        assert other.dry[0] - one.dry[-1] >= 0.49 * RATE
    assert test.dry[-1] == times[-1]


def test_each_baseline_finds_what_it_can() -> None:
    dry = sound(20)
    filtered = np.convolve(dry, [0.5, 0.0, -0.3])[: len(dry)].astype(np.float32)
    train, _, test = Pair(dry, filtered, RATE).split()
    found = baselines(train, test)
    assert found["filter of 256 taps"] < 0.001 < found["best gain"] < found["dry"]
    train, _, test = Pair(dry, np.tanh(8 * dry).astype(np.float32), RATE).split()
    found = baselines(train, test)
    assert found["static curve"] < 0.01 < found["filter of 256 taps"]
    assert explained(train, 16) < 0.999
    assert error_to_signal(dry, dry) == 0.0
