"""What in a folder of scores has no symbol in a network's tables, or is not measured as written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from playbach.bundle import PitchRange
from playbach.music.encoding import ESCAPE, Encoding
from playbach.music.note import Piece
from playbach_train.corpus import Corpus


def outside_lines(
    corpus: Corpus, encoding: Encoding | None, pitches: PitchRange | None = None
) -> Iterator[str]:
    """A line for the user about each of these things that occurs.

    Args:
        corpus: what is measured.
        encoding: tables of the network; ``None`` for one that does not use them.
        pitches: the range that the bundle's music is meant to stay in, ``None`` if it names none.
    """
    pieces = [movement.piece for movement in corpus.movements]
    counts = _without_symbol(pieces, encoding) if encoding else {}
    found = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    if found:
        yield f"measured as the escape symbol, having no symbol of their own: {found}"
    if corpus.off_grid or corpus.merged:
        yield (
            f"measured not quite as written: {corpus.off_grid:,} notes moved to the grid, "
            f"{corpus.merged:,} merged with a sounding pitch"
        )
    if pitches:
        yield from _out_of_range(corpus, pitches)


def _without_symbol(pieces: Iterable[Piece], encoding: Encoding) -> dict[str, int]:
    shifts = intervals = durations = 0
    for piece in pieces:
        durations += sum(encoding.duration_symbol(n.duration) == ESCAPE for n in piece.notes)
        for before, after in pairwise(piece.notes):
            shifts += encoding.shift_symbol(after.onset - before.onset) == ESCAPE
            intervals += encoding.pitch_symbol(after.pitch - before.pitch) == ESCAPE
    return {"shifts": shifts, "intervals": intervals, "durations": durations}


def _out_of_range(corpus: Corpus, pitches: PitchRange) -> Iterator[str]:
    low, high = pitches.lowest, pitches.highest
    counts = [
        sum(not low <= note.pitch <= high for note in movement.piece.notes)
        for movement in corpus.movements
    ]
    if any(counts):
        yield (
            f"outside the bundle's range {low} to {high}, and measured all the same: "
            f"{sum(counts):,} notes of {sum(map(bool, counts))} movements"
        )
