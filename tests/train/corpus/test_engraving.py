"""LilyPond sources become one MIDI file a movement, in order."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.train.corpus.repository import COMMIT, clone, manifest, serving_folder
from tests.train.corpus.scores import ONE_LILYPOND_SCORE, TWO_LILYPOND_SCORES, write

from playbach.errors import InputError
from playbach.music.key import parse_key
from playbach_train.corpus.engraving import (
    Bowing,
    bowing_beside,
    compile_work,
    read_bowing,
    read_from_folder,
    read_over_http,
    run_lilypond,
)
from playbach_train.corpus.folder import Outcome
from playbach_train.corpus.lines import Line
from playbach_train.corpus.midi_files import read_midi
from playbach_train.corpus.named import read_works
from playbach_train.corpus.records import Request, ScoreMovement, Skipped

pytest.importorskip("lilypond", reason="the lilypond wheel is not installed (training extra)")

SUITE, SINGLE = manifest().corpora["small"]


def names(outcomes: list[Outcome]) -> list[str]:
    return [outcome.name for outcome in outcomes]


def test_a_work_becomes_a_midi_file_for_each_movement_in_order(tmp_path: Path) -> None:
    read = read_from_folder(clone(tmp_path / "copy"), manifest())
    compiled = compile_work(SUITE, read, tmp_path / "made")
    assert list(compiled) == ["suite-1-courante", "suite-2-gigue"]
    first, second = (read_midi(path).piece for path in compiled.values())
    assert [note.pitch for note in first.notes] == [62, 65, 69, 74]
    assert [note.pitch for note in second.notes] == [67, 71]
    assert first.keys == ((0, parse_key("d minor")),)
    assert first.form.name == "courante"
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "suite-1-courante.bowing",
        "suite-1-courante.mid",
        "suite-2-gigue.bowing",
        "suite-2-gigue.mid",
    ]


def test_what_midi_cannot_say_of_the_notes_lies_beside_it(tmp_path: Path) -> None:
    music = r"\time 3/4 c'8( d' e') \grace f'16( g'8) <c' e'>4\trill( | f'4~ f'8 e') r4"
    scores = f"\\score {{ {{ {music} }} \\midi {{ }} }} \\score {{ {{ a'2 }} \\midi {{ }} }}"
    source = write(tmp_path, "slurs.ly", f'\\version "2.24.0"\n{scores}')
    (tmp_path / "out").mkdir()
    first, second = map(bowing_beside, run_lilypond(source, tmp_path / "out"))
    bowing = read_bowing(first)
    assert bowing.slurred == {(12, 62), (24, 64), (72, 65), (96, 65), (108, 64)}
    assert bowing.trills == {(48, 60), (48, 64)}
    piece = read_midi(first.with_suffix(".midi")).piece
    missing = {(note.onset, note.pitch) for note in piece.notes} - bowing.notes
    assert missing == {(35, 65)}, "a grace note"
    assert read_bowing(second) == Bowing(frozenset({(0, 69)}), frozenset(), frozenset())


def test_a_command_for_the_page_that_lilypond_no_longer_knows_costs_no_note(tmp_path: Path) -> None:
    old = "#(override-auto-beam-setting '(end * * * *) 1 4)\n"
    source = write(tmp_path, "old.ly", old + ONE_LILYPOND_SCORE)
    (tmp_path / "out").mkdir()
    (made,) = run_lilypond(source, tmp_path / "out")
    assert read_midi(made).piece.notes


def test_what_is_compiled_is_not_compiled_again(tmp_path: Path) -> None:
    copy = clone(tmp_path / "copy")
    read = read_from_folder(copy, manifest())
    compile_work(SINGLE, read, tmp_path / "made")
    (copy / "ftp" / SINGLE.main).unlink()
    assert compile_work(SINGLE, read, tmp_path / "made")["single-menuet"].is_file()


def test_an_altered_source_is_refused_before_it_is_compiled(tmp_path: Path) -> None:
    copy = clone(tmp_path / "copy")
    write(copy / "ftp", SINGLE.main, ONE_LILYPOND_SCORE + "% altered\n")
    with pytest.raises(InputError, match=r"^Single/single\.ly: altered or incomplete: 107 bytes"):
        compile_work(SINGLE, read_from_folder(copy, manifest()), tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_another_number_of_movements_than_expected_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.mkdir()
    assert len(run_lilypond(write(tmp_path, "two.ly", TWO_LILYPOND_SCORES), output)) == 2
    work = replace(SUITE, movements=("only-one",))
    with pytest.raises(InputError, match="wrote 2 MIDI files for the 1 movements only-one"):
        compile_work(
            work, read_from_folder(clone(tmp_path / "copy"), manifest()), tmp_path / "made"
        )


def test_more_than_ten_movements_stay_in_order(tmp_path: Path) -> None:
    pitches = "cdefgabcdefg"
    scores = "".join(f"\\score {{ {{ {p}'1 }} \\midi {{ }} }}\n" for p in pitches)
    output = tmp_path / "output"
    output.mkdir()
    made = run_lilypond(write(tmp_path, "twelve.ly", f'\\version "2.24.0"\n{scores}'), output)
    numbers = {"c": 60, "d": 62, "e": 64, "f": 65, "g": 67, "a": 69, "b": 71}
    found = [read_midi(path).piece.notes[0].pitch for path in made]
    assert found == [numbers[pitch] for pitch in pitches]


def test_a_score_that_does_not_compile_is_one_line(tmp_path: Path) -> None:
    broken = write(tmp_path, "broken.ly", '\\version "2.24.0"\n\\score { { c\' ')
    with pytest.raises(InputError, match=r"^broken\.ly: LilyPond failed: .+") as caught:
        run_lilypond(broken, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_score_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    endless = write(tmp_path, "endless.ly", "#(let loop () (loop))")
    with pytest.raises(InputError, match=r"endless\.ly: LilyPond was stopped after 0\.5 seconds"):
        run_lilypond(endless, tmp_path, seconds=0.5)


def test_a_corpus_over_http_and_from_a_copy_are_the_same(tmp_path: Path) -> None:
    copy = clone(tmp_path / "www" / "someone" / "scores" / COMMIT)
    near = Request(cache=tmp_path / "near")
    far = Request(cache=tmp_path / "far")
    with serving_folder(tmp_path / "www") as host:
        fetched = list(read_works("small", manifest(), read_over_http(manifest(), host), far))
    local = list(read_works("small", manifest(), read_from_folder(copy, manifest()), near))
    assert names(local) == ["suite-1-courante", "suite-2-gigue", "single-menuet"]
    for one, other in zip(fetched, local, strict=True):
        assert isinstance(one, ScoreMovement)
        assert isinstance(other, ScoreMovement)
        assert (one.piece, one.licence) == (other.piece, other.licence)
    assert isinstance(local[2], ScoreMovement)
    assert local[2].licence == "CC BY-SA 3.0"
    assert COMMIT in local[2].origin


def test_lines_and_keys_of_the_manifest_are_read_and_the_engraver_is_named(tmp_path: Path) -> None:
    line = Line("suite-2-gigue-1", "suite-2-gigue", 1, "highest")
    gigue = replace(
        SUITE, lines=(line,), engraver="A. Nyone", keys=(("suite-2-gigue", parse_key("e minor")),)
    )
    lines = replace(manifest(), corpora={"small": (gigue,)})
    read = read_from_folder(clone(tmp_path / "copy"), lines)
    (found,) = read_works("small", lines, read, Request(cache=tmp_path))
    assert isinstance(found, ScoreMovement)
    assert found.name == "suite-2-gigue-1"
    assert [note.pitch for note in found.piece.notes] == [67, 71]
    assert found.piece.keys == ((0, parse_key("e minor")),)
    assert found.origin.endswith(f"{COMMIT}, engraved by A. Nyone")
    everything = Request(exclude=("suite-2-*",), cache=tmp_path)
    assert names(list(read_works("small", lines, read, everything))) == ["suite-2-gigue-1"]


def test_an_incomplete_copy_is_an_error_unless_partial_is_asked_for(tmp_path: Path) -> None:
    copy = clone(tmp_path / "copy")
    (copy / "ftp" / "Suite/parts/both.ily").unlink()
    read = read_from_folder(copy, manifest())
    with pytest.raises(InputError, match=r"both\.ily: missing .*; --partial builds"):
        list(read_works("small", manifest(), read, Request(cache=tmp_path)))
    partial = Request(cache=tmp_path, from_dir=copy, partial=True)
    outcomes = list(read_works("small", manifest(), read, partial))
    assert [type(outcome) for outcome in outcomes] == [Skipped, Skipped, ScoreMovement]


def test_a_work_that_is_excluded_is_not_even_looked_for(tmp_path: Path) -> None:
    copy = clone(tmp_path / "copy")
    (copy / "ftp" / "Suite/parts/both.ily").unlink()
    request = Request(exclude=("suite-*",), cache=tmp_path)
    outcomes = list(read_works("small", manifest(), read_from_folder(copy, manifest()), request))
    assert isinstance(outcomes[2], ScoreMovement)
