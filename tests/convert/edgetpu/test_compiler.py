"""The compiler's run and its report; a stand-in of the real one succeeds, fails and hangs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.convert.edgetpu.conftest import Ending
from tests.convert.edgetpu.graphs import Op, T, graph
from tests.fixtures.edgetpu.compiler import CUSTOM, compiled

from playbach.errors import OutputError
from playbach.predictor.graph import graph_specs
from playbach_convert.edgetpu.check import COMPILED, check_graph
from playbach_convert.edgetpu.compiler import (
    CompilerError,
    compile_graphs,
    find_compiler,
    parse_report,
    with_signature,
)

# As users of the real compiler show it, shortened.
REAL = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 1524 ms.

Input model: efficientdet.tflite
Input size: 4.24MiB
Output model: efficientdet_edgetpu.tflite
Output size: 5.57MiB
On-chip memory used for caching model parameters: 4.21MiB
On-chip memory remaining for caching model parameters: 3.29MiB
Off-chip memory used for streaming uncached model parameters: 1.22MiB
Number of Edge TPU subgraphs: 1
Total number of operations: 267
Operation log: efficientdet_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of
the model will instead run on the CPU, which is slower.
Number of operations that will run on Edge TPU: 264
Number of operations that will run on CPU: 3

Operator                       Count      Status

ADD                            42         Mapped to Edge TPU
CUSTOM                         1          Operation is working on an unsupported data type
QUANTIZE                       2          More than one subgraph is not supported
Compilation child process completed within timeout period.
Compilation succeeded!
"""


def test_a_real_report_is_read() -> None:
    report = parse_report(REAL)["efficientdet.tflite"]
    assert report.on_cpu == 3
    assert not report.whole
    assert report.refused == (
        ("CUSTOM", 1, "Operation is working on an unsupported data type"),
        ("QUANTIZE", 2, "More than one subgraph is not supported"),
    )
    assert report.line == "4.21MiB of parameters on the chip, 1.22MiB sent at each step"


def test_whatever_a_report_holds_it_is_read_or_passed_over() -> None:
    assert parse_report("") == {}
    assert not parse_report("Input model: \nNumber of\n").keys() - {""}
    endless = "Input model: a.tflite\nNumber of operations that will run on CPU: " + "9" * 5000
    assert not parse_report(endless)["a.tflite"].whole


def test_graphs_are_compiled_together_and_each_is_one_operation(
    compiler: str, step: bytes, head: bytes
) -> None:
    done = compile_graphs(compiler, {"step": step, "pitch": head})
    assert done.version == "16.0.384591198"
    assert list(done.graphs) == ["step", "pitch"]
    assert all(check_graph(graph, role).compiled for role, graph in done.graphs.items())
    assert done.reports["step"].line == "312.25KiB of parameters on the chip"


def test_nothing_is_left_of_a_compilation(
    compiler: str, step: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.chdir(folder)
    compile_graphs(compiler, {"step": step})
    assert not list(folder.iterdir())


def test_no_room_for_the_compilers_files_is_one_error(
    compiler: str, step: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(OutputError, match=r"none: temporary files cannot be written: No such file"):
        compile_graphs(compiler, {"step": step})


ENDINGS = {
    "fails": "edgetpu_compiler failed on step (ERROR: Didn't find op for builtin opcode 'TANH'",
    "silent": "edgetpu_compiler failed on step (Edge TPU Compiler version",
    "partial": "leaves 3 operations of step to the CPU (1 GATHER: Operation not supported; 2 TANH:",
    "lies": "leaves operations of step to the CPU: what it wrote is not one compiled operation",
    "chatters": "edgetpu_compiler wrote more than 1048576 bytes and was ended",
}


@pytest.mark.parametrize("mode", ENDINGS)
def test_a_compiler_that_does_not_compile_is_one_error(
    compiler: str, ending: Ending, step: bytes, mode: str
) -> None:
    ending(mode)
    with pytest.raises(CompilerError) as caught:
        compile_graphs(compiler, {"step": step})
    assert ENDINGS[mode] in str(caught.value)
    assert "leave --edgetpu out" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_compiler_that_hangs_is_ended(compiler: str, ending: Ending, step: bytes) -> None:
    ending("hangs")
    with pytest.raises(CompilerError, match=r"edgetpu_compiler took over 1 s and was ended; leave"):
        compile_graphs(compiler, {"step": step}, seconds=1)


def test_what_a_compiler_has_started_ends_with_it(tmp_path: Path, step: bytes) -> None:
    # It also closes its output, so that it is not its silence that tells.
    program, noted = tmp_path / "edgetpu_compiler", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\nexec >/dev/null 2>&1\nsleep 600 &\necho $! >{noted}\nwait\n")
    program.chmod(0o755)
    with pytest.raises(CompilerError, match=r"took over 2 s"):
        compile_graphs(str(program), {"step": step}, seconds=2)
    # Init may need a moment to collect it.
    deadline = time.monotonic() + 30
    while state(int(noted.read_text())) not in {"", "Z"}:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def state(process: int) -> str:
    """The letter for what a process does, ``""`` when there is none of that number."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def test_a_compiler_that_cannot_be_started_is_one_error(tmp_path: Path, step: bytes) -> None:
    program = tmp_path / "edgetpu_compiler"
    program.write_bytes(b"\x7fELF for another processor")
    program.chmod(0o755)
    with pytest.raises(CompilerError, match="edgetpu_compiler: cannot be started: "):
        compile_graphs(str(program), {"step": step})


def test_a_compiler_that_crashes_is_one_error(tmp_path: Path, step: bytes) -> None:
    program = tmp_path / "edgetpu_compiler"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o755)
    with pytest.raises(CompilerError, match=r"failed on step \(ended by signal 11\)"):
        compile_graphs(str(program), {"step": step})


def test_the_compiler_is_found_on_the_path_only(
    compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_compiler() == compiler
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_compiler() is None


def test_the_stand_in_makes_the_operation_that_the_checker_knows() -> None:
    assert CUSTOM == COMPILED


def test_a_graph_without_a_signature_gets_that_of_the_original() -> None:
    signed = graph(Op("ADD", [T(name="a"), T(name="b")], [T(name="sum")], 2), signed=True)
    bare = compiled(signed)
    restored = with_signature(bare, signed)
    assert len(restored) > len(bare)
    assert check_graph(restored, "restored").compiled
    assert graph_specs(restored) == graph_specs(signed)
    assert with_signature(restored, signed) is restored
