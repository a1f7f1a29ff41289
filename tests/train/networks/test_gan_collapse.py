"""A generator that makes the same of any noise is found out, and a healthy one is left alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from playbach_train.networks.gan_training import (
    EPOCHS,
    Compared,
    Diversity,
    collapse_line,
    diversity,
)

REAL = Diversity(0.9, 256, 256)
HEALTHY = Compared(Diversity(0.85, 256, 256), REAL)
ALIKE = Compared(Diversity(0.12, 3, 256), REAL)


def lines(epochs: str) -> list[str | None]:
    """What is said after each epoch: ``a`` for phrases that are alike, ``h`` for healthy ones."""
    rows = [ALIKE if letter == "a" else HEALTHY for letter in epochs]
    return [collapse_line(rows[:n]) for n in range(1, len(rows) + 1)]


@given(
    arrays(np.uint8, st.tuples(st.integers(2, 6), st.integers(1, 5)), elements=st.integers(0, 3))
)
def test_the_difference_is_the_mean_over_all_pairs(phrases: NDArray[np.uint8]) -> None:
    found = diversity(phrases)
    pairs = [(one != other).mean() for one, other in combinations(phrases, 2)]
    assert found.difference == pytest.approx(np.mean(pairs))
    assert found.distinct == len({tuple(row) for row in phrases.tolist()})
    assert found.phrases == len(phrases)


def test_copies_do_not_differ_and_phrases_with_no_row_in_common_differ_everywhere() -> None:
    assert diversity(np.zeros((5, 64), np.uint8)) == Diversity(0.0, 1, 5)
    rows = np.arange(5, dtype=np.uint8).repeat(64).reshape(5, 64)
    assert diversity(rows) == Diversity(1.0, 5, 5)


def test_phrases_that_differ_as_real_ones_do_are_never_mentioned() -> None:
    assert lines("h" * 30) == [None] * 30


def test_a_few_epochs_of_like_phrases_are_not_mentioned() -> None:
    assert lines(("a" * (EPOCHS - 1) + "h") * 3) == [None] * 3 * EPOCHS


def test_a_collapse_is_said_once_with_figures_and_what_to_do_and_so_is_its_end() -> None:
    said = lines("h" + "a" * (EPOCHS + 7) + "hh" + "a" * EPOCHS)
    begun = [n for n, line in enumerate(said) if line and line.startswith("mode collapse: ")]
    over = [n for n, line in enumerate(said) if line == (
        "the mode collapse is over: generated phrases differ again"
    )]  # fmt: skip
    assert begun == [EPOCHS, len(said) - 1]
    assert over == [EPOCHS + 8]
    assert sum(line is not None for line in said) == 3
    line = said[EPOCHS] or ""
    for what in ("12%", "90%", "3 of 256", "--training.seed", "--training.discriminator_steps"):
        assert what in line
    assert "\n" not in line


def test_a_collapse_from_the_first_epoch_on_is_said_too() -> None:
    assert [n for n, line in enumerate(lines("a" * 12), 1) if line] == [EPOCHS]
