"""What a file says becomes what it means; what is guessed is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playbach.music.form import parse_form
from playbach.music.grid import Changes
from playbach.music.key import Mode, parse_key
from playbach.music.key_finding import Signature
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Pitch, Ticks
from playbach_train.corpus.folder import read_folder
from playbach_train.corpus.interpretation import FileSays, ReadResult, interpret
from playbach_train.corpus.labels import NO_LABEL, Label
from playbach_train.corpus.midi_files import parse_midi, read_midi
from playbach_train.corpus.records import ScoreMovement

COMMON: Changes[tuple[int, int]] = ((Ticks(0), (4, 4)),)


def notes(*rows: tuple[int, int, int]) -> tuple[Note, ...]:
    return tuple(Note(Ticks(onset), Pitch(pitch), Ticks(length)) for onset, pitch, length in rows)


def meant(
    *, titles: tuple[str, ...] = (), work: str = "", name: str = "x", label: Label = NO_LABEL
) -> ReadResult:
    says = FileSays(notes((0, 60, 96)), meters=COMMON, titles=titles, work=work)
    return interpret(says, name, label)


FORMS = [
    # titles of the movement, title of the work, name, form
    (("Sarabande",), "Violin Partita No. 2", "x", "sarabande"),
    (("Menuet I",), "Prelude and Fugue", "suite/gigue", "menuet"),
    ((), "", "suite/3-gigue", "gigue"),
    ((), "", "cs1-2all", "allemande"),
    ((), "", "cs5-5gav1", "gavotte"),
    ((), "", "suites/CS3-1PRE", "prelude"),
    ((), "", "vs1-4prs", "allegro"),
    ((), "", "suite/06_sara", "sarabande"),
    ((), "Menuet in G", "x", "menuet"),
    ((), "", "gigue/1", "gigue"),
    ((), "", "dances/gigues/1", "gigue"),
    ((), "", "Bouree 1", "bourree"),
    ((), "", "vs2-3and", "andante"),
    ((), "", "Suites 1 and 2", "other"),
    ((), "", "all of me", "other"),  # no number before it: no short form
    (("Cello",), "Suite", "a/b/c", "other"),
]


@pytest.mark.parametrize(("titles", "work", "name", "form"), FORMS)
def test_the_form_is_what_titles_file_and_folder_say(
    titles: tuple[str, ...], work: str, name: str, form: str
) -> None:
    result = meant(titles=titles, work=work, name=name)
    assert result.piece.form == parse_form(form)
    stem = name.rpartition("/")[2]
    said_outright = any(word in (*titles, stem) for word in ("Sarabande", "Menuet I", "3-gigue"))
    assert not (said_outright and any(line.startswith("form:") for line in result.guessed))


def test_what_the_user_says_overrules_all() -> None:
    label = Label(parse_form("gigue"), parse_key("Eb"), parse_meter("6/8"))
    result = meant(titles=("Sarabande in D minor",), label=label)
    piece = result.piece
    assert (piece.form.name, str(piece.keys[0][1]), str(piece.meters[0][1])) == (
        "gigue", "Eb major", "6/8",
    )  # fmt: skip
    assert result.guessed == ()


def test_a_bar_of_too_many_beats_becomes_bars_of_the_meter_before_it() -> None:
    meters = ((Ticks(0), (4, 4)), (Ticks(96), (33, 4)), (Ticks(96 + 33 * 24), (4, 4)))
    says = FileSays(notes((0, 60, 96), (96, 60, 33 * 24), (888, 60, 96)), meters=meters)
    found = [(tick, str(meter)) for tick, meter in interpret(says, "x").piece.meters]
    assert found == [(0, "4/4"), (96 + 32 * 24, "1/4"), (888, "4/4")]
    alone = FileSays(says.notes, meters=((Ticks(0), (33, 4)),))
    assert [str(meter) for _, meter in interpret(alone, "x").piece.meters] == ["11/4"]


SEMITONES = {Mode.MAJOR: (0, 4, 7, 11, 9, 5, 2, 0), Mode.MINOR: (0, 3, 7, 11, 8, 5, 2, 0)}
WALK = [
    ("G minor", Signature(-2, parse_key("Bb"))),  # a program that calls all major
    ("G minor", Signature(-1)),  # as Bach wrote it
    ("B minor", Signature(0)),  # a program that lost the signature
    ("Eb major", Signature(0, parse_key("C"))),
    ("A major", None),  # nothing is said
]


@pytest.mark.parametrize(("key", "says"), WALK)
def test_a_default_is_no_statement_and_the_disagreement_is_said(
    key: str, says: Signature | None
) -> None:
    tonic = parse_key(key)
    pitches = [48 + tonic.tonic + step for step in SEMITONES[tonic.mode] * 4]
    music = notes(*((12 * index, pitch, 12) for index, pitch in enumerate(pitches)))
    signatures = () if says is None else ((Ticks(0), says),)
    result = interpret(FileSays(music, signatures=signatures, meters=COMMON), "x")
    assert str(result.piece.keys[0][1]) == key
    assert any(line.startswith(f"key: {key}, ") for line in result.guessed)


CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases in {CASES}")


@needs_cases
def test_the_small_scores_that_were_read_wrong_are_read_right() -> None:
    found = [one for one in read_folder(CASES) if isinstance(one, ScoreMovement)]
    by_file = {movement.file.name: movement for movement in found}
    assert len(found) == 9
    keys = {name: str(movement.piece.keys[0][1]) for name, movement in by_file.items()}
    assert keys["midi-minor-under-major-byte.mid"] == "D minor"
    assert keys["dorian-signature-g-minor.musicxml"] == "G minor"
    assert "key: D minor, not F major" in str(by_file["midi-minor-under-major-byte.mid"].guessed)
    assert by_file["movement-title-ignored.musicxml"].piece.form.name == "sarabande"
    assert by_file["crash-percussion-chord.musicxml"].changed == ("unpitched notes left out: 1",)
    counts = {name: len(movement.piece.notes) for name, movement in by_file.items()}
    assert counts["crash-percussion-chord.musicxml"] == 17
    assert counts["partial-tie-in-chord.musicxml"] == 7
    assert counts["partial-tie-in-chord.krn"] == 3
    assert by_file["controller-above-127.mid"].remarks
    assert by_file["upbeat-after-rests.mid"].upbeat == 12
    assert "8 + 12 bars are written out twice" in str(by_file["written-out-repeat.mid"].guessed)


VIOLIN = Path(__file__).parents[4] / "shared" / "data" / "violin-performances" / "scores"
TONICS = {"1001": "G minor", "1002": "B minor", "1004": "D minor", "1005": "C major",
          "1006": "E major"}  # fmt: skip
OTHERS = {"bwv1001_mov3": "Bb major", "bwv1005_mov3": "F major"}
"""Movements in another key than their work."""


@pytest.mark.skipif(not VIOLIN.is_dir(), reason=f"no scores in {VIOLIN}")
def test_lost_signatures_of_the_violin_works_are_found_from_the_notes(tmp_path: Path) -> None:
    # Those whose programs lost the signature, and a sonata's; all of them take too long here.
    for name in ("bwv1001_mov1", "bwv1001_mov3", "bwv1002_mov3", "bwv1004_mov2_00", "bwv1006_mov4"):
        (tmp_path / f"{name}.mxl").symlink_to(VIOLIN / f"{name}.mxl")
    for movement in read_folder(tmp_path):
        assert isinstance(movement, ScoreMovement)
        expected = OTHERS.get(movement.name, TONICS[movement.name[3:7]])
        assert str(movement.piece.keys[0][1]) == expected
        assert movement.piece.form.name != "other"


SOLO = VIOLIN.parents[1] / "bach-solo"


@pytest.mark.skipif(not SOLO.is_dir(), reason=f"no scores in {SOLO}")
def test_a_major_byte_in_every_file_leaves_the_minor_pieces_minor() -> None:
    for path in sorted(SOLO.glob("*.mid"))[::3]:
        # The same signatures, each called major.
        content = re.sub(rb"(?<=\xff\x59\x02.)\x01", b"\0", path.read_bytes(), flags=re.DOTALL)
        keys = parse_midi(content, name=path.stem).piece.keys
        assert keys == read_midi(path).piece.keys, path.stem
