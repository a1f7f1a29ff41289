"""Beams: which notes of a voice hang together, and how."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

BEGIN, CONTINUE, END = "begin", "continue", "end"
FORWARD, BACKWARD = "forward hook", "backward hook"


def beams(flags: Sequence[int], groups: Sequence[int]) -> list[tuple[str, ...]]:
    """For each note MusicXML's words for its beams, the eighths' first; none where it has none.

    Args:
        flags: of each note or rest: 1 for an eighth, 2 for a sixteenth ...; 0 for what takes no
            beam, such as a rest.
        groups: the number of the beat each begins in; only what shares one is beamed.
    """
    result: list[tuple[str, ...]] = []
    for _, run in groupby(zip(flags, groups, strict=True), key=lambda pair: (pair[0] > 0, pair[1])):
        together = [count for count, _ in run]
        if len(together) == 1:
            result.append(())
            continue
        for index, count in enumerate(together):
            before = together[index - 1] if index else 0
            after = together[index + 1] if index + 1 < len(together) else 0
            result.append(tuple(_word(level, before, after) for level in range(1, count + 1)))
    return result


def _word(level: int, before: int, after: int) -> str:
    """What becomes of the beam ``level`` between neighbours with so many beams."""
    if before >= level:
        return CONTINUE if after >= level else END
    if after >= level:
        return BEGIN
    return BACKWARD if before else FORWARD
