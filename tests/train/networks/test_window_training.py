"""Held-out bits of networks that read windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach_train.networks.sequences import Alphabet, SymbolRow, alphabet_of
from playbach_train.networks.window_training import measure

C, D, E, C_E = (60,), (62,), (64,), (60, 64)
WINDOW = 3
TRAINING = [
    SymbolRow((C, D, E, C_E, C_E), (6, 6, 12, 24, 24)),
    SymbolRow((E, D, C), (12, 12, 24)),
]


class Fixed:
    """A model that always gives the same probabilities, as logits off by a constant."""

    def __init__(self, **chances: NDArray[np.float64]) -> None:
        self.chances = chances

    def predict_on_batch(self, inputs: dict[str, NDArray[np.int32]]) -> dict[str, Any]:
        batch = len(inputs["symbols"])
        return {
            name: np.tile(np.log(chances) + 5, (batch, 1)) for name, chances in self.chances.items()
        }


class Oracle:
    """A model that is sure of what comes after the last symbol; sees the whole music."""

    def __init__(self, alphabet: Alphabet, row: SymbolRow) -> None:
        numbers = alphabet.numbers(row)[:, 0]
        self.following = {alphabet.border: numbers[0]} | dict(
            zip(numbers.tolist(), [*numbers[1:].tolist(), alphabet.border], strict=True)
        )
        self.size = len(alphabet.vocabulary)

    def predict_on_batch(self, inputs: dict[str, NDArray[np.int32]]) -> dict[str, Any]:
        logits = np.zeros((len(inputs["symbols"]), self.size))
        for row, last in zip(logits, inputs["symbols"][:, -1], strict=True):
            row[self.following[int(last)]] = 50
        return {"symbols": logits}


@pytest.fixture(name="alphabet")
def untimed_alphabet() -> Alphabet:
    return alphabet_of(TRAINING, (), timed=False)


def even(size: int) -> NDArray[np.float64]:
    return np.full(size, 1 / size)


def test_a_network_that_knows_nothing_pays_for_all_symbols_alike(alphabet: Alphabet) -> None:
    size = len(alphabet.vocabulary)
    found = measure(Fixed(symbols=even(size)), TRAINING, alphabet, WINDOW)
    assert found.parts["symbols"].bits == pytest.approx(math.log2(size))
    assert found.symbols == 4 + 2
    assert found.notes == (1 + 1 + 2 + 2) + (1 + 1)
    assert found.quarters == pytest.approx((6 + 12 + 24 + 24 + 12 + 24) / 24)
    assert found.unknown == 0
    assert found.per_note == pytest.approx(6 * math.log2(size) / 8)


def test_neither_the_first_symbol_nor_the_border_at_the_end_is_counted(
    alphabet: Alphabet,
) -> None:
    chances = np.full(len(alphabet.vocabulary), 0.01)
    chances[alphabet.border] = 1e-9
    chances[alphabet.vocabulary.number[C]] = 1e-9
    model = Fixed(symbols=chances / chances.sum())
    only = SymbolRow((C, D, E), (6, 6, 6))
    cost = -math.log2(0.01 / chances.sum())
    assert measure(model, [only], alphabet, WINDOW).parts["symbols"].bits == pytest.approx(cost)


def test_a_network_that_is_sure_and_right_pays_nothing(alphabet: Alphabet) -> None:
    row = SymbolRow((C, D, E, C_E), (6, 6, 6, 6))
    found = measure(Oracle(alphabet, row), [row], alphabet, WINDOW).parts["symbols"]
    assert found.bits == pytest.approx(0, abs=1e-9)
    assert found.top1 == 1


def test_a_chord_without_a_number_pays_for_other_and_for_its_spelling(alphabet: Alphabet) -> None:
    row = SymbolRow((C, (60, 65, 69), D), (6, 6, 6))
    found = measure(Oracle(alphabet, row), [row], alphabet, WINDOW)
    spelled = math.log2(6) + 3 * math.log2(88)
    assert found.parts["symbols"].bits == pytest.approx(spelled / 2)
    assert found.parts["symbols"].top1 == pytest.approx(1 / 2)
    assert found.unknown == pytest.approx(1 / 2)
    assert found.notes == 4


def test_each_part_has_bits_of_its_own() -> None:
    alphabet = alphabet_of(TRAINING, (), timed=True)
    sizes = alphabet.parts
    ticks = np.array([0.5, 0.25, 0.25])
    model = Fixed(symbols=even(sizes["symbols"]), ticks=ticks)
    found = measure(model, [SymbolRow((C, D, E, C), (24, 6, 6, 12))], alphabet, WINDOW)
    assert found.parts["ticks"].bits == pytest.approx((1 + 1 + 2) / 3)
    assert found.parts["ticks"].top1 == pytest.approx(2 / 3)
    assert found.per_quarter == pytest.approx(
        3 * (math.log2(sizes["symbols"]) + 4 / 3) / found.quarters
    )


def test_music_of_one_symbol_cannot_be_measured(alphabet: Alphabet) -> None:
    with pytest.raises(InputError, match="two symbols or more"):
        measure(Fixed(symbols=even(6)), [SymbolRow((C,), (6,))], alphabet, WINDOW)
