"""A split is by movement, and the same music stays on one side."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import InputError
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus.records import ScoreMovement
from playbach_train.corpus.split import fingerprints, folds, same_music, split_movements

names = st.lists(st.text("abc-", min_size=1, max_size=6), min_size=2, max_size=30, unique=True)
seeds = st.integers(0, 1000)


def movement(name: str, *pitches: int) -> ScoreMovement:
    notes = tuple(Note(Ticks(24 * i), Pitch(p), Ticks(24)) for i, p in enumerate(pitches))
    return ScoreMovement(name, Piece(notes), "test", Path(f"{name}.mid"))


@given(names, st.floats(0.01, 0.9), seeds)
def test_a_split_loses_and_doubles_no_movement(
    movements: list[str], share: float, seed: int
) -> None:
    split = split_movements(movements, share, seed)
    assert sorted(split.train + split.held_out) == sorted(movements)
    assert split.train
    assert split.held_out
    assert split == split_movements(reversed(movements), share, seed)


@given(names, seeds, st.data())
def test_folds_hold_out_every_movement_exactly_once(
    movements: list[str], seed: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(2, len(movements)))
    parts = folds(movements, count, seed)
    assert sorted(name for part in parts for name in part.held_out) == sorted(movements)
    for part in parts:
        assert sorted(part.train + part.held_out) == sorted(movements)
    sizes = [len(part.held_out) for part in parts]
    assert max(sizes) - min(sizes) <= 1


@given(seeds)
def test_the_same_music_in_another_key_stays_on_the_same_side(seed: int) -> None:
    corpus = [
        movement("original", 60, 64, 67),
        movement("copy", 60, 64, 67),
        movement("transposed", 65, 69, 72),
        *(movement(f"other-{i}", 60, 60 + i) for i in range(6)),
    ]
    music = fingerprints(corpus)
    for split in (
        split_movements(music, 0.4, seed, music),
        *folds(music, 3, seed, music),
    ):
        same = {"original", "copy", "transposed"}
        assert same <= {*split.train} or same <= {*split.held_out}
    assert same_music(corpus) == [("original", "copy", "transposed")]


@given(seeds)
def test_a_double_stays_with_the_movement_it_varies(seed: int) -> None:
    movements = ["bwv997-3-sarabande", "bwv997-4-gigue", "bwv997-5-double", "bwv998-4-fuga"]
    for split in folds(movements, 3, seed):
        pair = {"bwv997-4-gigue", "bwv997-5-double"}
        assert pair <= {*split.train} or pair <= {*split.held_out}


def test_nothing_is_held_out_when_nothing_is_asked_for() -> None:
    assert split_movements(["b", "a"], 0, 1).train == ("a", "b")


def test_the_size_of_the_part_held_out_is_what_was_asked_for() -> None:
    movements = [f"m{i}" for i in range(70)]
    assert len(split_movements(movements, 0.1, 7).held_out) == 7


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="from 0 to less than 1"):
        split_movements(["a", "b"], share, 0)


def test_one_movement_cannot_be_split() -> None:
    with pytest.raises(InputError, match="at least 2"):
        split_movements(["a"], 0.1, 0)


@pytest.mark.parametrize("count", [1, 4])
def test_a_number_of_folds_outside_its_range_is_refused(count: int) -> None:
    with pytest.raises(InputError, match="from 2 to 3"):
        folds(["a", "b", "c"], count, 0)


def test_one_movement_has_no_folds() -> None:
    with pytest.raises(InputError, match="at least 2 different movements are needed"):
        folds(["a", "b"], 2, 0, {"a": "the same music", "b": "the same music"})
