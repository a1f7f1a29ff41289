"""Which earlier notes the pointers look back to, over a real movement and from bar to bar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bench.figures.engraved import Line, image
from bench.figures.picture import (
    BLUE,
    ORANGE,
    PALE,
    Measured,
    Picture,
    Sources,
    png,
    sheet,
)

from playbach.bundle import read_bundle
from playbach.errors import InputError
from playbach.music.encoding import encode
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks
from playbach.predictor import load_predictor
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_train.corpus.midi_files import read_midi

_BACK = 3
"""Bars that lie between the two of a pair at least, so that it is no mere going on."""

Look = tuple[int, int, float]
"""A note, an earlier one that was looked back to, and its share of all that was looked at."""


def measure(sources: Sources) -> Measured:
    if sources.midi is None:
        raise InputError("attention: needs a movement; give a MIDI file with --midi")
    bundle = read_bundle(sources.bundle)
    predictor = load_predictor(bundle)
    if not isinstance(predictor, LstmCopyPredictor):
        raise InputError(f"{sources.bundle}: this network does not look back; give another")
    piece = read_midi(sources.midi).piece
    notes = bundle.manifest.provenance.notes
    known = {
        name: isinstance(movements := notes.get(name), Sequence) and sources.midi.stem in movements
        for name in ("trained_on", "held_out")
    }
    return {
        "movement": sources.midi.stem,
        "bundle": bundle.manifest.provenance.run,
        **known,
        "pickup": piece.pickup,
        "keys": [[tick, key.tonic, key.mode.value] for tick, key in piece.keys],
        "meters": [[tick, meter.count, meter.unit] for tick, meter in piece.meters],
        "notes": [[note.onset, note.pitch, note.duration] for note in piece.notes],
        "looks": looks(predictor, piece),
    }


def looks(predictor: LstmCopyPredictor, piece: Piece) -> list[Look]:
    """Attention of each note of ``piece`` to earlier ones, teacher-forced."""
    heading, events = encode(piece)
    predictor.begin(heading)
    found: list[Look] = []
    for number, (event, note) in enumerate(zip(events, piece.notes, strict=True)):
        predictor.pitch(event.shift)
        found += [(number, earlier, round(share, 3)) for earlier, share in predictor.recalled()]
        predictor.advance(event.shift, note.pitch, event.duration)
    return found


def piece_of(measured: Measured) -> Piece:
    """The movement that was read."""
    return Piece(
        tuple(Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in measured["notes"]),
        keys=tuple((Ticks(t), Key(tonic, Mode(mode))) for t, tonic, mode in measured["keys"]),
        meters=tuple((Ticks(t), Meter(count, unit)) for t, count, unit in measured["meters"]),
        pickup=Ticks(measured["pickup"]),
    )


class Bars:
    """Where the notes of a piece are."""

    def __init__(self, piece: Piece) -> None:
        lines = BarLines(piece.meters, piece.pickup)
        places = [lines.place(note.onset) for note in piece.notes]
        self.numbers = [place.bar for place in places]
        self.places = [place.bar + place.tick / place.meter.bar_ticks for place in places]
        self._first = {bar: at for at, bar in reversed(list(enumerate(self.numbers)))}

    def notes(self, bar: int) -> range:
        """The numbers of its notes."""
        return range(self._first[bar], self._first[bar] + self.numbers.count(bar))

    def within(self, note: int) -> int:
        """The number of a note in its bar, from 0."""
        return note - self._first[self.numbers[note]]


def pairs(piece: Piece, found: Sequence[Look]) -> Iterator[tuple[int, int]]:
    """Two bars that look back most to one other: to one of the same notes, and to one of others.

    Yields:
        the number of the bar looked back to, and of that which looks.
    """
    bars = Bars(piece)
    sums: defaultdict[tuple[int, int], float] = defaultdict(float)
    for note, earlier, share in found:
        sums[bars.numbers[earlier], bars.numbers[note]] += share
    far = [pair for pair in sums if pair[1] - pair[0] >= _BACK]
    ranked = sorted(far, key=lambda pair: sums[pair], reverse=True)
    for same in (True, False):
        yield from [pair for pair in ranked if _same(piece, bars, *pair) == same][:1]


def _same(piece: Piece, bars: Bars, upper: int, lower: int) -> bool:
    first, second = ([piece.notes[at].pitch for at in bars.notes(bar)] for bar in (upper, lower))
    return first == second


def draw(measured: Measured) -> bytes:
    piece, found = piece_of(measured), measured["looks"]
    shown = list(pairs(piece, found))
    figure = sheet(6.6 if shown else 3.6)
    below: Any = figure
    if shown:
        halves: Any = figure.subfigures(2, 1, height_ratios=(5, 6))
        above, below = halves
        for axes, pair in zip(above.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            _pair(axes, piece, found, pair)
    _map(below.subplots(), Bars(piece), found, shown)
    return png(figure)


def _pair(axes: Any, piece: Piece, found: Sequence[Look], pair: tuple[int, int]) -> None:
    bars = Bars(piece)
    lines = [
        Line(bars.within(note), bars.within(earlier), share)
        for note, earlier, share in found
        if (bars.numbers[earlier], bars.numbers[note]) == pair
    ]
    axes.imshow(image(piece, *pair, lines))
    axes.axis("off")
    axes.set_anchor("N")
    axes.set_title(f"bar {pair[1]} (below) looks back to bar {pair[0]}", loc="center")


def _map(axes: Any, bars: Bars, found: Sequence[Look], shown: Sequence[tuple[int, int]]) -> None:
    last = max(bars.numbers) + 1
    axes.plot((1, last), (1, last), color=PALE, linewidth=1)
    axes.scatter(
        [bars.places[note] for note, _, _ in found],
        [bars.places[earlier] for _, earlier, _ in found],
        s=[18 * share for *_, share in found], alpha=[min(1, 0.2 + share) for *_, share in found],
        color=BLUE, linewidths=0,
    )  # fmt: skip
    axes.scatter(
        [lower + 0.5 for _, lower in shown], [upper + 0.5 for upper, _ in shown],
        s=420, facecolors="none", edgecolors=ORANGE, linewidths=1.4,
    )  # fmt: skip
    ticks = [1, *range(5, last, 5)]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.set(
        xlabel="bar of the note", ylabel="bar it looks back to", xlim=(1, last), ylim=(1, last)
    )
    axes.grid(visible=True, axis="both")


ATTENTION = Picture("attention.png", ("bundle", "midi"), measure, draw)
