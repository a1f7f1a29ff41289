"""What a conversion gives, and every way in which it can go wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.convert.conftest import Change
from tests.fixtures.make_tiny_bundle import LICENCE, TINY_BUNDLE, TINY_NETWORK

from playbach.bundle import Bundle, Network, read_bundle
from playbach.predictor import load_predictor
from playbach.schema import MAX_ITEMS, MAX_TEXT
from playbach_convert import tflite
from playbach_convert.cli import main
from playbach_convert.convert import provenance_of
from playbach_convert.tflite import ConversionError, _run_child, convert_variant
from playbach_convert.variants import VARIANTS
from playbach_train.networks.table import load_run


@pytest.fixture(scope="module", autouse=True)
def in_children() -> Iterator[None]:
    """The converter in a process of its own, as users have it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tflite, "_run_child", _run_child)
        yield


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


def test_the_bundle_says_how_near_its_variants_are_to_the_network(loud_bundle: Bundle) -> None:
    measured = loud_bundle.manifest.verification
    assert measured is not None
    assert measured.music == "1 movement held out and broken chords made for the purpose"
    assert measured.steps >= 2000
    assert measured.bits is not None
    assert measured.bits > 0
    assert [row.variant for row in measured.variants] == ["float32", "dynamic"]
    for row in measured.variants:
        assert row.divergence <= VARIANTS[row.variant].divergence
        assert row.probability <= VARIANTS[row.variant].probability
        assert row.bits is not None
        assert row.drift is not None
        assert abs(row.bits - measured.bits) < 0.05
        assert row.drift.largest_cell <= 8


def test_int8_weights_take_less_room(loud_bundle: Bundle) -> None:
    sizes = {(part.variant, part.role): part.size for part in loud_bundle.manifest.parts}
    assert sizes["dynamic", "step"] < sizes["float32", "step"]


def test_the_tiny_bundle_beside_its_script_is_up_to_date() -> None:
    load_predictor(read_bundle(TINY_BUNDLE))
    assert TINY_BUNDLE.stat().st_size < 500_000


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
    "network.units 1000000000.0: it must be a whole number, 1 to 2,048": (
        "config.toml",
        b"[network]\nunits = 1e9\n",
    ),
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
        assert f"--memory {memory}: it must be from 1 to" in message


Deadly = Callable[[str], None]


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deadly:
    """Child processes that convert to a variant die of a segmentation fault after one graph."""

    def kill(variant: str) -> None:
        folder = tmp_path / "deadly"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            "import os, pathlib, signal, sys\n"
            "if 'playbach_convert.tflite' in sys.orig_argv:\n"
            "    variant, folder, role, *_ = sys.orig_argv[-5:]\n"
            f"    if variant == {variant!r}:\n"
            "        pathlib.Path(folder, f'{variant}-{role}.tflite').write_bytes(b'first')\n"
            "        os.kill(os.getpid(), signal.SIGSEGV)\n"
        )
        monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")

    return kill


CRASH = f"the converter crashed ({signal.strsignal(signal.SIGSEGV)})"


def test_a_converter_that_crashes_names_the_graph_and_leaves_the_rest(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path, deadly: Deadly
) -> None:
    deadly("dynamic")
    output = tmp_path / "a.bundle"
    options = ["--quantise", "dynamic,float32", "--drift", "20"]
    assert main([str(finished), "-o", str(output), *options]) == 1
    assert capsys.readouterr().err == f"playbach-convert: left out: dynamic/pitch: {CRASH}\n"
    manifest = read_bundle(output).manifest
    assert manifest.variants == (manifest.default_variant,) == ("float32",)
    assert manifest.verification is not None
    assert [row.variant for row in manifest.verification.variants] == ["float32"]


def test_where_every_conversion_crashes_nothing_is_written(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path, deadly: Deadly
) -> None:
    deadly("float32")
    message = refused(capsys, finished, tmp_path / "a.bundle", "--quantise", "float32")
    assert f"float32/pitch: {CRASH}; nothing was written" in message


