"""From the full-int8 graphs of a bundle to its variant for the Edge TPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from playbach.bundle import Part, TensorSpec, check_tensors
from playbach.predictor.graph import graph_specs
from playbach_convert.edgetpu.check import check_graph
from playbach_convert.edgetpu.compiler import (
    HOME,
    PROGRAM,
    CompilerError,
    compile_graphs,
    find_compiler,
)
from playbach_convert.edgetpu.signature import with_signature

VARIANT, SOURCE = "edgetpu", "int8"
"""What is made, and what it is made from."""


@dataclass(frozen=True)
class EdgeTpuVariant:
    """The compiled graphs, ready to join a bundle.

    Attributes:
        parts: one for each role.
        graphs: by the names of the parts.
        tools: version of the compiler by its name.
    """

    parts: tuple[Part, ...]
    graphs: Mapping[str, bytes]
    tools: Mapping[str, str]


def check_maps_whole(parts: Sequence[Part], graphs: Mapping[str, bytes]) -> None:
    """Refuse int8 graphs of which anything would run on the CPU.

    Args:
        parts: of the bundle; those of variant ``int8`` are looked at.
        graphs: by the names of the parts.

    Raises:
        CompilerError: names the first operation that does not map, and why.
    """
    for part in parts:
        if part.variant != SOURCE:
            continue
        mapping = check_graph(graphs[part.name], part.name)
        if not mapping.whole:
            raise CompilerError(f"{part.name}: {mapping.cost}; leave --edgetpu out")


def compile_variant(
    compiler: str, parts: Sequence[Part], graphs: Mapping[str, bytes], say: Callable[[str], None]
) -> EdgeTpuVariant:
    """Compile the int8 graphs.

    Args:
        compiler: path of the program.
        parts: of the bundle; those of variant ``int8`` are compiled.
        graphs: by the names of the parts.
        say: takes a line for the user.

    Raises:
        CompilerError: the compiler fails, or leaves an operation to the CPU.
        BundleError: the compiled graph has other inputs or outputs than the int8 one.
    """
    sources = {part.role: part for part in parts if part.variant == SOURCE}
    say(f"compiling {SOURCE} for the Edge TPU")
    compiled = compile_graphs(compiler, {role: graphs[p.name] for role, p in sources.items()})
    made, contents = [], {}
    for role, source in sources.items():
        graph = with_signature(compiled.graphs[role], graphs[source.name])
        part = Part(f"{VARIANT}/{role}.tflite", VARIANT, role, *_specs(graph, role))
        # The board goes from one to the other in the middle of a piece: all must fit, scales too.
        for mine, theirs in ((part.inputs, source.inputs), (part.outputs, source.outputs)):
            check_tensors(theirs, mine, where=f"{PROGRAM}'s {role}")
        made.append(part)
        contents[part.name] = graph
        if role in compiled.reports:
            say(f"{part.name}: {compiled.reports[role].line}")
    return EdgeTpuVariant(tuple(made), contents, {PROGRAM: compiled.version})


def add_variant(
    parts: Sequence[Part], graphs: Mapping[str, bytes], say: Callable[[str], None]
) -> EdgeTpuVariant:
    """The variant for the Edge TPU, empty where there is no compiler; then ``say`` is told so.

    Raises:
        CompilerError, BundleError: as ``check_maps_whole`` and ``compile_variant``.
    """
    check_maps_whole(parts, graphs)
    compiler = find_compiler()
    if compiler is not None:
        return compile_variant(compiler, parts, graphs, say)
    say(_missing_compiler())
    return EdgeTpuVariant((), {}, {})


def _missing_compiler() -> str:
    return (
        f"{PROGRAM} is not on the PATH, so there is no variant {VARIANT}: {HOME} tells where it "
        f"comes from (x86-64 Linux). All of {SOURCE} maps to the Edge TPU and is ready to be "
        "compiled: install it and convert again with --edgetpu"
    )


def _specs(graph: bytes, role: str) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    try:
        return graph_specs(graph)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else "no reason given"
        raise CompilerError(
            f"{PROGRAM}: what it wrote for {role} cannot be read ({reason}); leave --edgetpu out"
        ) from error
