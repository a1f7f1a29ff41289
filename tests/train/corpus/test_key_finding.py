"""Keys found from the notes."""

from pathlib import Path

import pytest
from hypothesis import given
from tests.device.music.strategies import note_lists

from playbach.music.key import parse_key
from playbach.music.note import Note, Pitch, Ticks
from playbach_train.corpus.key_finding import KEYS, estimate_key, key_under_old_signature
from playbach_train.corpus.midi_files import read_midi

SCALES = [
    ("C", (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)),
    ("F#", (66, 68, 70, 71, 73, 75, 77, 78, 73, 70, 66)),
    ("a", (57, 59, 60, 62, 64, 65, 68, 69, 64, 60, 57)),  # harmonic minor
    ("d", (62, 64, 65, 67, 69, 71, 73, 74, 72, 70, 69, 67, 65, 64, 62)),  # melodic minor
]


def in_turn(pitches: tuple[int, ...], duration: int = 12) -> list[Note]:
    return [Note(Ticks(12 * i), Pitch(p), Ticks(duration)) for i, p in enumerate(pitches)]


@pytest.mark.parametrize(("key", "pitches"), SCALES)
def test_a_scale_and_its_chord_make_a_key(key: str, pitches: tuple[int, ...]) -> None:
    assert estimate_key(in_turn(pitches)) == parse_key(key)


def test_long_notes_weigh_more() -> None:
    arpeggio = in_turn((60, 64, 67), duration=96)
    assert estimate_key([*arpeggio, *in_turn((61, 63, 66, 68, 70), duration=1)]) == parse_key("C")


def test_nothing_to_go_by_is_c_major() -> None:
    assert estimate_key([]) == parse_key("C")
    assert estimate_key(in_turn(tuple(range(60, 72)))) == parse_key("C")


@given(note_lists())
def test_any_notes_have_a_key(notes: tuple[Note, ...]) -> None:
    assert estimate_key(notes) in KEYS


# G minor with an E flat that the signature does not have, ending on G.
G_MINOR = in_turn((67, 69, 70, 72, 74, 75, 78, 79, 74, 70, 67) * 3)


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("d", "g"),  # one flat short, as Bach wrote
        ("F", "g"),  # the same signature, from a program that knows no modes
        ("g", "g"),
        ("a", "a"),  # two flats short is no old signature: believe what is printed
    ],
)
def test_an_old_signature_may_lack_its_last_flat(printed: str, meant: str) -> None:
    assert key_under_old_signature(parse_key(printed), G_MINOR) == parse_key(meant)


def test_a_few_notes_do_not_outweigh_a_signature() -> None:
    assert key_under_old_signature(parse_key("d"), G_MINOR[:11]) == parse_key("d")


def test_a_piece_that_ends_on_its_dominant_keeps_its_key() -> None:
    half_close = [*G_MINOR, Note(G_MINOR[-1].end, Pitch(62), Ticks(48))]
    assert key_under_old_signature(parse_key("g"), half_close) == parse_key("g")


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
    right = [piece for piece in pieces if estimate_key(piece.notes) == piece.keys[0][1]]
    assert len(right) >= 0.8 * len(pieces)
