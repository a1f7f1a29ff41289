"""A folder of performances aligned to their scores, note by note.

The form is that of the Bach Violin Dataset (Dong, Zhou, Berg-Kirkpatrick, McAuley: "Deep
Performer", ICASSP 2022): ``performances.csv`` with a row for each performance (``name``,
``violinist``, ``work``, ``movement``, ``score``), ``notes/NAME.csv`` (onset, offset, pitch; 24
ticks to the quarter), ``alignments/NAME.csv`` (start, end; seconds), ``scores/SCORE.mxl``.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from playbach.errors import InputError
from playbach.music.note import MAX_PITCH, Note, Pitch, Ticks
from playbach.performer.features import Beat, Passage, beats_of
from playbach_train.corpus.guards import check_size
from playbach_train.performance.scores import Layout, read_layout

MAX_TABLE_BYTES = 4 * 1024 * 1024
MOST_PERFORMANCES = 2000
FEWEST_BEATS = 8
"""Beats below which a performance says nothing about tempo."""
CLIP = 0.6
"""The log of a beat's duration over the median is cut at this: pauses, and mistakes of aligning."""


@dataclass(frozen=True)
class Performed:
    """A movement as somebody played it.

    Attributes:
        name: of its files.
        player: who plays.
        movement: what is played, repeats or not, such as ``BWV1002 5``.
        passage: the notes as played, repeats unfolded, with its bars, double bars and end.
        layout: where each bar stands in the score.
        starts: seconds at which each note begins.
        ends: seconds at which each note ends; that of the last one says nothing.
    """

    name: str
    player: str
    movement: str
    passage: Passage
    layout: Layout
    starts: tuple[float, ...]
    ends: tuple[float, ...]

    @cached_property
    def times(self) -> dict[int, float]:
        """Seconds at which each onset begins, in order, without those that do not go forward."""
        times: dict[int, float] = {}
        latest = -math.inf
        for note, start in zip(self.passage.notes, self.starts, strict=True):
            if note.onset not in times and start > latest:
                times[note.onset] = latest = start
        return times

    def seconds(self, tick: int) -> float:
        """When a tick is played, between the first onset and the last; ``nan`` elsewhere."""
        ticks = self._ticks
        after = bisect_right(ticks, tick)
        if after == 0 or tick > ticks[-1]:
            return math.nan
        if ticks[after - 1] == tick:
            return self.times[tick]
        low, high = ticks[after - 1], ticks[after]
        share = (tick - low) / (high - low)
        return self.times[low] + share * (self.times[high] - self.times[low])

    @cached_property
    def _ticks(self) -> list[int]:
        return list(self.times)

    @cached_property
    def beats(self) -> list[Beat]:
        """All beats of the passage."""
        return beats_of(self.passage)

    @cached_property
    def tempo(self) -> dict[int, float]:
        """By index of the beat: log of its duration over the median beat's, cut at ``CLIP``.

        Only whole beats between the first onset and the last have one.
        """
        whole = self.passage.meter.beat_ticks
        lasting = {
            index: self.seconds(beat.end) - self.seconds(beat.start)
            for index, beat in enumerate(self.beats)
            if beat.length == whole
        }
        logs = {index: math.log(length) for index, length in lasting.items() if length > 0}
        if not logs:
            return {}
        middle = sorted(logs.values())[len(logs) // 2]
        return {index: max(-CLIP, min(CLIP, log - middle)) for index, log in logs.items()}

    def written(self, tick: int) -> int:
        """The tick of the score at which what is played at ``tick`` stands."""
        spans = self.layout.spans
        index = bisect_right(spans, tick, key=lambda span: span[0]) - 1
        start, written, _ = spans[max(index, 0)]
        return written + tick - start


def read_performances(folder: Path) -> list[Performed]:
    """Every performance of a folder.

    Raises:
        InputError: the folder or a file is not as described; the message says which and where.
    """
    index = folder / "performances.csv"
    rows = _rows(index, ("name", "violinist", "work", "movement", "score"))
    if not 1 <= len(rows) <= MOST_PERFORMANCES:
        raise InputError(f"{index}: {len(rows)} performances; 1 to {MOST_PERFORMANCES} are read")
    return [_performed(folder, row) for row in rows]


def _performed(folder: Path, row: Mapping[str, str]) -> Performed:
    for word in (row["name"], row["score"]):
        if not word or Path(word).name != word:
            raise InputError(f"{folder / 'performances.csv'}: {word[:80]!r} is no name of a file")
    layout = read_layout(folder / "scores" / f"{row['score']}.mxl")
    path = folder / "notes" / f"{row['name']}.csv"
    notes = [
        _note(path, line, *_numbers(path, line, one, ("onset", "offset", "pitch")))
        for line, one in enumerate(_rows(path, ("onset", "offset", "pitch")), start=2)
    ]
    path = folder / "alignments" / f"{row['name']}.csv"
    times = [
        _numbers(path, line, one, ("start", "end"))
        for line, one in enumerate(_rows(path, ("start", "end")), start=2)
    ]
    if len(times) != len(notes):
        raise InputError(f"{path}: {len(times)} rows, but its notes have {len(notes)}")
    if not notes or max(note.onset for note in notes) >= layout.end:
        raise InputError(
            f"{path}: no notes, or more than the {layout.end} ticks of the score {row['score']}"
        )
    order = sorted(range(len(notes)), key=notes.__getitem__)
    passage = Passage(
        tuple(notes[i] for i in order), layout.meter, layout.pickup, layout.double_bars, layout.end
    )
    performed = Performed(
        row["name"],
        row["violinist"],
        f"{row['work']} {row['movement']}",
        passage,
        layout,
        tuple(times[i][0] for i in order),
        tuple(times[i][1] for i in order),
    )
    if len(performed.tempo) < FEWEST_BEATS:
        raise InputError(f"{path}: fewer than {FEWEST_BEATS} beats; leave this performance out")
    return performed


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        check_size(path, MAX_TABLE_BYTES)
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a table: {error}") from error
    for line, row in enumerate(rows, start=2):
        for name in columns:
            if row.get(name) is None:
                raise InputError(f"{path}, line {line}: there is no column {name}")
    return rows


def _numbers(
    path: Path, line: int, row: Mapping[str, str], columns: tuple[str, ...]
) -> tuple[float, ...]:
    try:
        numbers = tuple(float(row[name]) for name in columns)
    except ValueError as error:
        raise InputError(f"{path}, line {line}: {error}") from error
    if not all(math.isfinite(number) and abs(number) < 1e7 for number in numbers):  # noqa: PLR2004 longer than any recording
        raise InputError(f"{path}, line {line}: a number out of range")
    return numbers


def _note(path: Path, line: int, onset: float, offset: float, pitch: float) -> Note:
    if not (onset >= 0 and 0 <= pitch <= MAX_PITCH):
        raise InputError(f"{path}, line {line}: onset {onset:g} or pitch {pitch:g} out of range")
    return Note(Ticks(int(onset)), Pitch(int(pitch)), Ticks(max(1, int(offset - onset))))
