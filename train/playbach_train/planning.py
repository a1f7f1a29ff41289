"""What plans of movements are drawn from: how real ones are made, as tables of figures.

Chords and keys of a movement are read from its notes alone, as the likeliest path through all
chords of all keys (Viterbi 1967), beat by beat: a movement begins and ends with its tonic. How
often each chord follows another is counted on these paths, and the paths are found again with what
was counted, a few times (Viterbi training, Juang and Rabiner 1990). Every single chord may be
wrong; their shares are what a plan needs, and what is composed is read in the same way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.composer.harmony import CHORDS, DOMINANT, TONIC, Chord
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.music.note import BarLines, Note, Piece
from playbach_train.report.features import FEATURES
from playbach_train.report.score_reading import ScoreReading

Floats = NDArray[np.float64]

ROUNDS = 4
IN_CHORD, IN_SCALE = 0.76, 0.19
"""How likely a note belongs to the chord, and to the scale but not to the chord."""
TONES = (0.30, 0.26, 0.24, 0.20)
"""How the first is divided among root, third, fifth and seventh."""
BASS = (0.50, 0.25, 0.12, 0.08)
"""How likely each of them is the lowest note of a beat; another note is in the remaining 5%."""
STAYS_OVER_LINE, STAYS = 0.25, 0.62
"""How likely a chord stays over a bar line, and from beat to beat within a bar."""
KEY_CHANGES_ON_LINE, KEY_CHANGES = 0.03, 0.006
NEAR_KEYS = (4.0, 3.0, 0.4, 0.08)
"""How often a key changes to one so many fifths away, relative ones counting as none."""
FAR_KEYS = 0.01
SMOOTHING = 2.0
"""Times that each chord is taken to have been followed by others as a musician expects it to."""
COMMONEST, LEAST_SHARE = 10, 0.02
"""Rhythms of chords that are kept of a meter, and the share below which one is not."""
FEWEST_BARS = 8
"""Bars of a movement whose habits are of use."""
USED = frozenset(("near_doubles", "steps", "stops", "within_bar", "range", "final_chord"))
"""Features that are habits."""
IMPOSSIBLE = -20.0


@dataclass(frozen=True, slots=True)
class Harmony:
    """The chords of a movement."""

    piece: Piece  # the movement
    beats: list[tuple[int, int]]  # bar and number of each beat, from the first whole bar on
    path: list[int]  # state of each


class States:
    """All chords of all keys."""

    def __init__(self) -> None:
        self.all = [
            (Key(tonic, mode), chord)
            for mode in Mode
            for tonic in range(PITCH_CLASSES)
            for chord in CHORDS[mode]
        ]
        self.keys = sorted({key for key, _ in self.all}, key=str)
        self.key_of = np.array([self.keys.index(key) for key, _ in self.all])
        self.chord_of = np.array([CHORDS[key.mode].index(chord) for key, chord in self.all])
        self.notes = np.array([np.roll(np.log(_of_notes(c)), k.tonic) for k, c in self.all])
        self.bass = np.array([np.roll(np.log(_of_bass(c)), k.tonic) for k, c in self.all])

    def moves(self, follows: Mapping[Mode, Floats], stays: float, changes: float) -> Floats:
        """Log probability of each state after each, from row to column."""
        found = np.full((len(self.all), len(self.all)), -30.0)
        for one, key in enumerate(self.keys):
            rows = np.flatnonzero(self.key_of == one)
            near = np.array([_nearness(key, other) for other in self.keys])
            near /= near.sum()
            for two, other in enumerate(self.keys):
                columns = np.flatnonzero(self.key_of == two)
                if one == two:
                    within = (1 - stays) * follows[key.mode] + stays * np.eye(len(rows))
                    found[np.ix_(rows, columns)] = np.log((1 - changes) * within + 1e-9)
                else:
                    chords = CHORDS[other.mode]
                    opens = np.array([0.3 if _is_main(chord) else 0.05 for chord in chords])
                    chances = changes * near[two] * opens / opens.sum()
                    found[np.ix_(rows, columns)] = np.log(chances + 1e-12)
        return found


def plan_tables(pieces: Sequence[Piece]) -> dict[str, Any]:
    """The tables, as ``playbach.composer.harmony`` reads them, from movements of one meter each."""
    states, follows = States(), {mode: _expected(mode) for mode in Mode}
    harmonies: list[Harmony] = []
    for _ in range(ROUNDS):
        on_line = states.moves(follows, STAYS_OVER_LINE, KEY_CHANGES_ON_LINE)
        within = states.moves(follows, STAYS, KEY_CHANGES)
        harmonies = [_harmony(piece, states, on_line, within) for piece in pieces]
        follows = _counted(harmonies, states)
    return {
        "chords": {mode.value: _rows(mode, follows[mode]) for mode in Mode},
        "rhythm": _rhythms(harmonies),
        "movements": _movements(pieces),
    }


def _is_main(chord: Chord) -> bool:
    return chord.degree in (TONIC, DOMINANT) and chord.leads_to < 0


def _of_notes(chord: Chord) -> Floats:
    """Probability of each pitch class above the tonic."""
    found = np.zeros(PITCH_CLASSES)
    shares = TONES[: len(chord.tones)]
    found[list(chord.tones)] = IN_CHORD * np.array(shares) / sum(shares)
    scale = [pc for pc in chord.scale if not found[pc]]
    found[scale] = IN_SCALE / len(scale)
    others = [pc for pc in range(PITCH_CLASSES) if not found[pc]]
    weights = np.array([2.0 if pc in chord.at_times else 1.0 for pc in others])
    found[others] = (1 - IN_CHORD - IN_SCALE) * weights / weights.sum()
    return found


def _of_bass(chord: Chord) -> Floats:
    found = np.full(PITCH_CLASSES, 0.05 / (PITCH_CLASSES - len(chord.tones)))
    found[list(chord.tones)] = BASS[: len(chord.tones)]
    return found


def _nearness(key: Key, other: Key) -> float:
    if key == other:
        return 0.0
    fifths = abs(key.sharps - other.sharps)
    away = min(fifths, PITCH_CLASSES - fifths)
    return NEAR_KEYS[away] if away < len(NEAR_KEYS) else FAR_KEYS


def _expected(mode: Mode) -> Floats:
    """How often a musician expects each chord after each: roots fall by fifths, rarely repeat."""
    chords = CHORDS[mode]
    found = np.full((len(chords), len(chords)), 0.02)
    for n, one in enumerate(chords):
        for m, other in enumerate(chords):
            rises = (other.degree - one.degree) % 7
            plain = other.leads_to < 0
            if one.leads_to >= 0:
                found[n, m] = 1.5 if plain and other.degree == one.leads_to else 0.02
            else:
                found[n, m] = {3: 0.5, 1: 0.2, 4: 0.2, 5: 0.15}.get(rises, 0.05) * (
                    1 if plain else 0.2
                )
                if _is_main(other) and other.degree == DOMINANT:
                    found[n, m] += 0.3
    np.fill_diagonal(found, 0)
    shares: Floats = found / found.sum(axis=1, keepdims=True)
    return shares


def _beat(meter: Meter) -> int:
    """Ticks of a beat, a quarter at least."""
    return max(meter.beat_ticks, TICKS_PER_QUARTER) if meter.is_compound else TICKS_PER_QUARTER


def _harmony(piece: Piece, states: States, on_line: Floats, within: Floats) -> Harmony:
    meter = piece.meters[0][1]
    beat = _beat(meter)
    lines = BarLines(piece.meters, piece.pickup)
    notes: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in piece.notes:
        place = lines.place(note.onset)
        notes[place.bar, place.tick // beat].append(note)
    bars = lines.place(piece.end - 1).bar
    beats = [(bar, n) for bar in range(1, bars + 1) for n in range(-(-meter.bar_ticks // beat))]
    home = states.keys.index(piece.keys[0][1])
    at_home = np.where(states.key_of == home, 0.0, IMPOSSIBLE)
    tonic = np.where(states.chord_of == 0, 0.0, -2.0)
    best = at_home + tonic + _fits(notes[beats[0]], states)
    came = []
    for bar, number in beats[1:]:
        moves = best[:, None] + (within if number else on_line)
        came.append(moves.argmax(axis=0))
        best = moves.max(axis=0) + _fits(notes[bar, number], states)
    state = int((best + at_home + np.where(states.chord_of == 0, 0.0, IMPOSSIBLE)).argmax())
    path = [state]
    for row in reversed(came):
        state = int(row[state])
        path.append(state)
    return Harmony(piece, beats, path[::-1])


def _fits(notes: Sequence[Note], states: States) -> Floats:
    """Log likelihood of the notes that begin in a beat, in each state."""
    if not notes:
        return np.zeros(len(states.all))
    weights = np.zeros(PITCH_CLASSES)
    for note in notes:
        weights[note.pitch % PITCH_CLASSES] += min(1, 0.5 + note.duration / 48)
    bass = min(note.pitch for note in notes) % PITCH_CLASSES
    found: Floats = states.notes @ weights * 0.9 + states.bass[:, bass] * 0.7
    return found


def _counted(harmonies: Sequence[Harmony], states: States) -> dict[Mode, Floats]:
    counts = {mode: SMOOTHING * _expected(mode) for mode in Mode}
    for harmony in harmonies:
        for one, two in zip(harmony.path, harmony.path[1:], strict=False):
            if one != two and states.key_of[one] == states.key_of[two]:
                mode = states.all[one][0].mode
                counts[mode][states.chord_of[one], states.chord_of[two]] += 1
    return {mode: count / count.sum(axis=1, keepdims=True) for mode, count in counts.items()}


def _rows(mode: Mode, follows: Floats) -> dict[str, dict[str, float]]:
    names = [chord.name for chord in CHORDS[mode]]
    return {
        name: {
            other: round(float(share), 3)
            for other, share in zip(names, row, strict=True)
            if share >= 0.005  # noqa: PLR2004 what is rarer is left out
        }
        for name, row in zip(names, follows, strict=True)
    }


def _rhythms(harmonies: Sequence[Harmony]) -> dict[str, list[list[Any]]]:
    """By meter, ticks of a bar at which chords begin, and how many bars have them there."""
    counts: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for harmony in harmonies:
        meter = harmony.piece.meters[0][1]
        bars: dict[int, list[int]] = defaultdict(list)
        steps = zip(harmony.beats[1:], harmony.path, harmony.path[1:], strict=False)
        for (bar, beat), one, two in steps:
            bars[bar] += [beat * _beat(meter)] * (one != two)
        last = harmony.beats[-1][0]
        counts[str(meter)].update(tuple(bars[bar]) for bar in range(2, last))
    return {
        meter: [
            [list(ticks), count]
            for ticks, count in bars.most_common(COMMONEST)
            if count >= max(2, LEAST_SHARE * bars.total())
        ]
        for meter, bars in counts.items()
    }


def _movements(pieces: Sequence[Piece]) -> dict[str, list[dict[str, Any]]]:
    """By form, the habits of each movement, as ``playbach.composer.habits`` has them."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for piece in pieces:
        reading = ScoreReading(piece)
        if reading.count >= FEWEST_BARS:
            found[piece.form.name].append(_habits(reading))
    return dict(found)


def _habits(reading: ScoreReading) -> dict[str, Any]:
    value = {feature.name: feature.value(reading) for feature in FEATURES if feature.name in USED}
    bars = [" ".join(map(str, rhythm)) for rhythm in reading.rhythms if rhythm]
    known = list(dict.fromkeys(bars))
    return {
        "meter": str(reading.piece.meters[0][1]),
        "alike": round(value["near_doubles"], 2),
        "steps": round(value["steps"], 2),
        "stops": round(value["stops"], 3),
        "joined": round(_joined(reading), 3),
        "span": round(value["within_bar"], 1),
        "width": int(value["range"]),
        "final": int(value["final_chord"]),
        "rhythms": known,
        "bars": " ".join(str(known.index(rhythm)) for rhythm in bars),
    }


def _joined(reading: ScoreReading) -> float:
    """Share of notes that last until the next begins."""
    line = reading.line[:-1]
    return float((reading.durations[line] == reading.gaps).mean())
