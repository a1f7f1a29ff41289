"""From a run directory to a bundle: convert each graph, check it against Keras, write."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from playbach.bundle import Bundle, Manifest, Network, Part, PitchRange, Provenance, write_bundle
from playbach.bundle.writer import build_bundle
from playbach.errors import InputError, PlaybachError
from playbach.predictor.graph import graph_specs
from playbach.predictor.lstm_copy import KIND
from playbach_convert.steps import ROLES
from playbach_convert.verify import verify
from playbach_train.run import Run, load_run

CELLO_RANGE = PitchRange(lowest=36, highest=76)
"""C2, the lowest string, to E5, the highest note the suites ask of most hands."""

WORKER_SECONDS = 600
TABLES = {
    "note": "rows/embeddings",
    "pitch": "pitch_head/rows/embeddings",
    "duration": "duration_head/rows/embeddings",
    "match": "pointers/match_bias",
    "gates": "pointers/gate_bias",
    "gain": "pointers/similarity_gain",
}

Say = Callable[[str], None]


class ConversionError(PlaybachError):
    """The converter failed, or what it made does not do what the network does."""


def convert_run(
    folder: Path, output: Path, variants: Sequence[str], *, force: bool, say: Say
) -> Bundle:
    """Convert the run in ``folder`` into a bundle at ``output``.

    Raises:
        InputError: the folder is no finished run.
        ConversionError: a conversion failed, or a variant differs too much from the network.
        OutputError: the bundle cannot be written.
    """
    run = load_run(folder)
    parts, graphs = _convert_all(run, variants, say)
    tables = {
        f"tables/{name}.f32": np.atleast_2d(run.weights[source]).astype(np.float32)
        for name, source in TABLES.items()
    }
    manifest = _manifest(run, parts, variants[0])
    trial, _ = build_bundle(output, manifest, graphs, tables)
    for variant in variants:
        say(verify(run, trial, variant).line)
    bundle = write_bundle(output, manifest, graphs, tables, force=force)
    say(f"{output}: {output.stat().st_size:,} bytes, {', '.join(bundle.manifest.variants)}")
    return bundle


def _convert_all(
    run: Run, variants: Sequence[str], say: Say
) -> tuple[list[Part], dict[str, bytes]]:
    parts, graphs = [], {}
    with tempfile.TemporaryDirectory(prefix="playbach-convert-") as temporary:
        folder = Path(temporary)
        weights = folder / "weights.npz"
        np.savez(weights, allow_pickle=False, **run.weights)
        for variant in variants:
            for role in ROLES:
                say(f"converting {variant}/{role}")
                graph = convert_one(role, variant, weights, folder)
                inputs, outputs = graph_specs(graph)
                part = Part(f"{variant}/{role}.tflite", variant, role, inputs, outputs)
                parts.append(part)
                graphs[part.name] = graph
    return parts, graphs


def convert_one(role: str, variant: str, weights: Path, folder: Path) -> bytes:
    """Convert one graph in a child process.

    Raises:
        ConversionError: the child failed, crashed, or took too long; the message names the part.
    """
    out = folder / f"{variant}-{role}.tflite"
    module = "playbach_convert.worker"
    command = [sys.executable, "-m", module, role, variant, str(weights), str(out)]
    try:
        # No shell, and no word of the command comes from outside.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=WORKER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ConversionError(
            f"{variant}/{role}: the converter took over {WORKER_SECONDS} s; leave this variant out"
        ) from error
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ConversionError(
            f"{variant}/{role}: the converter crashed ({name}); leave it out of --quantise"
        )
    if done.returncode or not out.exists():
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise ConversionError(f"{variant}/{role}: the converter failed: {lines[-1][:200]}")
    return out.read_bytes()


def _manifest(run: Run, parts: Sequence[Part], default_variant: str) -> Manifest:
    network = run.config.network
    sources = run.record.get("sources", [])
    tools = {str(k): str(v) for k, v in run.record.get("tools", {}).items()}
    if not sources:
        raise InputError(f"{run.folder}: run.json names no sources; train again")
    return Manifest(
        network=Network(
            KIND,
            {
                "embedding": network.embedding,
                "units": network.units,
                "layers": network.layers,
                "head": network.head,
                "pointers": network.pointers,
                "interval_pointers": network.interval_pointers,
                "pointer_width": network.pointer_width,
                "memory": network.memory,
            },
        ),
        encoding=run.encoding,
        range=CELLO_RANGE,
        default_variant=default_variant,
        parts=tuple(parts),
        provenance=Provenance(
            corpora=tuple(dict.fromkeys(str(row["source"]) for row in sources)),
            licences=tuple(dict.fromkeys(str(row["licence"]) for row in sources)),
            run=run.folder.name,
            command=str(run.record.get("command", "")),
            scores=_scores(run),
            tools=tools | {"converted with tensorflow": version("tensorflow")},
            notes={"held_out": tuple(run.record.get("held_out", ()))},
        ),
    )


def _scores(run: Run) -> dict[str, float]:
    held_out = run.scores.get("held_out") or {}
    scores = {f"held_out_{part}_bits": float(bits) for part, bits in held_out.items()}
    return scores | {"epoch": float(run.scores.get("epoch", 0))}
