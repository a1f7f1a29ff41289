"""Reads MusicXML 4.0 (W3C), scores by parts: the first part that has notes.

No more than a theme needs: notes, ties, key, meter, upbeat, the transposition of the instrument.
A document type with entities of its own is refused: they can grow without limit.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from playbach.errors import InputError
from playbach.music.grid import WrittenNote
from playbach.music.key import Key, Mode
from playbach.music.key_finding import Signature
from playbach.music.meter import TICKS_PER_QUARTER, Meter
from playbach.music.note import MAX_PITCH
from playbach.themes.said import MOST_NOTES, Said

_DEEPEST, _MOST_ELEMENTS = 64, 400_000
_MOST_IN_ARCHIVE = 1000
_CONTAINER = "META-INF/container.xml"
_SUFFIXES = (".xml", ".musicxml")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MOST_SHARPS = 7


def parse_xml(content: bytes) -> Element:
    """The root of a document.

    Raises:
        InputError: it is not XML, too deep or too large, or declares entities.
    """
    builder, parser = TreeBuilder(), expat.ParserCreate()
    depth, count = 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise InputError("not MusicXML: too deep or too many elements; export it anew")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: object) -> NoReturn:
        raise InputError("the file declares entities, which no music needs; export it anew")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputError(f"not MusicXML: {error}; export it anew") from error
    return builder.close()


def unpacked(content: bytes, most: int) -> bytes:
    """The score in a packed file (.mxl), at most so many bytes.

    Raises:
        InputError: there is none, or it is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()[:_MOST_IN_ARCHIVE]
            chosen = _rootfile(_read(archive, _CONTAINER, most)) if _CONTAINER in names else ""
            if chosen not in names:
                scores = (n for n in names if n.endswith(_SUFFIXES) and "META-INF" not in n)
                chosen = next(scores, "")
            if not chosen:
                raise InputError("there is no score in it; export it anew")
            return _read(archive, chosen, most)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, KeyError) as error:
        raise InputError("not a packed MusicXML file, or a damaged one; export it anew") from error


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"unpacked more than {most:,} bytes; give the first bars alone")
    return content


def _rootfile(container: bytes) -> str:
    found = next((e for e in parse_xml(container).iter() if e.tag.endswith("rootfile")), None)
    return "" if found is None else found.get("full-path", "")


def parse_musicxml(content: bytes) -> Said:
    """What a score says.

    Raises:
        InputError: it is no score by parts, or damaged.
    """
    root = parse_xml(content)
    if root.tag != "score-partwise":
        raise InputError(f"not a MusicXML score by parts, but {root.tag[:40]!r}; export it anew")
    parts = root.findall("part")
    for part in parts:
        said = _Part().read(part)
        if said.notes:
            return said
    raise InputError("there are no notes in it; give at least one")


@dataclass
class _Part:
    """A part, measure by measure."""

    divisions: int = 1
    signature: Signature | None = None
    meter: Meter | None = None
    up: int = 0
    notes: list[WrittenNote] = field(default_factory=list)

    def read(self, part: Element) -> Said:
        """What it says."""
        pickup: Fraction | None = None
        at = Fraction(0)
        for index, measure in enumerate(part.findall("measure")):
            length = self._measure(measure, at)
            if index == 0:
                bar = Fraction(self.meter.bar_ticks, TICKS_PER_QUARTER) if self.meter else length
                is_short = length < bar and (
                    measure.get("implicit") == "yes" or measure.get("number") == "0"
                )
                pickup = length if is_short else Fraction(0)
            at += length
            if len(self.notes) > MOST_NOTES:
                break
        return Said(self.notes, self.signature, self.meter, pickup)

    def _measure(self, measure: Element, start: Fraction) -> Fraction:
        """Reads one; how long it is."""
        at = longest = onset = Fraction(0)
        for element in measure:
            if element.tag == "attributes":
                self._attributes(element)
            elif element.tag in ("backup", "forward"):
                by = self._length(element)
                at = max(at - by, Fraction(0)) if element.tag == "backup" else at + by
            elif element.tag == "note" and element.find("grace") is None:
                length = self._length(element)
                if element.find("chord") is None:
                    onset, at = at, at + length
                self.notes += self._note(element, start + onset, length)
            longest = max(longest, at)
        return longest

    def _length(self, element: Element) -> Fraction:
        return Fraction(_whole(element, "duration", 0, 1_000_000), self.divisions)

    def _note(self, element: Element, onset: Fraction, length: Fraction) -> Iterator[WrittenNote]:
        pitch = element.find("pitch")
        if pitch is None or not length or element.find("cue") is not None:
            return
        step = _STEPS.get((pitch.findtext("step") or "").strip(), -1)
        octave = _whole(pitch, "octave", 0, 9)
        if step < 0 or pitch.findtext("octave") is None:
            raise InputError("the file is damaged: a pitch without step or octave; export it anew")
        number = 12 * (octave + 1) + step + self.up + _alter(pitch)
        if 0 <= number <= MAX_PITCH:
            ties = {tie.get("type") for tie in element.findall("tie")}
            yield WrittenNote(onset, number, length, "stop" in ties, "start" in ties)

    def _attributes(self, element: Element) -> None:
        self.divisions = _whole(element, "divisions", 1, 100_000, self.divisions)
        transpose = element.find("transpose")
        if transpose is not None:
            octaves = _whole(transpose, "octave-change", -9, 9, 0)
            self.up = 12 * octaves + _whole(transpose, "chromatic", -60, 60, 0)
        key, time = element.find("key"), element.find("time")
        if key is not None and self.signature is None and key.findtext("fifths"):
            self.signature = _signature(key)
        if time is not None and self.meter is None:
            self.meter = _meter(time)


def _signature(key: Element) -> Signature:
    fifths = _whole(key, "fifths", -_MOST_SHARPS, _MOST_SHARPS)
    mode = (key.findtext("mode") or "").strip()
    if mode not in {"major", "minor"}:
        return Signature(fifths)
    tonic = (7 * fifths - 3 * (mode == "minor")) % 12
    return Signature(fifths, Key(tonic, Mode(mode)))


def _meter(time: Element) -> Meter | None:
    """The meter; ``None`` for one of several parts, which is found from the notes instead."""
    try:
        return Meter(_whole(time, "beats", 1, 99), _whole(time, "beat-type", 1, 99))
    except InputError:
        return None


def _alter(pitch: Element) -> int:
    try:
        return max(min(round(float(pitch.findtext("alter") or 0)), 3), -3)
    except (ValueError, OverflowError):
        return 0


def _whole(element: Element, name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number in a child.

    Raises:
        InputError: it is none, or out of range.
    """
    text = element.findtext(name)
    if text is None and default is not None:
        return default
    try:
        number = int((text or "").strip()[:20])
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise InputError(
            f"the file is damaged: {name} {str(text)[:20]!r} is no number from {low} to {high}; "
            "export it anew"
        )
    return number
