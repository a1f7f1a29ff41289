"""Keys as musicians write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import keys

from playbach.errors import InputError
from playbach.music.key import Key, Mode, parse_key

SPELLINGS = [
    ("C", "C major"),
    ("c", "C minor"),
    ("G", "G major"),
    ("d minor", "D minor"),
    ("D Minor", "D minor"),
    ("a major", "A major"),
    ("F# major", "Gb major"),
    ("Gb major", "Gb major"),
    ("C# major", "Db major"),
    ("A flat minor", "G# minor"),
    ("F#m", "F# minor"),
    ("FM", "F major"),
    ("Bb", "Bb major"),
    ("bb", "Bb minor"),
    ("b", "B minor"),
    ("Bbm", "Bb minor"),
    ("E flat minor", "Eb minor"),
    ("E♭", "Eb major"),
    ("C sharp minor", "C# minor"),
    ("D♯ min", "Eb minor"),
    ("Cb", "B major"),
    ("E#", "F major"),
    (" G maj ", "G major"),
    ("d-Moll", "D minor"),
    ("H-moll", "B minor"),
    ("B-Dur", "Bb major"),
    ("Es-Dur", "Eb major"),
    ("fis moll", "F# minor"),
    ("As-dur", "Ab major"),
    ("si mineur", "B minor"),
    ("Ré bémol majeur", "Db major"),
    ("fa diesis minore", "F# minor"),
]


@pytest.mark.parametrize(("written", "meant"), SPELLINGS)
def test_a_key_is_read_as_musicians_write_it(written: str, meant: str) -> None:
    assert str(parse_key(written)) == meant


@pytest.mark.parametrize("text", ["", "H", "H flat", "C##", "G minorish", "major", "C\nG", "1"])
def test_what_is_no_key_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="such as 'D minor'"):
        parse_key(text)


def test_titles_have_musical_signs() -> None:
    assert [parse_key(text).title for text in ("Gb", "g#", "B", "bb")] == [
        "G♭ major",
        "G♯ minor",
        "B major",
        "B♭ minor",
    ]


@given(keys)
def test_every_key_reads_its_own_name(key: Key) -> None:
    assert parse_key(str(key)) == key


@given(st.text(max_size=30))
def test_any_text_is_a_key_or_one_line_of_explanation(text: str) -> None:
    try:
        parse_key(text)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 a key is as good an outcome


SIGNATURES = [("C", 0), ("a", 0), ("G", 1), ("e", 1), ("D", 2), ("b", 2), ("E", 4), ("c#", 4)]
SIGNATURES += [("B", 5), ("F", -1), ("d", -1), ("g", -2), ("Eb", -3), ("c", -3), ("f", -4)]
SIGNATURES += [("Db", -5), ("bb", -5), ("F#", -6), ("eb", -6), ("g#", 5)]


@pytest.mark.parametrize(("key", "sharps"), SIGNATURES)
def test_signatures_follow_the_circle_of_fifths(key: str, sharps: int) -> None:
    assert parse_key(key).sharps == sharps


@pytest.mark.parametrize("tonic", [-1, 12])
def test_a_tonic_is_a_pitch_class(tonic: int) -> None:
    with pytest.raises(InputError, match="0 \\(C\\) to 11 \\(B\\)"):
        Key(tonic, Mode.MAJOR)
