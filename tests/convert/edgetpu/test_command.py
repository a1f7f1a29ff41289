"""``playbach-convert check`` and ``--edgetpu``, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.convert.edgetpu.conftest import Ending
from tests.convert.edgetpu.graphs import Op, T, graph
from tests.fixtures.edgetpu.bundles import with_edgetpu
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import read_bundle
from playbach.errors import BundleError
from playbach.predictor.graph import graph_specs
from playbach_convert.cli import main
from playbach_convert.edgetpu.compiler import HOME, CompilerError, add_variant
from playbach_convert.variants import Graphs


@pytest.fixture
def int8() -> Graphs:
    """The int8 graphs of the tiny bundle."""
    bundle = read_bundle(TINY_BUNDLE)
    parts = tuple(part for part in bundle.manifest.parts if part.variant == "int8")
    return Graphs(parts, {part.name: bundle.contents[part.name] for part in parts})


def with_graph(int8: Graphs, role: str, content: bytes) -> Graphs:
    return Graphs(int8.parts, {**int8.contents, f"int8/{role}.tflite": content})


def test_check_says_of_each_operation_whether_it_maps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(graph(Op("TANH"), Op("GATHER"), Op("RELU")))
    assert main(["check", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["0", "TANH"], ["1", "GATHER"], ["2", "RELU"]
    ]  # fmt: skip
    assert lines[1].endswith("maps")
    assert lines[2].endswith("no: the Edge TPU has no such operation")
    assert "everything from operation 1 on runs on the CPU: 2 of 3" in lines[4]


def test_all_of_the_networks_int8_maps_and_nothing_in_it_is_float(
    capsys: pytest.CaptureFixture[str], int8: Graphs
) -> None:
    assert main(["check", str(TINY_BUNDLE)]) == 0
    said = capsys.readouterr().out
    assert said.count("operations map to the Edge TPU") == len(int8.parts) == 3
    assert "no: " not in said
    assert "float" not in said


def test_check_knows_what_is_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "edgetpu.bundle"
    with_edgetpu(read_bundle(TINY_BUNDLE), path)
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.count("compiled: all of it runs on the Edge TPU") == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing", None, "there is no such file; give a .tflite file or a bundle"),
        ("text", b"neither of the two", "is not a TFLite file"),
        ("zip", b"PK\x03\x04 and no more", "truncated"),
        ("empty", b"", "is not a TFLite file"),
    ],
)
def test_check_refuses_what_it_cannot_read(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | None,
    message: str,
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("playbach-convert check: ")
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.usefixtures("compiler")
def test_the_compiled_variant_has_the_inputs_outputs_and_scales_of_int8(int8: Graphs) -> None:
    said: list[str] = []
    made, tools = add_variant(int8, said.append)
    assert [part.name for part in made.parts] == [
        name.replace("int8", "edgetpu") for name in int8.contents
    ]
    for part, source in zip(made.parts, int8.parts, strict=True):
        assert set(part.inputs) == set(source.inputs)
        assert set(part.outputs) == set(source.outputs)
        assert graph_specs(made.contents[part.name]) == (part.inputs, part.outputs)
    assert tools == {"edgetpu_compiler": "16.0.384591198"}
    assert "edgetpu/step.tflite: 312.25KiB of parameters on the chip" in said


def test_without_the_compiler_it_is_said_where_it_comes_from(
    int8: Graphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said: list[str] = []
    made, _ = add_variant(int8, said.append)
    assert not made.parts
    (line,) = said
    assert line.startswith("edgetpu_compiler is not on the PATH")
    assert HOME in line


@pytest.mark.usefixtures("compiler")
def test_a_core_that_does_not_map_whole_is_refused_with_the_first_operation(int8: Graphs) -> None:
    changed = with_graph(int8, "step", graph(Op("TANH"), Op("DIV", [T(), T()])))
    with pytest.raises(CompilerError) as caught:
        add_variant(changed, lambda _: None)
    assert str(caught.value).startswith("int8/step.tflite: operation 1 (DIV) does not map")
    assert str(caught.value).endswith("leave --edgetpu out")


@pytest.mark.usefixtures("compiler")
def test_compiled_graphs_of_other_scales_are_refused(int8: Graphs) -> None:
    swapped = with_graph(int8, "duration", int8.contents["int8/pitch.tflite"])
    with pytest.raises(BundleError, match="edgetpu_compiler's duration: "):
        add_variant(swapped, lambda _: None)


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("mode", ["fails", "partial"])
def test_a_compiler_that_fails_on_the_network_is_one_error(
    ending: Ending, int8: Graphs, mode: str
) -> None:
    ending(mode)
    with pytest.raises(CompilerError, match="leave --edgetpu out"):
        add_variant(int8, lambda _: None)
