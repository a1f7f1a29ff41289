"""Networks that compose symbol by symbol: real graphs run, and what does not fit is one error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fixtures.edited import Edit, Entries, Said, edited, parameter, without_parameter
from tests.fixtures.symbol_bundles import LINES, TICKS, VARIANTS, WINDOW

from playbach.bundle import Bundle, read_bundle
from playbach.errors import BundleError, InputError
from playbach.music.key import Mode
from playbach.predictor import (
    Probabilities,
    SymbolPredictor,
    load_note_predictor,
    load_predictor,
)

Floats = np.ndarray[Any, np.dtype[np.float32]]

WINDOWS = ("melody", "timed")
NAMES = (*WINDOWS, "phrases")


def loaded(
    bundle: Bundle, variant: str | None = None, *, stepwise: bool = False
) -> SymbolPredictor:
    predictor = load_predictor(bundle, variant, stepwise=stepwise)
    assert isinstance(predictor, SymbolPredictor)
    return predictor


def of(folder: Path, name: str) -> Bundle:
    return read_bundle(folder / f"{name}.bundle")


def said(predictor: SymbolPredictor, symbols: int, seed: int = 1) -> list[Probabilities]:
    """What is said while the likeliest is always chosen."""
    predictor.begin(Mode.MAJOR, np.random.default_rng(seed))
    rows = []
    for _ in range(symbols):
        rows += [predictor.symbols(), predictor.lasts()]
        predictor.advance(int(rows[-2].argmax()), int(rows[-1].argmax()))
    return rows


def farthest(one: list[Probabilities], other: list[Probabilities]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("stepwise", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_network_gives_distributions_in_every_form(
    symbol_bundles: Path, name: str, variant: str, *, stepwise: bool
) -> None:
    if stepwise and name not in WINDOWS:
        return
    predictor = loaded(of(symbol_bundles, name), variant, stepwise=stepwise)
    assert predictor.variant == variant
    assert predictor.ticks == (TICKS if name == "timed" else (6,))
    for row, size in zip(
        said(predictor, 30), [len(predictor.vocabulary), len(predictor.ticks)] * 30, strict=True
    ):
        assert row.shape == (size,)
        assert row.min() >= 0
        assert row.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_int8_says_nearly_what_float32_says(symbol_bundles: Path, name: str) -> None:
    bundle = of(symbol_bundles, name)
    first, *_ = said(loaded(bundle, "float32"), 1)
    again, *_ = said(loaded(bundle, "int8"), 1)
    assert 0 < np.abs(first - again).max() < 0.1
    assert first.max() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_piece_leaves_nothing_behind_and_chance_is_the_callers(
    symbol_bundles: Path, name: str
) -> None:
    predictor = loaded(of(symbol_bundles, name))
    first = said(predictor, 40, seed=1)
    other = said(predictor, 40, seed=3)
    assert farthest(first, said(predictor, 40, seed=1)) == 0
    assert farthest(first, other) > 0


@pytest.mark.parametrize("name", WINDOWS)
def test_a_step_carries_on_what_a_window_forgets(symbol_bundles: Path, name: str) -> None:
    bundle = of(symbol_bundles, name)
    windowed, stepwise = (loaded(bundle, "float32", stepwise=step) for step in (False, True))
    for predictor in (windowed, stepwise):
        predictor.begin(Mode.MAJOR, np.random.default_rng(1))
    assert np.abs(windowed.symbols() - stepwise.symbols()).max() < 1e-5
    for predictor in (windowed, stepwise):
        predictor.advance(5, 0)
    assert np.abs(windowed.symbols() - stepwise.symbols()).max() > 1e-5


def test_a_window_is_what_was_chosen_last(symbol_bundles: Path) -> None:
    predictor = loaded(of(symbol_bundles, "timed"))
    answers = []
    for seed in (1, 3):
        predictor.begin(Mode.MAJOR, np.random.default_rng(seed))
        for number in range(WINDOW):
            predictor.advance(number + 2, number % len(TICKS))
        answers.append(predictor.symbols())
    assert (answers[0] == answers[1]).all()
    predictor.advance(3, 1)
    assert (answers[0] != predictor.symbols()).any()


@pytest.mark.parametrize("chosen", [(3, 0), (2, 1)])
def test_both_parts_of_a_symbol_are_read(symbol_bundles: Path, chosen: tuple[int, int]) -> None:
    predictor = loaded(of(symbol_bundles, "timed"))
    answers = []
    for symbol, last in ((2, 0), chosen):
        predictor.begin(Mode.MAJOR, np.random.default_rng(1))
        predictor.advance(symbol, last)
        answers.append(predictor.symbols())
    assert (answers[0] != answers[1]).any()


def test_a_phrase_is_followed_by_another_of_new_noise(symbol_bundles: Path) -> None:
    rows = said(loaded(of(symbol_bundles, "phrases")), 2 * LINES)[::2]
    assert farthest(rows[:LINES], rows[LINES:]) > 0.01


@pytest.mark.parametrize(
    ("name", "homes"), [("melody", {(0, 9), (7, 4), (5, 2)}), ("phrases", {(0, 9)})]
)
def test_a_piece_has_the_tonic_of_how_it_starts(
    symbol_bundles: Path, name: str, homes: set[tuple[int, int]]
) -> None:
    predictor = loaded(of(symbol_bundles, name))
    found = {
        (
            predictor.begin(Mode.MAJOR, np.random.default_rng(seed)),
            predictor.begin(Mode.MINOR, np.random.default_rng(seed)),
        )
        for seed in range(20)
    }
    assert found == homes


def test_a_network_of_one_form_has_no_other(symbol_bundles: Path) -> None:
    with pytest.raises(InputError, match="of kind noise, cannot go stepwise; only kind window can"):
        load_predictor(of(symbol_bundles, "phrases"), stepwise=True)


def test_who_wants_notes_is_told_that_it_says_symbols(symbol_bundles: Path) -> None:
    with pytest.raises(BundleError, match="of kind window, composes symbol by symbol"):
        load_note_predictor(of(symbol_bundles, "melody"))


def of_kind(kind: str) -> Edit:
    return lambda _, said: said["network"].update(kind=kind)


def table(name: str, change: Callable[[Floats], Floats]) -> Edit:
    """The table after a change."""

    def edit(entries: Entries, said: Said) -> None:
        row = next(row for row in said["tables"] if row["name"] == f"tables/{name}.f32")
        array = np.frombuffer(entries[row["name"]], "<f4").reshape(row["shape"]).copy()
        changed = np.asarray(change(array), "<f4")
        row["shape"] = list(changed.shape)
        entries[row["name"]] = changed.tobytes()

    return edit


def put(place: tuple[int, ...], number: float) -> Callable[[Floats], Floats]:
    def change(array: Floats) -> Floats:
        array[place] = number
        return array

    return change


def without(name: str) -> Edit:
    def edit(entries: Entries, said: Said) -> None:
        said["tables"] = [row for row in said["tables"] if row["name"] != f"tables/{name}.f32"]
        del entries[f"tables/{name}.f32"]

    return edit


def tensor(graph: str, side: str, at: int, **changes: object) -> Edit:
    def edit(_: Entries, said: Said) -> None:
        part = next(row for row in said["parts"] if row["name"] == graph)
        part[side][at] |= changes

    return edit


def no_graph(_: Entries, said: Said) -> None:
    for row in said["parts"]:
        row["role"] = {"window": "other", "noise": "other"}.get(row["role"], row["role"])


def rest_only(array: Floats) -> Floats:
    return np.full((1, array.shape[1]), -1, np.float32)


def many(array: Floats) -> Floats:
    return np.repeat(array, 200, axis=0)


FAULTS: dict[str, tuple[str, Edit, str]] = {
    "no window": ("melody", without_parameter("window"), "parameter window is None"),
    "a window of nothing": ("melody", parameter("window", 0), "parameter window is 0"),
    "a window of text": ("melody", parameter("window", "8"), "parameter window is '8'"),
    "a window too large": ("melody", parameter("window", 5000), "from 1 to 4096"),
    "another window": ("melody", parameter("window", 9), "seeds.f32 is [3, 8, 1], not [seeds, 9"),
    "no lines": ("phrases", without_parameter("lines"), "parameter lines is None"),
    "other lines": ("phrases", parameter("lines", 13), "noise.tflite: tensor"),
    "no noise": ("phrases", parameter("noise", 0), "parameter noise is 0"),
    "other noise": ("phrases", parameter("noise", 11), "noise.tflite: tensor"),
    "no symbols": ("melody", without("symbols"), 'no table "tables/symbols.f32"'),
    "no ticks": ("phrases", without("ticks"), 'no table "tables/ticks.f32"'),
    "no seeds": ("timed", without("seeds"), 'no table "tables/seeds.f32"'),
    "no homes": ("phrases", without("homes"), 'no table "tables/homes.f32"'),
    "symbols in a row": ("melody", table("symbols", np.ravel), "symbols.f32 has 1 axes, not 2"),
    "a symbol that is none": (
        "melody", table("symbols", put((4, 0), 128)), "symbols.f32 vocabulary: [128",
    ),
    "a symbol that is half a pitch": (
        "melody", table("symbols", put((4, 0), 36.5)), "symbols.f32 holds numbers that are not",
    ),
    "a symbol twice": (
        "melody", table("symbols", put((4, 0), 37)), "vocabulary: a symbol comes twice",
    ),
    "symbols without a note": (
        "melody", table("symbols", rest_only), "vocabulary: no symbol begins a note",
    ),
    "symbols beyond counting": ("melody", table("symbols", many), "at most [4096, 128] is"),
    "symbols without outputs": (
        "phrases", table("symbols", lambda array: array[:-1]), "noise.tflite: tensor",
    ),
    "ticks that do not ascend": ("timed", table("ticks", np.flip), "ticks.f32 does not ascend"),
    "no time": ("melody", table("ticks", put((0,), 0)), "ticks.f32 holds 0; 1 to 24576 are"),
    "time without end": ("melody", table("ticks", put((0,), 24577)), "ticks.f32 holds 24577; 1"),
    "more than all time": ("melody", table("ticks", put((0,), 3e38)), "beyond 16777216"),
    "ticks beyond counting": (
        "timed", table("ticks", lambda _: np.arange(1, 5000, dtype=np.float32)), "4096 are allowed",
    ),
    "ticks without outputs": (
        "timed", table("ticks", lambda array: array[:-1]), "seeds.f32 holds 3; 0 to 2",
    ),
    "two lengths out of noise": (
        "phrases", table("ticks", lambda _: np.array([6, 12], np.float32)), "noise wants one",
    ),
    "a seed that is no symbol": (
        "melody", table("seeds", put((0, 0, 0), 49)), "seeds.f32 holds 49; 0 to 48 are allowed",
    ),
    "a seed below all": ("melody", table("seeds", put((0, 0, 0), -1)), "seeds.f32 holds -1"),
    "a seed of no length": ("timed", table("seeds", put((0, 0, 1), 4)), "seeds.f32 holds 4"),
    "seeds of one part": (
        "timed", table("seeds", lambda array: array[..., :1]), "seeds.f32 is [3, 8, 1], not",
    ),
    "homes for other seeds": (
        "melody", table("homes", lambda array: array[:2]), "homes.f32 is [2, 2], not [3, 2]",
    ),
    "a home beyond the octave": (
        "phrases", table("homes", put((0, 0), 12)), "homes.f32 holds 12; 0 to 11 are allowed",
    ),
    "no graph of a window": ("melody", no_graph, 'no graph "float32/window" in the bundle'),
    "no graph out of noise": ("phrases", no_graph, 'no graph "float32/noise" in the bundle'),
    "a window of real numbers": (
        "melody", tensor("float32/window.tflite", "inputs", 0, dtype="float32"),
        'tensor "symbols" is float32[1, 8], and the network needs int32[1, 8]',
    ),
    "logits of another name": (
        "timed", tensor("float32/window.tflite", "outputs", 1, name="tocks"), 'no tensor "ticks"',
    ),
    "phrases for windows": ("phrases", of_kind("window"), "parameter window is None"),
    "windows for phrases": ("melody", of_kind("noise"), "parameter lines is None"),
    "a network unknown": (
        "melody", of_kind("grid"), "does not know (it knows lstm-copy, window, noise)",
    ),
}  # fmt: skip


@pytest.fixture
def rebuilt(symbol_bundles: Path, tmp_path: Path) -> Callable[[str, Edit], Bundle]:
    return lambda name, edit: edited(symbol_bundles / f"{name}.bundle", edit, tmp_path)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_together_is_one_error(
    rebuilt: Callable[[str, Edit], Bundle], fault: str
) -> None:
    name, edit, message = FAULTS[fault]
    bundle = rebuilt(name, edit)
    with pytest.raises(BundleError) as caught:
        load_predictor(bundle)
    line = str(caught.value)
    assert message in line
    assert line.startswith(str(bundle.path))
    assert "\n" not in line


def test_a_network_without_a_step_form_says_so(rebuilt: Callable[[str, Edit], Bundle]) -> None:
    def edit(entries: Entries, said: Said) -> None:
        for row in [row for row in said["parts"] if row["role"] == "step"]:
            said["parts"].remove(row)
            del entries[row["name"]]

    bundle = rebuilt("melody", edit)
    load_predictor(bundle)
    with pytest.raises(BundleError, match='no graph "float32/step" in the bundle'):
        load_predictor(bundle, stepwise=True)


def test_a_state_that_comes_back_on_another_scale_is_refused(
    rebuilt: Callable[[str, Edit], Bundle],
) -> None:
    def edit(_: Entries, said: Said) -> None:
        step = next(row for row in said["parts"] if row["name"] == "int8/step.tflite")
        state = next(row for row in step["outputs"] if row["name"] == "next_state_0")
        state["quantisation"]["scale"] *= 1.01

    with pytest.raises(BundleError, match="state_0 goes in as int8"):
        load_predictor(rebuilt("melody", edit), "int8", stepwise=True)


def test_a_state_beyond_a_board_is_refused(rebuilt: Callable[[str, Edit], Bundle]) -> None:
    def edit(_: Entries, said: Said) -> None:
        step = next(row for row in said["parts"] if row["name"] == "float32/step.tflite")
        state = next(row for row in step["inputs"] if row["name"] == "state_0")
        state["shape"] = [1, 2**21]

    with pytest.raises(BundleError, match="carries 2,097,152 numbers"):
        load_predictor(rebuilt("melody", edit), stepwise=True)
