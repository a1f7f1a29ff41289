"""Notes become chords and voices, and none is lost on the way."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from tests.device.music.strategies import note_lists

from playbach.music.note import Note, Pitch, Ticks
from playbach.save.notation.voices import MOST_VOICES, voices_of


def note(onset: int, pitch: int, duration: int) -> Note:
    return Note(Ticks(onset), Pitch(pitch), Ticks(duration))


def shown(*notes: Note) -> list[list[tuple[int, int, list[int]]]]:
    return [
        [(chord.start, chord.end, [one.pitch for one in chord.notes]) for chord in voice]
        for voice in voices_of(sorted(notes))
    ]


def test_notes_that_begin_and_end_together_share_a_stem() -> None:
    assert shown(note(0, 43, 24), note(0, 50, 24), note(0, 59, 24)) == [[(0, 24, [43, 50, 59])]]


def test_a_held_bass_is_the_second_voice_below_a_moving_line() -> None:
    assert shown(note(0, 43, 48), note(0, 62, 24), note(24, 60, 24), note(48, 59, 24)) == [
        [(0, 24, [62]), (24, 48, [60]), (48, 72, [59])],
        [(0, 48, [43])],
    ]


def test_after_an_overlap_the_first_voice_goes_on_alone() -> None:
    # The line begins below what is held, and is the first voice again afterwards.
    assert shown(note(0, 62, 36), note(12, 50, 24), note(36, 48, 12)) == [
        [(0, 36, [62]), (36, 48, [48])],
        [(12, 36, [50])],
    ]


def test_more_than_a_staff_can_hold_becomes_tied_chords() -> None:
    stairs = [note(6 * i, 40 + i, 48) for i in range(MOST_VOICES + 1)]
    (voice,) = shown(*stairs)
    assert voice[0] == (0, 6, [40])
    assert voice[4] == (24, 48, [40, 41, 42, 43, 44])
    assert voice[-1] == (66, 72, [44])


@given(note_lists())
def test_every_moment_of_every_note_is_in_one_voice(notes: tuple[Note, ...]) -> None:
    voices = voices_of(notes)
    assert 1 <= len(voices) <= MOST_VOICES
    left = {one: one.duration for one in notes}
    for voice in voices:
        for before, after in pairwise(voice):
            assert before.end <= after.start
        for chord in voice:
            for one in chord.notes:
                assert one.onset <= chord.start < chord.end <= one.end
                left[one] = Ticks(left[one] - (chord.end - chord.start))
    assert set(left.values()) == {0}
