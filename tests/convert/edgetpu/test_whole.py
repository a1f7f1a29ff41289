"""``--edgetpu`` from a trained run to a bundle, with the stand-in of the compiler and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import convert_run

from playbach.bundle import read_bundle
from playbach_convert.edgetpu.check import check_graph


@pytest.mark.usefixtures("compiler")
def test_the_compiled_variant_joins_the_bundle_that_int8_is_in(
    finished: Path, more_scores: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.bundle"
    options = ("--edgetpu", "--calibration", str(more_scores))
    assert convert_run(finished, path, "int8", *options) == 0
    bundle = read_bundle(path)
    assert bundle.manifest.variants == ("int8", "edgetpu")
    assert bundle.manifest.default_variant == "int8"
    assert bundle.manifest.provenance.tools["edgetpu_compiler"] == "16.0.384591198"
    assert check_graph(bundle.part("int8", "step"), "step").whole
    assert check_graph(bundle.part("edgetpu", "step"), "step").compiled


def test_without_the_compiler_int8_is_written_and_it_is_said_what_is_missing(
    finished: Path,
    more_scores: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    path = tmp_path / "a.bundle"
    # Not asked for, int8 is made all the same: it is what --edgetpu is about.
    options = ("--edgetpu", "--calibration", str(more_scores))
    assert convert_run(finished, path, "float32", *options) == 0
    assert read_bundle(path).manifest.variants == ("float32", "int8")
    assert "edgetpu_compiler is not on the PATH" in capsys.readouterr().out
