"""Tempo of a violinist, of what the model expects of one it has not heard, and of what is saved."""

from __future__ import annotations

from typing import Any

import numpy as np
from bench.figures.picture import BLACK, BLUE, ORANGE, PALE, Measured, Picture, Sources, sheet, svg
from bench.report import composer_of

from playbach.bundle import read_bundle
from playbach.cli.save import compose
from playbach.composer.composer import ComposerSettings
from playbach.composer.settings import Wishes
from playbach.errors import InputError
from playbach.music.form import parse_form
from playbach.performer.performer import Manner
from playbach.save.midi import performed
from playbach_train.performance.alignments import Performed, read_performances
from playbach_train.performance.fitting import FitOptions, beats_with_features, fit, predict

_SHOWN = "john-garner_bwv1002_mov5"
"""A sarabande, its first half repeated; the recording is under CC BY."""
_SEED = 11


def _measure(sources: Sources) -> Measured:
    if sources.data is None:
        raise InputError("performing: needs performances; give their folder with --data")
    performances = read_performances(sources.data)
    shown = next((one for one in performances if one.name == _SHOWN), performances[0])
    return {"violinist": _violinist(shown, performances), "composed": _composed(sources)}


def _violinist(shown: Performed, performances: list[Performed]) -> Measured:
    """Tempo over the usual one, beat by beat, as played and as expected without having heard it."""
    others = [
        beats_with_features(one)
        for one in performances
        if one.player != shown.player and one.movement != shown.movement
    ]
    if not others:
        raise InputError("performing: needs other movements by other players, too")
    beats = beats_with_features(shown)
    expected = predict(fit(others, FitOptions()), beats)
    meter, pickup = shown.passage.meter, shown.passage.pickup
    starts = [shown.beats[index].start for index in beats.index]
    return {
        "player": shown.player,
        "movement": shown.movement,
        "bars": [round((start - pickup) / meter.bar_ticks, 3) for start in starts],
        "played": _tempi(beats.tempo),
        "expected": _tempi(expected - np.median(expected)),
        "double_bars": [
            round((line - pickup) / meter.bar_ticks, 3) for line in shown.passage.double_bars
        ],
    }


def _composed(sources: Sources) -> Measured:
    """The same of a sarabande that the network composed, as it is saved, and its velocities."""
    composer = composer_of(
        read_bundle(sources.bundle),
        settings=ComposerSettings(Wishes(form=parse_form("sarabande"))),
        seed=_SEED,
    )
    (movement,) = performed(compose(composer), Manner(), _SEED)
    performance, meter = movement.performance, movement.piece.meters[0][1]
    if performance is None:
        raise InputError("performing: nothing was performed")
    bars = [(pace.tick - movement.piece.pickup) / meter.bar_ticks for pace in performance.paces]
    return {
        "title": movement.piece.title,
        "seed": _SEED,
        "bars": [round(bar, 3) for bar in bars],
        "performed": [round(1 / float(pace.stretch), 3) for pace in performance.paces],
        "double_bars": [round(movement.double_bar / meter.bar_ticks, 3)]
        if movement.double_bar
        else [],
        "notes": [
            [round(one.note.onset / meter.bar_ticks, 3), movement.velocity + one.louder]
            for one in performance.notes
        ],
    }


def _tempi(logs: Any) -> list[float]:
    return [round(float(tempo), 3) for tempo in np.exp(-np.asarray(logs))]


def _draw(figures: Measured) -> bytes:
    figure = sheet(6.0)
    above, middle, below = figure.subplots(3, height_ratios=(3, 3, 2))
    real, made = figures["violinist"], figures["composed"]
    above.plot(real["bars"], real["played"], color=BLACK, label=f"{real['player']} plays")
    above.plot(real["bars"], real["expected"], color=ORANGE, label="expected, never heard")
    above.set_title(f"{real['movement'].replace(' ', ', movement ')}: tempo over the usual one")
    middle.step(made["bars"], made["performed"], where="post", color=BLUE)
    middle.set_title(f"{made['title']} (seed {made['seed']}): tempo as saved")
    for axes, curve in ((above, real), (middle, made)):
        axes.set_ylim(0.5, 1.55)
        for line in curve["double_bars"]:
            axes.axvline(line, color=PALE, zorder=0)
    below.plot(*zip(*made["notes"], strict=True), ".", color=BLUE, markersize=3)
    below.set_title("velocity of its notes")
    below.set_xlabel("bars")
    above.legend(loc="upper right", ncols=2)
    return svg(figure)


PERFORMING = Picture("performing.svg", ("bundle", "data"), _measure, _draw)
