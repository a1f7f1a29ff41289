"""All figures of a row, and of the music it is set beside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.comparison.composing import composed, real
from bench.comparison.leakage import leakage
from bench.comparison.predicting import anchor, check_unseen, held_out, parameters, readable
from bench.comparison.runs import digest, how_trained
from bench.comparison.samples import sample, write_sample
from bench.comparison.studies import Music, Study
from bench.comparison.timing import fidelity, sizes, timed

from playbach.bundle import read_bundle
from playbach.music.note import Piece
from playbach_train.networks.table import architecture, load_run
from playbach_train.runs.pieces import kept_scores
from playbach_train.runs.run import Run

Figures = dict[str, Any]


def row_of(study: Study, music: Music, folder: Path, bundle: Path, midi: Path) -> Figures:
    """Everything that is said of a network, its sample written to ``midi``.

    Raises:
        PlaybachError: the run or the bundle is not as it must be.
    """
    run = load_run(folder)
    check_unseen(run, music.measured)
    network = architecture(run.network)
    trained = network.load(run)
    made = read_bundle(bundle)
    training = kept_scores(folder).training
    return {
        "digest": digest(folder),
        "network": run.network,
        "about": network.about,
        "training": {**how_trained(run), "readable": readable(trained, training)},
        "parameters": parameters(run, trained),
        "held_out": held_out(trained, music.measured) if music.measured else None,
        "composed": composed(made, study, music),
        "time": timed(made),
        "size": sizes(made),
        "fidelity": fidelity(made),
        "leakage": _leakage(run, music.measured, training),
        "sample": write_sample(sample(made), midi),
    }


def beside(study: Study, music: Music) -> Figures:
    """What networks are set beside: n-grams, and real music."""
    return {
        "digest": music_digest(music),
        "names": len(music.real),
        "measured": list(music.measured),
        "anchor": anchor(music.real, music.measured) if music.measured else None,
        "real": real(study, music),
    }


def music_digest(music: Music) -> str:
    """What the scores are known by."""
    names = "\n".join([*music.real, "", *music.measured])
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def _leakage(
    run: Run, measured: Mapping[str, Piece], training: Mapping[str, Piece]
) -> Figures | None:
    """Both splits, for a run that has kept windows back at random."""
    if not getattr(run.config.training, "random_windows", False) or not measured:
        return None
    return leakage(run, measured, training)
