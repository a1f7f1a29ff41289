"""A corpus is read in a fixed order; what is left out is named and counted."""

import json
import shutil
from pathlib import Path

import pytest
from tests.train.corpus.scores import ABC, KERN, MUSICXML, write

from playbach.errors import InputError
from playbach_train.corpus import Request, load
from playbach_train.corpus.load import SOURCES_FILE
from playbach_train.corpus.midi_files import read_midi

SHARED = Path(__file__).parents[4] / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="../shared/data, the scores for tests, is not beside the repository"
)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    folder = tmp_path / "scores"
    write(folder, "b/sarabande.musicxml", MUSICXML)
    write(folder, "b/broken.xml", "<no")
    write(folder, "tunes.abc", ABC)
    write(folder, "a/minuet.krn", KERN)
    return folder


def test_a_folder_of_all_kinds_is_one_corpus(scores: Path, lines: list[str]) -> None:
    corpus = load([scores], report=lines.append)
    assert [movement.name for movement in corpus.movements] == [
        "a/minuet",
        "b/sarabande",
        "tunes-0001",
        "tunes-0002",
    ]
    assert [skipped.name for skipped in corpus.skipped] == ["b/broken"]
    assert lines[0] == f"reading {scores}"
    assert lines[1].startswith(f"skipped {scores}/b/broken.xml: b/broken: not readable as musicxml")
    notes = sum(len(movement.piece.notes) for movement in corpus.movements)
    counts, guesses = lines[2:]
    assert counts == (
        f"4 movements, {notes} notes (0 moved to the grid, 0 merged with a sounding pitch); "
        "1 skipped, 0 movements excluded"
    )
    assert guesses.startswith("guessed or found: form of 2; playbach-train look DIR says")
    assert [(terms.licence, terms.movements) for terms in corpus.provenance] == [("unknown", 4)]


CASES = Path(__file__).parents[4] / "shared" / "cases"


@pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases in {CASES}")
def test_a_controller_above_127_is_clipped_and_said(tmp_path: Path, lines: list[str]) -> None:
    content = (CASES / "controller-above-127.mid").read_bytes()
    (tmp_path / "loud.mid").write_bytes(content)
    corpus = load([tmp_path], report=lines.append)
    assert len(corpus.movements[0].piece.notes) == 52
    assert lines[1] == f"repaired {tmp_path}/loud.mid: values above 127 were taken for 127"


def test_movements_are_excluded_by_pattern(scores: Path, lines: list[str]) -> None:
    corpus = load([scores], Request(exclude=("tunes-*", "bwv*")), report=lines.append)
    assert corpus.excluded == ("tunes-0001", "tunes-0002")
    assert "--exclude bwv*: no movement has such a name" in lines


def test_a_limit_counts_for_each_source(scores: Path, lines: list[str]) -> None:
    corpus = load([scores, scores], Request(limit=1), report=lines.append)
    assert [movement.name for movement in corpus.movements] == ["a/minuet", "a/minuet~2"]
    assert "the same music, kept together in any split: a/minuet, a/minuet~2" in lines


def test_an_empty_folder_is_an_error_that_says_what_is_read(
    tmp_path: Path, lines: list[str]
) -> None:
    with pytest.raises(InputError, match=r"no music in .*\.mid .*\.krn .*or a corpus by name"):
        load([tmp_path], report=lines.append)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(InputError, match="nowhere: there is no such folder"):
        load([tmp_path / "nowhere"], report=lines.append)


def test_a_misspelt_corpus_gets_a_suggestion(lines: list[str]) -> None:
    with pytest.raises(InputError, match=r"did you mean cello-suites\?"):
        load(["celo-suites"], report=lines.append)


def test_only_the_first_unreadable_files_are_named_and_all_are_counted(
    tmp_path: Path, lines: list[str]
) -> None:
    write(tmp_path, "good.krn", KERN)
    for number in range(25):
        write(tmp_path, f"{number:02}.mid", "no midi")
    corpus = load([tmp_path], report=lines.append)
    assert len(corpus.skipped) == 25
    assert sum(line.startswith(f"skipped {tmp_path}") for line in lines) == 20
    assert "skipped 5 more" in lines


@pytest.mark.parametrize("content", ["[]", "{", '{"movements": [1]}', "[" * 100_000, "\xff"])
def test_a_foreign_sources_file_says_nothing(scores: Path, lines: list[str], content: str) -> None:
    write(scores, SOURCES_FILE, content)
    corpus = load([scores], report=lines.append)
    assert {movement.licence for movement in corpus.movements} == {"unknown"}


def test_the_terms_of_a_folder_we_built_are_known(scores: Path, lines: list[str]) -> None:
    row = {"name": "a/minuet", "origin": "an archive", "licence": "public domain"}
    write(scores, SOURCES_FILE, json.dumps({"movements": [row]}))
    corpus = load([scores], Request(limit=1), report=lines.append)
    assert corpus.movements[0].licence == "public domain"
    assert corpus.movements[0].origin == "an archive"


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="--limit 0: it must be at least 1"):
        Request(limit=0)


def test_partial_without_a_copy_is_refused() -> None:
    with pytest.raises(InputError, match="goes with --from"):
        Request(partial=True)


def test_chorales_come_with_key_meter_pickup_and_title(lines: list[str]) -> None:
    first, second = load(["bach-chorales"], Request(limit=2), report=lines.append).movements
    assert (first.name, first.piece.title) == ("bwv269", "Aus meines Herzens Grunde")
    assert (second.name, str(second.piece.keys[0][1])) == ("bwv347", "A major")
    piece = first.piece
    assert (str(piece.keys[0][1]), str(piece.meters[0][1]), piece.pickup) == ("G major", "3/4", 24)
    assert piece.form.name == "chorale"
    assert [note.pitch for note in piece.notes[:4]] == [43, 59, 62, 67]


def test_songs_come_in_any_number(lines: list[str]) -> None:
    corpus = load(["essen-ballads"], Request(limit=3), report=lines.append)
    assert len(corpus.movements) == 3
    assert {movement.piece.form.name for movement in corpus.movements} == {"song"}
    assert "non-commercial" in corpus.provenance[0].licence


@needs_shared
def test_engravings_of_a_partial_copy_give_the_notes_of_the_compiled_files(
    tmp_path: Path, lines: list[str]
) -> None:
    pytest.importorskip("lilypond", reason="the lilypond wheel is not installed (training extra)")
    engravings, works = tmp_path / "engravings", Path("ftp") / "BachJS"
    for work in ("BWV1012", "BWV1013"):
        shutil.copytree(SHARED / "lilypond" / works / work, engravings / works / work)
    request = Request(from_dir=engravings, partial=True, cache=tmp_path)
    corpus = load(["cello-suites", "bach-solo"], request, report=lines.append)
    expected = {path.stem: path for path in SHARED.glob("*/bwv101[23]-*.mid")}
    assert {movement.name for movement in corpus.movements} >= set(expected)
    for movement in corpus.movements:
        if movement.name in expected:
            assert movement.piece == read_midi(expected[movement.name]).piece
