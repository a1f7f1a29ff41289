"""Movements as a score in MusicXML 4.0, which notation programs open, plain or packed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from playbach import __version__
from playbach.midi.files import Placed
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.save.bars import Written
from playbach.save.score import (
    BarLine,
    Measure,
    Signs,
    instrument_of,
    measures_of,
    spell,
    title_of,
)

_HEAD = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n"
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_PACKED = "score.musicxml"
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_STYLES = {
    BarLine.DOUBLE: "light-light",
    BarLine.REPEAT: "light-heavy",
    BarLine.FINAL: "light-heavy",
}
_UNITS = {1: "whole", 2: "half", 4: "quarter", 8: "eighth", 16: "16th", 32: "32nd"}


def musicxml(
    movements: Sequence[Placed], *, metronome: bool = True, bars: range | None = None
) -> bytes:
    """A score of one part in UTF-8, the movements one after another.

    Args:
        movements: at least one. The silence between them is not written.
        metronome: whether tempi are printed; programs that play the score know them anyway.
        bars: numbers of those that are wanted, as ``WrittenBar.number``; ``None`` for all.
    """
    score = Element("score-partwise", version="4.0")
    first, title = movements[0], title_of(movements)
    _texts(SubElement(score, "work"), {"work-title": title})
    about = SubElement(score, "identification")
    SubElement(about, "creator", type="composer").text = first.composer
    _texts(SubElement(about, "encoding"), {"software": f"playbach {__version__}"})
    _credit(score, "title", title, {"justify": "center", "valign": "top", "font-weight": "bold"})
    _credit(score, "composer", first.composer, {"justify": "right", "valign": "bottom"})
    _part_list(SubElement(score, "part-list"), first)
    part = SubElement(score, "part", id="P1")
    for movement in movements:
        _movement(part, movement, named=len(movements) > 1, metronome=metronome, bars=bars)
    indent(score)
    body: bytes = tostring(score, encoding="utf-8")
    return _HEAD + body + b"\n"


def write(movements: Sequence[Placed], path: Path) -> None:
    """``musicxml`` into a file."""
    path.write_bytes(musicxml(movements))


def write_packed(movements: Sequence[Placed], path: Path) -> None:
    """``musicxml`` into a file of the kind ``.mxl``: a zip archive that says where the score is."""
    container = Element("container")
    SubElement(SubElement(container, "rootfiles"), "rootfile", {"full-path": _PACKED})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        # Without the time of day in it, the same music is the same file.
        for name, content in (
            ("META-INF/container.xml", tostring(container, encoding="utf-8")),
            (_PACKED, musicxml(movements)),
        ):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _credit(score: Element, kind: str, words: str, look: dict[str, str]) -> None:
    """What stands above the first page."""
    credit = SubElement(score, "credit", page="1")
    SubElement(credit, "credit-type").text = kind
    SubElement(credit, "credit-words", look).text = words


def _part_list(part_list: Element, first: Placed) -> None:
    program, name = instrument_of(first)
    part = SubElement(part_list, "score-part", id="P1")
    # There is only this part, so its name need not stand before the staff.
    SubElement(part, "part-name", {"print-object": "no"}).text = name
    _texts(SubElement(part, "score-instrument", id="P1-I1"), {"instrument-name": name})
    _texts(
        SubElement(part, "midi-instrument", id="P1-I1"),
        # MusicXML counts both from 1.
        {"midi-channel": first.channel + 1, "midi-program": program + 1},
    )


def _movement(
    part: Element, movement: Placed, *, named: bool, metronome: bool, bars: range | None
) -> None:
    measures = measures_of(movement)
    wanted = [one for one in measures if bars is None or one.bar.number in bars]
    for index, found in enumerate(wanted):
        bar = found.bar
        # Clef and key stand at the beginning, wherever that is.
        one = found if index else replace(found, new_clef=True, new_key=True)
        measure = SubElement(part, "measure", number=str(bar.number))
        if bar.offset and (index or measure is part[0]):
            # The beginning, or what goes on after a double bar; readers join it to what is before.
            measure.set("implicit", "yes")
        if not index and len(part) > 1:
            SubElement(measure, "print", {"new-system": "yes"})
        if one.begins_repeat:
            _bar_line(measure, "left", "heavy-light", repeat="forward")
        _attributes(measure, one, is_first=not index)
        if not index:
            if named:
                _words(measure, movement.piece.title)
            _tempo(measure, movement.tempo, bar.meter, shown=metronome and found is measures[0])
        _voices(measure, one)
        if one.line is not BarLine.PLAIN:
            repeat = "backward" if one.line is BarLine.REPEAT else ""
            _bar_line(measure, "right", _STYLES[one.line], repeat=repeat)


def _bar_line(measure: Element, location: str, style: str, *, repeat: str = "") -> None:
    line = SubElement(measure, "barline", location=location)
    _texts(line, {"bar-style": style})
    if repeat:
        SubElement(line, "repeat", direction=repeat)


def _attributes(measure: Element, one: Measure, *, is_first: bool) -> None:
    """Key, meter and clef where they are new."""
    if not (one.new_key or one.new_meter or one.new_clef):
        return
    bar = one.bar
    attributes = SubElement(measure, "attributes")
    if is_first:
        _texts(attributes, {"divisions": TICKS_PER_QUARTER})
    if one.new_key:
        key = SubElement(attributes, "key")
        _texts(key, {"fifths": bar.key.sharps, "mode": bar.key.mode.value})
    if one.new_meter:
        meter = SubElement(attributes, "time")
        _texts(meter, {"beats": bar.meter.count, "beat-type": bar.meter.unit})
    if one.new_clef:
        _texts(SubElement(attributes, "clef"), {"sign": one.clef.sign, "line": one.clef.line})


def _words(measure: Element, text: str) -> None:
    direction = SubElement(measure, "direction", placement="above")
    words = SubElement(SubElement(direction, "direction-type"), "words", {"font-weight": "bold"})
    words.text = text


def _tempo(measure: Element, tempo: float, meter: Meter, *, shown: bool) -> None:
    """A metronome mark: beats of the meter a minute."""
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


def _voices(measure: Element, one: Measure) -> None:
    for number, voice in one.bar.voices.items():
        if number > 1:
            _texts(SubElement(measure, "backup"), {"duration": one.bar.length})
        at = 0
        for chord in voice:
            _pass(measure, chord.start - at, number)
            _chord(measure, chord, number, one)
            at = chord.start + chord.duration
        # Some readers end the bar where the last voice does.
        _pass(measure, one.bar.length - at, number)


def _pass(measure: Element, ticks: int, voice: int) -> None:
    if ticks:
        forward = SubElement(measure, "forward")
        _texts(forward, {"duration": ticks, "voice": voice})


def _chord(measure: Element, one: Written, voice: int, place: Measure) -> None:
    """The elements of a chord or rest, in the order the schema wants."""
    for index, element in enumerate(_note_elements(measure, one)):
        if one.notes:
            if index:
                SubElement(element, "chord")
            spelling = spell(one.notes[index].pitch, place.bar.key)
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
            wanted = place.accidentals.get((one.start, one.notes[index].pitch))
            _value(element, one, None if wanted is None or one.tied[index] else wanted)
        else:
            _value(element, one, None)
        if not index:
            for level, word in enumerate(one.beams, start=1):
                SubElement(element, "beam", number=str(level)).text = word
        signs = place.bows.at(one, index) if one.notes else Signs()
        _notations(element, one, ties, signs, is_first=not index)


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


def _notations(
    element: Element, one: Written, ties: Sequence[str], signs: Signs, *, is_first: bool
) -> None:
    tuplets = ["start"] * one.opens + ["stop"] * one.closes if is_first else []
    slurs = ["stop"] * signs.stops + ["start"] * signs.starts
    if not (ties or slurs or tuplets or signs.is_trilled):
        return
    notations = SubElement(element, "notations")
    for kind in ties:
        SubElement(notations, "tied", type=kind)
    for kind in slurs:
        SubElement(notations, "slur", type=kind)
    for kind in tuplets:
        SubElement(notations, "tuplet", type=kind)
    if signs.is_trilled:
        SubElement(SubElement(notations, "ornaments"), "trill-mark")


def _texts(parent: Element, texts: dict[str, str | int]) -> None:
    """Children of these names and contents, in order."""
    for name, text in texts.items():
        SubElement(parent, name).text = str(text)
