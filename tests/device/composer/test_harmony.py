"""Chords follow one another as Bach's do, and come where they are to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer.harmony import (
    CHORDS,
    DOMINANT,
    TONIC,
    Chord,
    grammar,
    likelihood,
    moved,
    progression,
)
from playbach.music.key import Mode

modes = st.sampled_from(Mode)
MAJOR = {chord.name: chord for chord in CHORDS[Mode.MAJOR]}
MINOR = {chord.name: chord for chord in CHORDS[Mode.MINOR]}


@given(modes, st.data(), st.integers(0, 2**32))
def test_chords_that_are_given_come_where_they_are_to(
    mode: Mode, data: st.DataObject, seed: int
) -> None:
    given_chords = st.one_of(st.none(), st.sampled_from(CHORDS[mode]))
    wanted = data.draw(st.lists(given_chords, min_size=1, max_size=12))
    found = progression(mode, wanted, np.random.default_rng(seed))
    assert len(found) == len(wanted)
    for one, asked in zip(found, wanted, strict=True):
        assert asked in (None, one)


@pytest.mark.parametrize("mode", Mode)
def test_a_dominant_mostly_leads_to_its_tonic(mode: Mode) -> None:
    rng = np.random.default_rng(1)
    chords = progression(mode, [None] * 2000, rng)
    after = [two.degree for one, two in pairwise(chords) if one.degree == DOMINANT]
    assert after.count(TONIC) > 0.6 * len(after)


@pytest.mark.parametrize("mode", Mode)
def test_every_chord_is_followed_by_some_other(mode: Mode) -> None:
    table = grammar(mode)
    assert np.allclose(table.follows.sum(axis=1), 1)
    assert not np.diagonal(table.follows).any()


@pytest.mark.parametrize("mode", Mode)
def test_the_tones_of_a_chord_are_in_the_scale_over_it(mode: Mode) -> None:
    for chord in CHORDS[mode]:
        assert set(chord.tones) <= set(chord.scale)
        assert not set(chord.scale) & set(chord.at_times)


@pytest.mark.parametrize(
    ("chord", "steps", "mode", "into", "found"),
    [
        (MAJOR["I"], 0, Mode.MAJOR, Mode.MAJOR, "I"),
        (MAJOR["I"], 1, Mode.MAJOR, Mode.MAJOR, "ii"),
        (MAJOR["V"], 1, Mode.MAJOR, Mode.MAJOR, "V/ii"),
        (MAJOR["V/ii"], -1, Mode.MAJOR, Mode.MAJOR, "V"),
        (MAJOR["V"], 0, Mode.MAJOR, Mode.MINOR, "V"),
        (MAJOR["V/V"], 0, Mode.MAJOR, Mode.MINOR, "V/V"),
        (MINOR["vii"], 0, Mode.MINOR, Mode.MINOR, "vii"),
        (MINOR["i"], -1, Mode.MINOR, Mode.MINOR, "VII"),
    ],
)
def test_a_chord_is_moved_by_steps_and_a_dominant_stays_one(
    chord: Chord, steps: int, mode: Mode, into: Mode, found: str
) -> None:
    assert moved(chord, steps, mode, into).name == found


def test_what_follows_often_is_likelier_than_what_hardly_ever_does() -> None:
    often = likelihood(Mode.MAJOR, MAJOR["V"], MAJOR["I"])
    assert often > likelihood(Mode.MAJOR, MAJOR["V"], MAJOR["V"])
    assert often > likelihood(Mode.MAJOR, MAJOR["V"], MAJOR["ii"])
