"""A movement as bars of written notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from playbach.music.key import Key
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Piece
from playbach.save.notation.beams import beams
from playbach.save.notation.values import (
    HALF_TICKS,
    VALUES,
    Value,
    Window,
    bar_window,
    beam_length,
    in_triplet,
    pieces,
    triplets,
    written,
)
from playbach.save.notation.voices import Chord, voices_of


@dataclass(frozen=True, slots=True)
class Written:
    """A note, chord or rest with its value.

    Attributes:
        start: ticks from the start of the bar as it is written.
        duration: ticks.
        notes: those that sound, from low to high; none for a rest.
        tied: for each of them, whether a tie leads to it: it sounded before.
        ties: for each of them, whether a tie leads on from it: it sounds on.
        value: what it looks like; ``None`` for a rest of a whole bar.
        in_triplet: whether three such values take the time of two.
        opens: whether a triplet begins with it.
        closes: whether a triplet ends with it.
        beams: MusicXML's words for its beams, the eighths' first.
    """

    start: int
    duration: int
    notes: tuple[Note, ...]
    tied: tuple[bool, ...]
    ties: tuple[bool, ...]
    value: Value | None
    in_triplet: bool = False
    opens: bool = False
    closes: bool = False
    beams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands between two bar lines.

    Attributes:
        number: from 1; 0 for a pickup.
        length: ticks.
        key: in which it is written.
        meter: its time signature.
        voices: by number of the voice, from 1. The first fills the bar; others leave out silence.
    """

    number: int
    length: int
    key: Key
    meter: Meter
    voices: dict[int, tuple[Written, ...]]


@dataclass(frozen=True, slots=True)
class _Span:
    """A bar's place in the movement: its number, first and last tick, bar line and meter."""

    number: int
    start: int
    end: int
    line: int
    meter: Meter


def bars_of(piece: Piece) -> list[Bar]:
    """The movement in bars, the last filled with rests.

    A change of meter or key takes effect at the next bar line.
    """
    spans = list(_spans(piece))
    voices = [_by_bar(voice, spans) for voice in voices_of(piece.notes)]
    return [
        Bar(
            span.number,
            span.end - span.start,
            [key for tick, key in piece.keys if tick <= span.start][-1],
            span.meter,
            {
                number: _written(chords[index], span, fills=number == 1)
                for number, chords in enumerate(voices, start=1)
                if number == 1 or chords[index]
            },
        )
        for index, span in enumerate(spans)
    ]


def _spans(piece: Piece) -> Iterator[_Span]:
    """Bars until the end of the movement; at least one."""
    lines = BarLines(piece.meters, piece.pickup)
    changes = [tick for tick, _ in piece.meters]
    tick = 0
    while tick < max(piece.end, 1):
        place = lines.place(tick)
        line = tick - place.tick
        end = line + place.meter.bar_ticks
        # A bar before a change of meter may be cut short.
        end = min([end, *(change for change in changes if tick < change < end)])
        yield _Span(place.bar, tick, end, line, place.meter)
        tick = end


def _by_bar(voice: Iterable[Chord], spans: list[_Span]) -> list[list[Chord]]:
    """The chords of each bar; one that lasts over a bar line is in both, cut there."""
    bars: list[list[Chord]] = [[] for _ in spans]
    index = 0
    for chord in voice:
        while spans[index].end <= chord.start:
            index += 1
        last = index
        while True:
            span = spans[last]
            bars[last].append(
                replace(chord, start=max(chord.start, span.start), end=min(chord.end, span.end))
            )
            if chord.end <= span.end:
                break
            last += 1
    return bars


def _written(chords: list[Chord], span: _Span, *, fills: bool) -> tuple[Written, ...]:
    # A bar cut short shows its length, which a rest of a whole bar would not.
    if not chords and fills and span.end - span.start == span.meter.bar_ticks:
        return (Written(0, span.end - span.start, (), (), (), None),)
    offset = span.start - span.line
    tree = bar_window(span.meter)
    sounds = list(_with_rests(chords, span))
    times = {HALF_TICKS * (time - span.line) for s in sounds for time in (s.start, s.end)}
    zones = list(triplets(tree, times))
    everything = [one for sound in sounds for one in _values(sound, span, tree, zones)]
    beat = beam_length(span.meter)
    words = beams(
        [one.value.beams if one.notes and one.value else 0 for one in everything],
        [HALF_TICKS * one.start // beat for one in everything],
    )
    return tuple(
        replace(one, start=one.start - offset, beams=word)
        for one, word in zip(everything, words, strict=True)
        # Silence in other voices is not written, but where a triplet has to be whole.
        if fills or one.notes or one.in_triplet
    )


def _with_rests(chords: list[Chord], span: _Span) -> Iterator[Chord]:
    tick = span.start
    for chord in chords:
        if tick < chord.start:
            yield Chord(tick, chord.start, ())
        yield chord
        tick = chord.end
    if tick < span.end:
        yield Chord(tick, span.end, ())


def _values(sound: Chord, span: _Span, tree: Window, zones: list[Window]) -> Iterator[Written]:
    """The tied values of one sound; times are ticks from the bar line."""
    start, end = (HALF_TICKS * (tick - span.line) for tick in (sound.start, sound.end))
    edges = chain.from_iterable((zone.start, zone.end) for zone in zones)
    for begin, stop in pieces(edges, start, end):
        zone = next((z for z in zones if z.start <= begin < z.end), None)
        yield from _in_window(sound, span, (begin, stop), tree, zone)


def _in_window(
    sound: Chord, span: _Span, stretch: tuple[int, int], tree: Window, zone: Window | None
) -> Iterator[Written]:
    window = tree if zone is None else in_triplet(zone)
    origin = 0 if zone is None else zone.start
    scale = Fraction(1) if zone is None else Fraction(window.length, zone.length)
    begin, stop = (int((time - origin) * scale) for time in stretch)
    for end in written(begin, stop, window, rest=not sound.notes):
        first, last = (int(origin + time / scale) // HALF_TICKS for time in (begin, end))
        # A bar cut short may hold only a part of a triplet.
        is_first = begin == 0 or first + span.line == span.start
        is_last = end == window.length or last + span.line == span.end
        yield Written(
            first,
            last - first,
            sound.notes,
            tuple(note.onset < first + span.line for note in sound.notes),
            tuple(note.end > last + span.line for note in sound.notes),
            VALUES[end - begin],
            in_triplet=zone is not None,
            opens=zone is not None and is_first,
            closes=zone is not None and is_last,
        )
        begin = end
