"""Notes become chords, voices and beams, and none is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

from hypothesis import given
from tests.device.music.strategies import note_lists

from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save.bars import MOST_VOICES, bars_of, beams, voices_of


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


def drawn(
    flags: list[int], groups: list[int] | None = None, eighths: list[int] | None = None
) -> list[str]:
    """The words of each note in short: ``(`` begins, ``-`` goes on, ``)`` ends, ``<>`` hooks."""
    short = {"begin": "(", "continue": "-", "end": ")", "forward hook": ">", "backward hook": "<"}
    words = beams(flags, groups or [0] * len(flags), eighths or [0] * len(flags))
    return ["".join(short[word] for word in one) for one in words]


def test_four_sixteenths_have_two_beams() -> None:
    assert drawn([2, 2, 2, 2]) == ["((", "--", "--", "))"]


def test_an_eighth_and_two_sixteenths_share_the_first_beam() -> None:
    assert drawn([1, 2, 2]) == ["(", "-(", "))"]
    assert drawn([2, 2, 1]) == ["((", "-)", ")"]


def test_a_sixteenth_beside_a_dotted_eighth_has_a_hook() -> None:
    assert drawn([1, 2]) == ["(", ")<"]
    assert drawn([2, 1]) == ["(>", ")"]


def test_rests_and_quarters_break_a_beam() -> None:
    assert drawn([1, 1, 0, 1, 1]) == ["(", ")", "", "(", ")"]
    assert drawn([1, 0, 1]) == ["", "", ""]


def test_beats_break_a_beam() -> None:
    assert drawn([1, 1, 1, 1], [0, 0, 1, 1]) == ["(", ")", "(", ")"]
    assert drawn([1, 1, 1], [0, 1, 1]) == ["", "(", ")"]


def test_only_the_first_beam_of_32nds_goes_on_over_an_eighth() -> None:
    assert drawn([3] * 4, eighths=[0, 0, 1, 1]) == ["(((", "-))", "-((", ")))"]
    assert drawn([2, 2, 3, 3], eighths=[0, 0, 1, 1]) == ["((", "-)", "-((", ")))"]
    # Sixteenths are read by the beat.
    assert drawn([2] * 4, eighths=[0, 0, 1, 1]) == ["((", "--", "--", "))"]


def beamed(meter: str, *durations: int) -> str:
    """The first beams of a voice: ``[`` begins, ``]`` ends, ``.`` a note without or between."""
    onsets = accumulate(durations, initial=0)
    notes = tuple(note(o, 48, d) for o, d in zip(onsets, durations, strict=False))
    piece = Piece(notes, meters=((Ticks(0), parse_meter(meter)),))
    short = {"begin": "[", "end": "]"}
    return "".join(
        short.get(one.beams[0], ".") if one.beams else "."
        for bar in bars_of(piece)
        for one in bar.voices[1]
    )


def test_beams_show_the_beats_of_the_meter() -> None:
    assert beamed("4/4", *[12] * 8) == "[..][..]"
    assert beamed("3/4", *[12] * 6) == "[....]"
    assert beamed("2/2", *[6] * 16) == "[..]" * 4
    # Eighths with others are joined by the beat.
    assert beamed("4/4", 12, 12, 12, 6, 6, 48) == "[][.]."
    assert beamed("6/8", *[12] * 6) == "[.][.]"
    assert beamed("12/8", 18, 6, 12, 36, 36, 36) == "[.]..."


def rests_of(*notes: Note, meter: str = "3/4") -> list[tuple[int, int]]:
    """Onset and length of the rests of the second voice."""
    piece = Piece(tuple(sorted(notes)), meters=((Ticks(0), parse_meter(meter)),))
    (bar,) = bars_of(piece)
    return [(one.start, one.duration) for one in bar.voices[2] if not one.notes]


def test_a_second_voice_has_rests_where_the_first_goes_on_without_it() -> None:
    # A bass note under one that lasts the bar; one that enters late.
    assert rests_of(note(0, 60, 72), note(0, 40, 24)) == [(24, 24), (48, 24)]
    assert rests_of(note(0, 60, 24), note(12, 40, 12), note(24, 60, 48)) == [(0, 12)]


def test_a_second_voice_has_no_rests_where_there_is_but_one() -> None:
    # A bass note under two eighths, then a melody alone.
    line = [note(0, 60, 12), note(12, 62, 12), note(24, 64, 24), note(48, 62, 24)]
    assert rests_of(note(0, 40, 24), *line) == []
    # The other note ends within the next beat.
    assert rests_of(note(0, 60, 36), note(0, 40, 24), note(36, 62, 36)) == []


def test_pickup_and_last_bar_make_one_bar_in_each_part() -> None:
    # Four bars of 3/4 with an upbeat of a quarter, the double bar after two.
    piece = Piece(
        tuple(note(24 * n, 48, 24) for n in range(12)),
        meters=((Ticks(0), parse_meter("3/4")),), pickup=Ticks(24),
    )  # fmt: skip
    bars = bars_of(piece, double_bar=144)
    assert [(bar.number, bar.length) for bar in bars] == [
        (0, 24), (1, 72), (2, 48), (2, 24), (3, 72), (4, 48),
    ]  # fmt: skip
    assert [bar.offset for bar in bars] == [48, 0, 0, 48, 0, 0]
    # Where the last note does not leave room, the bar is whole.
    longer = replace(piece, notes=(*piece.notes, note(288, 50, 24)))
    assert bars_of(longer)[-1].length == 72
