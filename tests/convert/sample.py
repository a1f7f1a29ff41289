"""What a bundle composes from a fixed seed."""

from __future__ import annotations

from itertools import islice

from playbach.bundle import Bundle
from playbach.composer.composer import Composer, ComposerSettings
from playbach.music.note import Note
from playbach.predictor.load import load_predictor
from playbach.stream import StreamItem


def composed(
    bundle: Bundle, variant: str, *, count: int = 60, stepwise: bool = False
) -> list[StreamItem]:
    """The first items of the stream."""
    predictor = load_predictor(bundle, variant, stepwise=stepwise)
    composer = Composer(predictor, bundle.manifest.range, 1685, ComposerSettings)
    return list(islice(composer, count))


def notes(bundle: Bundle, variant: str, *, stepwise: bool = False) -> list[Note]:
    """Those of them that are notes, all of which the bundle allows."""
    found = [i for i in composed(bundle, variant, stepwise=stepwise) if isinstance(i, Note)]
    allowed = bundle.manifest.range
    assert all(allowed.lowest <= note.pitch <= allowed.highest for note in found)
    return found
