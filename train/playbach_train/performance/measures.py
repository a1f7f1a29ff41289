"""How well the tempo of performances is predicted, beside what else could predict it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from playbach.performer.features import FEATURES
from playbach.performer.tempo import TempoModel
from playbach_train.performance.fitting import Array, Beats, FitOptions, fit, predict

HAND_RULES: Mapping[str, float] = {
    "end-near": 0.3, "section-end-near": 0.1, "longest": 0.03, "chord": 0.02,
}  # fmt: skip
"""Log of duration for each unit of a feature, written down by hand: the ends are broad, long notes
and chords take their time."""


Predicted: TypeAlias = Sequence[tuple[Beats, Array]]
"""Performances, and the log of duration predicted for their beats."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How near a prediction comes to a performance; each is 0 for constant tempo.

    Attributes:
        correlation: of the log of beat durations.
        bar_correlation: of the log of bar durations.
        r2: share of the variance of the log of beat durations that is predicted, both relative to
            their means.
    """

    correlation: float
    bar_correlation: float
    r2: float


def measured(beats: Beats, predicted: Array) -> Fit:
    """``predicted`` held against the durations that were played."""
    played = beats.tempo - beats.tempo.mean()
    guess = predicted - predicted.mean()
    total = float(played @ played)
    bars = [(np.log(np.exp(o).mean()), np.log(np.exp(p).mean())) for o, p in _bars(beats, guess)]
    by_bar = np.array(bars) if bars else np.zeros((0, 2))
    return Fit(
        _correlation(beats.tempo, predicted),
        _correlation(by_bar[:, 0], by_bar[:, 1]),
        1 - float((played - guess) @ (played - guess)) / total if total else 0.0,
    )


def _bars(beats: Beats, predicted: Array) -> Iterator[tuple[Array, Array]]:
    """What was played and what was predicted in each whole bar."""
    passage = beats.performed.passage
    starts = np.array([beats.performed.beats[i].start for i in beats.index])
    numbers = (starts - passage.pickup) // passage.meter.bar_ticks
    whole = max(1, passage.meter.bar_ticks // passage.meter.beat_ticks)
    for number in np.unique(numbers):
        here = numbers == number
        if here.sum() == whole:
            yield beats.tempo[here], predicted[here]


def _correlation(one: Array, other: Array) -> float:
    if len(one) < 2 or one.std() < 1e-12 or other.std() < 1e-12:  # noqa: PLR2004 nothing varies
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def pooled(fits: Sequence[Fit]) -> Fit:
    """Medians over performances."""
    return Fit(
        float(np.median([one.correlation for one in fits])),
        float(np.median([one.bar_correlation for one in fits])),
        float(np.median([one.r2 for one in fits])),
    )


def log_likelihood(predicted: Predicted) -> float:
    """Nats a beat, of the log of durations relative to their mean in each performance.

    They are taken to be normally distributed around the prediction; the deviation, one for all
    performances, is the likeliest.
    """
    errors = [
        (beats.tempo - beats.tempo.mean()) - (guess - guess.mean()) for beats, guess in predicted
    ]
    variance = float(np.mean(np.concatenate(errors) ** 2))
    return -0.5 * (math.log(2 * math.pi * max(variance, 1e-12)) + 1)


def left_out(
    performances: Sequence[Beats], options: FitOptions, seed: int = 0
) -> list[tuple[Beats, Array]]:
    """Each performance, predicted from those of other movements by other players.

    One that nobody else's performance is left for is left out.
    """
    results = []
    models: dict[tuple[str, str], TempoModel] = {}
    for one in performances:
        key = one.performed.player, one.performed.movement
        if key not in models:
            others = [
                other
                for other in performances
                if other.performed.player != key[0] and other.performed.movement != key[1]
            ]
            if not others:
                continue
            models[key] = fit(others, options, seed)
        results.append((one, predict(models[key], one)))
    return results


def constant(beats: Beats) -> Array:
    """The same tempo throughout."""
    return np.zeros(len(beats.tempo))


def by_hand(beats: Beats) -> Array:
    """The hand-made rules."""
    columns = [FEATURES.index(name) for name in HAND_RULES]
    return np.asarray(beats.features[:, columns] @ np.array(list(HAND_RULES.values())))


def by_others(beats: Beats, others: Sequence[Beats]) -> Array | None:
    """The mean of other performances, beat by beat of the score; ``None`` without any.

    Args:
        beats: what is to be predicted.
        others: of the same movement; where somebody repeats a section, both times count.
    """
    place = beats.performed.written
    curves: list[Mapping[int, float]] = []
    for other in others:
        found: dict[int, list[float]] = {}
        for index, tempo in zip(other.index, other.tempo, strict=True):
            tick = other.performed.written(other.performed.beats[index].start)
            found.setdefault(tick, []).append(float(tempo))
        curves.append({tick: float(np.mean(tempi)) for tick, tempi in found.items()})
    predicted = []
    for index in beats.index:
        tick = place(beats.performed.beats[index].start)
        values = [curve[tick] for curve in curves if tick in curve]
        predicted.append(float(np.mean(values)) if values else 0.0)
    return np.array(predicted) if curves else None
