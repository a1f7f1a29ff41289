"""From a training run to a bundle: convert each variant, measure it against Keras, write."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from playbach.archive import DefectError
from playbach.bundle import (
    Bundle,
    Manifest,
    Network,
    Part,
    PitchRange,
    Provenance,
    VariantFigures,
    Verification,
    write_bundle,
)
from playbach.bundle.reader import build_bundle
from playbach.command_line import one_line
from playbach.errors import InputError, PlaybachError
from playbach.music.encoding import DEFAULT_ENCODING, Encoding
from playbach.performer.model import PerformerModel
from playbach.predictor.graph import graph_specs
from playbach.predictor.lstm_parts import SIZES
from playbach.schema import MAX_ITEMS, MAX_TEXT
from playbach_convert.calibration import (
    NOISE,
    calibration_pieces,
    calibration_samples,
    verification_music,
)
from playbach_convert.copying import (
    copying_graphs,
    copying_samples,
    copying_tables,
    copying_verifier,
)
from playbach_convert.edgetpu.compiler import add_variant
from playbach_convert.tflite import (
    ConversionError,
    Samples,
    Traced,
    convert_variant,
    shared_folder,
    traced,
)
from playbach_convert.variants import EDGETPU_SOURCE, REFERENCE, VARIANTS, Graphs
from playbach_convert.verify import VerificationError, Verifier, check_near, graph_verifier
from playbach_train.copying.measure import TrainedCopying
from playbach_train.networks.architecture import Convertible
from playbach_train.networks.table import architecture
from playbach_train.runs.pieces import TRAINED_ON
from playbach_train.runs.run import RECORD, Run

CELLO_RANGE = PitchRange(lowest=36, highest=76)
"""C2, the lowest string, to E5, the highest note the suites ask of most hands."""

Say = Callable[[str], None]
Failures = dict[str, PlaybachError]


@dataclass(frozen=True)
class ConversionRequest:
    """Options of a conversion."""

    variants: tuple[str, ...]  # names of ``VARIANTS``; the first is the bundle's default
    # folder of scores for int8; ``None`` for those that the run was trained on
    calibration: Path | None = None
    # whether int8, which is then one of ``variants``, is compiled for the Edge TPU
    edgetpu: bool = False
    # notes that each variant composes on its own to see whether it drifts
    drift_steps: int = 20_000
    force: bool = False  # whether an existing bundle is replaced
    # who plays what the network composes; ``None`` for the one included
    performer: PerformerModel | None = None


@dataclass(frozen=True)
class Conversion:
    """The result of a conversion."""

    verification: Verification  # how near its variants are to the network
    # why, for each variant that was asked for and is not in it
    left_out: Mapping[str, PlaybachError]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A trained network as the conversion reads it."""

    network: Network  # what the manifest says of it
    encoding: Encoding  # what the manifest says of events
    tables: Mapping[str, NDArray[np.float32]]  # of the bundle, such as ``note``
    graphs: Mapping[str, Traced]  # by role
    # inputs of the graphs while they read the scores in a folder, ``None`` for those that the run
    # was trained on: int8 is calibrated on them. Raises ``InputError`` if there are too few
    samples: Callable[[Path | None], Samples]
    # lets the network as trained read music, which takes a while. Raises ``InputError`` if the
    # scores kept in the run are damaged
    verifier: Callable[[], Verifier]


def convert_run(run: Run, output: Path, request: ConversionRequest, say: Say) -> Conversion:
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
        made, tools = add_variant(graphs, say)
        graphs += made
        provenance = replace(provenance, tools={**provenance.tools, **tools})
    manifest = Manifest(
        network=pipeline.network,
        encoding=pipeline.encoding,
        range=CELLO_RANGE,
        default_variant=REFERENCE,
        parts=graphs.parts,
        provenance=provenance,
    )
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
    bundle = write_bundle(
        output,
        manifest,
        graphs.contents,
        tables,
        performer=request.performer,
        force=request.force,
    )
    say(f"{output}: {output.stat().st_size:,} bytes, {', '.join(bundle.manifest.variants)}")
    return Conversion(verification, left_out)


def pipeline_of(run: Run) -> Pipeline:
    """The pipeline of the network of ``run``.

    Raises:
        InputError: its weights are not those of its configuration, or not finite.
    """
    trained = architecture(run.network).load(run)
    if isinstance(trained, TrainedCopying):
        return _copying(run, trained)
    return _convertible(run, cast("Convertible", trained))


def _copying(run: Run, trained: TrainedCopying) -> Pipeline:
    weights, encoding = run.weights, run.encoding

    def samples(folder: Path | None) -> Samples:
        return copying_samples(weights, encoding, calibration_pieces(run, folder))

    return Pipeline(
        network=Network(trained.kind, {name: getattr(run.config.network, name) for name in SIZES}),
        encoding=encoding,
        tables=copying_tables(weights),
        graphs=copying_graphs(weights),
        samples=samples,
        verifier=lambda: copying_verifier(trained.network, verification_music(run)),
    )