def test_too_little_to_calibrate_on_is_refused(
    capsys: pytest.CaptureFixture[str], finished: Path, scores: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.bundle"
    own = refused(capsys, finished, output, "--quantise", "int8")
    assert "tiny: " in own
    assert "notes to calibrate int8 on" in own
    assert "at least 2,000 are needed; give more scores with --calibration DIR" in own
    given = refused(capsys, finished, output, "--quantise", "int8", "--calibration", str(scores))
    assert "scores: " in given
    assert "at least 2,000 are needed" in given
    nowhere = tmp_path / "nowhere"
    missing = refused(capsys, finished, output, "--quantise", "int8", "--calibration", str(nowhere))
    assert "nowhere" in missing


def test_a_run_without_scores_asks_for_some(
    capsys: pytest.CaptureFixture[str], finished: Path, tmp_path: Path
) -> None:
    folder = copied(finished, tmp_path)
    (folder / "scores.npz").unlink()
    message = refused(capsys, folder, tmp_path / "a.bundle", "--quantise", "int8")
    assert "holds no scores (scores.npz)" in message
    assert message.endswith("; --calibration DIR gives scores to calibrate on\n")


def converted_with_files_of(kilobytes: int, run: Path, output: Path) -> tuple[int, str]:
    """Exit status and standard error of a conversion that may write files of that size at most.

    As on a full disk, writing fails in the middle of the file.
    """
    limit = (
        "import resource, signal, sys\n"
        "from playbach_convert.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes << 10}, {kilobytes << 10}))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    options = ["--quantise", "float32", "--drift", "20"]
    done = subprocess.run(
        [sys.executable, "-c", limit, str(run), "-o", str(output), *options],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_disk_that_is_full_is_one_line_and_leaves_nothing(finished: Path, tmp_path: Path) -> None:
    output = tmp_path / "out" / "a.bundle"
    output.parent.mkdir()
    status, error = converted_with_files_of(20, finished, output)
    assert status == 2
    # TensorFlow may have had something to say of missing GPUs before.
    assert error.splitlines()[-1].startswith("playbach-convert: ")
    assert "temporary files cannot be written" in error.splitlines()[-1]
    assert "Traceback" not in error
    assert list(output.parent.iterdir()) == []


def test_a_converter_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"float32/step: the converter failed \(OSError"):
        convert_variant("float32", ["step"], tmp_path)


def test_whatever_a_record_holds_fits_into_a_manifest(finished: Path) -> None:
    loaded = load_run(finished)
    record = loaded.record | {
        "command": "playbach-train " + "x" * 5000 + "\n",
        "sources": [{"source": f"a\nb\x1b{n}", "licence": "MIT"} for n in range(3000)],
        "held_out": [str(n) for n in range(3000)],
    }
    scores = {"held_out": {"pitch": float("nan"), "shift": 2.5}, "epoch": 3}
    said = provenance_of(replace(loaded, record=record, weights={}, scores=scores))
    assert len(said.command) == MAX_TEXT
    assert len(said.corpora) == len(said.notes["held_out"]) == MAX_ITEMS  # type: ignore[arg-type]
    assert said.corpora[0] == r"a\nb\x1b0"
    assert said.notes["movements_held_out"] == 3000
    assert said.scores == {"held_out_shift_bits": 2.5, "epoch": 3.0}


def test_a_manifest_names_the_music_of_the_run_that_was_started_from_too(finished: Path) -> None:
    loaded = load_run(finished)
    first = {
        "sources": [
            {"source": "bach-keyboard", "licence": "CC BY 3.0", "origin": "engraved by A. Nyone"},
        ],
        "training": ["line-1", "1-gigue"],
    }
    record = loaded.record | {"training": ["1-gigue"], "start_from": first}
    said = provenance_of(replace(loaded, record=record))
    assert said.corpora == ("scores", "bach-keyboard")
    assert said.licences == ("MIT", "CC BY 3.0")
    assert said.notes["trained_on"] == ("1-gigue", "line-1")
    assert "engraved by A. Nyone" in said.notes["origins"]  # type: ignore[operator]


def test_the_manifest_names_the_run_also_from_inside_its_folder(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    assert provenance_of(load_run(Path())).run == "tiny"
