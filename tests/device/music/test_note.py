"""Notes, pieces and where the bar lines fall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import pieces

from playbach.errors import InputError
from playbach.music.key import parse_key
from playbach.music.meter import Meter, parse_meter
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks

C4, E4 = 60, 64


def note(onset: int, pitch: int, duration: int) -> Note:
    return Note(Ticks(onset), Pitch(pitch), Ticks(duration))


def meters(*changes: tuple[int, str]) -> tuple[tuple[Ticks, Meter], ...]:
    return tuple((Ticks(tick), parse_meter(text)) for tick, text in changes)


def test_notes_come_by_onset_then_from_the_bass_up() -> None:
    assert sorted([note(24, C4, 1), note(0, E4, 1), note(0, C4, 9)]) == [
        note(0, C4, 9),
        note(0, E4, 1),
        note(24, C4, 1),
    ]


def test_a_piece_ends_with_its_longest_note() -> None:
    assert Piece((note(0, C4, 96), note(24, E4, 24))).end == 96
    assert Piece(()).end == 0


def test_a_note_may_begin_where_the_last_of_its_pitch_ends() -> None:
    assert len(Piece((note(0, C4, 24), note(24, C4, 24))).notes) == 2


IMPOSSIBLE = [
    ((note(0, C4, 24), note(12, C4, 24)), "note 2 of 2: pitch 60 sounds already"),
    ((note(0, C4, 24), note(0, C4, 24)), "note 2 of 2: pitch 60 sounds already"),
    ((note(24, C4, 24), note(0, C4, 24)), "note 2 of 2: notes must be sorted"),
    ((note(0, E4, 24), note(0, C4, 24)), "note 2 of 2: notes must be sorted"),
    ((note(0, 128, 24),), "note 1 of 1: pitch 128 is outside 0 to 127"),
    ((note(0, -1, 24),), "note 1 of 1: pitch -1 is outside 0 to 127"),
    ((note(0, C4, 0),), "note 1 of 1: onset 0 or duration 0 is too small"),
    ((note(-1, C4, 24),), "note 1 of 1: onset -1 or duration 24 is too small"),
]


@pytest.mark.parametrize(("notes", "message"), IMPOSSIBLE)
def test_notes_that_cannot_be_are_refused(notes: tuple[Note, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Piece(notes)


@pytest.mark.parametrize("pickup", [-1, 72])
def test_a_pickup_is_shorter_than_a_bar(pickup: int) -> None:
    with pytest.raises(InputError, match="it must be shorter than a bar"):
        Piece((), meters=meters((0, "3/4")), pickup=Ticks(pickup))


@pytest.mark.parametrize("ticks", [(), (24,), (0, 0), (0, 48, 24)])
def test_meters_and_keys_begin_at_once_and_change_in_order(ticks: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"meter changes at ticks .*: the first must be at 0"):
        Piece((), meters=meters(*((tick, "3/4") for tick in ticks)))
    with pytest.raises(InputError, match=r"key changes at ticks .*: the first must be at 0"):
        Piece((), keys=tuple((Ticks(tick), parse_key("G")) for tick in ticks))


@given(pieces(), st.integers(-12, 12))
def test_transposing_there_and_back_changes_nothing(piece: Piece, semitones: int) -> None:
    pitches = [n.pitch for n in piece.notes]
    if min(pitches) + semitones < 0 or max(pitches) + semitones > 127:
        with pytest.raises(InputError):
            piece.transposed(semitones)
    else:
        assert piece.transposed(semitones).transposed(-semitones) == piece


def places(lines: BarLines, *ticks: int) -> list[tuple[int, int]]:
    """Bar and tick in the bar, for each tick."""
    found = [lines.place(tick) for tick in ticks]
    return [(place.bar, place.tick) for place in found]


def test_without_a_pickup_the_first_bar_is_bar_1() -> None:
    lines = BarLines(meters((0, "3/4")), pickup=0)
    assert places(lines, 0, 71, 72, 144) == [(1, 0), (1, 71), (2, 0), (3, 0)]


def test_a_pickup_is_the_end_of_bar_0() -> None:
    # A gigue in 6/8 with an eighth before the bar: the eighth is the last of six.
    lines = BarLines(meters((0, "6/8")), pickup=12)
    assert places(lines, 0, 11, 12, 84) == [(0, 60), (0, 71), (1, 0), (2, 0)]


def test_a_new_meter_begins_a_bar() -> None:
    # The prelude of BWV 1011 in small: two bars of 4/4, then 3/8.
    lines = BarLines(meters((0, "4/4"), (192, "3/8")), pickup=0)
    assert places(lines, 96, 191, 192, 228) == [(2, 0), (2, 95), (3, 0), (4, 0)]
    assert str(lines.place(191).meter) == "4/4"
    assert str(lines.place(192).meter) == "3/8"


def test_a_new_meter_after_a_pickup_begins_a_bar() -> None:
    lines = BarLines(meters((0, "4/4"), (24 + 96, "3/4"), (24 + 96 + 144, "2/2")), pickup=24)
    assert places(lines, 0, 24, 120, 192, 264, 360) == [
        (0, 72),
        (1, 0),
        (2, 0),
        (3, 0),
        (4, 0),
        (5, 0),
    ]


def test_a_new_meter_right_after_the_pickup_begins_bar_1() -> None:
    lines = BarLines(meters((0, "4/4"), (24, "3/4")), pickup=24)
    assert places(lines, 0, 24, 96) == [(0, 72), (1, 0), (2, 0)]


def test_a_new_meter_cuts_an_unfinished_bar_short() -> None:
    lines = BarLines(meters((0, "4/4"), (120, "3/4")), pickup=0)
    assert places(lines, 96, 119, 120, 192) == [(2, 0), (2, 23), (3, 0), (4, 0)]


@given(pieces(), st.integers(0, 3000))
def test_time_moves_on_tick_by_tick_and_bar_by_bar(piece: Piece, tick: int) -> None:
    lines = BarLines(piece.meters, piece.pickup)
    now, then = lines.place(tick), lines.place(tick + 1)
    assert 0 <= now.tick < now.meter.bar_ticks
    assert (then.bar, then.tick) in {(now.bar, now.tick + 1), (now.bar + 1, 0)}


@given(pieces())
def test_the_first_bar_line_is_where_the_pickup_ends(piece: Piece) -> None:
    place = BarLines(piece.meters, piece.pickup).place(piece.pickup)
    assert (place.bar, place.tick) == (1, 0)
