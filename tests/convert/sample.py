"""What a bundle composes from a fixed seed."""

from __future__ import annotations

from itertools import islice

import numpy as np

from playbach.bundle import Bundle
from playbach.composer.composer import Composer, Settings
from playbach.music.note import Note
from playbach.predictor.load import load_predictor
from playbach.stream import StreamItem


def composed(
    bundle: Bundle, variant: str, *, count: int = 60, stepwise: bool = False
) -> list[StreamItem]:
    """The first items of the stream."""
    predictor = load_predictor(bundle, variant, stepwise=stepwise)
    rng = np.random.default_rng(1685)
    composer = Composer(predictor, bundle.manifest.range, rng, Settings)
    return list(islice(composer.stream(), count))


def notes(bundle: Bundle, variant: str, *, stepwise: bool = False) -> list[Note]:
    """Those of them that are notes, all of which the bundle allows."""
    found = [i for i in composed(bundle, variant, stepwise=stepwise) if isinstance(i, Note)]
    allowed = bundle.manifest.range
    assert all(allowed.lowest <= note.pitch <= allowed.highest for note in found)
    return found
