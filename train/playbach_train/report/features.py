"""A movement as a row of numbers: what tells composed music from Bach's, if anything does.

``FEATURES`` is the table, each row with its formula. Nothing here depends on the key or on the
absolute register, so a suite for cello and a partita for violin are alike. A bar is a whole one: a
pickup belongs to none. Where several notes begin together, the line goes on from the highest.
A figure that a movement is too short for is NaN.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playbach.composer.playable import STRINGS, is_playable
from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import Piece, Ticks
from playbach_train.report.harmony import (
    Chord,
    clusters,
    outside_scale,
)
from playbach_train.report.originality import repetition
from playbach_train.report.score_reading import ScoreReading

EXCERPT = 8
"""Bars of an excerpt."""
FEWEST_IN_EXCERPT = 16
"""An excerpt with fewer notes says too little."""
NEAR = 0.7
"""Two bars are near-doubles if this share of the notes of the fuller one is in both."""
RUN = 4
"""Notes of a scale that is counted."""
MAJOR_THIRD = 4
VIOLIN = 19
"""Semitones from the strings of a cello up to those of a violin."""
FOURTH = 5
LEAP = 5
"""Semitones from which on an interval is a leap."""
PERFECT = (0, 7)
"""Octave and fifth, without octaves."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of a movement."""

    name: str  # the word used in JSON
    title: str  # what it is, with its unit
    formula: str  # how it is worked out
    value: Callable[[ScoreReading], float]  # of a movement; NaN where it has none
    whole: bool = False  # whether it says something of whole movements only
    listed: bool = False  # whether it is a row of the table of what gives the music away


def row_of(piece: Piece, features: Sequence[Feature]) -> NDArray[np.float64]:
    """The features of a movement of at least one note ``(len(features),)``."""
    score = ScoreReading(piece)
    return np.array([feature.value(score) for feature in features], np.float64)


def excerpts(piece: Piece, length: int = EXCERPT) -> Iterator[Piece]:
    """The movement cut into pieces of so many whole bars; what is left at the end is left out."""
    score = ScoreReading(piece)
    for first in range(0, score.count - length + 1, length):
        start, end = score.bar_starts[first], score.bar_starts[first + length]
        notes = piece.notes_within(start, end)
        if len(notes) >= FEWEST_IN_EXCERPT:
            meter = next(meter for tick, meter in reversed(piece.meters) if tick <= start)
            yield Piece(notes, piece.keys[:1], ((Ticks(0), meter),), piece.form)


def _share(count: float, total: float) -> float:
    return float(count) / float(total) if total else math.nan


