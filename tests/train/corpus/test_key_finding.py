"""Keys found from the notes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import note_lists

from playbach.music.key import parse_key
from playbach.music.key_finding import KEYS, Signature, weigh
from playbach.music.note import Note, Pitch, Ticks
from playbach_train.corpus.midi_files import read_midi

SCALES = [
    ("C", (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)),
    ("F#", (66, 68, 70, 71, 73, 75, 77, 78, 73, 70, 66)),
    ("a", (57, 59, 60, 62, 64, 65, 68, 69, 64, 60, 57)),  # harmonic minor
    ("d", (62, 64, 65, 67, 69, 71, 73, 74, 72, 70, 69, 67, 65, 64, 62)),  # melodic minor
]


def in_turn(pitches: tuple[int, ...], duration: int = 12) -> list[Note]:
    return [Note(Ticks(12 * i), Pitch(p), Ticks(duration)) for i, p in enumerate(pitches)]


def found(signature: Signature | None, notes: Sequence[Note], title: str = "") -> str:
    titled = parse_key(title) if title else None
    return str(weigh(signature, notes, titled=titled)[0])


@pytest.mark.parametrize(("key", "pitches"), SCALES)
def test_a_scale_and_its_chord_make_a_key(key: str, pitches: tuple[int, ...]) -> None:
    assert found(None, in_turn(pitches)) == str(parse_key(key))
    assert found(None, in_turn(pitches * 3)) == str(parse_key(key))


def test_long_notes_weigh_more() -> None:
    arpeggio = in_turn((60, 64, 67), duration=96)
    assert found(None, [*arpeggio, *in_turn((61, 63, 66, 68, 70), duration=1)]) == "C major"


def test_nothing_to_go_by_is_c_major() -> None:
    assert found(None, []) == "C major"
    assert found(None, in_turn(tuple(range(60, 72)) * 3)) == "C major"


@given(note_lists(), st.none() | st.builds(Signature, st.integers(-7, 7)))
def test_any_notes_have_a_key(notes: tuple[Note, ...], signature: Signature | None) -> None:
    assert weigh(signature, notes)[0] in KEYS


# G minor with an E flat that an old signature does not have, ending on G.
G_MINOR = in_turn((67, 69, 70, 72, 74, 75, 78, 79, 74, 70, 67) * 3)


@pytest.mark.parametrize(
    ("fifths", "named", "meant"),
    [
        (-1, "d", "G minor"),  # one flat short, as Bach wrote
        (-1, "F", "G minor"),  # the same signature, from a program that knows no modes
        (-1, "", "G minor"),  # the same, without a word on the mode
        (-2, "Bb", "G minor"),  # a program that calls all major
        (0, "C", "G minor"),  # a program that lost the signature
        (0, "", "G minor"),
        (-2, "g", "G minor"),
        (3, "f#", "G minor"),  # the notes were transposed, the signature was not
    ],
)
def test_what_a_file_says_is_weighed_against_its_notes(fifths: int, named: str, meant: str) -> None:
    signature = Signature(fifths, parse_key(named) if named else None)
    key, why = weigh(signature, G_MINOR)
    assert str(key) == meant
    assert bool(why) == (key != signature.key)
    if why:
        assert why.endswith("(last bass G, leading note F#, its scale)")


def test_a_few_notes_do_not_outweigh_a_signature() -> None:
    assert found(Signature(-1, parse_key("d")), G_MINOR[:11]) == "D minor"


def test_a_piece_that_ends_on_its_dominant_keeps_its_key() -> None:
    half_close = [*G_MINOR, Note(G_MINOR[-1].end, Pitch(62), Ticks(48))]
    assert found(Signature(-2, parse_key("g")), half_close) == "G minor"


def test_the_key_in_a_title_counts_where_the_notes_are_in_doubt() -> None:
    # Neither F nor F sharp, and no end on C: C major that ends on its dominant, or G major.
    doubtful = in_turn((67, 71, 72, 74, 76, 79, 76, 72, 69, 71, 67, 67) * 3)
    keys = {found(Signature(0), doubtful, title) for title in ("C", "G")}
    assert keys == {"C major", "G major"}


def test_major_is_believed_in_a_file_that_knows_minor() -> None:
    major = Signature(-1, parse_key("F"))
    in_doubt = in_turn((62, 65, 69, 65, 72, 65, 62, 69, 65, 72, 70, 69) * 3)
    by_default = weigh(major, in_doubt)[0], weigh(major, in_doubt, knows_modes=True)[0]
    assert tuple(map(str, by_default)) == ("D minor", "F major")


SCORES = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.skipif(not SCORES.is_dir(), reason=f"no scores in {SCORES}")
def test_the_old_signatures_of_the_solo_works_are_understood() -> None:
    pieces = {path.stem: read_midi(path).piece for path in SCORES.glob("*/*.mid")}
    keys = {name: str(piece.keys[0][1]) for name, piece in pieces.items()}
    # The sonata in G minor is printed with one flat, as is the menuet between two in G major.
    assert keys["bwv1001-1-adagio"] == "G minor"
    assert keys["bwv1001-2-fuga"] == "G minor"
    assert keys["bwv1001-4-presto"] == "G minor"
    assert keys["bwv1007-6-menuet-2"] == "G minor"
    # These end on other notes than their tonic.
    assert keys["bwv999-prelude"] == "D minor"
    assert keys["bwv1003-1-grave"] == "A minor"
    assert keys["bwv1005-1-adagio"] == "C major"


@pytest.mark.skipif(not SCORES.is_dir(), reason=f"no scores in {SCORES}")
def test_most_keys_are_found_from_the_notes() -> None:
    pieces = [read_midi(path).piece for path in SCORES.glob("*/*.mid")]
    whole = [piece for piece in pieces if len(piece.keys) == 1]
    right = [piece for piece in whole if weigh(None, piece.notes)[0] == piece.keys[0][1]]
    assert len(right) >= 0.9 * len(whole)
