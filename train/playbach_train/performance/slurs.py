"""Fitting the model of slurs to engravings, and measuring it.

Ridge logistic regression by Newton's method. Every movement is read note by note, the model being
told of each slur after it had to predict it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from playbach.errors import InputError
from playbach.performer.features import Passage
from playbach.performer.slurs import FEATURES, Chord, History, Place, PlaceReader, SlurModel
from playbach_train.corpus.engraving import bowing_beside, read_bowing
from playbach_train.corpus.records import Corpus, ScoreMovement

Array = npt.NDArray[np.float64]
_FEWEST = 0.01
"""Share of notes slurred to the one before, below which the engraver seems to have written none."""
_PENALTY = 20.0
"""Notes' worth of doubt about each weight, of a feature of standard deviation 1."""
_ROUNDS = 50
_CLOSE = 1e-6
FOLDS = 10


@dataclass(frozen=True)
class Bowed:
    """A movement with the slurs of its engraving.

    Attributes:
        movement: what was read.
        passage: its notes.
        chords: those that begin together.
        slurred: whether a slur leads to each from the one before.
    """

    movement: ScoreMovement
    passage: Passage
    chords: tuple[Chord, ...]
    slurred: tuple[bool, ...]

    @property
    def share(self) -> float:
        """Of chords that may be slurred to the one before, how many are."""
        may = [is_slurred for place, is_slurred in self.places if place is not None]
        return sum(may) / max(1, len(may))

    @cached_property
    def places(self) -> list[tuple[Place | None, bool]]:
        """What is seen of each chord, and whether it is slurred to the one before."""
        passage = self.passage
        reader = PlaceReader(passage.meter, passage.pickup, passage.double_bars)
        seen = [place for chord in self.chords for place in reader.add(chord)] + reader.close()
        return [
            (place, is_slurred and place is not None)
            for place, is_slurred in zip(seen, self.slurred, strict=True)
        ]


def read_slurs(corpus: Corpus) -> list[Bowed]:
    """The movements whose engravings have slurs.

    Raises:
        InputError: there is none, or a movement does not come from an engraving.
    """
    bowed = []
    for movement in corpus.movements:
        path = bowing_beside(movement.file)
        if not path.is_file():
            raise InputError(
                f"{movement.file}: it has no slurs, being no engraving of a corpus by name; leave "
                "it out"
            )
        slurred = read_bowing(path).slurred
        piece = movement.piece
        chords = tuple(
            tuple(chord) for _, chord in groupby(piece.notes, key=lambda note: note.onset)
        )
        passage = Passage(piece.notes, piece.meters[0][1], piece.pickup, (), piece.end)
        has = tuple(any((n.onset, n.pitch) in slurred for n in chord) for chord in chords)
        one = Bowed(movement, passage, chords, has)
        if one.share >= _FEWEST:
            bowed.append(one)
    if not bowed:
        raise InputError("there is no movement with slurs in these corpora; name others")
    return bowed


def fit_slurs(movements: Sequence[Bowed]) -> SlurModel:
    """A model of the slurs in these movements, at least one."""
    shares = np.array([math.log(one.share / (1 - one.share)) for one in movements])
    usual = float(shares.mean())
    rows, slurred = zip(*(_rows(one, usual) for one in movements), strict=True)
    # A long movement says more than a short one, but not as much more as it is longer.
    weights = np.concatenate([np.full(len(one), 1 / np.sqrt(max(1, len(one)))) for one in slurred])
    found = _regression(np.concatenate(rows), np.concatenate(slurred), weights / weights.mean())
    constant, *others = map(float, found)
    return SlurModel(constant, dict(zip(FEATURES, others, strict=True)), usual, float(shares.std()))


