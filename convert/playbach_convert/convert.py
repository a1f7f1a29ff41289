"""From a training run to a bundle: convert each variant, measure it against Keras, write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from playbach.bundle import Bundle, Part, VariantFigures, Verification, write_bundle
from playbach.bundle.defect import DefectError
from playbach.bundle.writer import build_bundle
from playbach.errors import PlaybachError
from playbach.predictor.graph import graph_specs
from playbach_convert.child import ConversionError, convert_variant, saved_graph, shared_folder
from playbach_convert.edgetpu.variant import SOURCE, add_variant
from playbach_convert.figures_command import figures_text
from playbach_convert.graphs import save
from playbach_convert.limits import VerificationError, check_near
from playbach_convert.manifest import manifest_of, provenance_of
from playbach_convert.pipeline import Pipeline, Rollouts, Verifying
from playbach_convert.pipelines import pipeline_of
from playbach_convert.variants import REFERENCE, VARIANTS
from playbach_train.runs.run import Run

Say = Callable[[str], None]
Failures = dict[str, PlaybachError]


@dataclass(frozen=True)
class Request:
    """What is asked of a conversion.

    Attributes:
        variants: names of ``VARIANTS``; the first is the bundle's default.
        calibration: folder of scores for int8; ``None`` for those that the run was trained on.
        edgetpu: whether int8, which is then one of ``variants``, is compiled for the Edge TPU.
        drift_steps: notes that each variant composes on its own to see whether it drifts.
        force: whether an existing bundle is replaced.
    """

    variants: tuple[str, ...]
    calibration: Path | None = None
    edgetpu: bool = False
    drift_steps: int = 20_000
    force: bool = False


@dataclass(frozen=True)
class Conversion:
    """What came of it.

    Attributes:
        bundle: as it was written.
        left_out: why, for each variant that was asked for and is not in it.
    """

    bundle: Bundle
    left_out: Mapping[str, PlaybachError]


@dataclass(frozen=True)
class _Graphs:
    """Parts of a bundle, and their bytes by name."""

    parts: tuple[Part, ...]
    contents: Mapping[str, bytes]

    def without(self, variants: Collection[str]) -> _Graphs:
        parts = tuple(part for part in self.parts if part.variant not in variants)
        return _Graphs(parts, {part.name: self.contents[part.name] for part in parts})


def convert_run(run: Run, output: Path, request: Request, say: Say) -> Conversion:
    """Convert ``run`` into a bundle at ``output``.

    A variant whose conversion fails, or that differs too much from the network, is left out.

    Raises:
        InputError: its weights are not those of its configuration, or not finite, or it does not
            say where it comes from, or there are too few scores to calibrate on.
        ConversionError, VerificationError: nothing is left to write.
        CompilerError: int8 does not map whole to the Edge TPU, or its compiler failed.
        OutputError: the bundle cannot be written.
    """
    # First, so that a run that is of no use is found before the conversion, not after.
    provenance = provenance_of(run)
    pipeline = pipeline_of(run)
    graphs, left_out = _convert_all(pipeline, request, say)
    _remaining(request, left_out)
    if request.edgetpu:
        made = add_variant(graphs.parts, graphs.contents, say)
        graphs = _Graphs((*graphs.parts, *made.parts), {**graphs.contents, **made.graphs})
        provenance = replace(provenance, tools={**provenance.tools, **made.tools})
    manifest = manifest_of(pipeline, provenance, graphs.parts, REFERENCE)
    tables = {f"tables/{name}.f32": values for name, values in pipeline.tables.items()}
    try:
        trial, _ = build_bundle(output, manifest, graphs.contents, tables)
    except DefectError as defect:
        raise ConversionError(f"{output}: not written: {defect}; train again") from defect
    verification, wrong = _measure(pipeline.verifier(), trial, request, left_out, say)
    left_out |= wrong
    kept = _remaining(request, left_out)
    graphs = graphs.without({name for name in VARIANTS if name not in kept})
    manifest = replace(
        manifest, parts=graphs.parts, default_variant=kept[0], verification=verification
    )
    bundle = write_bundle(output, manifest, graphs.contents, tables, force=request.force)
    for line in figures_text(verification):
        say(line)
    say(f"{output}: {output.stat().st_size:,} bytes, {', '.join(bundle.manifest.variants)}")
    return Conversion(bundle, left_out)


def _convert_all(pipeline: Pipeline, request: Request, say: Say) -> tuple[_Graphs, Failures]:
    """The graphs of the reference and of what was asked for; why some are missing."""
    heard: Rollouts = {}
    if any(VARIANTS[variant].calibrated for variant in request.variants):
        heard = pipeline.rollouts(request.calibration)
        say(f"calibrating on {max(map(len, heard.values())):,} steps")
    parts: list[Part] = []
    contents: dict[str, bytes] = {}
    failures: Failures = {}
    with shared_folder(heard) as folder:
        roles = _save_graphs(pipeline, folder)
        for variant in dict.fromkeys((REFERENCE, *request.variants)):
            say(f"converting to {variant}")
            try:
                made = convert_variant(variant, roles, folder)
            except ConversionError as error:
                failures[variant] = error
                continue
            for role, graph in made.items():
                part = Part(f"{variant}/{role}.tflite", variant, role, *graph_specs(graph))
                parts.append(part)
                contents[part.name] = graph
    return _Graphs(tuple(parts), contents), failures


def _save_graphs(pipeline: Pipeline, folder: Path) -> list[str]:
    """Leave the graphs to the child processes; their roles."""
    graphs = pipeline.graphs()
    for role, graph in graphs.items():
        save(graph, saved_graph(folder, role))
    return list(graphs)


def _measure(
    verifier: Verifying, bundle: Bundle, request: Request, failed: Failures, say: Say
) -> tuple[Verification, Failures]:
    """Figures of every variant that is near enough to the network, and why others are not."""
    say(f"measuring on {verifier.measures}")
    rows: list[VariantFigures] = []
    wrong: Failures = {}
    for variant in dict.fromkeys((REFERENCE, *request.variants)):
        if variant in failed:
            continue
        figures = verifier.figures(bundle, variant, request.drift_steps)
        try:
            check_near(figures, verifier.bits)
        except VerificationError as error:
            wrong[variant] = error
        else:
            rows += [figures] if variant in request.variants else []
    return verifier.verification(tuple(rows)), wrong


def _remaining(request: Request, left_out: Failures) -> tuple[str, ...]:
    """The variants asked for that are left.

    Raises:
        ConversionError, VerificationError: none, or one that cannot be done without.
    """
    kept = tuple(variant for variant in request.variants if variant not in left_out)
    # The others are measured beside the reference, and the Edge TPU's graphs are made from int8.
    needed = [REFERENCE, *([SOURCE] if request.edgetpu else [])]
    for variant in (*needed, *(request.variants if not kept else ())):
        if variant in left_out:
            error = left_out[variant]
            raise type(error)(f"{error}; nothing was written") from error
    return kept
