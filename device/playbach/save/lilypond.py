"""Movements as a source for LilyPond 2.24 (lilypond.org), which engraves and plays it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from playbach.midi.files import Placed
from playbach.midi.general_midi import INSTRUMENTS
from playbach.music.key import Key
from playbach.music.meter import TICKS_PER_WHOLE, Meter
from playbach.music.note import Note
from playbach.save.bars import BEGIN, CONTINUE, END, Written
from playbach.save.score import (
    BarLine,
    Measure,
    Spelling,
    instrument_of,
    measures_of,
    spell,
    title_of,
)

_ALTERATIONS = {-2: "eses", -1: "es", 0: "", 1: "is", 2: "isis"}
_MIDDLE = 3
"""The octave of a note name without a sign, in scientific pitch notation."""
_LENGTHS = {
    "64th": "64", "32nd": "32", "16th": "16", "eighth": "8", "quarter": "4", "half": "2",
    "whole": "1", "breve": "\\breve",
}  # fmt: skip
_LINES = {BarLine.DOUBLE: '\\bar "||"', BarLine.FINAL: '\\bar "|."'}
_NAMED_ALIKE = {"Strings", "Reed", "Pipe"}
"""Families whose instruments have the same names here; others sound as LilyPond's piano."""
_VOICES = ("\\voiceOne", "\\voiceTwo", "\\voiceThree", "\\voiceFour")


def lilypond(movements: Sequence[Placed]) -> str:
    """The source: a score for each movement."""
    lines = [
        '\\version "2.24.0"',
        "\\header {",
        f"  title = {_quoted(title_of(movements))}",
        f"  composer = {_quoted(movements[0].composer)}",
        "  tagline = ##f",
        "}",
    ]
    for movement in movements:
        lines += ["\\score {", *_staff(movement)]
        if len(movements) > 1:
            lines.append(f"  \\header {{ piece = {_quoted(movement.piece.title)} }}")
        lines += ["  \\layout { }", "  \\midi { }", "}"]
    return "\n".join(lines) + "\n"


def write(movements: Sequence[Placed], path: Path) -> None:
    """``lilypond`` into a file."""
    path.write_text(lilypond(movements), encoding="utf-8", newline="\n")


def _staff(movement: Placed) -> Iterator[str]:
    measures = measures_of(movement)
    instrument = INSTRUMENTS[instrument_of(movement)[0]]
    yield "  \\new Staff <<"
    if instrument.family in _NAMED_ALIKE:
        yield f"    \\set Staff.midiInstrument = {_quoted(instrument.name.lower())}"
    for voice in range(1, max(max(one.bar.voices) for one in measures) + 1):
        yield "    \\new Voice {"
        if voice == 1:
            yield f"      \\autoBeamOff {_tempo(movement.tempo, measures[0].bar.meter)}"
        else:
            yield "      \\autoBeamOff"
        yield from _voice(measures, voice, repeated=movement.repeated)
        yield "    }"
    yield "  >>"


def _voice(measures: Sequence[Measure], voice: int, *, repeated: bool) -> Iterator[str]:
    """A line for each bar."""
    place = 0
    if repeated:
        yield "      \\repeat volta 2 {"
    for one in measures:
        if one.begins_repeat:
            yield "      } \\repeat volta 2 {"
        bar = one.bar
        words = [*_signs(one)] if voice == 1 else []
        if voice == 1:
            words += _place(one, place % bar.meter.bar_ticks, is_first=one is measures[0])
        place = bar.offset + bar.length
        alone = voice == 1 == len(bar.voices)
        words.append("\\oneVoice" if alone else _VOICES[voice - 1])
        words += _bar(one, bar.voices.get(voice, ()))
        words.append(_LINES.get(one.line, "") if voice == 1 else "")
        words.append("|" if place == bar.meter.bar_ticks else "")
        yield f"      {' '.join(filter(None, words))}"
    if repeated:
        yield "      }"


def _signs(one: Measure) -> Iterator[str]:
    """Clef, key and meter where they are new."""
    if one.new_clef:
        yield f"\\clef {one.clef.name}"
    if one.new_key:
        yield f"\\key {_name(spell(one.bar.key.tonic, one.bar.key))} \\{one.bar.key.mode.value}"
    if one.new_meter:
        yield f"\\numericTimeSignature \\time {one.bar.meter}"


def _place(one: Measure, expected: int, *, is_first: bool) -> Iterator[str]:
    """Where in the meter's bar a measure begins, if not where LilyPond thinks."""
    if one.bar.offset and is_first:
        yield f"\\partial 1*{_fraction(one.bar.length)}"
    elif one.bar.offset != expected:
        yield f"\\set Timing.measurePosition = #(ly:make-moment {_fraction(one.bar.offset)})"


def _tempo(tempo: float, meter: Meter) -> str:
    # The beat is the unit, or three of it.
    unit = f"{meter.unit // 2}." if meter.is_compound else str(meter.unit)
    return f"\\tempo {unit} = {tempo:.0f}"


def _bar(measure: Measure, voice: Iterable[Written]) -> Iterator[str]:
    """The notes of a voice in a bar, with skips where it is silent."""
    at = 0
    notes = list(voice)
    for before, one, after in zip([None, *notes], notes, [*notes[1:], None], strict=False):
        if at < one.start:
            yield f"s1*{_fraction(one.start - at)}"
        if one.opens:
            yield "\\tuplet 3/2 {"
        if _is_divided(before, one):
            yield "\\set stemLeftBeamCount = #1"
        if _is_divided(one, after):
            yield "\\set stemRightBeamCount = #1"
        yield _sound(measure.bar.key, one)
        if one.closes:
            yield "}"
        at = one.start + one.duration
    if at < measure.bar.length:
        yield f"s1*{_fraction(measure.bar.length - at)}"


def _is_divided(one: Written | None, after: Written | None) -> bool:
    """Whether only the first of their beams goes on from one note to the next."""
    if one is None or after is None or min(len(one.beams), len(after.beams)) < 2:  # noqa: PLR2004 two
        return False
    goes_on = (BEGIN, CONTINUE)
    return one.beams[0] in goes_on and one.beams[1] not in goes_on


def _sound(key: Key, one: Written) -> str:
    if one.value is None:
        return f"R1*{_fraction(one.duration)}"
    length = _LENGTHS[one.value.kind] + "." * one.value.dots
    if not one.notes:
        return f"r{length}"
    beam = {BEGIN: "[", END: "]"}.get(one.beams[0], "") if one.beams else ""
    pitches = [_pitch(note, key) for note in one.notes]
    if len(pitches) == 1:
        return f"{pitches[0]}{length}{'~' * one.ties[0]}{beam}"
    chord = (f"{pitch}{'~' * tie}" for pitch, tie in zip(pitches, one.ties, strict=True))
    return f"<{' '.join(chord)}>{length}{beam}"


def _pitch(note: Note, key: Key) -> str:
    spelling = spell(note.pitch, key)
    octaves = spelling.octave - _MIDDLE
    return _name(spelling) + ("'" * octaves if octaves > 0 else "," * -octaves)


def _name(spelling: Spelling) -> str:
    """In LilyPond's own language, Dutch."""
    return spelling.letter.lower() + _ALTERATIONS[spelling.alter]


def _fraction(ticks: int) -> str:
    """A duration in whole notes."""
    return f"{ticks}/{TICKS_PER_WHOLE}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
