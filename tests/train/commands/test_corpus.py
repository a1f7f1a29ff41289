"""``playbach-train corpus`` builds a corpus into a folder of MIDI files."""

import argparse
import json
from pathlib import Path

import pytest

from playbach.errors import InputError, OutputError, PlaybachError
from playbach_train.commands import corpus as cli
from playbach_train.corpus import Request, load
from playbach_train.corpus.midi_files import read_midi


def corpus_command(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    return cli.run(parser.parse_args([str(argument) for argument in arguments]))


def test_a_corpus_built_into_a_folder_is_the_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "chorales"
    assert corpus_command("bach-chorales", folder, "--limit", "2") == 0
    assert f"written to {folder}" in capsys.readouterr().out
    built = load([folder], report=lambda _: None)
    direct = load(["bach-chorales"], Request(limit=2), report=lambda _: None)
    assert {m.name: m.piece for m in built.movements} == {m.name: m.piece for m in direct.movements}
    assert built.provenance[0].licence == direct.provenance[0].licence
    assert sorted(path.name for path in folder.iterdir()) == [
        "SOURCES.json",
        "bwv269.mid",
        "bwv347.mid",
    ]
    assert json.loads((folder / "SOURCES.json").read_bytes())["corpus"] == "bach-chorales"


def test_a_folder_with_files_is_left_alone_without_force(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty; give another, or --force"):
        corpus_command("bach-chorales", tmp_path, "--limit", "1")
    assert corpus_command("bach-chorales", tmp_path, "--limit", "1", "--force") == 0
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert read_midi(tmp_path / "bwv269.mid").piece.form.name == "chorale"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="this is a file"):
        corpus_command("bach-chorales", tmp_path / "file")


@pytest.mark.parametrize(
    "arguments", [("--limit", "0"), ("--partial",), ("--from", "/nowhere"), ("--exclude", "*")]
)
def test_a_failure_writes_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(PlaybachError):
        corpus_command("cello-suites", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_an_unknown_corpus_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose one of cello-suites, bach-solo"):
        corpus_command("mozart", tmp_path / "out")
    assert not (tmp_path / "out").exists()
