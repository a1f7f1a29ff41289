"""Hints from a piece's past are what their definition says, found slowly, over whole pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from tests.device.music.strategies import pieces

from playbach.music.encoding import DEFAULT_ENCODING, Encoding, encode, reference_pitch
from playbach.music.features import LONGEST_LAG, PLACES, feature_tables, place_table, row_offsets
from playbach.music.history import AGES, BACK, DISTANCES, FARTHEST, NOWHERE, RUNS, distance
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks
from playbach.music.scale import steps_between
from playbach.music.tracker import Tracker

TABLES = feature_tables(DEFAULT_ENCODING)
NO_SHIFT, NO_DURATION = DEFAULT_ENCODING.shift_symbols, DEFAULT_ENCODING.duration_symbols


class SlowHistory:
    """The definition: the whole piece in lists, searched anew for every question."""

    def __init__(self, piece: Piece) -> None:
        self.notes = piece.notes
        self.lines = BarLines(piece.meters, piece.pickup)
        self.piece = piece
        pitches = [int(reference_pitch(piece.keys[0][1])), *(note.pitch for note in piece.notes)]
        self.moves = [b - a for a, b in pairwise(pitches)]
        self.steps = [
            steps_between(self.degree(index, pitch), move)
            for index, (pitch, move) in enumerate(zip(pitches, self.moves, strict=False))
        ]

    def key_at(self, onset: int) -> Key:
        return next(key for tick, key in reversed(self.piece.keys) if tick <= onset)

    def degree(self, index: int, pitch: int) -> int:
        key = self.key_at(self.notes[index - 1].onset if index else 0)
        return (pitch - key.tonic) % 12 + 12 * (key.mode is Mode.MINOR)

    def chord(self, onset: int, before: int) -> list[int]:
        return [i for i, note in enumerate(self.notes[:before]) if note.onset == onset]

    def answers(self, index: int) -> list[int | None]:
        """For each lag, the note that the one of that index answers."""
        onset = self.notes[index].onset
        meter = self.lines.place(onset).meter
        below = len(self.chord(onset, index))
        found: list[int | None] = []
        for lag in (meter.bar_ticks, meter.beat_ticks, 2 * meter.bar_ticks, 2 * meter.beat_ticks):
            chord = self.chord(onset - lag, index)
            found.append(chord[below] if below < len(chord) else None)
        return found

    def run(self, moves: list[int], index: int, lag: int) -> int:
        """Of how many notes before that one each moved as the note it answers."""
        length = 0
        while index - length > 0 and length < RUNS - 1:
            answer = self.answers(index - 1 - length)[lag]
            if answer is None or distance(moves[answer]) != distance(moves[index - 1 - length]):
                break
            length += 1
        return length

    def move_rows(self, index: int) -> list[int]:
        found = []
        last = self.notes[index - 1].pitch if index else int(reference_pitch(self.key_at(0)))
        for lag, answer in enumerate(self.answers(index)):
            runs = [self.run(moves, index, lag) * DISTANCES for moves in (self.moves, self.steps)]
            if answer is None:
                found += [NOWHERE, runs[0] + NOWHERE, runs[1] + NOWHERE]
            else:
                found.append(distance(self.notes[answer].pitch - last))
                found.append(runs[0] + distance(self.moves[answer]))
                found.append(runs[1] + distance(self.steps[answer]))
        return found

    def rhythm_rows(self, index: int, known: int) -> list[int]:
        """``known`` notes are known; the shift after the last of them is not."""
        found = []
        for answer in self.answers(index):
            if answer is None:
                found += [NO_SHIFT, NO_DURATION]
                continue
            after = self.notes[answer + 1].onset if answer + 1 < known else None
            shift = NO_SHIFT
            if after is not None:
                shift = DEFAULT_ENCODING.shift_symbol(after - self.notes[answer].onset)
            found += [shift, DEFAULT_ENCODING.duration_symbol(self.notes[answer].duration)]
        return found

    def age_rows(self, known: int) -> list[int]:
        tonic = self.key_at(self.notes[known - 1].onset).tonic
        found = []
        for degree in range(12):
            heard = [
                i for i, n in enumerate(self.notes[:known]) if n.pitch % 12 == (tonic + degree) % 12
            ]
            ago = known - heard[-1] if heard else 2**AGES
            found.append(next(age for age in range(AGES) if ago < 2 ** (age + 1) or age == 5))
        return found

    def outline_rows(self, known: int) -> list[int]:
        past = [int(reference_pitch(self.key_at(0))), *(n.pitch for n in self.notes[:known])]
        last = past[-1]
        found = [distance(past[-1 - k] - last) if k < len(past) else NOWHERE for k in BACK]
        places = [self.lines.place(note.onset) for note in self.notes[:known]]
        bars = [place.bar for place in places]
        starts = [i for i in range(known) if i == 0 or bars[i] != bars[i - 1]]
        beats = [
            i
            for i in range(known)
            if i in starts
            or places[i].tick // places[i].meter.beat_ticks
            != places[i - 1].tick // places[i].meter.beat_ticks
        ]
        pitches = past[1:]
        anchors = [
            pitches[starts[-1]],
            pitches[beats[-1]],
            pitches[starts[-2]] if len(starts) > 1 else None,
            min(pitches[starts[-1] :]),
        ]
        return found + [NOWHERE if at is None else distance(at - last) for at in anchors]


def hints(rows: list[int], kind: str) -> list[int]:
    features = getattr(TABLES, kind)
    values = [row - at for row, at in zip(rows, row_offsets(features), strict=True)]
    return values[TABLES.basic[kind] :]


@given(pieces(max_size=24))
def test_every_hint_is_what_its_definition_says(piece: Piece) -> None:
    slow = SlowHistory(piece)
    heading, events = encode(piece)
    tracker = Tracker(DEFAULT_ENCODING, heading)
    for index, (event, note) in enumerate(zip(events, piece.notes, strict=True)):
        asked = hints(tracker.pitch_rows(event.shift), "pitch")
        assert asked[len(BACK) + 4 + 12 :] == slow.move_rows(index)
        durations = hints(tracker.duration_rows(event.shift, note.pitch), "duration")
        assert durations == slow.rhythm_rows(index, index)
        tracker.advance(event.shift, note.pitch, event.duration)
        heard = hints(tracker.note_rows(), "note")
        assert heard == [
            *slow.outline_rows(index + 1),
            *slow.age_rows(index + 1),
            *slow.rhythm_rows(index, index + 1),
        ]


def test_a_sequence_a_step_higher_is_told_of_before_it_goes_on() -> None:
    figure = (48, 50, 52, 50, 52, 53)
    piece = Piece(
        tuple(Note(Ticks(12 * n), Pitch(pitch), Ticks(12)) for n, pitch in enumerate(figure)),
        keys=((Ticks(0), Key(0, Mode.MAJOR)),),
        meters=((Ticks(0), Meter(6, 8)),),
    )
    heading, events = encode(piece)
    tracker = Tracker(DEFAULT_ENCODING, heading)
    for event, note in zip(events[:-1], piece.notes, strict=False):
        tracker.advance(event.shift, note.pitch, event.duration)
    moves = hints(tracker.pitch_rows(12), "pitch")[len(BACK) + 4 + 12 :]
    beat = moves[3:6]
    # A beat ago e followed d, two semitones or one step up, and the note before agreed in both.
    assert beat == [distance(0), DISTANCES + distance(2), DISTANCES + distance(1)]


def test_hints_stay_inside_their_tables_for_wide_leaps_and_small_encodings() -> None:
    small = Encoding((0, 12), (12,), 2, ("other",), ())
    piece = Piece(tuple(Note(Ticks(48 * n), Pitch(n % 2 * 127), Ticks(7)) for n in range(9)))
    heading, events = encode(piece)
    tables = feature_tables(small)
    tracker = Tracker(small, heading)
    for event, note in zip(events, piece.notes, strict=True):
        rows = tracker.pitch_rows(event.shift)
        for row, at, feature in zip(rows, row_offsets(tables.pitch), tables.pitch, strict=True):
            assert at <= row < at + feature.size
        tracker.advance(event.shift, note.pitch, event.duration)


def test_distances_are_clipped() -> None:
    assert [distance(n) for n in (-99, -24, 0, 24, 99)] == [0, 0, FARTHEST, 48, 48]
    assert max(distance(n) for n in range(-128, 128)) < NOWHERE < DISTANCES


def test_places_are_counted_in_bars_and_beats_of_the_meter() -> None:
    table = place_table(Meter(3, 4))
    wanted = {0: 7, 12: 0, 24: 3, 48: 1, 72: 6, 84: 0, 96: 1, 144: 4, 216: 2, 288: 5, 360: 2}
    assert {lag: table[lag] for lag in wanted} == wanted
    assert len(table) == LONGEST_LAG + 1
    assert table[LONGEST_LAG] == 0
    assert max(table) < PLACES
