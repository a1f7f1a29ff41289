"""A further network is one module and one row: it trains, resumes, loads and is measured."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.train import bigrams

from playbach.errors import InputError
from playbach_train.cli import build_parser, main
from playbach_train.config import flat_values, settings
from playbach_train.networks.architecture import Convertible, HeldOut, PartBits
from playbach_train.networks.table import DEFAULT, NETWORKS, architecture, load_run
from playbach_train.runs.checkpoint import load_arrays
from playbach_train.runs.run import CHECKPOINT, CONFIG, NETWORK, RECORD, read_json, write_json

Capture = pytest.CaptureFixture[str]
NAME = "bigrams"


@pytest.fixture(scope="module", autouse=True)
def row() -> Iterator[None]:
    """The row in the table of networks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NETWORKS, NAME, f"{bigrams.__name__}:ARCHITECTURE")
        yield


@pytest.fixture(scope="module")
def counted(scores: Path) -> Path:
    """A run of the further network."""
    folder = scores.with_name(NAME)
    words = ["--network", NAME, "--training.epochs", "3", "--midi", str(scores)]
    assert main([*words, "--run", str(folder)]) == 0
    return folder


def refusal(capsys: Capture, *words: str | Path) -> str:
    try:
        status: object = main([str(word) for word in words])
    except SystemExit as stop:
        status = stop.code
    error = capsys.readouterr().err
    assert status == 2, error
    assert error.count("\n") == 1, error
    return error


def test_a_run_says_which_network_it_is_of_and_has_that_networks_configuration(
    counted: Path,
) -> None:
    run = load_run(counted)
    assert run.network == NAME
    assert run.config == bigrams.Config(bigrams.Counting(epochs=3))
    assert run.scores == {"epoch": 3}
    assert (counted / CONFIG).read_text().startswith("[training]\nepochs = 3\ndoubt = 0.5\n")


