"""What goes into an effect and what comes out of it: two WAV files, checked, aligned and split."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from scipy.io import wavfile
from scipy.linalg import solve_toeplitz

from playbach.errors import InputError

Samples: TypeAlias = NDArray[np.float32]
MAX_BYTES = 1 << 30
RATES = (8_000, 192_000)
SHORTEST = 10.0
"""Seconds that a pair must have in common."""
LONGEST = 3_600.0
MOST_DELAY = 1.0
"""Seconds by which one recording may be later than the other."""
_SILENT = 10 ** (-60 / 20)
"""A recording whose loudest sample is below this holds nothing to learn from."""
_CLIPPED = 0.001
"""Share of samples at full scale from which a recording counts as clipped."""
_UNRELATED = 0.95
"""Share of the wet sound's energy that not even the best filter finds in the dry one."""
_LOOK = 30.0
"""Seconds in which the delay is looked for."""
_GAP = 0.5
"""Seconds left out between two parts: what sounds in one must not be heard in the next."""
PRE_EMPHASIS = 0.95
"""Of the filter 1 - 0.95 z^-1 through which errors are heard (Wright et al. 2019)."""


@dataclass(frozen=True)
class Pair:
    """Dry and wet sound, sample by sample.

    Attributes:
        dry: what goes in, -1 to 1.
        wet: what comes out, as long as ``dry``.
        rate: samples per second.
    """

    dry: Samples
    wet: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.dry) / self.rate

    def part(self, begin: float, end: float) -> Pair:
        """From one share of its length to another."""
        cut = slice(round(begin * len(self.dry)), round(end * len(self.dry)))
        return Pair(self.dry[cut], self.wet[cut], self.rate)

    def split(self) -> tuple[Pair, Pair, Pair]:
        """Parts to train on, to choose the best epoch by, and to measure on, apart in time."""
        gap = _GAP / self.seconds
        return self.part(0, 0.8 - gap), self.part(0.8, 0.9 - gap), self.part(0.9, 1)


