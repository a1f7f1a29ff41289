"""Noteheads become notes on the grid."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from playbach.music.grid import WrittenNote, is_off_grid, join_ties, to_grid

quarters = st.fractions(min_value=0, max_value=100, max_denominator=64)
lengths = st.fractions(min_value=Fraction(1, 64), max_value=8, max_denominator=64)
noteheads = st.builds(
    WrittenNote, quarters, st.integers(60, 62), lengths, st.booleans(), st.booleans()
)


@given(st.lists(noteheads, max_size=40))
def test_joining_ties_keeps_the_sounding_time(written: list[WrittenNote]) -> None:
    joined = join_ties(written)
    assert sum(note.length for note in joined) == sum(note.length for note in written)
    assert join_ties(joined) == joined or any(note.continues for note in joined)


@given(st.lists(noteheads, max_size=40))
def test_every_notehead_gets_at_least_a_tick_and_stays_within_half_a_tick(
    written: list[WrittenNote],
) -> None:
    notes, moved = to_grid(sorted(written))
    assert len(notes) == len(written)
    assert moved <= len(written)
    assert all(note.duration >= 1 for note in notes)
    onsets = sorted(note.onset for note in written)
    for note, onset in zip(notes, onsets, strict=True):
        assert abs(note.onset - onset * 24) <= Fraction(1, 2)


def test_a_tie_over_two_bar_lines_is_one_note() -> None:
    beat = Fraction(1)
    tied = [
        WrittenNote(beat * 3, 60, beat, goes_on=True),
        WrittenNote(beat * 4, 60, beat * 4, continues=True, goes_on=True),
        WrittenNote(beat * 8, 60, beat, continues=True),
    ]
    assert [(int(note.onset), int(note.length)) for note in join_ties(tied)] == [(3, 6)]


def test_only_the_tied_note_of_two_of_one_pitch_goes_on() -> None:
    # Two voices in unison, of which the upper holds its note and the lower strikes anew.
    bar = Fraction(4)
    written = [
        WrittenNote(Fraction(0), 60, bar, goes_on=True),
        WrittenNote(Fraction(0), 60, bar),
        WrittenNote(bar, 60, bar, continues=True),
        WrittenNote(bar, 60, bar),
    ]
    joined = [(int(note.onset), int(note.length)) for note in join_ties(written)]
    assert joined == [(0, 4), (0, 8), (4, 4)]


def test_a_tie_that_nothing_leads_into_is_ignored() -> None:
    notes = [
        WrittenNote(Fraction(0), 60, Fraction(1)),
        WrittenNote(Fraction(1), 60, Fraction(1), continues=True),
    ]
    assert join_ties(notes) == notes


def test_a_repeated_note_without_a_tie_stays_two() -> None:
    repeated = [
        WrittenNote(Fraction(0), 60, Fraction(1)),
        WrittenNote(Fraction(1), 60, Fraction(1)),
    ]
    assert join_ties(repeated) == repeated


def test_triplets_are_on_the_grid_and_quintuplets_are_not() -> None:
    assert not is_off_grid(Fraction(1, 3))
    assert not is_off_grid(Fraction("0.3333"))
    assert is_off_grid(Fraction(1, 5))