def test_a_run_that_names_no_network_is_of_the_default_one(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    record = read_json(tmp_path / "run" / RECORD)
    assert record.pop("network") == DEFAULT
    write_json(tmp_path / "run" / RECORD, record)
    assert load_run(tmp_path / "run").network == DEFAULT


def test_a_stopped_run_goes_on_as_the_network_it_is_without_being_told(
    counted: Path, scores: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["--midi", str(scores), "--run", str(run)]
    assert main([*words, "--network", NAME, "--training.epochs", "2"]) == 0
    (run / CONFIG).write_text((counted / CONFIG).read_text())
    assert main([*words, "--resume"]) == 0
    for name in (NETWORK, CHECKPOINT):
        again, whole = load_arrays(run / name), load_arrays(counted / name)
        assert again[1] == whole[1] == {"epoch": 3}
        assert (again[0]["counts"] == whole[0]["counts"]).all()


def test_a_run_is_not_resumed_as_another_network(
    counted: Path, scores: Path, capsys: Capture
) -> None:
    words = ("--midi", scores, "--run", counted, "--resume", "--network", DEFAULT)
    message = refusal(capsys, *words)
    assert f"--network {DEFAULT}: {counted} holds a run of the network {NAME}" in message
    assert "leave out --network, or give another --run" in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [("gird", "(did you mean grid?)"), ("xyz", "'xyz'; choose from"), ("x" * 999, "xxx'; choose")],
)
def test_an_unknown_network_is_refused_with_those_there_are(
    name: str, hint: str, scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    for words in (["--run", tmp_path / "run"], ["cross-validate"], ["--help"]):
        command = [words.pop(0)] if words[0] == "cross-validate" else ["train"]
        message = refusal(capsys, *command, "--network", name, "--midi", scores, *words)
        assert hint in message
        assert message.endswith(f"choose from {', '.join(NETWORKS)}\n")
        assert len(message) < 200
    assert not list(tmp_path.iterdir())
    assert "argument --network: expected one argument" in refusal(capsys, "--network")


def test_a_record_of_a_network_of_a_later_version_is_refused(
    counted: Path, scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    shutil.copytree(counted, run)
    for name in ("later", 7, None, ["grid"]):
        write_json(run / RECORD, read_json(run / RECORD) | {"network": name})
        with pytest.raises(InputError, match=r"run\.json: there is no network "):
            load_run(run)
        message = refusal(capsys, "--midi", scores, "--run", run, "--resume")
        assert "run.json: there is no network" in message


def test_options_and_help_are_those_of_the_network(capsys: Capture) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--network", NAME, "--help"])
    said = capsys.readouterr().out
    assert "--training.doubt" in said
    assert "--network.units" not in said
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--help"])
    said = capsys.readouterr().out
    assert "--network.units" in said
    assert "--training.doubt" not in said
    message = refusal(capsys, "--network", NAME, "--network.units", "3")
    assert "unrecognized arguments: --network.units 3" in message
    message = refusal(capsys, "--network", NAME, "--training.doubt", "11")
    assert "training.doubt 11: it must be 0.01 to 10" in message


def test_help_of_the_default_network_needs_no_keras() -> None:
    script = (
        "import sys\n"
        "from playbach_train.cli import main\n"
        "try:\n"
        "    main(['train', '--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(sorted({'keras', 'tensorflow', 'matplotlib', 'music21'} & sys.modules.keys()))\n"
    )
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_corpus_too_small_for_its_network_leaves_no_run_behind(
    scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(scores.iterdir())[:3]:
        shutil.copy(path, few)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    for folder in (tmp_path / "new", tmp_path / "mine"):
        message = refusal(capsys, "--network", NAME, "--midi", few, "--run", folder)
        assert "2 movements: too few; give at least 3" in message
        assert sorted(tmp_path.rglob("*")) == before


def test_the_parts_of_a_network_are_measured_by_symbol_note_and_quarter(
    counted: Path, scores: Path, capsys: Capture
) -> None:
    words = ["evaluate", "--run", str(counted), "--midi", str(scores)]
    assert main([*words, "--json"]) == 0
    out, said = capsys.readouterr()
    figures = json.loads(out)
    assert list(figures) == [
        "network", "parts", "bits_per_symbol", "bits_per_note", "bits_per_quarter", "symbols",
        "notes", "quarters", "unknown",
    ]  # fmt: skip
    pitch = figures["parts"]["pitch"]
    assert 0 < pitch["bits"] < 7
    assert 0 < pitch["top1"] < 1
    assert figures["parts"]["nothing"] == {"bits": 0.25, "top1": None}
    assert figures["bits_per_symbol"] == pytest.approx(pitch["bits"] + 0.25)
    assert figures["bits_per_note"] == pytest.approx(figures["bits_per_symbol"] / 2)
    assert figures["bits_per_quarter"] == pytest.approx(figures["bits_per_symbol"] / 4)
    assert "of the movements measured are among the training movements" in said
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[next(n for n, line in enumerate(lines) if line.startswith(NAME)) :]
    assert table[0].split() == [NAME, "bits/symbol", "bits/note", "bits/quarter", "top1"]
    bits = [pitch["bits"] / share for share in (1, 2, 4)]
    top1 = f"{pitch['top1']:.1%}"
    assert table[1].split() == ["pitch", *(f"{one:.3f}" for one in bits), top1]
    assert table[2].split() == ["nothing", "0.250", "0.125", "0.062"]
    assert table[3].split()[0] == "total"
    assert table[4].endswith("12.5% of the symbols are not in the vocabulary")


def test_a_network_without_probabilities_is_not_measured_and_says_so(
    scores: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    words = ["--midi", str(scores), "--run", str(run)]
    assert main(["--network", NAME, "--training.silent", "true", *words]) == 0
    message = refusal(capsys, "evaluate", *words)
    assert f"{run}: the network {NAME} assigns no probabilities to music" in message


def test_what_is_for_the_default_network_only_says_so(
    counted: Path, scores: Path, capsys: Capture
) -> None:
    words = ("--run", counted, "--midi", scores, "--baseline", scores)
    message = refusal(capsys, "evaluate", *words)
    assert f"with the network {DEFAULT} only, note by note" in message
    message = refusal(capsys, "cross-validate", "--network", NAME, "--midi", scores)
    assert f"only the network {DEFAULT} is cross-validated" in message


def test_the_default_network_is_measured_as_any_other(finished: Path) -> None:
    from playbach_train.runs.pieces import kept_scores  # noqa: PLC0415 beside what it serves

    trained = architecture(DEFAULT).load(load_run(finished))
    assert trained.kind == "lstm-copy"
    assert not isinstance(trained, Convertible)
    pieces = kept_scores(finished).held_out
    found = trained.held_out(pieces)
    assert found is not None
    assert list(found.parts) == ["shift", "pitch", "duration"]
    assert found.notes == found.symbols == sum(len(piece.notes) - 1 for piece in pieces.values())
    # As training measured them when it kept these weights.
    kept = load_run(finished).scores["held_out"]
    assert found.per_note == pytest.approx(kept["total"], rel=1e-4)
    assert found.parts["pitch"].bits == pytest.approx(kept["pitch"], rel=1e-4)
    ends = sum(piece.end - piece.notes[1].onset for piece in pieces.values())
    assert found.per_quarter == pytest.approx(found.total / (ends / 24))


def test_bits_are_shared_out_over_notes_and_quarters() -> None:
    found = HeldOut(
        {"symbol": PartBits(3.0, 0.5), "ticks": PartBits(1.0)}, symbols=10, notes=20, quarters=5
    )
    assert (found.per_symbol, found.total, found.per_note, found.per_quarter) == (4, 40, 2, 8)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_options_with_limits_and_says_what_it_is(name: str) -> None:
    network = architecture(name)
    assert 0 < len(network.about) < 100
    values = flat_values(network.config)
    assert {"training.held_out", "training.seed"} <= values.keys()
    known = settings(network.config)
    assert known.keys() == values.keys()
    for option, setting in known.items():
        assert setting.help
        assert setting.kind is bool or setting.low is not None
        assert setting.parse(values[option]) == values[option]
    assert dataclasses.is_dataclass(network.config)
    build_parser(name)
