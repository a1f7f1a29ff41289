"""All figures of a row, and of the music it is set beside."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from bench.comparison.predicting import (
    baseline,
    check_unseen,
    held_out,
    leakage,
    parameters,
    readable,
)
from bench.comparison.runs import digest, how_trained
from bench.comparison.studies import Music, Study
from bench.figures.engraved import check_rasteriser, small_png, without_margins
from bench.report import composer_of

from playbach.bundle import Bundle, read_bundle
from playbach.cli.save import compose
from playbach.composer.settings import Sampling
from playbach.errors import InputError
from playbach.files import write_atomically
from playbach.midi.files import Placed
from playbach.music.form import Form, parse_form
from playbach.music.note import Note, Piece, Ticks
from playbach.predictor import load_predictor
from playbach.predictor.load import NOTE_KINDS, STEP_KINDS
from playbach.save import engraver
from playbach.save.engraving import pages
from playbach.save.formats import save
from playbach_train.networks.table import architecture, load_run
from playbach_train.report.figures import Sets, figures_of
from playbach_train.report.generate import generate
from playbach_train.runs.pieces import kept_scores

Figures = dict[str, Any]
SEED = 1
"""Of all music here; chosen before any of it was heard."""
MOVEMENTS = 32
"""Generated of all forms together, as many of each."""
SECONDS = 40.0
"""Of a sample."""
TOGETHER = 64
"""Notes that are timed at once: a network that makes phrases works only now and then."""
TIMES = 9
_FEWEST = 2
_PIXELS = 850
"""Width of a page."""
_STEP = "step"


def row_of(study: Study, music: Music, folder: Path, bundle: Path, midi: Path) -> Figures:
    """Everything that is said of a network, its sample written to ``midi``."""
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
        "leakage": leakage(run, music.measured, training),
        "sample": write_sample(sample(made), midi),
    }


def beside(study: Study, music: Music) -> Figures:
    """What networks are set beside: n-grams, and real music."""
    return {
        "digest": music_digest(music),
        "names": len(music.real),
        "measured": list(music.measured),
        "baseline": baseline(music.real, music.measured) if music.measured else None,
        "real": real(study, music),
    }


def music_digest(music: Music) -> str:
    """What the scores are known by."""
    names = "\n".join([*music.real, "", *music.measured])
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def forms_of(study: Study, music: Music) -> list[Form]:
    """The study's forms that its scores have."""
    count = Counter(piece.form.name for piece in music.real.values())
    if sum(count[name] for name in study.forms) < _FEWEST:
        raise InputError(f"{' '.join(study.corpora)}: too few movements to compare with")
    return [parse_form(name) for name in study.forms if count[name]]