def _convertible(run: Run, trained: Convertible) -> Pipeline:
    """The pipeline of any network but the default one."""
    forms = trained.graphs
    graphs = {role: traced(form, trained.weights) for role, form in forms.items()}
    # Some input is a symbol's index; else its inputs are noise.
    reads_music = any(
        tensor.dtype == "int32" for form in forms.values() for tensor in form.inputs.values()
    )

    def samples(folder: Path | None) -> Samples:
        pieces = calibration_pieces(run, folder) if reads_music else ()
        return calibration_samples(trained, graphs, pieces)

    def verifier() -> Verifier:
        return graph_verifier(trained, graphs, verification_music(run) if reads_music else NOISE)

    return Pipeline(
        network=Network(trained.kind, trained.parameters),
        encoding=DEFAULT_ENCODING,
        tables=trained.tables,
        graphs=graphs,
        samples=samples,
        verifier=verifier,
    )


def _convert_all(
    pipeline: Pipeline, request: ConversionRequest, say: Say
) -> tuple[Graphs, Failures]:
    """Graphs of the reference and of each variant asked for; errors of those that failed."""
    samples: Samples = {}
    if any(VARIANTS[variant].calibrated for variant in request.variants):
        samples = pipeline.samples(request.calibration)
        say(f"calibrating on {max(map(len, samples.values())):,} steps")
    parts: list[Part] = []
    contents: dict[str, bytes] = {}
    failures: Failures = {}
    with shared_folder(pipeline.graphs, samples) as folder:
        for variant in dict.fromkeys((REFERENCE, *request.variants)):
            say(f"converting to {variant}")
            try:
                made = convert_variant(variant, list(pipeline.graphs), folder)
            except ConversionError as error:
                failures[variant] = error
                continue
            for role, graph in made.items():
                part = Part(f"{variant}/{role}.tflite", variant, role, *graph_specs(graph))
                parts.append(part)
                contents[part.name] = graph
    return Graphs(tuple(parts), contents), failures


def _measure(
    verifier: Verifier, bundle: Bundle, request: ConversionRequest, failed: Failures, say: Say
) -> tuple[Verification, Failures]:
    """Figures of every variant within its limits; errors of the others."""
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


def _remaining(request: ConversionRequest, left_out: Failures) -> tuple[str, ...]:
    """The variants asked for that did not fail.

    Raises:
        ConversionError, VerificationError: none, or one that cannot be done without.
    """
    kept = tuple(variant for variant in request.variants if variant not in left_out)
    # The others are measured beside the reference, and the Edge TPU's graphs are made from int8.
    needed = [REFERENCE, *([EDGETPU_SOURCE] if request.edgetpu else [])]
    for variant in (*needed, *(request.variants if not kept else ())):
        if variant in left_out:
            error = left_out[variant]
            raise type(error)(f"{error}; nothing was written") from error
    return kept


def provenance_of(run: Run) -> Provenance:
    """The network's provenance, shortened to the limits of a manifest.

    Of a run that started from another, that other's music is told too.

    Raises:
        InputError: the run's record is not what training writes.
    """
    record = run.record
    try:
        lineage = [record]
        while "start_from" in lineage[-1]:
            lineage.append(lineage[-1]["start_from"])
        sources = [row for one in lineage for row in one["sources"]]
        corpora = _texts(row["source"] for row in sources)
        licences = _texts(row["licence"] for row in sources)
        origins = _texts(row["origin"] for row in sources if row.get("origin"))
        tools = {_text(name): _text(found) for name, found in record["tools"].items()}
        held_out = _texts(record["held_out"])
        trained_on = _texts(name for one in lineage for name in one["training"])
        if not sources:
            raise InputError(f"{run.folder / RECORD}: names no sources; train again")
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{run.folder / RECORD}: not what training writes ({error}); train again"
        ) from error
    return Provenance(
        corpora=corpora,
        licences=licences,
        run=_text(run.folder.resolve().name),
        command=_text(record.get("command", "")),
        scores=_scores(run.scores),
        tools=tools | {"converted with tensorflow": version("tensorflow")},
        notes={
            "held_out": held_out,
            "movements_held_out": len(record["held_out"]),
            TRAINED_ON: trained_on,
            "origins": origins,
        },
    )


def _scores(scores: Mapping[str, Any]) -> dict[str, float]:
    held_out = scores.get("held_out")
    bits = held_out if isinstance(held_out, dict) else {}
    figures = {f"held_out_{part}_bits": value for part, value in bits.items()}
    figures["epoch"] = scores.get("epoch")
    return {
        _text(name): float(value)
        for name, value in figures.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    """Each text once, as many as a manifest may list."""
    return tuple(dict.fromkeys(_text(value) for value in values))[:MAX_ITEMS]


def _text(value: object) -> str:
    """As a manifest may hold it: one printable line that is not too long."""
    line = one_line(str(value))
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 3]}..."
