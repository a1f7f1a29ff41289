"""The bars of a MusicXML score in the order in which they are played.

An alignment holds the notes as played, repeats unfolded, but neither bars nor double bars. These
come from the score it follows. Only what bears on them is read; notes come from the alignment.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree as ET

from playbach.errors import InputError
from playbach.music.meter import TICKS_PER_QUARTER, Meter, parse_meter
from playbach.music.note import Ticks
from playbach_train.corpus.guards import MAX_SCORE_BYTES, check_size

_MOST_TICKS = 1_000_000
"""Length of a score; more than any movement has."""
_DOUBLE = {"light-light", "light-heavy", "heavy-light", "heavy-heavy"}
"""Styles of a bar line that ends or begins a section."""


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar as it stands in the score.

    Attributes:
        length: ticks of what is written in it.
        opens: whether a repeat begins with it.
        closes: whether a repeat ends with it.
        ending: passes for which an ending begins with it, such as ``{"1"}``; empty for none.
        ending_stops: whether an ending stops with it.
        begins: whether a double bar stands before it.
        ends: whether a double bar stands after it.
    """

    length: int
    opens: bool = False
    closes: bool = False
    ending: frozenset[str] = frozenset()
    ending_stops: bool = False
    begins: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A score as it is played.

    Attributes:
        meter: the first one.
        pickup: ticks before the first bar line.
        spans: ``(start, written, length)`` of each bar in the order of playing: the tick at which
            it is played, the tick at which it stands in the score, and how long it is.
        double_bars: ticks of playing at which an inner section ends.
    """

    meter: Meter
    pickup: Ticks
    spans: tuple[tuple[int, int, int], ...]
    double_bars: tuple[Ticks, ...]

    @property
    def end(self) -> Ticks:
        """The tick at which the last bar ends."""
        start, _, length = self.spans[-1]
        return Ticks(start + length)


def read_layout(path: Path) -> Layout:
    """The bars of a score, ``.mxl`` or ``.musicxml``.

    Raises:
        InputError: it cannot be read, is too large, or has no bars, no meter or no sense.
    """
    try:
        check_size(path)
        root = ET.fromstring(_xml(path))  # noqa: S314 limited in size; expat limits entities
        meter, bars = _written(root)
        return _layout(meter, bars)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, zipfile.BadZipFile, ET.ParseError, KeyError, ValueError) as error:
        raise InputError(f"{path}: not a MusicXML score: {error}; export it anew") from error


def _xml(path: Path) -> bytes:
    if path.suffix.lower() != ".mxl":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = [
            member
            for member in archive.infolist()
            if member.filename.lower().endswith((".xml", ".musicxml"))
            and not member.filename.startswith("META-INF/")
        ]
        if not members:
            raise InputError("there is no score in it; export it anew")
        if members[0].file_size > MAX_SCORE_BYTES:
            raise InputError(f"its score is larger than {MAX_SCORE_BYTES:,} bytes")
        return archive.read(members[0])


def _written(root: ET.Element) -> tuple[Meter, list[WrittenBar]]:
    part = root.find("part")
    if part is None:
        raise InputError("there is no part in it")
    divisions, meter, bars = Fraction(1), None, []
    for measure in part.findall("measure"):
        divisions = Fraction(measure.findtext("attributes/divisions") or divisions)
        time = measure.find("attributes/time")
        if meter is None and time is not None:
            meter = parse_meter(f"{time.findtext('beats')}/{time.findtext('beat-type')}")
        if divisions <= 0:
            raise InputError(f"bar {measure.get('number')}: {divisions} divisions of a quarter")
        bars.append(_bar(measure, TICKS_PER_QUARTER / divisions))
    if meter is None or not bars:
        raise InputError("it has no bars or no time signature")
    return meter, bars


def _bar(measure: ET.Element, scale: Fraction) -> WrittenBar:
    at = furthest = Fraction(0)
    for element in measure:
        if element.find("chord") is not None or element.find("grace") is not None:
            continue
        duration = Fraction(element.findtext("duration") or 0) * scale
        at += -duration if element.tag == "backup" else duration
        furthest = max(furthest, at)
    lines = {line.get("location", "right"): line for line in measure.findall("barline")}
    directions = {
        repeat.get("direction") for line in lines.values() for repeat in line.findall("repeat")
    }
    styles = {where: line.findtext("bar-style") in _DOUBLE for where, line in lines.items()}
    endings = [one for line in lines.values() for one in line.findall("ending")]
    passes = [one.get("number", "") for one in endings if one.get("type") == "start"]
    return WrittenBar(
        int(furthest),
        "forward" in directions,
        "backward" in directions,
        frozenset(number.strip() for number in ",".join(passes).split(",") if number.strip()),
        any(one.get("type") != "start" for one in endings),
        "forward" in directions or styles.get("left", False),
        "backward" in directions or styles.get("right", False),
    )


def _played(bars: Sequence[WrittenBar]) -> list[int]:
    """Which bars are played, in order: what stands in repeat signs twice, endings in their pass."""
    passes: list[frozenset[str]] = []
    ending: frozenset[str] = frozenset()
    for bar in bars:
        ending = bar.ending or ending
        passes.append(ending)
        ending = frozenset() if bar.ending_stops else ending
    order: list[int] = []
    index, begin, time = 0, 0, 1
    while index < len(bars):
        if bars[index].opens and index != begin:
            begin, time = index, 1
        if not passes[index] or str(time) in passes[index]:
            order.append(index)
            if bars[index].closes and time == 1:
                index, time = begin, 2
                continue
            if bars[index].closes:
                begin, time = index + 1, 1
        index += 1
    return order


def _layout(meter: Meter, bars: Sequence[WrittenBar]) -> Layout:
    written = [0, *accumulate(bar.length for bar in bars)]
    if written[-1] > _MOST_TICKS or any(bar.length < 0 for bar in bars):
        raise InputError(f"it is longer than {_MOST_TICKS} ticks")
    order = _played(bars)
    starts = [0, *accumulate(bars[index].length for index in order)]
    pickup = bars[0].length if bars[0].length < meter.bar_ticks else 0
    double = [
        Ticks(start)
        for before, index, start in zip(order, order[1:], starts[1:], strict=False)
        if _is_border(bars, before, index, meter)
    ]
    spans = tuple(
        (start, written[index], bars[index].length)
        for index, start in zip(order, starts, strict=False)
    )
    return Layout(meter, Ticks(pickup), spans, tuple(double))


def _is_border(bars: Sequence[WrittenBar], before: int, after: int, meter: Meter) -> bool:
    """Whether a section ends between two bars played one after the other."""
    if after <= before or bars[before].ends or bars[after].begins:
        return True
    # Where repeats are not played their signs were removed, and the bar that they parted is left.
    lengths = bars[before].length, bars[after].length
    return before > 0 and sum(lengths) == meter.bar_ticks and 0 not in lengths
