"""A score: what stands in each bar, whichever way it is written down; clefs and spelling."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from playbach.midi.files import CELLO, Placed
from playbach.midi.general_midi import INSTRUMENTS
from playbach.music.key import FIFTHS_OF_F, LETTERS, PITCH_CLASSES, Key, Mode
from playbach.music.note import Piece, Ticks
from playbach.save.bars import Written, WrittenBar, bars_of


class BarLine(enum.Enum):
    """The bar line that ends a measure."""

    PLAIN = "plain"
    DOUBLE = "double"
    REPEAT = "repeat"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Measure:
    """A bar with what stands in it.

    Attributes:
        bar: its notes.
        clef: in which it is written.
        new_clef: whether it stands there.
        new_key: whether the key signature does.
        new_meter: whether the time signature does.
        begins_repeat: whether what is repeated begins with it; not said of the first.
        line: at its end.
        accidentals: that stand before notes.
        bows: slurs and trills of the movement.
    """

    bar: WrittenBar
    clef: Clef
    new_clef: bool
    new_key: bool
    new_meter: bool
    begins_repeat: bool
    line: BarLine
    accidentals: Accidentals
    bows: Bows


def title_of(movements: Sequence[Placed]) -> str:
    """The title of a single movement, or of the suites that several come from."""
    titles = [movement.piece.title for movement in movements]
    if len(titles) == 1:
        return titles[0]
    suites = list(dict.fromkeys(title.partition(",")[0] for title in titles))
    return suites[0] if len(suites) == 1 else f"{suites[0]} to {suites[-1]}"


def instrument_of(movement: Placed) -> tuple[int, str]:
    """The General MIDI program of the part, from 0, and its name in a score."""
    program = CELLO if movement.program is None else movement.program
    return program, "Violoncello" if program == CELLO else INSTRUMENTS[program].name


def measures_of(movement: Placed) -> list[Measure]:
    """The movement in bars; what is played twice is written once."""
    line = movement.double_bar
    bars = bars_of(_folded(movement) if movement.repeated else movement.piece, line)
    program, _ = instrument_of(movement)
    clefs = clefs_of([_pitches(bar) for bar in bars], clefs_for(program))
    bows = _bows(movement)
    found: list[Measure] = []
    tick = 0
    for index, (bar, clef) in enumerate(zip(bars, clefs, strict=True)):
        begins_repeat = movement.repeated and 0 < tick == line
        tick += bar.length
        if index == len(bars) - 1:
            end = BarLine.REPEAT if movement.repeated else BarLine.FINAL
        elif tick == line:
            end = BarLine.REPEAT if movement.repeated else BarLine.DOUBLE
        else:
            end = BarLine.PLAIN
        before = found[-1] if found else None
        found.append(
            Measure(
                bar,
                clef,
                before is None or before.clef != clef,
                before is None or before.bar.key != bar.key,
                before is None or before.bar.meter != bar.meter,
                begins_repeat,
                end,
                _accidentals(bar),
                bows,
            )
        )
    return found


def _folded(movement: Placed) -> Piece:
    """The piece as it is written, with each part once."""
    notes = [
        replace(note, onset=Ticks(onset))
        for note in movement.piece.notes
        if (onset := _folded_onset(movement, note.onset)) is not None
    ]
    return replace(movement.piece, notes=tuple(notes))


def _folded_onset(movement: Placed, onset: int) -> int | None:
    """Where a note stands in the score; ``None`` for one that is played a second time."""
    piece, line = movement.piece, movement.double_bar
    if not movement.repeated or onset < line:
        return onset
    bar = piece.meters[0][1].bar_ticks
    # The second part is whole bars long but for the end of its last time.
    second = -(-(piece.end - 2 * line) // (2 * bar)) * bar
    return onset - line if 2 * line <= onset < 2 * line + second else None


class Signs(NamedTuple):
    """What stands at a note beside its ties.

    Attributes:
        stops: whether a slur ends with it.
        starts: whether a slur begins with it.
        is_trilled: whether it has a trill.
    """

    stops: bool = False
    starts: bool = False
    is_trilled: bool = False


@dataclass(frozen=True, slots=True)
class Bows:
    """Where slurs and trills stand: the highest note of a chord, by onset in the score and pitch.

    Attributes:
        starts: notes that a slur begins with.
        stops: notes that one ends with.
        trills: notes with a trill.
    """

    starts: frozenset[tuple[int, int]]
    stops: frozenset[tuple[int, int]]
    trills: frozenset[tuple[int, int]]

    def at(self, one: Written, index: int) -> Signs:
        """What stands at a note of a chord.

        A slur goes from the first of tied notes to the last; a trill stands on the first.
        """
        note = one.notes[index].onset, one.notes[index].pitch
        is_first, is_last = not one.tied[index], not one.ties[index]
        return Signs(
            note in self.stops and is_last,
            note in self.starts and is_first,
            note in self.trills and is_first,
        )


def _bows(movement: Placed) -> Bows:
    """The slurs and trills of the performance; none without one."""
    trills: set[tuple[int, int]] = set()
    starts: set[tuple[int, int]] = set()
    stops: set[tuple[int, int]] = set()
    before: tuple[int, int] | None = None
    is_under = False
    performed = movement.performance.notes if movement.performance else ()
    for onset, chord in groupby(performed, key=lambda one: one.note.onset):
        *_, top = chord
        folded = _folded_onset(movement, onset)
        place = None if folded is None else (folded, int(top.note.pitch))
        if place and before and top.is_slurred:
            starts |= set() if is_under else {before}
            stops -= {before}
            stops.add(place)
        if place and top.trill:
            trills.add(place)
        is_under, before = top.is_slurred, place
    return Bows(frozenset(starts), frozenset(stops), frozenset(trills))


def _pitches(bar: WrittenBar) -> list[int]:
    return [note.pitch for voice in bar.voices.values() for one in voice for note in one.notes]


Accidentals = dict[tuple[int, int], int]
"""By tick in the bar and pitch: the accidental that has to be written, as semitones."""


def _accidentals(bar: WrittenBar) -> Accidentals:
    """Accidentals not implied by the key signature or by earlier ones in the bar."""
    said: dict[tuple[str, int], int] = {}
    result: Accidentals = {}
    for start, pitch, is_tied in _in_order(bar):
        spelling = spell(pitch, bar.key)
        place = (spelling.letter, spelling.octave)
        holds = said.get(place, signature_alter(spelling.letter, bar.key.sharps))
        if not is_tied and spelling.alter != holds:
            result[start, pitch] = spelling.alter
            said[place] = spelling.alter
    return result


def _in_order(bar: WrittenBar) -> list[tuple[int, int, bool]]:
    return sorted(
        (one.start, note.pitch, is_tied)
        for voice in bar.voices.values()
        for one in voice
        for note, is_tied in zip(one.notes, one.tied, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef.

    Attributes:
        name: as musicians and LilyPond call it.
        sign: its letter.
        line: the line of the staff it stands on, from below.
        lowest: MIDI note number of the lowest note that is read without trouble.
        highest: of the highest.
    """

    name: str
    sign: str
    line: int
    lowest: int
    highest: int

    def trouble(self, pitch: int) -> int:
        """Semitones by which ``pitch`` lies beyond what is read without trouble."""
        return max(0, self.lowest - pitch, pitch - self.highest)


