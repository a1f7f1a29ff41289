"""Pitches are spelled as musicians spell them in the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import keys

from playbach.music.key import Key, parse_key
from playbach.save.score import Spelling, signature_alter, spell

SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "x"}
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def octave_in(key: str) -> str:
    """The twelve pitches from the tonic up."""
    home = parse_key(key)
    spelled = [spell(60 + home.tonic + step, home) for step in range(12)]
    return " ".join(one.letter + SIGNS[one.alter] for one in spelled)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("C major", "C C# D Eb E F F# G G# A Bb B"),
        ("G major", "G G# A Bb B C C# D D# E F F#"),
        ("Eb major", "Eb E F Gb G Ab A Bb B C Db D"),
        ("A minor", "A Bb B C C# D D# E F F# G G#"),
        ("D minor", "D Eb E F F# G G# A Bb B C C#"),
        ("C minor", "C Db D Eb E F F# G Ab A Bb B"),
        ("B minor", "B C C# D D# E E# F# G G# A A#"),
    ],
)
def test_the_twelve_pitches_of_a_key(key: str, expected: str) -> None:
    assert octave_in(key) == expected


@given(st.integers(0, 127), keys)
def test_a_spelling_means_its_pitch(pitch: int, key: Key) -> None:
    spelling = spell(pitch, key)
    assert SEMITONES[spelling.letter] + spelling.alter + 12 * (spelling.octave + 1) == pitch
    assert spelling.alter in SIGNS


@given(keys)
def test_the_notes_of_the_scale_need_no_accidentals(key: Key) -> None:
    steps = (0, 2, 4, 5, 7, 9, 11) if key.mode.value == "major" else (0, 2, 3, 5, 7, 8, 10)
    for step in steps:
        spelling = spell(60 + key.tonic + step, key)
        assert spelling.alter == signature_alter(spelling.letter, key.sharps)


def test_octaves_change_at_the_letter_c_and_not_at_its_pitch() -> None:
    assert spell(60, parse_key("C# minor")) == Spelling("B", 1, 3)
    assert spell(59, parse_key("Gb major")) == Spelling("C", -1, 4)
