"""A movement as bars of written notes: its voices, the chords on a stem, values, ties and beams."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, chain, groupby, pairwise
from statistics import fmean

from playbach.music.key import Key
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Piece
from playbach.save.note_values import (
    EIGHTH,
    HALF_TICKS,
    VALUES,
    Value,
    Window,
    bar_window,
    beam_lengths,
    in_triplet,
    pieces,
    triplets,
    written,
)


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
class WrittenBar:
    """A measure.

    Attributes:
        number: from 1; 0 for a pickup.
        offset: ticks from the bar line to its start: more than 0 for a pickup.
        length: ticks.
        key: in which it is written.
        meter: its time signature.
        voices: by number of the voice, from 1. The first fills the bar; others have rests in the
            beats in which they sound, and leave out other silence.
    """

    number: int
    offset: int
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


def bars_of(piece: Piece, double_bar: int = 0) -> list[WrittenBar]:
    """The movement in bars.

    The last bar is as much shorter as the pickup is long, if the notes leave room, else filled with
    rests. A change of meter or key takes effect at the next bar line. A bar with the double bar in
    it, which is at that tick, becomes two of one number.
    """
    spans = list(_spans(piece, double_bar))
    voices = voices_of(piece.notes)
    chords = [_by_bar(voice, spans) for voice in voices]
    shared = [_shared(voice, voices) for voice in voices]
    return [
        WrittenBar(
            span.number,
            span.start - span.line,
            span.end - span.start,
            [key for tick, key in piece.keys if tick <= span.start][-1],
            span.meter,
            {
                number: _written(chords[number - 1][index], span, rests)
                for number, rests in enumerate([None, *shared[1:]], start=1)
                if number == 1 or chords[number - 1][index]
            },
        )
        for index, span in enumerate(spans)
    ]


def _spans(piece: Piece, double_bar: int) -> Iterator[_Span]:
    """Bars until the end of the movement; at least one."""
    lines = BarLines(piece.meters, piece.pickup)
    changes = [double_bar, *(tick for tick, _ in piece.meters)]
    tick = 0
    while tick < max(piece.end, 1):
        place = lines.place(tick)
        line = tick - place.tick
        end = line + place.meter.bar_ticks
        # The last bar and the pickup make one, and bars before a change may be cut short too.
        if tick < end - piece.pickup and piece.end <= end - piece.pickup:
            end -= piece.pickup
        end = min([end, *(change for change in changes if tick < change < end)])
        yield _Span(place.bar, tick, end, line, place.meter)
        tick = end


Stretch = tuple[int, int]
"""Its first and last tick."""


def _shared(voice: Voice, voices: Sequence[Voice]) -> list[Stretch]:
    """Where ``voice`` belongs to what sounds without a gap, in order: its rests there are heard."""
    sounding = sorted((chord.start, chord.end) for one in voices for chord in one)
    found: list[Stretch] = []
    for start, end in sounding:
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    onsets = [chord.start for chord in voice]
    return [one for one in found if bisect_left(onsets, one[0]) < bisect_left(onsets, one[1])]


def _by_bar(voice: Iterable[TimedChord], spans: list[_Span]) -> list[list[TimedChord]]:
    """The chords of each bar; one that lasts over a bar line is in both, cut there."""
    bars: list[list[TimedChord]] = [[] for _ in spans]
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


def _written(
    chords: list[TimedChord], span: _Span, shared: Sequence[Stretch] | None
) -> tuple[Written, ...]:
    """What a voice has in a bar, its rests where it has a part; ``None``: everywhere."""
    # A bar cut short shows its length, which a rest of a whole bar would not.
    if not chords and span.end - span.start == span.meter.bar_ticks:
        return (Written(0, span.end - span.start, (), (), (), None),)
    offset = span.start - span.line
    tree = bar_window(span.meter)
    sounds = list(_with_rests(chords, span))
    times = {HALF_TICKS * (time - span.line) for s in sounds for time in (s.start, s.end)}
    zones = list(triplets(tree, times))
    edges = [edge for zone in zones for edge in (zone.start, zone.end)]
    edges += [edge for edge in _last_beats(shared or (), span) if not _is_inside(edge, zones)]
    everything = [one for sound in sounds for one in _values(sound, span, tree, zones, edges)]
    return tuple(
        replace(one, start=one.start - offset, beams=word)
        for one, word in zip(everything, _beams(everything, span.meter), strict=True)
        # A triplet has to be whole.
        if shared is None or one.notes or one.in_triplet or _is_shared(one, span, shared)
    )


def _last_beats(shared: Iterable[Stretch], span: _Span) -> Iterator[int]:
    """Half ticks from the bar line to the last beat that begins in each stretch, or at its end."""
    for _, end in shared:
        yield (end - span.line) // span.meter.beat_ticks * span.meter.beat_ticks * HALF_TICKS


def _is_inside(time: int, zones: Iterable[Window]) -> bool:
    return any(zone.start < time < zone.end for zone in zones)


def _is_shared(rest: Written, span: _Span, shared: Iterable[Stretch]) -> bool:
    """Whether all of a rest is where its voice has a part; else it is left out."""
    start = rest.start + span.line
    return any(first <= start and start + rest.duration <= last for first, last in shared)


def _with_rests(chords: list[TimedChord], span: _Span) -> Iterator[TimedChord]:
    tick = span.start
    for chord in chords:
        if tick < chord.start:
            yield TimedChord(tick, chord.start, ())
        yield chord
        tick = chord.end
    if tick < span.end:
        yield TimedChord(tick, span.end, ())


def _values(
    sound: TimedChord, span: _Span, tree: Window, zones: list[Window], edges: Iterable[int]
) -> Iterator[Written]:
    """The tied values of one sound; times are ticks from the bar line.

    Args:
        sound: a chord or silence.
        span: the bar.
        tree: its tree.
        zones: the triplets in it.
        edges: where they begin and end, and silence is cut, in half ticks.
    """
    start, end = (HALF_TICKS * (tick - span.line) for tick in (sound.start, sound.end))
    if sound.notes:
        edges = chain.from_iterable((zone.start, zone.end) for zone in zones)
    for begin, stop in pieces(edges, start, end):
        zone = next((z for z in zones if z.start <= begin < z.end), None)
        yield from _in_window(sound, span, (begin, stop), tree, zone)


def _in_window(
    sound: TimedChord, span: _Span, stretch: tuple[int, int], tree: Window, zone: Window | None
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


MOST_VOICES = 4
"""As many as notation programs take on one staff."""


@dataclass(frozen=True, slots=True)
class TimedChord:
    """Notes on one stem for a stretch of their sound; those that last longer are tied on.

    Attributes:
        start: ticks, at or after the onset of each note.
        end: ticks, at or before the end of each note.
        notes: from low to high; none for a rest.
    """

    start: int
    end: int
    notes: tuple[Note, ...]


Voice = tuple[TimedChord, ...]
"""Chords in order that do not overlap."""


def voices_of(notes: Sequence[Note]) -> tuple[Voice, ...]:
    """The voices of a movement, the highest first; at most ``MOST_VOICES``, at least one.

    Wherever nothing overlaps there is only the first voice. Notes of one onset and one duration
    share a stem. Where even so more voices sound than a staff can hold, all go into the first, cut
    wherever a note begins or ends, and are tied.

    Args:
        notes: of a piece, in order.
    """
    voices: list[list[TimedChord]] = [[]]
    for cluster in _clusters(_stems(notes)):
        lines = _lines(cluster)
        if len(lines) > MOST_VOICES:
            lines = [_cut(cluster)]
        for number, line in enumerate(sorted(lines, key=_height, reverse=True)):
            if number == len(voices):
                voices.append([])
            voices[number] += line
    return tuple(tuple(voice) for voice in voices)


def _stems(notes: Sequence[Note]) -> list[TimedChord]:
    """Chords by onset, at one onset the highest first."""
    stems = [
        TimedChord(onset, end, tuple(sorted(group, key=lambda note: note.pitch)))
        for (onset, end), group in groupby(
            sorted(notes, key=lambda note: (note.onset, note.end)),
            key=lambda note: (note.onset, note.end),
        )
    ]
    return sorted(stems, key=lambda stem: (stem.start, -stem.notes[-1].pitch))


def _clusters(stems: Sequence[TimedChord]) -> Iterator[list[TimedChord]]:
    """Split where no note is held."""
    cluster: list[TimedChord] = []
    end = 0
    for stem in stems:
        if cluster and stem.start >= end:
            yield cluster
            cluster = []
        cluster.append(stem)
        end = max(end, stem.end)
    if cluster:
        yield cluster


def _lines(cluster: Iterable[TimedChord]) -> list[list[TimedChord]]:
    """Assign stems greedily to as few voices as possible, each to the free one nearest in pitch."""
    lines: list[list[TimedChord]] = []
    for stem in cluster:
        free = [line for line in lines if line[-1].end <= stem.start]
        if free:
            min(free, key=lambda line: abs(_height([line[-1]]) - _height([stem]))).append(stem)
        else:
            lines.append([stem])
    return lines


def _height(line: Iterable[TimedChord]) -> float:
    return fmean(note.pitch for chord in line for note in chord.notes)


def _cut(cluster: Sequence[TimedChord]) -> list[TimedChord]:
    """One line with a chord wherever any note begins or ends."""
    notes = [note for stem in cluster for note in stem.notes]
    times = sorted({note.onset for note in notes} | {note.end for note in notes})
    return [
        TimedChord(
            start,
            end,
            tuple(
                sorted(
                    (note for note in notes if note.onset <= start and note.end >= end),
                    key=lambda note: note.pitch,
                )
            ),
        )
        for start, end in pairwise(times)
    ]


BEGIN, CONTINUE, END = "begin", "continue", "end"
FORWARD, BACKWARD = "forward hook", "backward hook"
_SHORT = 3
"""Beams from which, as 32nds have them, a group of notes is divided into eighths."""
_EIGHTH = VALUES[EIGHTH]


def _beams(everything: Sequence[Written], meter: Meter) -> list[tuple[str, ...]]:
    """The words for the beams of a voice in a bar; notes start from the bar line."""
    of_any, of_eighths = (length // HALF_TICKS for length in beam_lengths(meter))
    plain = {
        wide
        for wide, run in groupby(everything, key=lambda one: one.start // of_eighths)
        if all(_is_plain(one) for one in run)
    }
    flags = [one.value.beams if one.notes and one.value else 0 for one in everything]
    # A beam crosses the edge of a triplet only if it has all of it; readers cannot nest them else.
    triplet = list(accumulate(one.opens for one in everything))
    broken = {
        number
        for number, one, flag in zip(triplet, everything, flags, strict=True)
        if one.in_triplet and not flag
    }
    groups = [
        (
            one.start // of_eighths,
            0 if one.start // of_eighths in plain else one.start // of_any,
            number if one.in_triplet and number in broken else 0,
        )
        for number, one in zip(triplet, everything, strict=True)
    ]
    return beams(flags, groups, [one.start // (EIGHTH // HALF_TICKS) for one in everything])


def _is_plain(one: Written) -> bool:
    """Whether it is an eighth, or takes no beam."""
    if not one.notes or one.value is None or not one.value.beams:
        return True
    return one.value == _EIGHTH and not one.in_triplet


def beams(
    flags: Sequence[int], groups: Sequence[Hashable], eighths: Sequence[int]
) -> list[tuple[str, ...]]:
    """For each note the values of its MusicXML ``beam`` elements, the eighths' first.

    Args:
        flags: of each note or rest: 1 for an eighth, 2 for a sixteenth ...; 0 for what takes no
            beam, such as a rest.
        groups: of each; only what shares one is beamed.
        eighths: the number of the eighth each begins in. Where there are 32nds, only the first beam
            goes on from one to the next.
    """
    result: list[tuple[str, ...]] = []
    rows = zip(flags, groups, eighths, strict=True)
    for _, run in groupby(rows, key=lambda row: (row[0] > 0, row[1])):
        together = list(run)
        if len(together) == 1:
            result.append(())
            continue
        divided = any(count >= _SHORT for count, _, _ in together)
        for index, (count, _, eighth) in enumerate(together):
            before, after = (
                min(beside, 1) if divided and other != eighth else beside
                for beside, _, other in (
                    together[index - 1] if index else (0, None, eighth),
                    together[index + 1] if index + 1 < len(together) else (0, None, eighth),
                )
            )
            result.append(tuple(_word(level, before, after) for level in range(1, count + 1)))
    return result


def _word(level: int, before: int, after: int) -> str:
    """MusicXML's word for beam ``level``, from the numbers of beams of the neighbours."""
    if before >= level:
        return CONTINUE if after >= level else END
    if after >= level:
        return BEGIN
    return BACKWARD if before else FORWARD
