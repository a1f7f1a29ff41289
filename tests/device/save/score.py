"""What an independent reader, music21, finds in a MusicXML score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from music21 import converter

from playbach.music.note import Note, Pitch, Ticks


@dataclass(frozen=True)
class Sounding:
    """A written note: its place, and whether it goes on from, and into, another."""

    onset: int
    pitch: int
    duration: int
    tied: bool
    ties: bool


def read(xml: bytes) -> Any:
    """The one part of a score."""
    score = converter.parseData(xml.decode(), format="musicxml")
    (part,) = score.parts
    return part


def tree(xml: bytes) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314 what we have just written


def notes(part: Any) -> tuple[Note, ...]:
    """Its notes as they sound: what is tied is one."""
    sounding: dict[int, list[Sounding]] = {}
    for written in sorted(_written(part), key=lambda one: one.onset):
        sounding.setdefault(written.pitch, []).append(written)
    return tuple(sorted(note for line in sounding.values() for note in _joined(line)))


def bars(part: Any) -> list[Any]:
    return list(part.getElementsByClass("Measure"))


def ticks(quarters: Any) -> int:
    """Quarter notes as ticks, which they must be."""
    exact = quarters * 24
    assert abs(exact - round(exact)) < 1e-6, quarters
    nearest: int = round(exact)
    return nearest


def _written(part: Any) -> Iterator[Sounding]:
    for element in part.flatten().notes:
        onset, duration = ticks(element.offset), ticks(element.quarterLength)
        for note in element.notes if element.isChord else [element]:
            kind = note.tie.type if note.tie else ""
            yield Sounding(
                onset,
                note.pitch.midi,
                duration,
                kind in {"stop", "continue"},
                kind in {"start", "continue"},
            )


def _joined(line: list[Sounding]) -> Iterator[Note]:
    assert not line[0].tied
    assert not line[-1].ties
    onset = line[0].onset
    for one, after in pairwise([*line, None]):
        assert one is not None
        end = one.onset + one.duration
        if after is not None:
            assert one.ties == after.tied
            assert after.onset >= end
        if not one.ties:
            yield Note(Ticks(onset), Pitch(one.pitch), Ticks(end - onset))
            onset = 0 if after is None else after.onset
        else:
            assert after is not None
            assert after.onset == end
