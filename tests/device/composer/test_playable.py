"""What a hand can stop on a cello: by hand, as a rule, and held against the suites."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer.playable import FINGERBOARD, HAND, STRINGS, is_playable, playable_with
from playbach_train.corpus.midi_files import read_midi

SCORES = Path(__file__).parents[4] / "shared" / "data" / "cello-suites"
C2, D2, E2, G2, C3, D3, E3, A3, B3, C4 = 36, 38, 40, 43, 48, 50, 52, 57, 59, 60

CAN = {
    "the open strings": (C2, G2, D3, A3),
    "C major from the lowest C, on open and stopped strings": (C2, G2, E3, C4),
    "a sixth": (G2, E3),
    "a fifth under one finger": (C3, G2 + 12),
    "an octave with the lower string open": (G2, G2 + 12),
    "two neighbouring open strings": (D3, A3),
    "a single high note": (A3 + 19,),
}
CANNOT = {
    "a note below the lowest string": (C2 - 1,),
    "two notes that only the lowest string has": (C2, E2),
    "five notes": (C2, G2, D3, A3, C4),
    "a wider grip than a hand has": (D2, E3),
    "a note beyond the fingerboard": (A3 + FINGERBOARD + 1,),
    "two strings with one between them that is not bowed": (D2, B3),
}


@pytest.mark.parametrize("chord", CAN.values(), ids=CAN)
def test_a_cellist_can_play(chord: tuple[int, ...]) -> None:
    assert is_playable(chord)


@pytest.mark.parametrize("chord", CANNOT.values(), ids=CANNOT)
def test_no_cellist_can_play(chord: tuple[int, ...]) -> None:
    assert not is_playable(chord)


def test_what_is_held_may_ring_on_a_string_that_is_not_bowed() -> None:
    assert not is_playable((D2, B3))
    assert is_playable((B3,), held=(D2,))


sets = st.sets(st.integers(30, 80), min_size=1, max_size=5)


@given(sets, sets)
def test_what_can_be_played_can_be_played_with_less_held(begun: set[int], held: set[int]) -> None:
    held -= begun
    if held and is_playable(tuple(begun), tuple(held)):
        for pitch in held:
            assert is_playable(tuple(begun), tuple(held - {pitch}))


@given(sets)
def test_a_chord_has_a_string_and_a_finger_for_each_note(chord: set[int]) -> None:
    pitches = sorted(chord)
    grips = [
        [pitch - STRINGS[first + index] for index, pitch in enumerate(pitches)]
        for first in range(len(STRINGS) - len(pitches) + 1)
    ]
    possible = False
    for stops in grips:
        fingers = [stop for stop in stops if stop]
        in_reach = not fingers or max(fingers) - min(fingers) <= HAND
        possible |= in_reach and all(0 <= stop <= FINGERBOARD for stop in stops)
    assert is_playable(pitches) == possible


@given(st.sets(st.integers(36, 70), max_size=2), st.sets(st.integers(36, 70), max_size=2))
def test_the_pitches_that_can_join_are_those_with_which_all_is_playable(
    chord: set[int], held: set[int]
) -> None:
    held -= chord
    found = playable_with(frozenset(chord), frozenset(held))
    assert list(found) == sorted(set(found))
    for pitch in range(128):
        can = pitch not in chord | held and is_playable((*chord, pitch), tuple(held))
        assert (pitch in found) == can


@pytest.mark.skipif(not SCORES.is_dir(), reason=f"no scores in {SCORES}")
def test_the_chords_of_the_suites_can_be_played() -> None:
    # BWV 1011 is for a cello whose highest string is tuned down, BWV 1012 for one with five.
    found = {True: 0, False: 0}
    usual = {True: 0, False: 0}
    for path in SCORES.glob("*.mid"):
        for _, together in groupby(read_midi(path).piece.notes, lambda note: note.onset):
            chord = [note.pitch for note in together]
            if len(chord) > 1:
                found[is_playable(chord)] += 1
                usual[is_playable(chord)] += path.stem[:7] not in ("bwv1011", "bwv1012")
    assert usual == {True: 292, False: 0}
    assert found[True] / sum(found.values()) > 0.98
