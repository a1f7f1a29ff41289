"""A suite dry, and through the effect that is included: its course, a moment, and its spectrum."""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from bench.figures.picture import BLUE, GREY, ORANGE, Measured, Picture, Sources, png, sheet
from bench.report import composer_of

from playbach.bundle import read_bundle
from playbach.cli.save import compose
from playbach.midi.files import Placed
from playbach.performer.performer import Manner
from playbach.save import wav
from playbach.save.midi import performed
from playbach.sound.options import EFFECTS, SoundOptions

_SEED = 1
_STEPS = 900
_SHOWN = 0.04
"""Seconds of a moment."""
_HERTZ = 8_000.0
_SPECTRUM = 512
"""Steps of the spectrum up to there."""
_WAYS = ("dry", "through the effect")


def _measure(sources: Sources) -> Measured:
    composer = composer_of(read_bundle(sources.bundle), seed=_SEED)
    suite = [replace(movement, program=42) for movement in compose(composer, suite=True)]
    placed = performed(suite, Manner(), _SEED)
    dry, wet = (_recorded(placed, SoundOptions(effect=effect)) for effect in (None, EFFECTS[0]))
    loudest = float(np.argmax(np.abs(wet.samples))) / wet.rate
    return {
        "seed": _SEED,
        "movements": len(suite),
        **{way: sound.shown(loudest) for way, sound in zip(_WAYS, (dry, wet), strict=True)},
    }


class _Sound(NamedTuple):
    rate: int
    samples: np.ndarray

    def shown(self, loudest: float) -> Measured:
        """Its outline, the moment after ``loudest``, and its mean spectrum."""
        edges = np.linspace(0, len(self.samples), _STEPS + 1).astype(int)
        parts = [self.samples[begin:end] for begin, end in pairwise(edges)]
        start = round(loudest * self.rate)
        moment = self.samples[start : start + round(_SHOWN * self.rate)]
        size = round(_SPECTRUM * self.rate / _HERTZ) // 2 * 2
        frames = self.samples[: len(self.samples) // size * size].reshape(-1, size)
        power = np.mean(np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2, axis=0)[:_SPECTRUM]
        return {
            "minutes": round(len(self.samples) / self.rate / 60, 2),
            "low": [round(float(part.min()), 2) for part in parts],
            "high": [round(float(part.max()), 2) for part in parts],
            "moment": [round(float(sample), 3) for sample in moment[::2]],
            "spectrum": [round(float(level), 1) for level in 10 * np.log10(power / size + 1e-9)],
        }


def _recorded(placed: Sequence[Placed], options: SoundOptions) -> _Sound:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "music.wav")
        wav.write(placed, path, options)
        with wave.open(str(path)) as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")[::2] / 32768
            return _Sound(sound.getframerate(), samples)


def _draw(figures: Measured) -> bytes:
    figure = sheet(7.5)
    rows = figure.subplots(4)
    for axes, way, colour in zip(rows, _WAYS, (BLUE, ORANGE), strict=False):
        drawn = figures[way]
        times = np.linspace(0, drawn["minutes"], _STEPS)
        axes.fill_between(times, drawn["low"], drawn["high"], color=colour, linewidth=0.3)
        axes.set_ylim(-1, 1)
        axes.set_title(f"a suite of {figures['movements']} movements, {way}")
    rows[1].set_xlabel(f"minutes (seed {figures['seed']})")
    for way, colour in zip(_WAYS, (BLUE, ORANGE), strict=True):
        moment = figures[way]["moment"]
        rows[2].plot(np.linspace(0, 1000 * _SHOWN, len(moment)), moment, color=colour)
        levels = figures[way]["spectrum"]
        kilohertz = np.linspace(0, _HERTZ / 1000, len(levels))
        rows[3].plot(kilohertz, levels, color=colour, linewidth=1, label=way)
    rows[2].set_title("its loudest moment")
    rows[2].set_xlabel("milliseconds")
    rows[2].axhline(0, color=GREY, linewidth=0.5)
    rows[3].set_title("mean spectrum, dB")
    rows[3].set_xlabel("kHz")
    rows[3].legend(loc="upper right")
    return png(figure)


EFFECT = Picture("effect.png", ("bundle",), _measure, _draw)