# The bass clef from the lowest string of a cello to three ledger lines, as in Bach's suites; the
# treble clef from that of a violin.
BASS, TENOR = Clef("bass", "F", 4, 36, 67), Clef("tenor", "C", 4, 43, 74)
ALTO, TREBLE = Clef("alto", "C", 3, 48, 74), Clef("treble", "G", 2, 55, 88)

CHANGE = 36
"""Semitones beyond that, summed over notes, which a reader puts up with to be spared a change to
another clef, and as many times that as it is unusual for the instrument."""

_TREBLE_FIRST = {22, 24, 25, 26, 27, 40, 56, 59, 64, 65, 66, 68, 69, 71, *range(72, 80), 110}
"""The harmonica, guitars, violins, trumpets, high reeds and pipes of General MIDI, from 0."""
_WITH_TENOR = {CELLO, 57, 70}
"""Cello, trombone and bassoon."""
_VIOLA = 41


def clefs_for(program: int) -> tuple[Clef, ...]:
    """The clefs of an instrument, a General MIDI program from 0, the usual ones first."""
    if program == _VIOLA:
        return (ALTO, TREBLE, BASS)
    if program in _TREBLE_FIRST:
        return (TREBLE, BASS)
    return (BASS, TENOR, TREBLE) if program in _WITH_TENOR else (BASS, TREBLE)