def read_wav(path: Path, rate: int, *, whatever: bool = False) -> tuple[Samples, list[str]]:
    """A recording as one channel at ``rate``, and what a user should know of it.

    Raises:
        InputError: it is missing, too large, or no WAV file that can be read; or, unless it may be
            ``whatever``, silent or clipped.
    """
    given, samples = _read(path)
    said = []
    if samples.ndim > 1:
        said.append(f"{path}: {samples.shape[1]} channels, of which the mean is taken")
        samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise InputError(f"{path}: holds samples that are no numbers; record it again")
    if not whatever:
        _check_level(path, samples)
    if given != rate:
        said.append(f"{path}: {given:,} samples a second, converted to {rate:,}")
        common = gcd(given, rate)
        samples = signal.resample_poly(samples, rate // common, given // common)
    return np.asarray(samples, np.float32), said


def _check_level(path: Path, samples: NDArray[np.float64]) -> None:
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < _SILENT:
        raise InputError(f"{path}: is silent; record it again, at -20 to -3 dB below full scale")
    clipped = float(np.mean(np.abs(samples) >= 0.9999 * max(peak, 1.0)))
    if clipped > _CLIPPED:
        raise InputError(
            f"{path}: {clipped:.1%} of it is clipped; record it again, less loud: its peaks are to "
            "stay below full scale"
        )


def read_pair(dry: Path, wet: Path, rate: int) -> tuple[Pair, list[str]]:
    """Two recordings, aligned, and what a user should know of them.

    Raises:
        InputError: as of ``read_wav``; or they are too short, or not of the same thing.
    """
    one, said = read_wav(dry, rate)
    other, more = read_wav(wet, rate)
    pair, delay = aligned(one, other, rate)
    where = f"{dry} and {wet}"
    if pair.seconds < SHORTEST:
        raise InputError(
            f"{where}: have {pair.seconds:.1f} seconds in common; at least {SHORTEST:g} are needed"
        )
    missed = 1.0 - explained(pair, 256)
    if missed > _UNRELATED:
        raise InputError(
            f"{where}: are not related (a filter of the first leaves {missed:.0%} of the second); "
            "record both from the same start, the second through the effect"
        )
    later = "the wet sound is" if delay >= 0 else "the dry sound is"
    said += more
    said.append(f"{where}: {pair.seconds:.1f} s; {later} {abs(delay)} samples later")
    return pair, said


def aligned(dry: Samples, wet: Samples, rate: int) -> tuple[Pair, int]:
    """The pair without the delay between its sides, and that delay in samples.

    It is where the two are most alike, whatever their sign.
    """
    look = min(len(dry), len(wet), round(_LOOK * rate))
    most = min(round(MOST_DELAY * rate), look - 1)
    alike = np.abs(signal.correlate(wet[:look], dry[:look], "full", "fft"))
    delays = np.arange(-look + 1, look)
    near = np.abs(delays) <= most
    delay = int(delays[near][int(np.argmax(alike[near]))])
    dry, wet = (dry, wet[delay:]) if delay >= 0 else (dry[-delay:], wet)
    both = min(len(dry), len(wet))
    return Pair(dry[:both], wet[:both], rate), delay


def best_filter(pair: Pair, taps: int) -> NDArray[np.float64]:
    """The FIR filter with the least squared error, by the Wiener-Hopf equations."""
    dry, wet = (np.asarray(side, np.float64) for side in (pair.dry, pair.wet))
    size = 1 << (len(dry) + taps).bit_length()
    spectrum = np.fft.rfft(dry, size)
    own = np.fft.irfft(spectrum * spectrum.conj(), size)[:taps]
    cross = np.fft.irfft(spectrum.conj() * np.fft.rfft(wet, size), size)[:taps]
    own[0] *= 1 + 1e-6
    found: NDArray[np.float64] = solve_toeplitz(own, cross)
    return found


def explained(pair: Pair, taps: int) -> float:
    """Share of the wet sound's energy that the best filter gives, 0 to 1."""
    out = filtered(pair.dry, best_filter(pair, taps))
    left = float(np.sum((pair.wet - out) ** 2) / np.sum(pair.wet.astype(np.float64) ** 2))
    return max(0.0, 1.0 - left)


def filtered(samples: Samples, taps: NDArray[Any]) -> Samples:
    """Samples through a FIR filter."""
    return np.asarray(signal.fftconvolve(samples, taps)[: len(samples)], np.float32)


def error_to_signal(target: Samples, output: Samples) -> float:
    """Error-to-signal ratio through the filter ``1 - 0.95 z^-1``; 0 is perfect."""
    heard, missed = (
        side[1:] - PRE_EMPHASIS * side[:-1]
        for side in (np.asarray(target, np.float64), np.asarray(target, np.float64) - output)
    )
    return float(np.sum(missed**2) / max(float(np.sum(heard**2)), 1e-12))


def baselines(train: Pair, test: Pair) -> dict[str, float]:
    """Error-to-signal ratio on ``test`` of what needs no network."""
    gain = float(np.dot(train.wet, train.dry) / np.dot(train.dry, train.dry))
    curve = _curve(train)
    outputs = {
        "dry": test.dry,
        "best gain": gain * test.dry,
        "filter of 256 taps": filtered(test.dry, best_filter(train, 256)),
        "static curve": np.interp(test.dry, *curve).astype(np.float32),
    }
    return {name: error_to_signal(test.wet, output) for name, output in outputs.items()}


def _curve(pair: Pair, points: int = 101) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean wet sample for each dry one: an effect without memory."""
    edges = np.unique(np.quantile(pair.dry, np.linspace(0, 1, points)))
    place = np.clip(np.searchsorted(edges, pair.dry) - 1, 0, len(edges) - 2)
    count = np.maximum(np.bincount(place, minlength=len(edges) - 1), 1)
    where = np.bincount(place, pair.dry, minlength=len(edges) - 1) / count
    what = np.bincount(place, pair.wet, minlength=len(edges) - 1) / count
    order = np.argsort(where)
    return where[order], what[order]


def _read(path: Path) -> tuple[int, NDArray[np.float64]]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path}: has {size:,} bytes; at most {MAX_BYTES:,} are read")
        with warnings.catch_warnings():
            # Of chunks that hold no sound.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, samples = wavfile.read(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a WAV file") from error
    # What scipy raises for damaged files.
    except (ValueError, EOFError, ArithmeticError, LookupError, UnboundLocalError) as error:
        raise InputError(
            f"{path}: this is not a whole WAV file of 8 to 32 bits or of floats ({error})"
        ) from error
    if not RATES[0] <= rate <= RATES[1] or not samples.size:
        raise InputError(
            f"{path}: {rate:,} samples a second, {len(samples):,} in all; {RATES[0]:,} to "
            f"{RATES[1]:,} are allowed, and at least {SHORTEST:g} seconds"
        )
    if len(samples) > LONGEST * rate:
        raise InputError(f"{path}: is longer than {LONGEST / 60:.0f} minutes; cut it")
    kind = samples.dtype
    whole = np.asarray(samples, np.float64)
    if kind == np.uint8:
        whole = (whole - 128) / 128
    elif kind.kind == "i":
        # scipy gives 24 bits as the upper ones of 32.
        whole /= -float(np.iinfo(kind).min)
    return int(rate), whole