def _mean(values: Sequence[float] | NDArray[np.number | np.bool_]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


# Harmony


def _authentic(score: ScoreReading) -> float:
    home = [score.keys[score.bar_of(two)].tonic == two.root for two in _resolutions(score)]
    return sum(home) / score.count


def _resolutions(score: ScoreReading) -> list[Chord]:
    """The chords that a dominant leads to."""
    return [two for one, two in pairwise(score.chords) if one.resolves_to(two)]


def _fourths(score: ScoreReading) -> float:
    rises = sum((two.root - one.root) % PITCH_CLASSES == FOURTH for one, two in score.roots)
    return _share(rises, len(score.roots))


def _on_lines(score: ScoreReading) -> float:
    """Logarithm to base 2, with half a change more on either side so that none is infinite."""
    lines = set(score.bar_starts[1:-1])
    others = len(score.slots) - 2 - len(lines)
    if not lines or others <= 0:
        return math.nan
    changes = [score.slots[two.beat] for _, two in score.roots]
    on = sum(tick in lines for tick in changes)
    there = (on + 0.5) / (len(lines) + 1)
    elsewhere = (len(changes) - on + 0.5) / (others + 1)
    return math.log2(there / elsewhere)


def _off_home(score: ScoreReading) -> float:
    quarter = score.count // 4
    middle = score.keys[quarter : score.count - quarter]
    return _mean([key != score.key for key in middle])


def _outside(score: ScoreReading) -> float:
    """In twos of bars: fewer notes fit some scale by chance."""
    spans = [np.concatenate(score.in_bar[at : at + 2]) for at in range(0, score.count, 2)]
    return _share(
        sum(outside_scale(score.pitches[notes]) for notes in spans if len(notes)),
        sum(map(len, spans)),
    )


def _clusters(score: ScoreReading) -> float:
    """In half bars, so that a chromatic bass over a bar is not counted."""
    found = 0
    for notes, (start, end) in zip(score.in_bar, pairwise(score.bar_starts), strict=True):
        late = score.ticks[notes] * 2 >= end - start
        found += sum(clusters(score.pitches[half]) for half in (notes[~late], notes[late]))
    return found / score.count


def _chromatic(score: ScoreReading) -> float:
    """Both alterations of one step of the home scale within a beat's worth of neighbours."""
    pitches, steps = score.pitches, score.steps
    found = 0
    for back in (2, 3, 4):
        same = steps[back:] == steps[:-back]
        found += int((same & (pitches[back:] != pitches[:-back])).sum())
    return found / score.count


def _degrees(score: ScoreReading) -> NDArray[np.float64]:
    counts = np.bincount((score.pitches - score.key.tonic) % PITCH_CLASSES, minlength=PITCH_CLASSES)
    parts: NDArray[np.float64] = counts / counts.sum()
    return parts


# Form


def _near_doubles(score: ScoreReading) -> float:
    earlier = np.tril(score.alike[0], -1)
    return _mean(earlier.max(axis=1)[1:] >= NEAR)


def _same_place(score: ScoreReading) -> float:
    """Near-doubles at their own pitch."""
    share, moved = score.alike
    earlier = np.tril(np.where(moved == 0, share, 0), -1)
    return _mean(earlier.max(axis=1)[1:] >= NEAR)


def _opening(score: ScoreReading) -> float:
    later = score.alike[0][0, 2:]
    return float(later.max()) if len(later) else math.nan


def _sequences(score: ScoreReading) -> float:
    share, moved = score.alike
    following = np.arange(len(share) - 1)
    here = (following, following + 1)
    return _mean((share[here] >= NEAR) & (moved[here] != 0))


def _four_later(score: ScoreReading) -> float:
    share = score.alike[0]
    here = np.arange(max(len(share) - 4, 0))
    return _mean(share[here, here + 4])


def _next(score: ScoreReading) -> float:
    share = score.alike[0]
    here = np.arange(len(share) - 1)
    return _mean(share[here, here + 1])


def _best_earlier(score: ScoreReading) -> float:
    return _mean(np.tril(score.alike[0], -1).max(axis=1)[1:])


def _repetition(length: int) -> Callable[[ScoreReading], float]:
    def value(score: ScoreReading) -> float:
        found = repetition(score.piece, length)
        return math.nan if found is None else found

    return value


# Line and register


def _runs(score: ScoreReading) -> float:
    """Share of the line's notes that are in a scale of ``RUN`` or more notes."""
    direction = np.where(np.abs(score.moves) <= 2, np.sign(score.moves), 0)  # noqa: PLR2004
    inside = np.zeros(len(score.line), np.bool_)
    start = 0
    for at in range(1, len(direction) + 1):
        if at == len(direction) or direction[at] != direction[start]:
            if direction[start] and at - start >= RUN - 1:
                inside[start : at + 1] = True
            start = at
    return _mean(inside)


def _bar_means(score: ScoreReading) -> NDArray[np.float64]:
    return np.array([score.pitches[notes].mean() for notes in score.in_bar if len(notes)])


def _wander(score: ScoreReading) -> float:
    means = _bar_means(score)
    return float(means.std()) if len(means) else math.nan


def _bar_to_bar(score: ScoreReading) -> float:
    return _mean(np.abs(np.diff(_bar_means(score))))


def _range(score: ScoreReading) -> float:
    return float(score.pitches.max() - score.pitches.min())


def _low(score: ScoreReading) -> float:
    return _mean(score.pitches <= score.pitches.min() + MAJOR_THIRD)


def _sinks(score: ScoreReading) -> float:
    third = max(len(score.pitches) // 3, 1)
    return float(score.pitches[-third:].mean() - score.pitches[:third].mean())


def _turns(score: ScoreReading) -> float:
    """Leaps after which the line turns back."""
    leaps = np.flatnonzero(np.abs(score.moves[:-1]) >= LEAP)
    return _mean(score.moves[leaps] * score.moves[leaps + 1] < 0)


def _moves_of(least: int, most: float) -> Callable[[ScoreReading], float]:
    def value(score: ScoreReading) -> float:
        sizes = np.abs(score.moves)
        return _mean((sizes >= least) & (sizes <= most))

    return value


# Stops


def _playable(score: ScoreReading) -> float:
    """On a cello, or on a violin where no note lies below its lowest string."""
    down = VIOLIN if score.pitches.min() >= STRINGS[0] + VIOLIN else 0
    return _mean([is_playable((stop - down).tolist()) for stop in score.stops if len(stop) <= 4])  # noqa: PLR2004 strings


def _parallels(score: ScoreReading) -> float:
    """Of successive stops, those whose outer voices go from fifth to fifth or octave to octave."""
    pairs = list(pairwise(score.stops))
    found = 0
    for one, two in pairs:
        interval = (one[-1] - one[0]) % PITCH_CLASSES
        moves = two[0] != one[0] and (two[0] - one[0]) * (two[-1] - one[-1]) > 0
        same = interval == (two[-1] - two[0]) % PITCH_CLASSES
        found += bool(moves and same and interval in PERFECT)
    return _share(found, len(pairs))


def _seconds(score: ScoreReading) -> float:
    return _mean([bool((np.diff(stop) <= 2).any()) for stop in score.stops])  # noqa: PLR2004 semitones


def _final_chord(score: ScoreReading) -> float:
    return float((score.onsets == score.onsets[-1]).sum())


def _stopped(score: ScoreReading) -> float:
    return len(score.stops) / len(score.line)


# Rhythm


def _jumps(score: ScoreReading) -> float:
    """Bars whose usual note value is not that of the bar before: octaves between, on average."""
    steps = np.abs(np.diff(score.pulse[~np.isnan(score.pulse)]))
    return _mean(steps)


def _uneven(score: ScoreReading) -> float:
    """Neighbouring gaps one of which is four times the other or more."""
    ratio = np.abs(np.diff(np.log2(score.gaps))) if len(score.gaps) else score.gaps
    return _mean(ratio >= 2)  # noqa: PLR2004 octaves


def _same_gap(score: ScoreReading) -> float:
    return _mean(np.diff(score.gaps) == 0)


def _gap_entropy(score: ScoreReading) -> float:
    return _entropy(score.gaps)


def _entropy(values: NDArray[np.int64]) -> float:
    """Of the distribution of values, bits."""
    if not len(values):
        return math.nan
    part = np.unique(values, return_counts=True)[1] / len(values)
    return float(-(part * np.log2(part)).sum())


def _rhythm_kinds(score: ScoreReading) -> float:
    return len(set(score.rhythms)) / score.count


def _rhythm_kept(score: ScoreReading) -> float:
    return _mean([one == two for one, two in pairwise(score.rhythms)])


def _off_beat(score: ScoreReading) -> float:
    """Notes that begin between beats and sound on over the next."""
    beat = TICKS_PER_QUARTER
    within = score.ticks % beat
    return _mean((within > 0) & (within + score.durations > beat))


def _lines_struck(score: ScoreReading) -> float:
    return _mean([0 in rhythm for rhythm in score.rhythms])


def _long_on_line(score: ScoreReading) -> float:
    """How much longer than others notes are that begin a bar, in powers of two."""
    first = score.ticks == 0
    if first.all() or not first.any():
        return math.nan
    return math.log2(score.durations[first].mean() / score.durations[~first].mean())


def _legato(score: ScoreReading) -> float:
    """Ticks until the next note that a note of the line fills."""
    length = score.durations[score.line][:-1]
    return _mean(np.minimum(length / score.gaps, 2)) if len(score.gaps) else math.nan


def _density_spread(score: ScoreReading) -> float:
    counts = np.array([len(notes) for notes in score.in_bar[:-1]], np.float64)
    return float(counts.std() / counts.mean()) if counts.sum() else math.nan


def _last_note(score: ScoreReading) -> float:
    start, end = score.bar_starts[-2:]
    return float(score.durations[-1]) / (end - start)


def _common_rhythm(score: ScoreReading) -> float:
    return Counter(score.rhythms).most_common(1)[0][1] / score.count


FEATURES = (
    Feature(
        "authentic", "V-I or vii-I, per bar",
        "a major triad or dominant seventh and a triad a fourth above, or a diminished chord and "
        "one a semitone above, following each other in the chords read from the notes, the second "
        "on the tonic of the bar's own key, by profiles; by bars",
        _authentic, listed=True,
    ),
    Feature(
        "near_doubles", "bars that are near-doubles of an earlier one, transposed or not",
        "share of bars, from the second, for which an earlier one is alike at least .7: notes at "
        "the same places moved by as many steps, as a share of the fuller bar",
        _near_doubles, listed=True,
    ),
    Feature(
        "opening_returns", "the opening bar returns later",
        "how alike the first whole bar and the likest from the third on are",
        _opening, whole=True, listed=True,
    ),
    Feature(
        "sequences", "bar-long sequences",
        "share of bars followed by one that is alike at least .7 and moved by a step or more",
        _sequences, listed=True,
    ),
    Feature(
        "outside_scale", "notes outside the local scale",
        "share of notes outside whichever major, harmonic or melodic minor scale holds most of "
        "their two bars",
        _outside, listed=True,
    ),
    Feature(
        "clusters", "three-semitone clusters, per bar",
        "runs of three neighbouring pitch classes among the notes of half a bar; by bars",
        _clusters, listed=True,
    ),
    Feature(
        "fourths", "roots rising a fourth",
        "share of changes of root", _fourths, listed=True,
    ),
    Feature(
        "changes_on_lines", "harmony changes on bar lines, relative to elsewhere",
        "log2 of changes of root on bar lines, by bar lines, over those on other beats, by beats",
        _on_lines, listed=True,
    ),
    Feature(
        "off_home", "off the home key in the middle of the movement",
        "share of the bars of the middle half whose key, by profiles, is not the home key",
        _off_home, whole=True, listed=True,
    ),
    Feature(
        "scale_runs", "notes in scale runs of four or more",
        "share of the line's notes in runs by steps of a semitone or two in one direction",
        _runs, listed=True,
    ),
    Feature(
        "wander", "register: wander between bars, semitones",
        "standard deviation of the mean pitches of bars", _wander, listed=True,
    ),
    Feature(
        "range", "register: range, semitones", "highest note less lowest", _range, listed=True,
    ),
    Feature(
        "low_notes", "notes in the lowest major third of its own range",
        "share of notes at most four semitones above the lowest", _low, listed=True,
    ),
    Feature(
        "playable", "stops a cellist's hand can play",
        "share of chords; a violinist's, where no note is below a violin's lowest string",
        _playable, listed=True,
    ),
    Feature(
        "parallels", "parallel fifths and octaves",
        "share of successive stops whose outer voices move in one direction from fifth to fifth "
        "or octave to octave",
        _parallels, listed=True,
    ),
    Feature(
        "final_chord", "notes in the final chord", "notes at the last onset",
        _final_chord, whole=True, listed=True,
    ),
    Feature(
        "stops", "stops per note of the line", "places where notes begin together, by onsets",
        _stopped, listed=True,
    ),
    Feature(
        "pulse_jumps", "rhythm jumps from bar to bar, powers of two",
        "mean difference of the note value that fills most of a bar", _jumps, listed=True,
    ),
    Feature(
        "repetition_4", "repetition of 4 intervals",
        "1 - distinct/total n-grams of intervals in windows of 256 notes",
        _repetition(4), listed=True,
    ),
    Feature(
        "repetition_8", "repetition of 8 intervals", "the same of 8", _repetition(8), listed=True,
    ),
    Feature("chromatic", "both alterations of a step within four notes, per bar",
            "pairs of notes two to four apart on one step of the home scale, of other pitch",
            _chromatic),
    Feature("resolutions", "dominants that resolve, per bar", "as authentic, in whatever key",
            lambda score: len(_resolutions(score)) / score.count),
    Feature("bar_to_bar", "register from bar to bar, semitones",
            "mean difference of the mean pitches of bars and the next", _bar_to_bar),
    Feature("harmonic_rhythm", "changes of root, per bar", "changes of root by bars",
            lambda score: len(score.roots) / score.count),
    Feature("thirds_down", "roots falling a third", "share of changes of root",
            lambda score: _share(sum((b.root - a.root) % PITCH_CLASSES in (8, 9)
                                     for a, b in score.roots), len(score.roots))),
    Feature("key_changes", "changes of local key, per bar", "by profiles; by bars",
            lambda score: sum(a != b for a, b in pairwise(score.keys)) / score.count),
    Feature("tonic_share", "notes on the tonic", "share of notes",
            lambda score: float(_degrees(score)[0]), whole=True),
    Feature("dominant_share", "notes on the dominant", "share of notes",
            lambda score: float(_degrees(score)[7]), whole=True),
    Feature("pitch_classes", "spread of pitch classes, bits",
            "entropy of the distribution of pitch classes",
            lambda score: _entropy(score.pitches % PITCH_CLASSES)),
    Feature("same_again", "near-doubles at their own pitch", "as near_doubles, moved by 0 steps",
            _same_place),
    Feature("four_later", "likeness of bars four apart", "mean", _four_later),
    Feature("next_bar", "likeness of neighbouring bars", "mean", _next),
    Feature("best_earlier", "likeness of a bar to the likest earlier one", "mean", _best_earlier),
    Feature("repeated_notes", "repeated notes", "share of the line's intervals", _moves_of(0, 0)),
    Feature("steps", "steps", "share of intervals of 1 or 2 semitones", _moves_of(1, 2)),
    Feature("thirds", "thirds", "share of intervals of 3 or 4 semitones", _moves_of(3, 4)),
    Feature("fourths_fifths", "fourths and fifths", "share of 5 to 7 semitones", _moves_of(5, 7)),
    Feature("leaps", "leaps beyond a fifth", "share of 8 to 12 semitones", _moves_of(8, 12)),
    Feature("wide_leaps", "leaps beyond an octave", "share of 13 semitones and more",
            _moves_of(13, math.inf)),
    Feature("turns", "leaps after which the line turns back",
            "share of intervals of 5 semitones or more", _turns),
    Feature("interval_entropy", "spread of intervals, bits", "entropy of their distribution",
            lambda score: _entropy(score.moves)),
    Feature("sinks", "last third against first third, semitones", "difference of mean pitches",
            _sinks),
    Feature("within_bar", "range within a bar, semitones", "mean over bars",
            lambda score: _mean([float(np.ptp(score.pitches[notes])) for notes in score.in_bar
                                 if len(notes)])),
    Feature("seconds", "stops with a second in them", "share of stops", _seconds),
    Feature("uneven", "gaps four times those beside them", "share of neighbours", _uneven),
    Feature("same_gap", "gaps equal to those before", "share of neighbours", _same_gap),
    Feature("gap_entropy", "spread of gaps between onsets, bits", "entropy", _gap_entropy),
    Feature("rhythm_kinds", "different rhythms of bars", "by bars", _rhythm_kinds),
    Feature("rhythm_kept", "bars with the rhythm of the one before", "share", _rhythm_kept),
    Feature("common_rhythm", "bars with the commonest rhythm", "share", _common_rhythm),
    Feature("off_beat", "notes held over a beat", "share of notes", _off_beat),
    Feature("lines_struck", "bar lines on which a note begins", "share of bars", _lines_struck),
    Feature("long_on_line", "length of notes on bar lines to that of others, powers of two",
            "log2 of the ratio of means", _long_on_line),
    Feature("legato", "share of the time to the next note that a note fills", "mean, 2 at most",
            _legato),
    Feature("density_spread", "spread of notes per bar", "standard deviation by mean",
            _density_spread),
    Feature("last_note", "length of the last note, bars", "ticks by bar", _last_note, whole=True),
)  # fmt: skip
"""Every feature; the listed ones come first, in the order of the table."""

OF_EXCERPTS = tuple(feature for feature in FEATURES if not feature.whole)
