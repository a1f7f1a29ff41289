"""What each network composes, beside the corpus: likeness, repetition, originality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from bench.comparison.studies import Music, Study

from playbach.bundle import Bundle
from playbach.composer.sampling import Sampling
from playbach.errors import InputError
from playbach.music.form import Form, parse_form
from playbach.music.note import Piece
from playbach.predictor import load_predictor
from playbach_train.report.figures import Sets, figures_of
from playbach_train.report.generate import generate

Figures = dict[str, Any]
SEED = 1
"""Of all music here; chosen before any of it was heard."""
MOVEMENTS = 32
"""Generated of all forms together, as many of each."""
_FEWEST = 2


def forms_of(study: Study, music: Music) -> list[Form]:
    """The study's forms that its scores have.

    Raises:
        InputError: fewer than two movements are of any of them.
    """
    count = Counter(piece.form.name for piece in music.real.values())
    if sum(count[name] for name in study.forms) < _FEWEST:
        raise InputError(f"{' '.join(study.corpora)}: too few movements to compare with")
    return [parse_form(name) for name in study.forms if count[name]]


def composed(bundle: Bundle, study: Study, music: Music) -> Figures:
    """Likeness, repetition and originality of generated movements.

    Raises:
        PlaybachError: the bundle or the scores are not as they must be.
    """
    forms = forms_of(study, music)
    predictor = load_predictor(bundle)
    sampling = Sampling(playable=False)
    each = -(-MOVEMENTS // len(forms))
    pieces = [
        piece
        for form in forms
        for piece in islice(
            generate(predictor, bundle.manifest.range, form, sampling, seed=SEED), each
        )
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
            for name, row in found["features"].items()
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
