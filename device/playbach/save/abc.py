"""Movements in ABC notation 2.1 (abcnotation.com), a tune for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from playbach.midi.files import Placed
from playbach.music.key import Key
from playbach.music.meter import TICKS_PER_WHOLE, Meter
from playbach.save.bars import BEGIN, CONTINUE, Written
from playbach.save.note_values import (
    EIGHTH,
    HALF_TICKS,
    TRIPLET_DENOMINATOR,
    TRIPLET_NUMERATOR,
    VALUES,
)
from playbach.save.score import (
    BarLine,
    Measure,
    instrument_of,
    measures_of,
    signature_alter,
    spell,
)

_UNIT = EIGHTH // HALF_TICKS
"""Ticks of a note without a number."""
_WIDTH = 110
"""Characters of the first voice on a line, but for a bar that is longer."""
_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_MIDDLE = 4
"""The octave of capital letters, in scientific pitch notation."""
_LINES = {
    BarLine.PLAIN: "|", BarLine.DOUBLE: "||", BarLine.REPEAT: ":|", BarLine.FINAL: "|]",
}  # fmt: skip


def abc(movements: Sequence[Placed]) -> str:
    """A tune book."""
    tunes = (_tune(number, movement) for number, movement in enumerate(movements, start=1))
    # Programs that can are to break lines where the music needs it.
    return "%abc-2.1\nI:linebreak <none>\n\n" + "\n".join("\n".join(tune) + "\n" for tune in tunes)


def write(movements: Sequence[Placed], path: Path) -> None:
    """``abc`` into a file."""
    path.write_text(abc(movements), encoding="utf-8", newline="\n")


def _tune(number: int, movement: Placed) -> Iterator[str]:
    measures = measures_of(movement)
    first = measures[0]
    voices = range(1, max(max(one.bar.voices) for one in measures) + 1)
    yield f"X:{number}"
    yield f"T:{movement.piece.title}"
    yield f"C:{movement.composer}"
    yield f"M:{first.bar.meter}"
    yield f"L:{Fraction(_UNIT, TICKS_PER_WHOLE)}"
    yield f"Q:{_beat(first.bar.meter)}={movement.tempo:.0f}"
    if len(voices) > 1:
        yield f"%%score ({' '.join(map(str, voices))})"
    yield f"K:{_key(first.bar.key)} clef={first.clef.name}"
    yield f"%%MIDI program {instrument_of(movement)[0]}"
    written = [list(_voice(measures, voice)) for voice in voices]
    systems = list(_systems(written[0]))
    for voice, bars in zip(voices, written, strict=True):
        yield f"V:{voice}"
        for begin, end in systems:
            yield " ".join(bars[begin:end])


def _systems(bars: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Bars that stand on a line, from one to before the other; to some programs it is a system."""
    begin, width = 0, 0
    for index, bar in enumerate(bars):
        if index > begin and width + len(bar) > _WIDTH:
            yield begin, index
            begin, width = index, 0
        width += len(bar) + 1
    yield begin, len(bars)


def _beat(meter: Meter) -> Fraction:
    return Fraction(meter.beat_ticks, TICKS_PER_WHOLE)


def _key(key: Key) -> str:
    tonic, mode = str(key).split()
    return f"{tonic}{mode[:3]}"


def _voice(measures: Sequence[Measure], voice: int) -> Iterator[str]:
    """Bar by bar."""
    for index, one in enumerate(measures):
        words = ["|:"] if one.begins_repeat else []
        if index:
            words += _signs(one)
        words += _bar(one, voice)
        yield f"{''.join(words).strip()} {_LINES[one.line]}"


def _signs(one: Measure) -> Iterator[str]:
    if one.new_key or one.new_clef:
        yield f"[K:{_key(one.bar.key)} clef={one.clef.name}] "
    if one.new_meter:
        yield f"[M:{one.bar.meter}] "


def _bar(measure: Measure, voice: int) -> Iterator[str]:
    """The notes of a voice in a bar; those under one beam stand together."""
    at = 0
    altered: set[str] = set()
    chords = measure.bar.voices.get(voice, ())
    for index, one in enumerate(chords):
        if at < one.start:
            yield from _skip(one.start - at)
        if one.opens:
            end = next(i for i in range(index, len(chords)) if chords[i].closes)
            yield f"({TRIPLET_NUMERATOR}:{TRIPLET_DENOMINATOR}:{end - index + 1}"
        yield _sound(one, measure.bar.key, altered) + ("" if _is_joined(one) else " ")
        at = one.start + one.duration
    if at < measure.bar.length:
        yield from _skip(measure.bar.length - at)


def _skip(ticks: int) -> Iterator[str]:
    """Rests that are not seen, of values that there are."""
    for value in sorted(VALUES, reverse=True):
        while value <= ticks * HALF_TICKS and value % HALF_TICKS == 0:
            ticks -= value // HALF_TICKS
            yield f"x{_length(value // HALF_TICKS)} "
    if ticks:
        yield f"x{_length(ticks)} "


def _is_joined(one: Written) -> bool:
    """Whether every beam of a note goes on: those of 32nds part where one beam would go on."""
    return any(one.beams) and one.beams[:2][-1] in (BEGIN, CONTINUE)


def _sound(one: Written, key: Key, altered: set[str]) -> str:
    """A chord or rest.

    Args:
        one: it.
        key: of the bar.
        altered: the letters that had an accidental of their own in this bar; changed.
    """
    longer = Fraction(TRIPLET_NUMERATOR, TRIPLET_DENOMINATOR) if one.in_triplet else 1
    ticks = one.duration * longer
    if not one.notes:
        return f"z{_length(ticks)}"
    pitches = []
    for note, tie in zip(one.notes, one.ties, strict=True):
        spelling = spell(note.pitch, key)
        letter = spelling.letter
        # Programs differ in how far an accidental reaches, so none is left to be understood.
        sign = ""
        if spelling.alter != signature_alter(letter, key.sharps):
            altered.add(letter)
            sign = _SIGNS[spelling.alter]
        elif letter in altered:
            sign = _SIGNS[spelling.alter]
        octaves = spelling.octave - _MIDDLE
        name = letter.lower() + "'" * (octaves - 1) if octaves > 0 else letter + "," * -octaves
        pitches.append(f"{sign}{name}{'-' * tie}")
    if len(pitches) == 1:
        return f"{pitches[0].rstrip('-')}{_length(ticks)}{'-' * one.ties[0]}"
    return f"[{''.join(pitches)}]{_length(ticks)}"


def _length(ticks: int | Fraction) -> str:
    """A duration in units, such as nothing for one, ``3``, ``/2`` or ``3/4``."""
    length = Fraction(ticks, _UNIT)
    above = "" if length.numerator == 1 else str(length.numerator)
    return above if length.denominator == 1 else f"{above}/{length.denominator}"
