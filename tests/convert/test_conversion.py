"""What a conversion gives, and every way in which it can go wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.convert.conftest import Change
from tests.fixtures.make_tiny_bundle import LICENCE, TINY_BUNDLE, TINY_NETWORK

from playbach.bundle import Bundle, Network, read_bundle
from playbach.bundle.limits import MAX_ITEMS, MAX_TEXT
from playbach.predictor import load_predictor
from playbach_convert.child import ConversionError, convert_variant
from playbach_convert.cli import main
from playbach_convert.manifest import provenance_of
from playbach_convert.steps import ROLES
from playbach_train.run import Run, load_run


def refused(capsys: pytest.CaptureFixture[str], run: Path, output: Path, *options: str) -> str:
    """The one line that converting ``run`` is answered with; nothing is left behind."""
    there = next(place for place in (output.parent, Path()) if place.is_dir())
    before = sorted(there.iterdir())
    try:
        status: object = main([str(run), "-o", str(output), *options])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    error = capsys.readouterr().err
    assert error.startswith("playbach-convert: ")
    assert error.count("\n") == 1
    assert sorted(there.iterdir()) == before
    return error


def test_the_bundle_says_what_it_is_and_where_it_comes_from(loud_bundle: Bundle) -> None:
    manifest = loud_bundle.manifest
    assert manifest.variants == ("float32", "dynamic")
    assert manifest.default_variant == "float32"
    assert isinstance(manifest.network, Network)
    for name, value in TINY_NETWORK.items():
        assert manifest.network.parameters[name.removeprefix("network.")] == value
    provenance = manifest.provenance
    assert provenance.corpora == ("scores",)
    assert provenance.licences == (LICENCE,)
    assert provenance.run == "tiny"
    assert provenance.scores["held_out_pitch_bits"] > 0
    assert provenance.notes["movements_held_out"] == 1
    assert {"keras", "tensorflow", "converted with tensorflow"} <= provenance.tools.keys()


def test_int8_weights_take_less_room(loud_bundle: Bundle) -> None:
    sizes = {(part.variant, part.role): part.size for part in loud_bundle.manifest.parts}
    assert sizes["dynamic", "step"] < sizes["float32", "step"]


def test_the_tiny_bundle_beside_its_script_is_up_to_date() -> None:
    load_predictor(read_bundle(TINY_BUNDLE))
    assert TINY_BUNDLE.stat().st_size < 300_000


def test_a_folder_that_is_no_run_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = refused(capsys, tmp_path / "nowhere", tmp_path / "a.bundle")
    assert "nowhere: no such folder; give the folder of a training run" in missing
    empty = refused(capsys, tmp_path, tmp_path / "a.bundle")
    assert "no checkpoint (network.npz) in it" in empty


def copied(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "copy"))


DAMAGE = {
    "network.npz: damaged, or not a checkpoint": ("network.npz", b"PK\x03\x04 and no more"),
    "network.npz: damaged": ("network.npz", b""),
    "run.json: not the record of a training run": ("run.json", b"[1]"),
    "run.json: not JSON": ("run.json", b"{"),
    "run.json: no encoding in it": ("run.json", b"{}"),
    "made with other hyperparameters": ("config.toml", b"[network]\nunits = 17\n"),
    "units is a whole number from 1 to 2048": ("config.toml", b"[network]\nunits = 1e9\n"),
    "config.toml: not UTF-8 text": ("config.toml", b"\xff"),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_a_damaged_run_is_refused(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path, message: str
) -> None:
    folder = copied(finished, tmp_path)
    name, content = DAMAGE[message]
    (folder / name).write_bytes(content)
    assert message in refused(capsys, folder, tmp_path / "a.bundle")


def test_a_run_of_another_encoding_is_refused(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    folder = copied(finished, tmp_path)
    record = json.loads((folder / "run.json").read_text())
    record["encoding"]["version"] = 99
    (folder / "run.json").write_text(json.dumps(record))
    assert "made for version 99 of the encoding" in refused(capsys, folder, tmp_path / "a.bundle")


@pytest.mark.parametrize("record", [{"sources": []}, {"sources": [3]}, {"tools": 3}])
def test_a_run_that_does_not_say_where_it_comes_from_is_refused(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path, record: dict[str, object]
) -> None:
    folder = copied(finished, tmp_path)
    kept = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(kept | record))
    assert "train again" in refused(capsys, folder, tmp_path / "a.bundle")


def test_weights_that_are_no_numbers_are_refused(
    capsys: pytest.CaptureFixture[str], with_weights: Callable[[Change], Path], tmp_path: Path
) -> None:
    folder = with_weights(lambda arrays: arrays | {"lstm_0/bias": arrays["lstm_0/bias"] * np.nan})
    message = refused(capsys, folder, tmp_path / "a.bundle")
    assert "lstm_0/bias holds values that are not finite" in message


def test_weights_that_are_missing_are_refused(
    capsys: pytest.CaptureFixture[str], with_weights: Callable[[Change], Path], tmp_path: Path
) -> None:
    folder = with_weights(lambda arrays: {n: v for n, v in arrays.items() if n != "lstm_0/bias"})
    assert "(lstm_0/bias is not in both)" in refused(capsys, folder, tmp_path / "a.bundle")


def test_an_existing_bundle_is_kept(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    there = tmp_path / "a.bundle"
    there.write_bytes(b"precious")
    assert "exists; give --force" in refused(capsys, finished, there)
    assert there.read_bytes() == b"precious"


def test_a_place_that_cannot_be_written_is_found_before_the_conversion(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    assert "this is a folder" in refused(capsys, finished, tmp_path)
    assert "there is no folder" in refused(capsys, finished, tmp_path / "no" / "a.bundle")


def test_an_unknown_variant_or_option_is_refused(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a.bundle"
    message = refused(capsys, finished, out, "--quantise", "float33")
    assert "there is no variant 'float33' (did you mean float32?); choose from" in message
    assert "unrecognized arguments: --nonsense" in refused(capsys, finished, out, "--nonsense")


def test_a_memory_beyond_that_of_training_is_refused(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    for memory in ("0", "9000"):
        message = refused(capsys, finished, tmp_path / "a.bundle", "--memory", memory)
        assert f"--memory {memory}: it is from 1 to" in message


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes that convert die of a segmentation fault after their first graph."""
    folder = tmp_path / "deadly"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import os, pathlib, signal, sys\n"
        "if 'playbach_convert.worker' in sys.orig_argv:\n"
        "    variant, _, folder, role, *_ = sys.orig_argv[-6:]\n"
        "    pathlib.Path(folder, f'{variant}-{role}.tflite').write_bytes(b'first')\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


