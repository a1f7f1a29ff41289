"""Exact repetition in the endless stream, at temperatures from 0.2 to 1.5.

Exact repetition is measured in intervals: a run that is the same as what sounded so many notes
before it, its period, within one movement. Repetition is 1 - distinct/total groups of 4, 8 and 16
intervals in windows of 256 notes, the median over movements; the goals are the 10th and 90th
percentile of the movements of Bach's suites, sonatas and partitas.

    python -m bench.loops [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from bench.report import Figure, composer_of, run

from playbach.bundle import Bundle, read_bundle
from playbach.composer.composer import ComposerSettings
from playbach.composer.loops import LONGEST_PERIOD
from playbach.composer.settings import Sampling
from playbach.music.note import Note
from playbach.stream import MovementEnd
from playbach_train.report.originality import repeated

TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.5)
NOTES = 100_000
REAL = {4: (0.076, 0.309), 8: (0.003, 0.157), 16: (0.0, 0.046)}


def measure(options: argparse.Namespace) -> list[Figure]:
    bundle = read_bundle(options.bundle)
    return [figure for at in TEMPERATURES for figure in one_temperature(bundle, at)]


def one_temperature(bundle: Bundle, temperature: float) -> Iterator[Figure]:
    began = time.perf_counter()
    movements = composed(bundle, temperature)
    seconds = time.perf_counter() - began
    notes = sum(map(len, movements))
    moves = [[b - a for a, b in pairwise(pitches)] for pitches in movements]
    longest, period = max(map(longest_repetition, moves))
    at = f"temperature {temperature}:"
    yield Figure(f"{at} notes", notes, "", f"at least {NOTES:,}")
    yield Figure(f"{at} movements", len(movements), "")
    yield Figure(f"{at} notes a second", notes / seconds, "")
    yield Figure(f"{at} longest exact repetition", longest, "notes")
    yield Figure(f"{at} its period", period, "notes")
    for length, (low, high) in REAL.items():
        found = [share for row in moves if (share := repeated(row, length)) is not None]
        goal = f"{low:.3f} to {high:.3f}"
        yield Figure(f"{at} repetition of {length}", statistics.median(found), "", goal)


def composed(bundle: Bundle, temperature: float) -> list[list[int]]:
    """The pitches of whole movements, of at least ``NOTES`` notes in all."""
    composer = composer_of(bundle, settings=ComposerSettings(sampling=Sampling(temperature)))
    movements: list[list[int]] = [[]]
    left = NOTES
    for item in composer:
        if isinstance(item, Note):
            movements[-1].append(item.pitch)
            left -= 1
        elif isinstance(item, MovementEnd):
            if left <= 0:
                break
            movements.append([])
    return movements


def longest_repetition(moves: Sequence[int]) -> tuple[int, int]:
    """Longest run of intervals equal to those one period earlier, and the period."""
    row = np.array(moves)
    found = [(0, 0)]
    for period in range(1, min(LONGEST_PERIOD, len(row) - 1) + 1):
        breaks = np.flatnonzero(row[period:] != row[:-period])
        ends = np.concatenate(([-1], breaks, [len(row) - period]))
        found.append((int(np.diff(ends).max()) - 1, period))
    return max(found)


if __name__ == "__main__":
    run("loops", measure)
