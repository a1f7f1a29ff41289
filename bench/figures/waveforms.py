"""A movement as the synth records it, played evenly and performed."""

from __future__ import annotations

import tempfile
import wave
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from bench.figures.picture import BLUE, GREY, ORANGE, PALE, Measured, Picture, Sources, png, sheet
from bench.report import composer_of

from playbach.bundle import read_bundle
from playbach.cli.save import compose
from playbach.composer.composer import ComposerSettings
from playbach.composer.settings import Wishes
from playbach.midi.files import Placed
from playbach.music.form import parse_form
from playbach.performer.performer import Manner
from playbach.save import wav
from playbach.save.midi import performed

_SEED = 11
_SHOWN = 4
"""Bars from the beginning, and from the end."""
_STEPS = 900
"""Lowest and highest samples of each passage."""


def _measure(sources: Sources) -> Measured:
    composer = composer_of(
        read_bundle(sources.bundle),
        settings=ComposerSettings(Wishes(form=parse_form("sarabande"))),
        seed=_SEED,
    )
    (movement,) = compose(composer)
    movement = replace(movement, program=42)
    return {
        "title": movement.piece.title,
        "seed": _SEED,
        "0": _recorded(movement),
        "1": _recorded(*performed([movement], Manner(), _SEED)),
    }


def _recorded(movement: Placed) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "music.wav")
        wav.write([movement], path)
        with wave.open(str(path)) as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")[::2] / 32768
    bars = _bars(movement)
    return {
        "beginning": _outline(samples, bars[: _SHOWN + 1]),
        "end": _outline(samples, bars[-_SHOWN - 1 :]),
    }


def _bars(movement: Placed) -> list[float]:
    """Seconds at which bars begin, and at which the last ends."""
    piece, performance = movement.piece, movement.performance
    meter = piece.meters[0][1]
    second = 60 / movement.tempo / meter.beat_ticks
    ticks = range(piece.pickup, movement.length + 1, meter.bar_ticks)
    even = performance.even_ticks if performance else Fraction
    return [float(even(tick)) * second for tick in ticks]


def _outline(samples: np.ndarray, bars: list[float]) -> Measured:
    """Lowest and highest sample in each of so many steps, and the bar lines, in seconds."""
    edges = np.linspace(bars[0], bars[-1], _STEPS + 1) * wav.RATE
    parts = [samples[int(a) : int(b)] for a, b in pairwise(edges)]
    return {
        "low": [round(float(part.min(initial=0)), 3) for part in parts],
        "high": [round(float(part.max(initial=0)), 3) for part in parts],
        "bars": [round(bar - bars[0], 3) for bar in bars],
    }


def _draw(figures: Measured) -> bytes:
    figure = sheet(6.5)
    rows = figure.subplots(4)
    places = [(part, way) for part in ("beginning", "end") for way in ("0", "1")]
    for axes, (part, way) in zip(rows, places, strict=True):
        drawn = figures[way][part]
        times = np.linspace(0, drawn["bars"][-1], len(drawn["low"]))
        colour = ORANGE if way == "1" else BLUE
        axes.fill_between(times, drawn["low"], drawn["high"], color=colour, linewidth=0.3)
        for line in drawn["bars"]:
            axes.axvline(line, color=GREY, linewidth=0.8)
        axes.set_ylim(-1, 1)
        longest = max(figures[one][part]["bars"][-1] for one in ("0", "1"))
        axes.set_xlim(0, longest)
        axes.axhline(0, color=PALE, linewidth=0.5)
        bars = "first" if part == "beginning" else "last"
        axes.set_title(f"the {bars} {_SHOWN} bars at --expression {way}")
    rows[-1].set_xlabel(f"seconds; {figures['title']} (seed {figures['seed']})")
    return png(figure)


WAVEFORMS = Picture("waveforms.png", ("bundle",), _measure, _draw)
