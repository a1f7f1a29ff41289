"""From the full-int8 graphs of a bundle to its variant for the Edge TPU, by the vendor's compiler.

Options and report of ``edgetpu_compiler`` are those that https://coral.ai/docs/edgetpu/compiler/
documents.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from playbach.bundle import Part, check_tensors
from playbach.errors import PlaybachError
from playbach.predictor.graph import graph_specs
from playbach_convert.edgetpu.check import check_graph
from playbach_convert.edgetpu.flatbuffer import IDENTIFIER, MAX_BYTES
from playbach_convert.process import FinishedProgram, ProgramError, run_program, temporary_folder
from playbach_convert.variants import EDGETPU, EDGETPU_SOURCE, Graphs

PROGRAM = "edgetpu_compiler"
HOME = "https://coral.ai/docs/edgetpu/compiler/"
SECONDS = 600.0
_MAPPED = "Mapped to Edge TPU"
_NOTHING = "0.00B"
_VERSION = re.compile(r"^Edge TPU Compiler version (\S{1,40})", re.MULTILINE)
_FIELD = re.compile(r"^([A-Z][A-Za-z -]+): +(\S.*?)\s*$", re.MULTILINE)
_ROW = re.compile(r"^([A-Z][A-Z0-9_]*) +(\d{1,6}) +(\S.*?)\s*$", re.MULTILINE)
_MOST_REASON = 200


class CompilerError(PlaybachError):
    """The compiler failed, or left operations to the CPU."""


@dataclass(frozen=True)
class Report:
    """What the compiler says of one graph."""

    cached: str  # parameters that stay on the chip, as it spells them, such as ``1.26MiB``
    streamed: str  # parameters that are sent again at each step, ``0.00B`` for none
    # operations it leaves to the CPU: name, how many, why
    refused: tuple[tuple[str, int, str], ...]
    on_cpu: int  # how many operations it leaves to the CPU

    @property
    def whole(self) -> bool:
        """Whether nothing is left to the CPU."""
        return not self.refused and not self.on_cpu

    @property
    def line(self) -> str:
        """For the user."""
        line = f"{self.cached} of parameters on the chip"
        return line if self.streamed == _NOTHING else f"{line}, {self.streamed} sent at each step"


@dataclass(frozen=True)
class Compiled:
    """Graphs as the compiler made them."""

    version: str  # of the compiler, ``unknown`` if it does not say
    graphs: Mapping[str, bytes]  # by role
    reports: Mapping[str, Report]  # by role


def add_variant(graphs: Graphs, say: Callable[[str], None]) -> tuple[Graphs, Mapping[str, str]]:
    """The variant for the Edge TPU; empty, with a line to the user, where there is no compiler.

    Args:
        graphs: of a bundle; those of variant ``int8`` are compiled.
        say: takes a line for the user.

    Returns:
        The compiled graphs, and the version of the compiler by its name.

    Raises:
        CompilerError: an operation does not map, or the compiler fails.
        BundleError: a compiled graph has other inputs or outputs than the int8 one.
    """
    sources = {part.role: part for part in graphs.parts if part.variant == EDGETPU_SOURCE}
    contents = {role: graphs.contents[part.name] for role, part in sources.items()}
    for role, part in sources.items():
        placement = check_graph(contents[role], part.name)
        if not placement.whole:
            raise CompilerError(f"{part.name}: {placement.cost}; leave --edgetpu out")
    compiler = find_compiler()
    if compiler is None:
        say(
            f"{PROGRAM} is not on the PATH, so there is no variant {EDGETPU}: {HOME} tells where "
            f"it comes from (x86-64 Linux). All of {EDGETPU_SOURCE} maps to the Edge TPU and is "
            "ready to be compiled: install it and convert again with --edgetpu"
        )
        return Graphs(), {}
    say(f"compiling {EDGETPU_SOURCE} for the Edge TPU")
    compiled = compile_graphs(compiler, contents)
    made = {}
    for role, source in sources.items():
        graph = with_signature(compiled.graphs[role], contents[role])
        made[_part(graph, source)] = graph
    for role, report in compiled.reports.items():
        say(f"{EDGETPU}/{role}.tflite: {report.line}")
    return Graphs(tuple(made), {part.name: made[part] for part in made}), {
        PROGRAM: compiled.version
    }


def _part(graph: bytes, source: Part) -> Part:
    """The part that a compiled graph is, made from ``source``."""
    where = f"{PROGRAM}'s {source.role}"
    try:
        inputs, outputs = graph_specs(graph)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else "no reason given"
        raise CompilerError(f"{where} cannot be read ({reason}); leave --edgetpu out") from error
    # The board goes from one to the other in the middle of a piece: all must fit, scales too.
    check_tensors(source.inputs, inputs, where=where)
    check_tensors(source.outputs, outputs, where=where)
    return Part(f"{EDGETPU}/{source.role}.tflite", EDGETPU, source.role, inputs, outputs)


def find_compiler() -> str | None:
    """Where the compiler is, ``None`` if it is not on the PATH."""
    return shutil.which(PROGRAM)


def compile_graphs(
    compiler: str, graphs: Mapping[str, bytes], seconds: float = SECONDS
) -> Compiled:
    """Compile full-int8 graphs together, so that they share the chip's memory.

    Args:
        compiler: path of the program.
        graphs: by role; the first has the first claim to the chip's memory.
        seconds: the most that it may take.

    Raises:
        CompilerError: it fails, hangs, gives no result, or leaves an operation to the CPU.
        OutputError: there is no room for its files.
    """
    with temporary_folder("playbach-edgetpu-") as folder:
        names = {role: f"{role}.tflite" for role in graphs}
        for role, name in names.items():
            (folder / name).write_bytes(graphs[role])
        command = [compiler, "--show_operations", "--out_dir", str(folder), *names.values()]
        try:
            finished = run_program(command, folder, seconds)
        except ProgramError as error:
            raise CompilerError(f"{error}; leave --edgetpu out, or try again") from error
        compiled = {role: _result(folder, role, finished) for role in graphs}
    reports = parse_report(finished.output)
    for role, graph in compiled.items():
        _check_whole(role, graph, reports.get(names[role]))
    version = _VERSION.search(finished.output)
    return Compiled(
        version=version.group(1) if version else "unknown",
        graphs=compiled,
        reports={role: reports[name] for role, name in names.items() if name in reports},
    )


def parse_report(output: str) -> dict[str, Report]:
    """What the compiler says of each graph, by the name of its file."""
    blocks = re.split(r"^(?=Input model: )", output, flags=re.MULTILINE)[1:]
    reports = {}
    for block in blocks:
        fields = dict(_FIELD.findall(block))
        refused = [
            (name, int(count), status)
            for name, count, status in _ROW.findall(block)
            if status != _MAPPED
        ]
        reports[Path(fields.get("Input model", "")).name] = Report(
            cached=fields.get("On-chip memory used for caching model parameters", "unknown"),
            streamed=fields.get(
                "Off-chip memory used for streaming uncached model parameters", _NOTHING
            ),
            refused=tuple(refused),
            on_cpu=_number(fields.get("Number of operations that will run on CPU", "0")),
        )
    return reports


def _result(folder: Path, role: str, finished: FinishedProgram) -> bytes:
    """What the compiler wrote for ``role``.

    Raises:
        CompilerError: nothing, or too much.
    """
    path = folder / f"{role}_edgetpu.tflite"
    if finished.status or not path.is_file():
        raise CompilerError(
            f"{PROGRAM} failed on {role} ({_reason(finished)}); leave --edgetpu out, or ask at "
            f"{HOME}"
        )
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise CompilerError(
            f"{PROGRAM} wrote {size:,} bytes for {role}; at most {MAX_BYTES:,} are read"
        )
    return path.read_bytes()


def _check_whole(role: str, graph: bytes, report: Report | None) -> None:
    """Check that neither the report nor the compiled graph leaves operations to the CPU."""
    if report is not None and not report.whole:
        rows = "; ".join(f"{count} {name}: {why}" for name, count, why in report.refused[:3])
        raise CompilerError(
            f"{PROGRAM} leaves {report.on_cpu or 'some'} operations of {role} to the CPU "
            f"({rows[:_MOST_REASON] or 'it does not say which'}); leave --edgetpu out"
        )
    mapping = check_graph(graph, f"{PROGRAM}'s {role}")
    if not mapping.compiled:
        raise CompilerError(
            f"{PROGRAM} leaves operations of {role} to the CPU: what it wrote is not one compiled "
            "operation; leave --edgetpu out"
        )


def _reason(finished: FinishedProgram) -> str:
    """The first line of the output that names an error, or the last line."""
    lines = [line.strip() for line in finished.output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search("error|invalid|abort", line, re.IGNORECASE)]
    if finished.status < 0 and not errors:
        return f"ended by signal {-finished.status}"
    return (errors or lines[-1:] or ["it says nothing"])[0][:_MOST_REASON]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 1  # noqa: PLR2004 as many digits as make sense


def with_signature(compiled: bytes, original: bytes) -> bytes:
    """``compiled`` with the signature of ``original``, whose inputs and outputs are the same.

    The compiler is older than what else a bundle relies on, and may leave out the signature: the
    part of a TFLite file that says which tensor is ``hidden_0``. A graph that has one is given back
    as it is. Both must have been read without error.
    """
    model = _model(compiled)
    if model.signatureDefs:
        return compiled
    source = _model(original)
    model.signatureDefs = copy.deepcopy(source.signatureDefs)
    for signature in model.signatureDefs or []:
        signature.subgraphIndex = 0
        for tensors, side in ((signature.inputs, "inputs"), (signature.outputs, "outputs")):
            places = dict(
                zip(
                    getattr(source.subgraphs[0], side),
                    getattr(model.subgraphs[0], side),
                    strict=True,
                )
            )
            for tensor in tensors:
                tensor.tensorIndex = places[tensor.tensorIndex]
    builder = flatbuffers.Builder(len(compiled) + 4096)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _model(content: bytes) -> Any:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
