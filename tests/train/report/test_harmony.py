"""Chords, scales and keys that anybody would read in the same way."""

from __future__ import annotations

import numpy as np
from tests.train.report.pieces import piece

from playbach.music.key import Key, Mode
from playbach.music.note import Note
from playbach_train.report.harmony import (
    Chord,
    chords,
    clusters,
    local_keys,
    outside_scale,
    profiles,
)

C, F, G = (60, 64, 67), (65, 69, 72), (67, 71, 74)
B_DIMINISHED = (59, 62, 65)
MAJOR, DIMINISHED = 0, 2


def arpeggios(*harmony: tuple[int, int, int]) -> tuple[Note, ...]:
    """Each chord broken upwards in the sixteenth notes of a beat, with its lowest note again."""
    pitches = [pitch for low, middle, high in harmony for pitch in (low, middle, high, low)]
    return piece(*((6 * at, pitch, 6) for at, pitch in enumerate(pitches))).notes


def read(*harmony: tuple[int, int, int]) -> list[Chord]:
    edges = range(0, 24 * (len(harmony) + 1), 24)
    return chords(profiles(arpeggios(*harmony), edges), [min(chord) for chord in harmony])


def test_broken_chords_are_read_as_chords() -> None:
    assert read(C, C, F, G, C) == [
        Chord(0, 0, MAJOR), Chord(2, 5, MAJOR), Chord(3, 7, MAJOR), Chord(4, 0, MAJOR),
    ]  # fmt: skip


def test_a_dominant_and_a_leading_chord_resolve_and_a_subdominant_does_not() -> None:
    tonic, subdominant, dominant, leading = (
        read(chord)[0] for chord in (C, F, G, B_DIMINISHED)
    )  # fmt: skip
    assert leading == Chord(0, 11, DIMINISHED)
    assert dominant.resolves_to(tonic)
    assert leading.resolves_to(tonic)
    assert not subdominant.resolves_to(tonic)
    assert not tonic.resolves_to(dominant)


def test_a_note_is_counted_in_each_span_in_which_it_sounds() -> None:
    found = profiles(piece((12, 61, 30)).notes, [0, 24, 48, 72])
    assert found[:, 1].tolist() == [12, 18, 0]
    assert found.sum() == 30


def test_the_key_follows_the_music_into_another_key() -> None:
    home = ((60, 64, 67), (65, 69, 72), (67, 71, 65), (60, 64, 67)) * 4
    dominant = tuple((low + 7, middle + 7, high + 7) for low, middle, high in home)
    bars = profiles(arpeggios(*home, *dominant), range(0, 96 * 9, 96))
    assert local_keys(bars) == [Key(0, Mode.MAJOR)] * 4 + [Key(7, Mode.MAJOR)] * 4


def test_notes_of_a_minor_scale_are_inside_and_one_beside_it_is_outside() -> None:
    harmonic_minor = np.array([57, 59, 60, 62, 64, 65, 68, 69])
    assert outside_scale(harmonic_minor) == 0
    assert outside_scale(np.append(harmonic_minor, 66)) == 1


def test_three_neighbouring_semitones_are_a_cluster_wherever_they_lie() -> None:
    assert clusters(np.array([55, 68, 81])) == 1
    assert clusters(np.array([71, 60, 61, 62])) == 2
    assert clusters(np.array([60, 62, 64, 65])) == 0
