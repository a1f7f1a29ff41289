"""What a split by random windows hides: a network's figures on both splits, and a lookup table's.

The lookup table is no network: for each window it finds the longest run of the latest symbols that
the windows learned from hold too, and answers with what most often followed it there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from playbach.music.note import Piece
from playbach.music.symbols import BORDER, Symbol
from playbach_train.networks.sequences import onset_row
from playbach_train.networks.windows import RANDOM_SHARE
from playbach_train.runs.run import HISTORY, Run, read_json

Figures = dict[str, Any]
SEED = 1
_BYTES = 2
"""Of a symbol's number."""
_BEYOND = b"\xff" * _BYTES
"""No number: after all that begins with the same symbols."""

Window = tuple[bytes, int]
"""Numbers of the symbols before, the latest first, and of the one that follows."""


def leakage(run: Run, measured: Mapping[str, Piece], training: Mapping[str, Piece]) -> Figures:
    """Both splits, for the network of ``run`` and for a lookup table.

    Args:
        run: trained with ``training.random_windows``.
        measured: movements that nothing has seen.
        training: movements that the run learned from.
    """
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
    order = np.random.default_rng(SEED).permutation(len(found)).tolist()
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

    def _answer(self, context: bytes) -> int:
        at = bisect_left(self._contexts, context)
        shared = max(_common(context, one) for one in self._contexts[max(at - 1, 0) : at + 1])
        start = context[: shared * _BYTES]
        first = bisect_left(self._contexts, start)
        last = bisect_right(self._contexts, start + _BEYOND)
        return Counter(self._next[first:last]).most_common(1)[0][0]


def _windows(piece: Piece, numbers: dict[Symbol, int], window: int, times: int) -> list[Window]:
    """The windows of a movement: every symbol follows one, and so does the border at its end."""
    symbols = [BORDER] * window + list(onset_row(piece).symbols) * times + [BORDER]
    row = [numbers.setdefault(symbol, len(numbers)) for symbol in symbols]
    packed = b"".join(number.to_bytes(_BYTES, "big") for number in reversed(row))
    size = len(row)
    return [
        (packed[(size - at) * _BYTES : (size - at + window) * _BYTES], row[at])
        for at in range(window, size)
    ]


def _common(one: bytes, other: bytes) -> int:
    """Symbols at their beginning that both have."""
    return next(
        n
        for n in count()
        if n * _BYTES >= len(one)
        or one[n * _BYTES : (n + 1) * _BYTES] != other[n * _BYTES : (n + 1) * _BYTES]
    )


def _whole(row: Figures) -> Figures:
    """Bits of all parts, and top-1 of the first."""
    first = next(iter(row["parts"].values()))
    return {"bits": row["total"], "top1": first["top1"]}
