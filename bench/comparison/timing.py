"""Time per note on one core of this machine, and sizes."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from playbach.bundle import Bundle
from playbach.composer.composer import Composer, Settings
from playbach.music.note import Note
from playbach.predictor import load_predictor
from playbach.predictor.load import NOTE_KINDS, STEP_KINDS

Figures = dict[str, Any]
TOGETHER = 64
"""Notes that are timed at once: a network that makes phrases works only now and then."""
TIMES = 9
_STEP = "step"


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
    predictor = load_predictor(bundle, stepwise=stepwise)
    settings = Settings()
    rng = np.random.default_rng(1)
    composer = Composer(predictor, bundle.manifest.range, rng, lambda: settings)
    notes = (item for item in composer.stream() if isinstance(item, Note))
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
