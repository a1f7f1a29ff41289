"""Both parts of a dance are played twice."""

from __future__ import annotations

from playbach.composer.repeats import Repeats
from playbach.music.note import Note, Pitch, Ticks

BAR = Ticks(72)


def with_repeats(notes: list[Note], line: Ticks) -> list[Note]:
    repeats = Repeats(line, BAR)
    played = [played for note in notes for played in repeats.add(note)]
    return [*played, *repeats.end()]


def quarters(first: int, last: int) -> list[Note]:
    """Bars of three quarters, from one to before another."""
    return [
        Note(Ticks(tick), Pitch(60 + tick % 7), Ticks(24))
        for tick in range(first * BAR, last * BAR, 24)
    ]


def moved(notes: list[Note], ticks: int) -> list[Note]:
    return [Note(Ticks(n.onset + ticks), n.pitch, n.duration) for n in notes]


def test_each_part_comes_twice() -> None:
    first, second = quarters(0, 8), quarters(8, 20)
    assert with_repeats([*first, *second], Ticks(8 * BAR)) == [
        *first,
        *moved(first, 8 * BAR),
        *moved(second, 8 * BAR),
        *moved(second, 20 * BAR),
    ]


def test_the_first_part_is_handed_on_while_it_is_composed() -> None:
    note = quarters(0, 1)[0]
    assert Repeats(Ticks(4 * BAR), BAR).add(note) == [note]


def test_a_note_that_sounds_on_over_the_double_bar_ends_there() -> None:
    long = Note(Ticks(3 * BAR), Pitch(48), Ticks(2 * BAR))
    after = Note(Ticks(4 * BAR), Pitch(48), BAR)
    found = with_repeats([long, after], Ticks(4 * BAR))
    assert found[0].end == 4 * BAR
    assert [note.onset // BAR for note in found] == [3, 7, 8, 9]


def test_movements_without_notes_after_the_double_bar_are_played_once() -> None:
    notes = quarters(0, 4)
    assert with_repeats(notes, Ticks(4 * BAR)) == notes
