"""Windows: what is read, what is predicted, and how much music it takes."""

from __future__ import annotations

import numpy as np
import pytest

from playbach.errors import InputError
from playbach_train.networks.sequences import Alphabet, SymbolRow, alphabet_of
from playbach_train.networks.windows import check_enough, check_long_enough, windows_of

FIRST = SymbolRow(((60,), (62,), (64,)), (6, 6, 12))
SECOND = SymbolRow(((64,), (60,)), (12, 6))


@pytest.fixture(name="alphabet")
def timed_alphabet() -> Alphabet:
    return alphabet_of([FIRST, SECOND], (), timed=True)


def test_every_symbol_and_the_border_after_it_is_predicted_once(alphabet: Alphabet) -> None:
    windows = windows_of([FIRST, SECOND], alphabet, 4)
    targets = windows.targets(np.arange(len(windows)))["symbols"]
    symbols = tuple(alphabet.vocabulary)
    ends = [alphabet.border]
    expected = [*alphabet.numbers(FIRST)[:, 0], *ends, *alphabet.numbers(SECOND)[:, 0], *ends]
    assert targets.tolist() == expected
    assert symbols[targets[0]] == (60,)


def test_a_window_holds_what_came_before_and_borders_before_the_start(alphabet: Alphabet) -> None:
    windows = windows_of([FIRST, SECOND], alphabet, 2)
    inputs = windows.inputs(np.arange(len(windows)))
    number = alphabet.vocabulary.number
    border, c, d, e = alphabet.border, number[(60,)], number[(62,)], number[(64,)]
    assert inputs["symbols"].tolist() == [
        [border, border], [border, c], [c, d], [d, e],
        [border, border], [border, e], [e, c],
    ]  # fmt: skip
    assert inputs["ticks"].tolist() == [[0, 0], [0, 0], [0, 0], [0, 1], [0, 0], [0, 1], [1, 0]]
    assert inputs["symbols"].dtype == inputs["ticks"].dtype == np.int32


def test_music_without_times_gives_windows_of_symbols_alone() -> None:
    alphabet = alphabet_of([FIRST], (), timed=False)
    assert windows_of([FIRST], alphabet, 3).inputs(np.arange(1)).keys() == {"symbols"}


def test_batches_are_all_windows_in_order(alphabet: Alphabet) -> None:
    windows = windows_of([FIRST, SECOND], alphabet, 2)
    assert [batch.tolist() for batch in windows.batches(3)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_movements_that_fill_no_window_are_refused_in_one_line() -> None:
    check_long_enough([FIRST, SECOND], 3)
    message = "windows of 4 symbols: the longest of 2 training movements has 3;"
    with pytest.raises(InputError, match=message) as refused:
        check_long_enough([FIRST, SECOND], 4)
    assert "\n" not in str(refused.value)


def test_windows_that_fill_no_batch_are_refused_in_one_line() -> None:
    check_enough(7, 7)
    with pytest.raises(InputError, match=r"batches of 8 windows:.* give 7;") as refused:
        check_enough(7, 8)
    assert "\n" not in str(refused.value)
