"""Movements as a score in MusicXML 4.0, which notation programs open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from playbach import __version__
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.music.midi_write import Placed
from playbach.save.notation.bars import Bar, Written, bars_of
from playbach.save.notation.clefs import Clef, clefs_of
from playbach.save.notation.spelling import signature_alter, spell

PROGRAM = 43
"""General MIDI program as MusicXML counts, from 1: a cello."""
_HEAD = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n"
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_UNITS = {1: "whole", 2: "half", 4: "quarter", 8: "eighth", 16: "16th", 32: "32nd"}


def musicxml(movements: Sequence[Placed], *, metronome: bool = True) -> bytes:
    """A score of one part in UTF-8, the movements one after another.

    Args:
        movements: at least one. The silence between them is not written.
        metronome: whether tempi are printed; programs that play the score know them anyway.
    """
    score = Element("score-partwise", version="4.0")
    titles = [movement.piece.title for movement in movements]
    _texts(SubElement(score, "work"), {"work-title": _common_title(titles)})
    about = SubElement(score, "identification")
    creator = SubElement(about, "creator", type="composer")
    creator.text = "Play Bach"
    _texts(SubElement(about, "encoding"), {"software": f"playbach {__version__}"})
    _part_list(SubElement(score, "part-list"))
    part = SubElement(score, "part", id="P1")
    for movement in movements:
        _movement(part, movement, named=len(movements) > 1, metronome=metronome)
    indent(score)
    body: bytes = tostring(score, encoding="utf-8")
    return _HEAD + body + b"\n"


def write(movements: Sequence[Placed], path: Path) -> None:
    """``musicxml`` into a file."""
    path.write_bytes(musicxml(movements))


def _common_title(titles: Sequence[str]) -> str:
    """That of a movement by itself, that of the suite of several."""
    if len(titles) == 1:
        return titles[0]
    suites = list(dict.fromkeys(title.partition(",")[0] for title in titles))
    return suites[0] if len(suites) == 1 else f"{suites[0]} to {suites[-1]}"


def _part_list(part_list: Element) -> None:
    part = SubElement(part_list, "score-part", id="P1")
    # There is only this part, so its name need not stand before the staff.
    SubElement(part, "part-name", {"print-object": "no"}).text = "Violoncello"
    _texts(SubElement(part, "score-instrument", id="P1-I1"), {"instrument-name": "Violoncello"})
    _texts(
        SubElement(part, "midi-instrument", id="P1-I1"),
        {"midi-channel": 1, "midi-program": PROGRAM},
    )


def _movement(part: Element, movement: Placed, *, named: bool, metronome: bool) -> None:
    bars = bars_of(movement.piece)
    clefs = clefs_of([_pitches(bar) for bar in bars])
    previous: Bar | None = None
    for bar, clef, last_clef in zip(bars, clefs, [None, *clefs], strict=False):
        measure = SubElement(part, "measure", number=str(bar.number))
        if bar.length < bar.meter.bar_ticks:
            measure.set("implicit", "yes")
        if previous is None and len(part) > 1:
            SubElement(measure, "print", {"new-system": "yes"})
        _attributes(measure, bar, previous, None if clef == last_clef else clef)
        if previous is None:
            if named:
                _words(measure, movement.piece.title)
            _tempo(measure, movement.tempo, bar.meter, shown=metronome)
        _voices(measure, bar)
        previous = bar
    barline = SubElement(part[-1], "barline", location="right")
    _texts(barline, {"bar-style": "light-heavy"})


def _pitches(bar: Bar) -> list[int]:
    return [note.pitch for voice in bar.voices.values() for one in voice for note in one.notes]


def _attributes(measure: Element, bar: Bar, previous: Bar | None, clef: Clef | None) -> None:
    """Key, meter and clef where they are new."""
    new_key = previous is None or previous.key != bar.key
    new_meter = previous is None or previous.meter != bar.meter
    if not (new_key or new_meter or clef):
        return
    attributes = SubElement(measure, "attributes")
    if previous is None:
        _texts(attributes, {"divisions": TICKS_PER_QUARTER})
    if new_key:
        key = SubElement(attributes, "key")
        _texts(key, {"fifths": bar.key.sharps, "mode": bar.key.mode.value})
    if new_meter:
        meter = SubElement(attributes, "time")
        _texts(meter, {"beats": bar.meter.count, "beat-type": bar.meter.unit})
    if clef:
        _texts(SubElement(attributes, "clef"), {"sign": clef.sign, "line": clef.line})


def _words(measure: Element, text: str) -> None:
    direction = SubElement(measure, "direction", placement="above")
    words = SubElement(SubElement(direction, "direction-type"), "words", {"font-weight": "bold"})
    words.text = text


def _tempo(measure: Element, tempo: float, meter: Meter, *, shown: bool) -> None:
    """How many felt beats a minute has."""
    quarters = tempo * meter.beat_ticks / TICKS_PER_QUARTER
    sound = Element("sound", tempo=f"{quarters:.8g}")
    if not shown:
        measure.append(sound)
        return
    direction = SubElement(measure, "direction", placement="above")
    mark = SubElement(SubElement(direction, "direction-type"), "metronome")
    unit = meter.unit // 2 if meter.is_compound else meter.unit
    _texts(mark, {"beat-unit": _UNITS[unit]})
    if meter.is_compound:
        SubElement(mark, "beat-unit-dot")
    _texts(mark, {"per-minute": f"{tempo:.4g}"})
    direction.append(sound)


def _voices(measure: Element, bar: Bar) -> None:
    accidentals = _accidentals(bar)
    at = 0
    for number, voice in bar.voices.items():
        if at:
            _texts(SubElement(measure, "backup"), {"duration": at})
            at = 0
        for one in voice:
            if at < one.start:
                forward = SubElement(measure, "forward")
                _texts(forward, {"duration": one.start - at, "voice": number})
            _chord(measure, one, number, bar, accidentals)
            at = one.start + one.duration


Accidentals = dict[tuple[int, int], int]
"""By tick in the bar and pitch: the accidental that has to be written, as semitones."""


def _accidentals(bar: Bar) -> Accidentals:
    """Those that the signature and earlier accidentals of the bar do not say."""
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


def _in_order(bar: Bar) -> list[tuple[int, int, bool]]:
    return sorted(
        (one.start, note.pitch, is_tied)
        for voice in bar.voices.values()
        for one in voice
        for note, is_tied in zip(one.notes, one.tied, strict=True)
    )


def _chord(measure: Element, one: Written, voice: int, bar: Bar, accidentals: Accidentals) -> None:
    """The elements of a chord or rest, in the order the schema wants."""
    for index, element in enumerate(_note_elements(measure, one)):
        if one.notes:
            if index:
                SubElement(element, "chord")
            spelling = spell(one.notes[index].pitch, bar.key)
            pitch = SubElement(element, "pitch")
            _texts(pitch, {"step": spelling.letter})
            if spelling.alter:
                _texts(pitch, {"alter": spelling.alter})
            _texts(pitch, {"octave": spelling.octave})
        else:
            SubElement(element, "rest", {} if one.value else {"measure": "yes"})
        _texts(element, {"duration": one.duration})
        ties = _ties(one, index)
        for kind in ties:
            SubElement(element, "tie", type=kind)
        _texts(element, {"voice": voice})
        if one.notes:
            wanted = accidentals.get((one.start, one.notes[index].pitch))
            _value(element, one, None if wanted is None or one.tied[index] else wanted)
        else:
            _value(element, one, None)
        if not index:
            for level, word in enumerate(one.beams, start=1):
                SubElement(element, "beam", number=str(level)).text = word
        _notations(element, one, ties, is_first=not index)


def _note_elements(measure: Element, one: Written) -> Iterator[Element]:
    for _ in one.notes or (None,):
        yield SubElement(measure, "note")


def _ties(one: Written, index: int) -> list[str]:
    if not one.notes:
        return []
    return ["stop"] * one.tied[index] + ["start"] * one.ties[index]


def _value(element: Element, one: Written, accidental: int | None) -> None:
    if one.value is None:
        return
    _texts(element, {"type": one.value.kind})
    for _ in range(one.value.dots):
        SubElement(element, "dot")
    if accidental is not None:
        _texts(element, {"accidental": _ACCIDENTALS[accidental]})
    if one.in_triplet:
        change = SubElement(element, "time-modification")
        _texts(change, {"actual-notes": 3, "normal-notes": 2})


def _notations(element: Element, one: Written, ties: Sequence[str], *, is_first: bool) -> None:
    tuplets = ["start"] * one.opens + ["stop"] * one.closes if is_first else []
    if not (ties or tuplets):
        return
    notations = SubElement(element, "notations")
    for kind in ties:
        SubElement(notations, "tied", type=kind)
    for kind in tuplets:
        SubElement(notations, "tuplet", type=kind)


def _texts(parent: Element, texts: dict[str, str | int]) -> None:
    """Children of these names and contents, in order."""
    for name, text in texts.items():
        SubElement(parent, name).text = str(text)
