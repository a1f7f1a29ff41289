"""Scores in MusicXML, ABC, kern and MIDI become pieces."""

import os
import socket
import zipfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.train.corpus.fuzz import SCORES, mutated
from tests.train.corpus.scores import ABC, CLARINET, KERN, MEI, MUSICXML, PERCUSSION, write

from playbach.midi.files import midi_bytes
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus import folder, guards
from playbach_train.corpus.folder import Outcome, read_folder, read_score
from playbach_train.corpus.labels import Asked
from playbach_train.corpus.records import ScoreMovement, Skipped


def only(outcomes: list[Outcome]) -> ScoreMovement:
    assert len(outcomes) == 1
    (outcome,) = outcomes
    assert isinstance(outcome, ScoreMovement), outcome
    return outcome


def notes_of(piece: Piece) -> list[tuple[int, int, int]]:
    return [(note.onset, note.pitch, note.duration) for note in piece.notes]


def test_parts_chords_ties_and_a_pickup_of_musicxml_become_one_piece(tmp_path: Path) -> None:
    write(tmp_path, "sarabande.musicxml", MUSICXML)
    piece = only(list(read_folder(tmp_path))).piece
    assert notes_of(piece) == [
        (0, 69, 24),  # the pickup
        (24, 50, 72),
        (24, 74, 48),  # a chord; grace note and chord symbol are left out
        (24, 77, 48),
        (72, 73, 48),  # tied over the bar line
        (96, 45, 48),
        (144, 50, 24),
        (144, 74, 24),
    ]
    assert piece.pickup == 24
    assert piece.keys == ((0, parse_key("d minor")),)
    assert piece.meters == ((0, parse_meter("3/4")),)
    assert piece.form == parse_form("sarabande")
    assert piece.title == "A little Sarabande"


def test_compressed_musicxml_is_read_like_plain(tmp_path: Path) -> None:
    plain = write(tmp_path, "a.xml", MUSICXML)
    with zipfile.ZipFile(tmp_path / "b.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "score.xml")
    first, second = read_folder(tmp_path)
    assert isinstance(first, ScoreMovement)
    assert isinstance(second, ScoreMovement)
    assert first.piece == second.piece


def test_what_a_mac_adds_to_an_archive_is_no_score(tmp_path: Path) -> None:
    plain = write(tmp_path, "a.xml", MUSICXML)
    with zipfile.ZipFile(tmp_path / "b.mxl", "w") as archive:
        archive.writestr("__MACOSX/._score.xml", b"\x00\x05\x16\x07")
        archive.writestr("._score.xml", b"\x00\x05\x16\x07")
        archive.write(plain, "folder/score.xml")
    first, second = read_folder(tmp_path)
    assert isinstance(first, ScoreMovement)
    assert isinstance(second, ScoreMovement)
    assert first.piece == second.piece


def test_the_score_that_the_container_names_is_read(tmp_path: Path) -> None:
    named = '<container><rootfiles><rootfile full-path="b.xml"/></rootfiles></container>'
    with zipfile.ZipFile(tmp_path / "c.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", named)
        archive.writestr("a.xml", CLARINET)
        archive.writestr("b.xml", MUSICXML)
    assert only(list(read_folder(tmp_path))).piece.form.name == "sarabande"


def test_an_archive_without_a_score_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "c.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
    (outcome,) = read_folder(tmp_path)
    assert isinstance(outcome, Skipped)
    assert outcome.reason.endswith("no file that ends in .xml or .musicxml")


def test_what_cannot_be_said_in_a_piece_is_left_out_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "cadenza.xml", PERCUSSION)
    movement = only(list(read_folder(tmp_path)))
    assert notes_of(movement.piece) == [(0, 48, 72), (72, 50, 792), (864, 48, 72)]
    # The bar of 33/4 has become eleven of the 3/4 around it.
    assert movement.piece.meters == ((0, parse_meter("3/4")),)
    assert movement.changed == ("unpitched notes left out: 1",)


def test_mei_is_read_as_programs_write_it(tmp_path: Path) -> None:
    piece = only(list(read_score(write(tmp_path, "s.mei", MEI), "s", "test"))).piece
    assert notes_of(piece) == [(0, 57, 24), (24, 50, 144), (24, 53, 72), (96, 53, 72)]
    assert (str(piece.keys[0][1]), str(piece.meters[0][1]), piece.pickup) == ("D minor", "3/4", 24)
    assert (piece.title, piece.form.name) == ("Sarabande", "sarabande")


def test_whatever_one_score_does_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.krn", KERN)
    write(tmp_path, "b.xml", MUSICXML)
    monkeypatch.setattr(folder, "what_score_says", lambda score: {}[score.metadata.title])
    first, second = read_folder(tmp_path)
    assert isinstance(first, Skipped)
    assert isinstance(second, Skipped)
    assert second.reason == (f"{tmp_path}/b.xml: b: cannot be made a piece: 'A little Sarabande'")


