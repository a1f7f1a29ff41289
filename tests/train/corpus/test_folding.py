"""Rests before an upbeat and repeats that are written out are found, and folded if wished."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from tests.device.music.strategies import pieces

from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus.folding import REPEATS, UPBEATS, fold, leading_rests, written_out

BAR = 96


def melody(bars: int, seed: int) -> list[int]:
    """Pitches of eighths, none like those of another seed."""
    chance = random.Random(seed)
    return [chance.randint(48, 72) for _ in range(8 * bars)]


def piece(pitches: list[int], start: int = 0, pickup: int = 0) -> Piece:
    notes = (Note(Ticks(start + 12 * n), Pitch(p), Ticks(12)) for n, p in enumerate(pitches))
    return Piece(tuple(notes), pickup=Ticks(pickup))


def bars_found(one: Piece) -> list[int]:
    return [repeat.bars for repeat in written_out(one)]


def folded(one: Piece, *folds: str) -> Piece:
    return fold(one, leading_rests(one), written_out(one), frozenset(folds))[0]


A, B = melody(8, 1), melody(12, 2)


def test_both_halves_of_a_dance_are_folded() -> None:
    twice = piece(A + A + B + B)
    assert bars_found(twice) == [8, 12]
    once = folded(twice, REPEATS)
    assert once == piece(A + B)
    assert folded(twice) == twice


def test_another_last_bar_the_second_time_is_an_ending_that_is_kept() -> None:
    second = A[:-8] + melody(1, 3)
    twice = piece(A + second + B + B)
    assert bars_found(twice) == [8, 12]
    assert folded(twice, REPEATS) == piece(second + B)


@pytest.mark.parametrize("start", [0, BAR - 12])
def test_an_upbeat_goes_with_the_section_that_it_begins(start: int) -> None:
    # The last pass lacks the upbeat of another.
    twice = piece((A + A + B + B)[:-1], start=start, pickup=0 if start else 12)
    assert bars_found(twice) == [8, 12]
    once = folded(twice, REPEATS, UPBEATS)
    assert once == piece((A + B)[:-1], pickup=12)


@pytest.mark.parametrize(
    "pitches",
    [A + B, melody(4, 5) * 2 + B, A[:16] * 2 + B, A + B + A],
    ids=["no repeat", "one phrase of four bars", "a figure", "a return"],
)
def test_music_that_comes_back_by_itself_is_no_repeat(pitches: list[int]) -> None:
    assert bars_found(piece(pitches)) == []


@pytest.mark.parametrize(
    ("first", "length", "upbeat"),
    [(0, 0, 0), (12, 0, 0), (48, 48, 48), (84, 84, 12), (96, 96, 0), (180, 180, 12), (108, 96, 0)],
)
def test_rests_that_fill_half_a_bar_stand_before_an_upbeat(
    first: int, length: int, upbeat: int
) -> None:
    rests = leading_rests(piece(A, start=first))
    assert (rests.length, rests.upbeat) == (length, upbeat)


def test_a_repeat_across_a_change_of_meter_is_left_alone() -> None:
    twice = piece(A + A)
    changed = Piece(twice.notes, meters=(*twice.meters, (Ticks(4 * BAR), parse_meter("3/4"))))
    assert bars_found(changed) == []


@settings(max_examples=40, deadline=None)
@given(pieces())
def test_folding_makes_a_piece_of_any_piece(one: Piece) -> None:
    once = folded(one, REPEATS, UPBEATS)
    assert len(once.notes) <= len(one.notes)
    assert once.end <= one.end
    assert all(a.onset <= b.onset for a, b in pairwise(once.notes))
