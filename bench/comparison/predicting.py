"""What unseen movements cost each network to predict, and an anchor without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach.music.note import Piece
from playbach.music.symbols import HOLD, vocabulary_from
from playbach_train.networks.architecture import Convertible, HeldOut, Part, Trained
from playbach_train.ngram import NgramBaseline
from playbach_train.runs.run import Run

Figures = dict[str, Any]
PITCH = ("pitch", "symbols")
"""The part of a note or symbol that says its pitch, whatever the network calls it."""


def check_unseen(run: Run, measured: Iterable[str]) -> None:
    """Refuse to measure on what was learned from, or what the best epoch was chosen by.

    Raises:
        InputError: so it is.
    """
    record = run.record
    seen = set(record["training"])
    if run.scores.get("held_out"):
        seen |= set(record["held_out"])
    if known := sorted(seen.intersection(measured)):
        raise InputError(
            f"{run.folder}: has seen {known[0]}, which is to be measured on; train it again"
        )


def parameters(run: Run, trained: Trained) -> int:
    """Numbers that a network has learned and that the board needs."""
    weights = trained.weights if isinstance(trained, Convertible) else run.weights
    return sum(int(values.size) for values in weights.values())


def readable(trained: Trained, pieces: Mapping[str, Piece]) -> int:
    """How many movements the network can read."""
    read = getattr(trained, "read", None)
    if read is None:
        return len(pieces)
    return sum(read(piece) is not None for piece in pieces.values())


def held_out(trained: Trained, pieces: Mapping[str, Piece]) -> Figures | None:
    """Each movement that the network can read, and what its parts say; ``None`` for no bits."""
    movements: dict[str, Figures] = {}
    for name, piece in pieces.items():
        try:
            found = trained.held_out({name: piece})
        except InputError:
            continue
        if found is None:
            return None
        movements[name] = asdict(found)
    return {"rhythm": _rhythm(trained), "movements": movements} if movements else None


def pooled(measured: Figures, names: Iterable[str]) -> Figures | None:
    """The figures of some movements taken together.

    ``pitch`` and ``all`` are bits per note, ``None`` where the network does not say the one
    without the other.
    """
    rows = [_held_out(measured["movements"][name]) for name in names]
    if not rows:
        return None
    symbols = sum(row.symbols for row in rows)
    found = HeldOut(
        parts={part: _mean(rows, part, symbols) for part in rows[0].parts},
        symbols=symbols,
        notes=sum(row.notes for row in rows),
        quarters=sum(row.quarters for row in rows),
        unknown=sum(row.unknown * row.symbols for row in rows) / symbols,
    )
    pitch = next(found.parts[name] for name in PITCH if name in found.parts)
    rhythm = measured["rhythm"]
    return {
        "pitch": None if rhythm == "inside" else pitch.bits * symbols / found.notes,
        "all": None if rhythm == "none" else found.per_note,
        "per_quarter": None if rhythm == "none" else found.per_quarter,
        "top1": pitch.top1,
        "unknown": found.unknown,
        "symbols": symbols,
        "notes": found.notes,
    }


def anchor(training: Mapping[str, Piece], measured: Mapping[str, Piece]) -> Figures:
    """Each movement as n-grams alone predict it; as ``held_out`` gives it."""
    ngrams = NgramBaseline(DEFAULT_ENCODING, training.values())
    movements = {}
    for name, piece in measured.items():
        chances, hits = ngrams.read(piece)
        part = Part(float(-np.log2(chances).mean()), float(hits.mean()))
        notes = len(piece.notes) - 1
        movements[name] = asdict(HeldOut({"pitch": part}, notes, notes, quarters=0.0))
    return {"rhythm": "none", "movements": movements}


def _rhythm(trained: Trained) -> str:
    """Where the network says rhythm: in a part of its own, inside its symbols, or not at all."""
    if not isinstance(trained, Convertible):
        return "part"
    if HOLD in vocabulary_from(trained.tables["symbols"]).number:
        return "inside"
    return "part" if len(trained.tables["ticks"]) > 1 else "none"


def _held_out(row: Figures) -> HeldOut:
    """What ``asdict`` made of it."""
    return HeldOut(**(row | {"parts": {name: Part(**one) for name, one in row["parts"].items()}}))


def _mean(rows: Iterable[HeldOut], part: str, symbols: int) -> Part:
    pairs = [(row.parts[part], row.symbols) for row in rows]
    top1 = [one.top1 * count for one, count in pairs if one.top1 is not None]
    bits = sum(one.bits * count for one, count in pairs) / symbols
    return Part(bits, sum(top1) / symbols if len(top1) == len(pairs) else None)