class Killer:
    """Ends the process that unpacks it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)


def test_several_processes_read_in_order_and_survive_the_end_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "_FEWEST_A_PROCESS", 3)
    monkeypatch.setattr(folder, "_AT_A_TIME", 2)
    monkeypatch.setattr(folder, "_processors", lambda: 2)
    content = midi_bytes(Piece((Note(Ticks(0), Pitch(60), Ticks(24)),)), tempo=60)
    names = [f"{number}" for number in range(7)]
    for name in names:
        (tmp_path / f"{name}.mid").write_bytes(content)
    asked = Asked(labels={"0": Killer()})  # type: ignore[dict-item]
    outcomes = list(read_folder(tmp_path, asked))
    assert [outcome.name for outcome in outcomes] == names
    (skipped,) = [outcome for outcome in outcomes if isinstance(outcome, Skipped)]
    assert skipped.reason == f"{tmp_path}/0.mid: reading it ended the process; is it too large?"


def test_a_transposing_instrument_is_read_as_it_sounds(tmp_path: Path) -> None:
    piece = only(list(read_score(write(tmp_path, "c.xml", CLARINET), "c", "test"))).piece
    assert notes_of(piece) == [(0, 69, 96)]
    assert piece.keys == ((0, parse_key("A major")),)


def test_each_tune_of_an_abc_file_is_a_movement(tmp_path: Path) -> None:
    first, second = read_score(write(tmp_path, "tunes.abc", ABC), "tunes", "test")
    assert isinstance(first, ScoreMovement)
    assert isinstance(second, ScoreMovement)
    assert (first.name, second.name) == ("tunes-0001", "tunes-0002")
    assert notes_of(first.piece)[:2] == [(0, 62, 12), (12, 67, 12)]
    triplet = [note.duration for note in first.piece.notes if note.onset >= 84][:3]
    assert triplet == [8, 8, 8]
    assert (first.piece.pickup, str(first.piece.meters[0][1])) == (12, "6/8")
    assert notes_of(second.piece) == [(0, 64, 24), (24, 66, 24), (48, 67, 48)]
    assert second.piece.keys == ((0, parse_key("e minor")),)
    assert second.piece.title == "Second"


def test_a_bad_tune_costs_only_itself(tmp_path: Path) -> None:
    broken = ABC.replace("M:6/8", "M:6/64")
    first, second = read_score(write(tmp_path, "tunes.abc", broken), "tunes", "test")
    assert isinstance(first, Skipped)
    assert "tunes-0001: meter 6/64" in first.reason
    assert isinstance(second, ScoreMovement)


def test_a_tune_without_meter_says_what_is_missing(tmp_path: Path) -> None:
    free = "X:1\nT:Free\nM:none\nL:1/4\nK:C\nCDEF\n"
    (outcome,) = read_score(write(tmp_path, "free.abc", free), "free", "test")
    assert isinstance(outcome, Skipped)
    assert outcome.reason.endswith("no meter: add a time signature, or give it with --labels")


def test_kern_is_read(tmp_path: Path) -> None:
    piece = only(list(read_score(write(tmp_path, "minuet.krn", KERN), "menuet", "test"))).piece
    assert notes_of(piece) == [
        (0, 43, 24),
        (24, 50, 24),
        (48, 59, 12),
        (60, 57, 12),
        (72, 59, 36),
        (108, 50, 12),
        (120, 59, 72),
    ]
    assert piece.keys == ((0, parse_key("G major")),)
    assert piece.form == parse_form("menuet")


def test_midi_is_read_with_what_it_says_of_itself(tmp_path: Path) -> None:
    piece = Piece((Note(Ticks(0), Pitch(60), Ticks(24)),), form=parse_form("gigue"), title="One")
    (tmp_path / "one.MID").write_bytes(midi_bytes(piece, tempo=60))
    assert only(list(read_folder(tmp_path))).piece == piece


@pytest.mark.parametrize("name", ["a.xml", "a.mxl", "a.krn", "a.abc", "a.mid", "a.mei", "a.kar"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 40, b"<score-partwise><part>", b"X:1\nK:"])
def test_a_broken_file_is_one_line_that_names_it(
    tmp_path: Path, name: str, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    outcomes = list(read_folder(tmp_path))
    assert outcomes
    for outcome in outcomes:
        assert isinstance(outcome, Skipped)
        assert str(tmp_path / name) in outcome.reason
        assert "\n" not in outcome.reason
    assert capfd.readouterr().err == ""


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(sorted(SCORES)), st.randoms(use_true_random=False))
def test_a_damaged_score_never_crashes_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, chance: Random
) -> None:
    # Many more, by hand: make test-scores
    monkeypatch.setattr(guards, "BASE_SECONDS", 0.5)
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(mutated(SCORES[suffix][0], chance))
    for outcome in read_score(path, "damaged", "test"):
        assert isinstance(outcome, ScoreMovement | Skipped)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b" " * (17 * 1024 * 1024))
    (outcome,) = read_folder(tmp_path)
    assert isinstance(outcome, Skipped)
    assert "unpacks to 17,825,792 bytes; at most 16,777,216 are read" in outcome.reason


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.xml").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    (outcome,) = read_folder(tmp_path)
    assert isinstance(outcome, Skipped)
    assert "16,777,217 bytes; at most 16,777,216 are read" in outcome.reason


def test_hidden_files_and_files_of_other_kinds_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "._a.xml", "resource fork")
    write(tmp_path, "README.md", "about")
    (tmp_path / "folder.mid").mkdir()
    assert list(read_folder(tmp_path)) == []


def test_reading_scores_leaves_no_files_and_opens_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, scores = tmp_path / "scratch", tmp_path / "scores"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(socket.socket, "connect", None)
    for name, text in (("a.xml", MUSICXML), ("b.abc", ABC), ("c.krn", KERN)):
        write(scores, name, text)
    assert len(list(read_folder(scores))) == 4
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in scores.iterdir()) == ["a.xml", "b.abc", "c.krn"]
