"""Bits on unseen movements of each network, of n-grams, and of a lookup table.

Beside the bits stand those of n-grams. Beside a split by random windows, and what it hides, stands
a lookup table: for each window it finds the longest run of the latest symbols that the windows
learned from hold too, and answers with what most often followed it there.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from os.path import commonprefix
from typing import Any

import numpy as np

from playbach.errors import InputError
from playbach.music.encoding import DEFAULT_ENCODING
from playbach.music.note import Piece
from playbach.music.symbols import BORDER, HOLD, Symbol, vocabulary_from
from playbach_train.networks.architecture import Convertible, HeldOut, PartBits, Trained
from playbach_train.networks.sequences import onset_row
from playbach_train.networks.windows import RANDOM_SHARE
from playbach_train.ngram import NgramBaseline
from playbach_train.runs.run import HISTORY, Run, read_json

Figures = dict[str, Any]
Window = tuple[str, str]
"""The symbols before, a character each, the latest first; and the one that follows."""

PITCH = ("pitch", "symbols")
"""The part of a note or symbol that says its pitch, whatever the network calls it."""
_SEED = 1
_BEYOND = chr(sys.maxunicode)
"""No symbol: after all that begins with the same symbols."""


def check_unseen(run: Run, measured: Iterable[str]) -> None:
    """Check that a run neither learned from ``measured`` nor chose its best epoch by it."""
    record = run.record
    seen = set(record["training"])
    if run.scores.get("held_out"):
        seen |= set(record["held_out"])
    if known := sorted(seen.intersection(measured)):
        raise InputError(
            f"{run.folder}: has seen {known[0]}, which is to be measured on; train it again"
        )


def parameters(run: Run, trained: Trained) -> int:
    """Number of weights that the board needs."""
    weights = trained.weights if isinstance(trained, Convertible) else run.weights
    return sum(int(values.size) for values in weights.values())


def readable(trained: Trained, pieces: Mapping[str, Piece]) -> int:
    """How many movements the network can read."""
    read = getattr(trained, "read", None)
    if read is None:
        return len(pieces)
    return sum(read(piece) is not None for piece in pieces.values())


def held_out(trained: Trained, pieces: Mapping[str, Piece]) -> Figures | None:
    """Results on each movement that the network can read; ``None`` if it has no probabilities."""
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


def baseline(training: Mapping[str, Piece], measured: Mapping[str, Piece]) -> Figures:
    """Each movement as n-grams alone predict it; as ``held_out`` gives it."""
    ngrams = NgramBaseline(DEFAULT_ENCODING, training.values())
    movements = {}
    for name, piece in measured.items():
        chances, hits = ngrams.read(piece)
        part = PartBits(float(-np.log2(chances).mean()), float(hits.mean()))
        notes = len(piece.notes) - 1
        movements[name] = asdict(HeldOut({"pitch": part}, notes, notes, quarters=0.0))
    return {"rhythm": "none", "movements": movements}


def _rhythm(trained: Trained) -> str:
    """How the network encodes rhythm: ``part``, ``inside`` its symbols, or ``none``."""
    if not isinstance(trained, Convertible):
        return "part"
    if HOLD in vocabulary_from(trained.tables["symbols"]).number:
        return "inside"
    return "part" if len(trained.tables["ticks"]) > 1 else "none"


def _held_out(row: Figures) -> HeldOut:
    """What ``asdict`` made of it."""
    return HeldOut(
        **(row | {"parts": {name: PartBits(**one) for name, one in row["parts"].items()}})
    )


def _mean(rows: Iterable[HeldOut], part: str, symbols: int) -> PartBits:
    pairs = [(row.parts[part], row.symbols) for row in rows]
    top1 = [one.top1 * count for one, count in pairs if one.top1 is not None]
    bits = sum(one.bits * count for one, count in pairs) / symbols
    return PartBits(bits, sum(top1) / symbols if len(top1) == len(pairs) else None)


def leakage(
    run: Run, measured: Mapping[str, Piece], training: Mapping[str, Piece]
) -> Figures | None:
    """Both splits, for the network of ``run`` and for a lookup table.

    Args:
        run: its network; ``None`` comes of one trained without ``training.random_windows``.
        measured: movements that nothing has seen.
        training: movements that the run learned from.
    """
    if not getattr(run.config.training, "random_windows", False) or not measured:
        return None
    history: list[Figures] = read_json(run.folder / HISTORY)
    window: int = run.config.network.window
    return {
        "epochs": [
            {
                "epoch": row["epoch"],
                **{split: _whole(row[split]) for split in ("random_windows", "held_out")},
            }
            for row in history
        ],
        "best_epoch": run.scores["epoch"],
        "lookup": lookup(list(training.values()), list(measured.values()), window),
        "lookup_twice": lookup(list(training.values()), [], window, times=2),
    }


def lookup(
    training: Sequence[Piece], measured: Sequence[Piece], window: int, *, times: int = 1
) -> Figures:
    """Top-1 of a lookup table on a tenth of the training windows, and on other movements.

    Args:
        training: movements whose windows are split at random.
        measured: movements that are read with all of those windows; may be none.
        window: symbols looked back over.
        times: how often each movement of ``training`` is played, one time after another.
    """
    numbers: dict[Symbol, int] = {}
    found = [w for piece in training for w in _windows(piece, numbers, window, times)]
    order = np.random.default_rng(_SEED).permutation(len(found)).tolist()
    apart = round(RANDOM_SHARE * len(order))
    table = _Table([found[n] for n in order[apart:]])
    result: Figures = {"random_windows": table.top1([found[n] for n in order[:apart]])}
    if measured:
        unseen = [w for piece in measured for w in _windows(piece, numbers, window, 1)]
        result["held_out"] = table.top1(unseen)
    return result


class _Table:
    """Windows in order, so that those with the same latest symbols stand together."""

    def __init__(self, windows: Sequence[Window]) -> None:
        ordered = sorted(windows)
        self._contexts = [context for context, _ in ordered]
        self._next = [following for _, following in ordered]

    def top1(self, windows: Sequence[Window]) -> float:
        """Share of windows whose next symbol is the answer."""
        return sum(self._answer(context) == target for context, target in windows) / len(windows)

    def _answer(self, context: str) -> str:
        at = bisect_left(self._contexts, context)
        near = self._contexts[max(at - 1, 0) : at + 1]
        start = max((commonprefix([context, one]) for one in near), key=len)  # noqa: RUF071 characters are meant
        first = bisect_left(self._contexts, start)
        last = bisect_right(self._contexts, start + _BEYOND)
        return Counter(self._next[first:last]).most_common(1)[0][0]


def _windows(piece: Piece, numbers: dict[Symbol, int], window: int, times: int) -> list[Window]:
    """The windows of a movement: every symbol follows one, and so does the border at its end."""
    symbols = [BORDER] * window + list(onset_row(piece).symbols) * times + [BORDER]
    row = [chr(numbers.setdefault(symbol, len(numbers))) for symbol in symbols]
    latest_first, size = "".join(reversed(row)), len(row)
    return [(latest_first[size - at : size - at + window], row[at]) for at in range(window, size)]


def _whole(row: Figures) -> Figures:
    """Bits of all parts, and top-1 of the first."""
    first = next(iter(row["parts"].values()))
    return {"bits": row["total"], "top1": first["top1"]}
