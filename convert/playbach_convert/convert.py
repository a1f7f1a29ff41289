"""From a training run to a bundle: convert each graph, check it against Keras, write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from playbach.bundle import Bundle, Part, write_bundle
from playbach.bundle.defect import DefectError
from playbach.bundle.writer import build_bundle
from playbach.predictor.graph import graph_specs
from playbach_convert.calibration import Rollouts, calibration_pieces, rollouts
from playbach_convert.child import ConversionError, convert_variant
from playbach_convert.distributions import load_network
from playbach_convert.edgetpu.variant import add_variant
from playbach_convert.manifest import manifest_of, provenance_of
from playbach_convert.steps import ROLES
from playbach_convert.variants import VARIANTS
from playbach_convert.verify import verify
from playbach_train.run import Run

TABLES = {
    "note": "rows/embeddings",
    "pitch": "pitch_head/rows/embeddings",
    "duration": "duration_head/rows/embeddings",
    "match": "pointers/match_bias",
    "gates": "pointers/gate_bias",
    "gain": "pointers/similarity_gain",
}
"""Tables of the bundle, and the weights they are."""

Say = Callable[[str], None]


def convert_run(
    run: Run,
    output: Path,
    variants: Sequence[str],
    *,
    calibration: Path | None,
    edgetpu: bool = False,
    force: bool,
    say: Say,
) -> Bundle:
    """Convert ``run`` into a bundle at ``output``.

    Args:
        run: what to convert.
        output: where the bundle goes.
        variants: names of ``VARIANTS``; the first is the bundle's default.
        calibration: folder of scores for int8; ``None`` for those that the run was trained on.
        edgetpu: whether int8, which is then one of ``variants``, is compiled for the Edge TPU.
        force: whether an existing bundle is replaced.
        say: takes a line for the user.

    Raises:
        InputError: its weights are not those of its configuration, or not finite, or it does not
            say where it comes from, or there are too few scores to calibrate on.
        ConversionError: a conversion failed, or a variant differs too much from the network.
        CompilerError: int8 does not map whole to the Edge TPU, or its compiler failed.
        OutputError: the bundle cannot be written.
    """
    # First, so that a run that is of no use is found before the conversion, not after.
    provenance = provenance_of(run)
    network = load_network(run)
    heard: Rollouts = {}
    if any(VARIANTS[variant].calibrated for variant in variants):
        pieces = calibration_pieces(run, calibration)
        heard = rollouts(run.weights, run.encoding, pieces)
        say(f"calibrating on {len(heard['step/note']):,} notes")
    parts, graphs = _convert_all(run, variants, heard, say)
    if edgetpu:
        compiled = add_variant(parts, graphs, say)
        parts, graphs = [*parts, *compiled.parts], {**graphs, **compiled.graphs}
        provenance = replace(provenance, tools={**provenance.tools, **compiled.tools})
    tables = {
        f"tables/{name}.f32": np.atleast_2d(run.weights[source]).astype(np.float32)
        for name, source in TABLES.items()
    }
    manifest = manifest_of(run, provenance, parts, variants[0])
    try:
        trial, _ = build_bundle(output, manifest, graphs, tables)
    except DefectError as defect:
        raise ConversionError(f"{output}: not written: {defect}; train again") from defect
    for verification in verify(network, trial, variants):
        say(verification.line)
        verification.check()
    bundle = write_bundle(output, manifest, graphs, tables, force=force)
    say(f"{output}: {output.stat().st_size:,} bytes, {', '.join(bundle.manifest.variants)}")
    return bundle


def _convert_all(
    run: Run, variants: Sequence[str], heard: Rollouts, say: Say
) -> tuple[list[Part], dict[str, bytes]]:
    parts, graphs = [], {}
    for variant in variants:
        say(f"converting to {variant}")
        for role, graph in convert_variant(variant, ROLES, run.weights, heard).items():
            inputs, outputs = graph_specs(graph)
            part = Part(f"{variant}/{role}.tflite", variant, role, inputs, outputs)
            parts.append(part)
            graphs[part.name] = graph
    return parts, graphs
