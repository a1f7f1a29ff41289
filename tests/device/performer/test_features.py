"""What is seen in a beat."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from tests.device.performer.test_performer import passages

from playbach.music.meter import Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.performer.features import FEATURES, Passage, beats_of, features_of


def seen(passage: Passage) -> list[dict[str, float]]:
    rows = features_of(passage, beats_of(passage))
    return [dict(zip(FEATURES, row, strict=True)) for row in rows]


@given(passages())
def test_every_beat_of_any_music_has_finite_features(passage: Passage) -> None:
    beats = beats_of(passage)
    rows = features_of(passage, beats)
    assert len(rows) == len(beats) > 0
    assert all(math.isfinite(value) for row in rows for value in row)
    assert beats[0].start == 0
    assert all(a.end == b.start for a, b in pairwise(beats))
    assert beats[-1].end >= (passage.end or 0) > beats[-1].start


def test_a_pickup_begins_within_a_bar() -> None:
    passage = Passage((Note(Ticks(0), Pitch(60), Ticks(6)),), Meter(4, 4), Ticks(6), (), Ticks(96))
    beats = beats_of(passage)
    assert [(beat.start, beat.length, beat.is_down) for beat in beats] == [
        (0, 6, False), (6, 24, True), (30, 24, False), (54, 24, False), (78, 24, False),
    ]  # fmt: skip


def test_the_end_is_near_in_the_last_two_bars_only() -> None:
    notes = tuple(Note(Ticks(24 * i), Pitch(60), Ticks(24)) for i in range(24))
    rows = seen(Passage(notes, Meter(4, 4), end=Ticks(576)))
    near = [row["end-far"] for row in rows]
    assert near[:16] == [0.0] * 16
    assert near[16:] == sorted(near[16:])
    assert near[-1] == 1.0
    assert all(row["end-far"] == 0 for row in seen(Passage(notes, Meter(4, 4))))


def test_chords_long_notes_and_cadences_are_seen() -> None:
    notes = (
        Note(Ticks(0), Pitch(55), Ticks(12)),
        Note(Ticks(12), Pitch(57), Ticks(12)),
        Note(Ticks(24), Pitch(43), Ticks(48)),
        Note(Ticks(24), Pitch(59), Ticks(48)),
        Note(Ticks(24), Pitch(67), Ticks(48)),
        Note(Ticks(72), Pitch(48), Ticks(24)),
    )
    first, chord, held, tonic = seen(Passage(notes, Meter(4, 4), end=Ticks(96)))
    assert (first["chord"], chord["chord"], chord["broad"]) == (0, 2, 1)
    assert (held["tied"], tonic["tied"], tonic["fifth"], chord["fifth"]) == (1, 0, 1, 0)
    assert (first["down"], chord["down"]) == (1, 0)
    assert first["chord+1"] == 2


def test_a_long_note_is_long_beside_those_before() -> None:
    quavers = [Note(Ticks(12 * i), Pitch(60), Ticks(12)) for i in range(12)]
    passage = Passage([*quavers, Note(Ticks(144), Pitch(60), Ticks(48))], Meter(4, 4))
    passage = Passage(passage.notes, passage.meter, end=Ticks(192))
    assert [row["longest"] for row in seen(passage)] == [0, 0, 0, 0, 0, 0, 2, 1]