@pytest.mark.usefixtures("deadly")
def test_a_converter_that_crashes_is_an_error_that_names_the_graph(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    message = refused(capsys, finished, tmp_path / "a.bundle", "--quantise", "dynamic")
    crash = signal.strsignal(signal.SIGSEGV)
    assert f"dynamic/pitch: the converter crashed ({crash}); leave dynamic out" in message


def test_a_converter_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(ConversionError, match=r"float32/step: the converter failed \(KeyError"):
        convert_variant("float32", ROLES, {"weights/of/nothing": np.zeros(3, np.float32)}, {})


def test_whatever_a_record_holds_fits_into_a_manifest(finished: Path) -> None:
    loaded = load_run(finished)
    record = loaded.record | {
        "command": "playbach-train " + "x" * 5000 + "\n",
        "sources": [{"source": f"a\nb\x1b{n}", "licence": "MIT"} for n in range(3000)],
        "held_out": [str(n) for n in range(3000)],
    }
    scores = {"held_out": {"pitch": float("nan"), "shift": 2.5}, "epoch": 3}
    said = provenance_of(Run(loaded.folder, loaded.config, loaded.encoding, record, {}, scores))
    assert len(said.command) == MAX_TEXT
    assert len(said.corpora) == len(said.notes["held_out"]) == MAX_ITEMS  # type: ignore[arg-type]
    assert said.corpora[0] == r"a\nb\x1b0"
    assert said.notes["movements_held_out"] == 3000
    assert said.scores == {"held_out_shift_bits": 2.5, "epoch": 3.0}


def test_the_manifest_names_the_run_also_from_inside_its_folder(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    assert provenance_of(load_run(Path())).run == "tiny"