def clefs_of(bars: Sequence[Sequence[int]], clefs: Sequence[Clef]) -> list[Clef]:
    """The clef of each bar, by least cost over the whole movement (Viterbi 1967).

    Args:
        bars: the pitches of each bar, MIDI note numbers.
        clefs: those of the instrument, the usual ones first.
    """
    # For each clef that the last bar may have: the cost so far, and the clefs up to there.
    paths: dict[Clef, tuple[int, list[Clef]]] = {
        clef: (CHANGE * rank, []) for rank, clef in enumerate(clefs)
    }
    for pitches in bars:
        paths = {clef: _best(paths, clef, rank, pitches) for rank, clef in enumerate(clefs)}
    return min(paths.values(), key=lambda path: path[0])[1]


def _best(
    paths: dict[Clef, tuple[int, list[Clef]]], clef: Clef, rank: int, pitches: Sequence[int]
) -> tuple[int, list[Clef]]:
    change = {last: CHANGE * max(rank, 1) if last != clef else 0 for last in paths}
    before = min(paths, key=lambda last: paths[last][0] + change[last])
    cost, clefs = paths[before]
    here = sum(clef.trouble(pitch) for pitch in pitches)
    return cost + change[before] + here, [*clefs, clef]


_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_LOWEST_FROM_TONIC = {Mode.MAJOR: -3, Mode.MINOR: -5}
"""The flattest spelling used, in fifths from the tonic: in major the third of the parallel minor,
in minor the lowered second (of the Neapolitan chord)."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A pitch as it is written.

    Attributes:
        letter: C to B.
        alter: semitones up (sharps) or down (flats), -2 to 2.
        octave: in scientific pitch notation, where middle C is C4; that of the letter.
    """

    letter: str
    alter: int
    octave: int


def spell(pitch: int, key: Key) -> Spelling:
    """How ``pitch`` (0 to 127) is written in ``key``.

    Spellings are places on the line of fifths (... Bb F C G D A E B F# ...): in a key, each pitch
    class has the one place that lies within a window around the tonic (Temperley 2001, "The
    Cognition of Basic Musical Structures", chapter 5). The window reaches from what the key borrows
    from its flat side to the leading notes of the chords it goes to.
    """
    lowest = key.fifths + _LOWEST_FROM_TONIC[key.mode]
    fifths = lowest + (pitch * 7 - lowest) % PITCH_CLASSES
    alter, place = divmod(fifths - FIFTHS_OF_F, len(LETTERS))
    letter = LETTERS[place]
    octave = (pitch - alter - _NATURAL[letter]) // PITCH_CLASSES - 1
    return Spelling(letter, alter, octave)


def signature_alter(letter: str, sharps: int) -> int:
    """What a key signature of ``sharps`` (flats negative) does to a letter: -1, 0 or 1."""
    return (sharps - LETTERS.index(letter) - 1) // len(LETTERS) + 1