def composed(bundle: Bundle, study: Study, music: Music) -> Figures:
    """Likeness, repetition and originality of generated movements."""
    forms = forms_of(study, music)
    network = load_predictor(bundle), bundle.manifest.range
    sampling = Sampling(playable=False)
    each = -(-MOVEMENTS // len(forms))
    pieces = [
        movement.piece
        for form in forms
        for movement in islice(generate(network, form, sampling, seed=SEED), each)
    ]
    found = figures_of(_sets(pieces, forms, music))
    return {
        "movements": len(pieces),
        "notes": sum(len(piece.notes) for piece in pieces),
        **_side(found, "generated"),
        "ratio": found["mean_overlap"]["against_all"]["ratio"],
    }


def real(study: Study, music: Music) -> Figures:
    """The same of real movements: each beside all others, works beside the other works."""
    forms = forms_of(study, music)
    own = [piece for piece in music.real.values() if piece.form in forms]
    found = figures_of(_sets(own, forms, music))
    works: Mapping[str, Figures] = found["originality"]["real"]
    return {
        "movements": len(own),
        "notes": sum(len(piece.notes) for piece in own),
        **_side(found, "real"),
        "originality": {
            "longest_run": max((row["longest_run"] for row in works.values()), default=None),
            "share": _share(works),
        },
    }


def _sets(pieces: Sequence[Piece], forms: Sequence[Form], music: Music) -> Sets:
    own = [piece for piece in music.real.values() if piece.form in forms]
    return Sets(pieces, own, [form.name for form in forms], music.real)


def _side(found: Figures, side: str) -> Figures:
    return {
        "overlap": found["mean_overlap"]["against_all"][side],
        "features": {
            name: row["against_all"]["overlap"] and row["against_all"]["overlap"][side]
            for name, row in found["distributions"].items()
        },
        "repetition": {
            length: row[side] and row[side]["p50"] for length, row in found["repetition"].items()
        },
        "originality": found["originality"].get("generated"),
        "on_tonic": found["on_tonic"][side],
    }


def _share(works: Mapping[str, Figures]) -> float | None:
    """Of all works' groups together."""
    groups = sum(row["groups"] for row in works.values())
    return sum(row["share"] * row["groups"] for row in works.values()) / groups if groups else None


def timed(bundle: Bundle) -> Figures:
    """Seconds of processor time per note, in the network's own form and step by step.

    ``step`` is ``None`` for a network without such a form; one that has no other has both alike.
    """
    variant = bundle.manifest.default_variant
    own = per_note(bundle)
    step = None
    if bundle.manifest.network.kind in NOTE_KINDS:
        step = own
    elif _has_step(bundle, variant):
        step = per_note(bundle, stepwise=True)
    return {"variant": variant, "own": own, "step": step}


def per_note(bundle: Bundle, *, stepwise: bool = False) -> float:
    """Median seconds of processor time for a note, from asking the composer to having it."""
    stream = composer_of(bundle, stepwise=stepwise)
    notes = (item for item in stream if isinstance(item, Note))
    taken = []
    for _ in range(1 + TIMES):
        began = time.process_time()
        for _ in range(TOGETHER):
            next(notes)
        taken.append((time.process_time() - began) / TOGETHER)
    # The first ones load what is loaded late.
    return statistics.median(taken[1:])


def sizes(bundle: Bundle) -> Figures:
    """Bytes of the graphs of each variant: of the network's own form, and of the step form."""
    kind = bundle.manifest.network.kind
    found: Figures = {}
    for part in bundle.manifest.parts:
        form = "step" if kind in STEP_KINDS and part.role == _STEP else "own"
        row = found.setdefault(part.variant, {"own": None, "step": None})
        row[form] = (row[form] or 0) + len(bundle.part(part.variant, part.role))
    return found


def fidelity(bundle: Bundle) -> Figures:
    """How near each variant is to the network, as the conversion measured it."""
    verified = bundle.manifest.verification
    rows = verified.variants if verified else ()
    return {row.variant: {"divergence": row.divergence, "agreement": row.agreement} for row in rows}


def _has_step(bundle: Bundle, variant: str) -> bool:
    return bundle.manifest.network.kind in STEP_KINDS and any(
        part.role == _STEP and part.variant == variant for part in bundle.manifest.parts
    )


def check_engraver() -> None:
    """Find out before long work whether pages can be made."""
    engraver.check()
    check_rasteriser()


def sample(bundle: Bundle, seed: int = SEED) -> Placed:
    """The first movement that the seed gives, cut at the first bar line after 40 seconds."""
    return shortened(compose(composer_of(bundle, seed=seed))[0])


def shortened(placed: Placed, seconds: float = SECONDS) -> Placed:
    """Whole bars of a movement, as few as last ``seconds``, or all of it."""
    piece = placed.piece
    meter = piece.meters[0][1]
    ticks = seconds / 60 * placed.tempo * meter.beat_ticks
    bars = -(-(ticks - piece.pickup) // meter.bar_ticks)
    end = int(piece.pickup + bars * meter.bar_ticks)
    if end >= placed.length:
        return placed
    cut = replace(piece, notes=piece.notes_within(0, end))
    return Placed(cut, placed.tempo, Ticks(end))


def write_sample(placed: Placed, midi: Path) -> Figures:
    """The MIDI file, its first page beside it, and what is in them."""
    save([placed], midi, force=True)
    write_atomically(midi.with_suffix(".png"), page_png(placed), force=True)
    piece = placed.piece
    return {
        "digest": hashlib.sha256(midi.read_bytes()).hexdigest()[:16],
        "title": piece.title,
        "meter": str(piece.meters[0][1]),
        "notes": len(piece.notes),
        "seconds": placed.length / piece.meters[0][1].beat_ticks / placed.tempo * 60,
    }


def page_png(placed: Placed) -> bytes:
    """The first page, without the empty paper around it, in a few shades of grey."""
    return small_png(without_margins(next(iter(pages([placed]))), _PIXELS))