def _rows(one: Bowed, usual: float) -> tuple[Array, Array]:
    """``FEATURES`` of every chord that may be slurred, and whether it is."""
    history = History(_share(usual))
    rows, slurred = [], []
    for place, is_slurred in one.places:
        if place is not None:
            rows.append(history.features(place))
            slurred.append(float(is_slurred))
        history.add(is_slurred=is_slurred)
    return np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES)), np.array(slurred)


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _regression(rows: Array, slurred: Array, weights: Array) -> Array:
    """The constant, and log odds for each unit of a feature."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    design = np.c_[np.ones(len(rows)), (rows - mean) / scale]
    penalty = np.diag([0.0] + [_PENALTY] * rows.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        expected = 0.5 * (1 + np.tanh(design @ found / 2))
        slope = design.T @ (weights * (expected - slurred)) + penalty @ found
        curve = (design * (weights * expected * (1 - expected))[:, None]).T @ design + penalty
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < _CLOSE:
            break
    slopes = found[1:] / scale
    return np.concatenate([[found[0] - slopes @ mean], slopes])


@dataclass(frozen=True, slots=True)
class SlurFit:
    """How well slurs are predicted, over all chords but the first of each movement.

    Attributes:
        notes: how many.
        bits: that "slurred to the one before" costs, each.
        right: share of them for which the likelier answer is the right one.
    """

    notes: int
    bits: float
    right: float


Prediction = Callable[[Bowed], Array]
"""Log odds of a slur for each chord that may be slurred, told of each slur afterwards."""


def measured_slurs(movements: Sequence[Bowed], predict: Prediction) -> SlurFit:
    """``predict`` held against the slurs of the movements, all of them pooled."""
    notes, bits, wrong = 0, 0.0, 0
    for one in movements:
        odds = predict(one)
        slurred = np.array([y for place, y in one.places if place is not None], dtype=bool)
        bits += float(np.logaddexp(0, np.where(slurred, -odds, odds)).sum()) / math.log(2)
        wrong += int(((odds > 0) != slurred).sum())
        notes += len(one.chords) - 1
    return SlurFit(notes, bits / max(1, notes), 1 - wrong / max(1, notes))


def by_model(model: SlurModel) -> Prediction:
    """What a model says."""
    weights = np.array(list(model.weights.values()))
    return lambda one: model.constant + _rows(one, model.share)[0] @ weights


def by_share(movements: Sequence[Bowed]) -> Prediction:
    """The usual share of these movements, for every note."""
    all_of = [y for one in movements for place, y in one.places if place is not None]
    odds = math.log(max(1, sum(all_of)) / max(1, len(all_of) - sum(all_of)))
    return lambda one: np.full(len(_rows(one, 0.0)[1]), odds)


_LONGEST, _LEAP, _SECOND = 4, 7, 2
_LIKELY, _LESS, _NEVER = 0.75, 0.35, 0.02


def by_rules(one: Bowed) -> Array:
    """Rules written down by hand: single notes within a beat, at most four, rather by step."""
    beat, under = one.passage.meter.beat_ticks, 1
    odds = []
    for (before, chord), (place, is_slurred) in zip(
        pairwise(one.chords), one.places[1:], strict=True
    ):
        step = abs(chord[0].pitch - before[0].pitch)
        may = (
            len(before) == len(chord) == 1
            and step <= _LEAP
            and max(chord[0].duration, before[0].duration) < beat
            and (chord[0].onset - one.passage.pickup) % beat != 0
            and under < _LONGEST
        )
        likely = (_LIKELY if step <= _SECOND else _LESS) if may else _NEVER
        if place is not None:
            odds.append(math.log(likely / (1 - likely)))
        under = under + 1 if is_slurred else 1
    return np.array(odds)


def left_out_slurs(movements: Sequence[Bowed]) -> SlurFit:
    """Each movement predicted by a model fitted to nine tenths of the others.

    Raises:
        InputError: there are fewer than two movements.
    """
    if len(movements) < 2:  # noqa: PLR2004 one is left out of the others
        raise InputError("there is only one movement with slurs, and nothing to leave it out of")
    fits = []
    for fold in range(min(FOLDS, len(movements))):
        here = [one for index, one in enumerate(movements) if index % FOLDS == fold]
        others = [one for index, one in enumerate(movements) if index % FOLDS != fold]
        fits.append(measured_slurs(here, by_model(fit_slurs(others))))
    notes = sum(one.notes for one in fits)
    return SlurFit(
        notes,
        sum(one.bits * one.notes for one in fits) / notes,
        sum(one.right * one.notes for one in fits) / notes,
    )
