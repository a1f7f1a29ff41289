"""What kind of sound is heard, such as speech or music: a small network over a second of it.

The file is an archive as a bundle is: ``manifest.json`` and one TFLite graph. What the graph is
given is computed here, for training too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.archive import REMEDY, read_described, shown_path
from playbach.errors import BundleError
from playbach.quiet import quiet_stderr
from playbach.runtime import first_line, runtime
from playbach.schema import Limits

Samples: TypeAlias = NDArray[np.float32]
KIND, VERSION = "sounds", 1
RATE = 8_000
"""Samples a second that are looked at; most recordings of speech have no more."""
CLIP = RATE
"""Samples that are told apart at once."""
MOST_LABELS = 16
_SIZE, _HOP = 256, 128
"""Samples of a frame, and from one to the next."""
FRAMES = (CLIP - _SIZE) // _HOP
BANDS = 32
_LOWEST = 50.0
"""Hertz."""
_FLOOR = 1e-10
Ratio = Annotated[float, Limits(low=0, high=1)]


@dataclass(frozen=True, slots=True)
class SoundsManifest:
    """What a classifier says of itself.

    Attributes:
        kind: ``sounds``.
        version: of this format, 1.
        name: of the run that it was trained in.
        network: one of ``NETWORKS``, which says what it is given.
        labels: what it tells apart, in the order of its output.
        accuracy: share of seconds told rightly of sources that it was not trained on, each label
            as heavy as the others.
        seen: the same of other seconds of the sources that it was trained on.
        sources: how many there were of the first.
        sha256: of the graph.
        made_from: with which versions, by name.
    """

    kind: Annotated[str, Limits(choices=(KIND,), required=True)]
    version: Annotated[int, Limits(low=VERSION, high=VERSION)]
    name: str
    network: Annotated[str, Limits(choices=("features", "frames"))]
    labels: Annotated[tuple[str, ...], Limits(fewest=2, most=MOST_LABELS)]
    accuracy: Ratio
    seen: Ratio
    sources: Annotated[int, Limits(low=1)]
    sha256: Annotated[str, Limits(pattern="[0-9a-f]{64}", meaning="64 hex digits")]
    made_from: Annotated[Mapping[str, str], Limits(most=16)]


class Seen(NamedTuple):
    """What a network is given of a clip."""

    of: Callable[[Samples], Samples]  # computes it
    shape: tuple[int, ...]  # it has


def features(clip: Samples) -> Samples:
    """Loudness in dB, share of zero crossings, centroid of the spectrum and its spread in kHz."""
    spectrum = _power(clip).mean(axis=0)
    hertz = np.fft.rfftfreq(_SIZE, 1 / RATE) / 1000
    weight = spectrum / max(float(spectrum.sum()), _FLOOR)
    centroid = float(hertz @ weight)
    spread = float(np.sqrt((hertz - centroid) ** 2 @ weight))
    crossings = float(np.mean(clip[1:] * clip[:-1] < 0))
    loudness = 10 * np.log10(float(np.mean(clip**2)) + _FLOOR)
    return np.array([loudness, crossings, centroid, spread], np.float32)


def frames(clip: Samples) -> Samples:
    """The level in dB of each of ``BANDS`` bands, evenly spaced in mel, in each frame."""
    return np.asarray(10 * np.log10(_power(clip) @ _bands() + _FLOOR), np.float32)


NETWORKS: Mapping[str, Seen] = MappingProxyType(
    {"features": Seen(features, (4,)), "frames": Seen(frames, (FRAMES, BANDS))}
)
"""By name, what a network is given of a clip. Its first feature, or all bands, are dB."""


def resampled(samples: Samples, rate: int) -> Samples:
    """A few seconds at ``RATE``, without what is higher than that holds."""
    count = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, count) * (count / max(1, len(samples))), np.float32)


class Classifier:
    """A classifier ready to run."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            BundleError: it is missing, damaged or no classifier.
        """
        self.manifest, graph = read_described(path, SoundsManifest, KIND)
        self._seen = NETWORKS[self.manifest.network]
        where = f"{shown_path(path)}: {KIND}.tflite"
        try:
            with quiet_stderr():
                self._interpreter = runtime().Interpreter(model_content=graph, num_threads=1)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"{where} is not a graph that this runtime can run ({first_line(error)}); {REMEDY}"
            ) from error
        sides = (*self._interpreter.get_input_details(), *self._interpreter.get_output_details())
        shapes = [tuple(map(int, one["shape"])) for one in sides]
        if shapes != [(1, *self._seen.shape), (1, len(self.manifest.labels))]:
            raise BundleError(f"{where} has the tensors {shapes}; {REMEDY}")
        self._given, self._made = (int(one["index"]) for one in sides)

    def shares(self, samples: Samples, rate: int) -> dict[str, float]:
        """How likely each kind is, likeliest first; nothing if there is less than a second.

        Args:
            samples: -1 to 1.
            rate: of them a second.
        """
        whole = resampled(samples, rate)
        starts = range(0, len(whole) - CLIP + 1, CLIP // 2)
        if not starts:
            return {}
        mean = np.mean([self._run(whole[start : start + CLIP]) for start in starts], axis=0)
        found = dict(zip(self.manifest.labels, map(float, mean), strict=True))
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def _run(self, clip: Samples) -> NDArray[Any]:
        self._interpreter.set_tensor(self._given, self._seen.of(clip)[None])
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._made)[0])


def _power(clip: Samples) -> NDArray[np.float64]:
    starts = np.arange(FRAMES)[:, None] * _HOP
    cut = clip[starts + np.arange(_SIZE)] * np.hanning(_SIZE)
    return np.abs(np.fft.rfft(cut)) ** 2 / _SIZE


def _bands() -> NDArray[np.float64]:
    """Triangles over the bins of a spectrum, ``(bins, BANDS)``."""
    mel = np.linspace(_mel(_LOWEST), _mel(RATE / 2), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.fft.rfftfreq(_SIZE, 1 / RATE)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))
